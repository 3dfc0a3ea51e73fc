"""Bugs planted one at a time: a part of every service is replaced by a kind of it that is wrong in one way.

What stands beside a part to make up for its failure is taken away with it, and said so.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from psycopg.types.json import Jsonb

from chassis.consumer import Consumer
from chassis.consumer.delivered import Delivered
from chassis.consumer.positions import At, Positions
from chassis.consumer.run import Runs
from chassis.consumer.waiting import Waiting
from chassis.feed import PAGE, Page, StoredFeed, envelope
from chassis.identity import Actor
from chassis.kernel import StoredEvent
from chassis.projection import Projections
from chassis.relay import Refused, Relay
from chassis.service import Service
from chassis.service.commands import Commands
from chassis.service.reading import ConnectedReading
from chassis.sql import vouched
from chassis.steps import Progress
from chassis.store import Connection, PositionMove, Recorder, Store, Writing, transaction
from chassis.unit import Answer, CommandInfo, Decide, Executed, Position, Row, Unit
from contracts.envelope import Envelope

from .world import Plant

T = TypeVar("T")

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Bug:
    """A bug: what it is called in the table, what is wrong then, and how it is planted in a service."""

    name: str
    wrong: str
    plant: Plant


def turn(part: object, into: type[object]) -> None:
    """Let a part behave as its faulty kind does."""
    part.__class__ = into  # pyright: ignore[reportAttributeAccessIssue] - the kinds differ in methods alone


def remade(part: T, into: type[T]) -> T:
    """Return a part of the faulty kind, made as the right one was."""
    given = {one.name: getattr(part, one.name) for one in fields(part) if one.init}  # pyright: ignore[reportArgumentType]
    return into(**given)


def hearing(
    runs: type[Runs] = Runs,
    delivered: type[Delivered] = Delivered,
    positions: type[Positions] = Positions,
    waiting: type[Waiting] = Waiting,
) -> Plant:
    """Plant a consumer of which some parts are faulty."""

    class Faulty(Consumer):
        def __post_init__(self) -> None:
            super().__post_init__()
            for part, kind in (
                (self._runs, runs),
                (self._delivered, delivered),
                (self._positions, positions),
                (self._runs.waiting, waiting),
            ):
                turn(part, kind)

    def plant(service: Service) -> None:
        service.consumer = remade(service.consumer, Faulty)

    return plant


# -- hearing


class Anew(Runs):
    """Every delivery is taken for another cause: nothing in the log can tell that it was here before."""

    def _info(self, record: Envelope) -> CommandInfo:
        return replace(super()._info(record), command_id=f"{record.eventid}/{next(_numbers)}")


class WithoutInbox(Anew):
    def _write(self, connection: Connection, unit: Unit, move: PositionMove, run: Sequence[Envelope]) -> bool:
        if move.to > move.read:
            return super()._write(connection, unit, move, run)
        return _write_alone(self, connection, unit)


class WhateverComes(Delivered):
    def after(self, workspace: str, topic: str, at: At) -> list[Envelope]:
        with self._lock:
            kept = self._records.get((workspace, topic), {})
            old = [kept[sequence] for sequence in sorted(kept) if sequence <= at.sequence]
        return old or super().after(workspace, topic, at)


class TwoCommits(Runs):
    def _write(self, connection: Connection, unit: Unit, move: PositionMove, run: Sequence[Envelope]) -> bool:
        _write_alone(self, connection, unit)
        _move_alone(self, unit.workspace, move)
        return True


class AcknowledgedFirst(Runs):
    def _apply(self, at: At, records: Sequence[Envelope]) -> Progress:
        last = records[-1]
        self.positions.forget(last.workspace, last.topic)
        _move_alone(self, last.workspace, PositionMove(last.topic, last.epoch, at.sequence, last.sequence))
        return super()._apply(at, records)

    def _write(self, connection: Connection, unit: Unit, move: PositionMove, run: Sequence[Envelope]) -> bool:
        return _write_alone(self, connection, unit)


class OfTheUpstream(Positions):
    def known(self, workspace: str, topic: str) -> At:
        return self.stored(workspace, topic)

    def stored(self, workspace: str, topic: str) -> At:
        furthest = max(self.of_all(topic).values(), key=lambda at: at.sequence, default=None)
        return furthest or super().stored(workspace, topic)


class FromWhereverItIs(Runs):
    def _write(self, connection: Connection, unit: Unit, move: PositionMove, run: Sequence[Envelope]) -> bool:
        own = next((one.sequence for one in move.beside if one.topic == move.topic), 0)
        return super()._write(connection, unit, replace(move, read=own), run)


class GapsPassedOver(Delivered):
    def after(self, workspace: str, topic: str, at: At) -> list[Envelope]:
        self.forget(workspace, topic, at.sequence)
        with self._lock:
            kept = self._records.get((workspace, topic), {})
            return [kept[sequence].model_copy(update={"previous": at.sequence}) for sequence in sorted(kept)]


class Impatient(Waiting):
    def ready(self, records: Sequence[Envelope], consumed: Mapping[str, At]) -> list[Envelope]:
        return [record for record in records if record.epoch == records[0].epoch]


class Deaf(Consumer):
    def _fed(self, workspace: str, topic: str, at: At) -> list[Envelope]:
        return []


class Beside(ConnectedReading):
    def write(self, sql: str, params: dict[str, Any] | None = None) -> None:
        with transaction(self.store.pool, self.workspace) as own:
            own.execute(vouched(sql), {**(params or {}), "workspace": self.workspace})


class FactsBeside(Runs):
    def _handle_all(
        self, connection: Connection, unit: Unit, run: Sequence[Envelope], parked: set[str]
    ) -> None:
        unit.reading = Beside(self.store, connection, unit.workspace, unit.now)
        super()._handle_all(connection, unit, run, parked)


def _write_alone(runs: Runs, connection: Connection, unit: Unit) -> bool:
    if unit.decided:
        runs.store.append(unit, Answer(), connection)
    else:
        connection.commit()
    return True


def _move_alone(runs: Runs, workspace: str, move: PositionMove) -> None:
    with transaction(runs.pool, workspace) as own:
        runs.store.recorder.move(workspace, move, own)


# -- sending


class Leaky(StoredFeed):
    def events(self, topic: str, workspace: str, after: int, limit: int = PAGE) -> Page:
        sql = f"select * from {self.service}.published where topic = %s and sequence > %s order by sequence limit {limit}"
        with self.pool.connection() as connection:
            rows = connection.execute(vouched(sql), (topic, after)).fetchall()
        records = tuple(envelope(self.service, row) for row in rows)
        return Page(records, records[-1].sequence if records else after)


class Overtaking(Relay):
    def _send(self, pages: Any) -> dict[str, Progress]:
        for page in pages:
            for record in page.records:
                try:
                    self.sink.send([record])
                except Refused:
                    continue
        if pages:
            self._store(pages)
        return {page.workspace: "done" for page in pages}


class PositionBeforeSending(Relay):
    def _send(self, pages: Any) -> dict[str, Progress]:
        if pages:
            self._store(pages)
        return super()._send(pages)


# -- recording


class NumbersBesideTheLock(Recorder):
    """Takes its numbers in a transaction of its own, so that a later one can be seen before an earlier one."""

    def write(self, stored: Sequence[StoredEvent], writing: Writing, connection: Connection | None = None) -> Row:
        if writing.move is not None or connection is None:
            return super().write(stored, writing, connection)
        sql, params = self.statement(stored, writing)
        numbers, rest = sql.split(", stored as (", 1)
        with self.pool.connection() as own:
            taken = own.execute(vouched(f"{numbers} select * from head"), params).fetchone()
        given = {f"taken_{name}": value for name, value in (taken or {}).items()}
        given |= {name: Jsonb(given[name]) for name in ("taken_before", "taken_published")}
        row = connection.execute(vouched(f"{_TAKEN}, stored as ({rest}"), {**params, **given}).fetchone()
        assert row is not None
        return row


_TAKEN = """with here as materialized (select set_config('ladder.workspace', %(workspace)s, true)),
head as (select %(taken_epoch)s::text as epoch, %(taken_base)s::bigint as base, %(taken_at)s::timestamptz as at,
%(taken_before)s::jsonb as before, %(taken_published)s::jsonb as published from here)"""


class TimeRunsBack(Recorder):
    def statement(self, stored: Sequence[StoredEvent], writing: Writing) -> tuple[str, dict[str, Any]]:
        sql, params = super().statement(stored, writing)
        return sql.replace(f"greatest(h.at, {_NOW})", _NOW), params


_NOW = "coalesce(%(clock)s::timestamptz, clock_timestamp())"


class ConflictTakenForRepeat(Store):
    def settle(self, unit: Unit, connection: Connection) -> Executed:
        return Executed(Answer(), Position(self.service, "", 0), ())


class AnotherKeyEachTime(Commands):
    def execute(self, info: CommandInfo, actor: Actor, decide: Decide) -> Executed:
        return super().execute(replace(info, command_id=f"{info.command_id}/{next(_numbers)}"), actor, decide)


# -- following


class MovedBlindly(Projections):
    def _move(self, connection: Connection, workspace: str, read: dict[str, tuple[int, int]], to: int) -> None:
        sql = f"""insert into {self.schema}.followed (workspace, name, sequence) select %s, unnest(%s::text[]), %s
        on conflict (workspace, name) do update set sequence = excluded.sequence"""
        connection.execute(vouched(sql), (workspace, list(read), to))


class ForgetfulRebuild(Projections):
    def _hold(self, connection: Connection, name: str, workspace: str) -> None:
        pass

    def _swap(self, connection: Connection, name: str, workspace: str, to: int, generation: int) -> None:
        sql = f"""insert into {self.schema}.followed as f (workspace, name, sequence, generation)
        values (%s, %s, %s, %s) on conflict (workspace, name) do update set generation = excluded.generation"""
        connection.execute(vouched(sql), (workspace, name, to, generation + 1))


# -- all of them


def _part(name: str, kind: type[object]) -> Plant:
    def plant(service: Service) -> None:
        turn(getattr(service, name), kind)

    return plant


def _recorder(kind: type[Recorder]) -> Plant:
    return lambda service: turn(service.store.recorder, kind)


def _deaf(service: Service) -> None:
    service.consumer = remade(service.consumer, Deaf)


BUGS: Sequence[Bug] = (
    Bug(
        "no inbox",
        "what is delivered is applied, also when it was before; its cause does not name the command either",
        hearing(runs=WithoutInbox, delivered=WhateverComes),
    ),
    Bug("effect and position in two commits", "first what was decided and copied, then the position", hearing(TwoCommits)),
    Bug("acknowledged first", "the position is committed before the event is applied", hearing(AcknowledgedFirst)),
    Bug(
        "position per upstream",
        "one position for all workspaces of an upstream, which nothing compares",
        hearing(runs=FromWhereverItIs, positions=OfTheUpstream),
    ),
    Bug(
        "`previous` is not looked at",
        "a delivered event is applied though one before it is missing",
        hearing(delivered=GapsPassedOver),
    ),
    Bug(
        "`after` is not looked at",
        "an event is applied before what its publisher had heard",
        hearing(waiting=Impatient),
    ),
    Bug("no catching up", "only what the broker delivers is heard, never the feed", _deaf),
    Bug("facts on another connection", "copied facts are committed by themselves", hearing(runs=FactsBeside)),
    Bug("no workspace in the filter", "the feed returns what other workspaces published", _part("feed", Leaky)),
    Bug(
        "overtaking after a failed send",
        "a refused record is left behind, those after it are sent",
        _part("relay", Overtaking),
    ),
    Bug(
        "the position before the sending",
        "the relay's position is stored before the broker took anything",
        _part("relay", PositionBeforeSending),
    ),
    Bug(
        "the library's database functions",
        "numbers are taken outside the lock that orders them, as those functions do",
        _recorder(NumbersBesideTheLock),
    ),
    Bug("recorded time runs back", "an event has the time its command began to write", _recorder(TimeRunsBack)),
    Bug(
        "a conflict taken for a repeat",
        "who lost a race is answered as if it had won",
        _part("store", ConflictTakenForRepeat),
    ),
    Bug("another key each time", "a command that is sent again is a new one", _part("commands", AnotherKeyEachTime)),
    Bug("a view moved blindly", "two who fold the same events both count them", _part("projections", MovedBlindly)),
    Bug(
        "a rebuild that forgets",
        "what came during a rebuild is not in the new rows",
        _part("projections", ForgetfulRebuild),
    ),
)
