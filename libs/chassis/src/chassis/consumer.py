"""The consumer core: what a service does with the events of others — once, in causal order, and never silently not.

Drivers bring records (`offer`) or only names of workspaces; the feed fills what they lack, so a lost, doubled or
disordered delivery changes nothing.
"""

from __future__ import annotations

import base64
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import psycopg
import structlog
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from chassis.cipher import KeysUnavailable
from chassis.feed import Feed
from chassis.kernel import DomainError
from chassis.steps import Progress, failpoint
from chassis.store import Connection, Moved, Pool, PositionMove, Store, set_workspace
from chassis.unit import Answer, CommandInfo, LostRace, Unavailable, Unit
from contracts.envelope import Envelope, Published, Reached

log = structlog.get_logger(__name__)

Handler = Callable[[Unit, Any, Envelope], None]
Span = Callable[[Envelope], AbstractContextManager[object]]
Handlers = Mapping[type[Published], Sequence[Handler]]

RUN = 100
"""Events of one workspace and topic applied in one transaction."""
TRIES = 4
"""How often an event that fails for no permanent reason is tried before it is parked."""
CRASHES = 3
"""At which attempt an event that was under way at an unclean end is parked untried."""
OFFERED = 1_000
"""Records kept in memory per workspace until their turn; beyond it the feed has them."""

PLACES = 100_000
"""Positions kept in memory, so that they need not be read before each run."""

TABLES = (
    """create table if not exists {schema}.inbox (
    workspace text primary key, waiting jsonb not null default '[]') with (fillfactor = 50)""",
    """create table if not exists {schema}.attempts (
    workspace text not null, topic text not null, epoch text not null, sequence bigint not null,
    tries int not null, error text, primary key (workspace, topic, epoch, sequence))""",
    "alter table {schema}.attempts add column if not exists begun int not null default 0",
    """create table if not exists {schema}.parked (
    workspace text not null, topic text not null, epoch text not null, sequence bigint not null,
    subject text not null, type text not null, event_id uuid not null, envelope jsonb not null, reason text not null,
    status text not null, parked_at timestamptz not null default clock_timestamp(),
    primary key (workspace, topic, epoch, sequence))""",
    "create index if not exists parked_subject on {schema}.parked (workspace, topic, subject) where status = 'parked'",
    """create table if not exists {schema}.unreadable (
    workspace text not null default '', topic text not null, partition int not null, "offset" bigint not null,
    key bytea, value bytea, headers jsonb not null, reason text not null,
    arrived_at timestamptz not null default clock_timestamp(), primary key (workspace, topic, partition, "offset"))""",
)


@dataclass(frozen=True, slots=True)
class At:
    """A consumer's place on a topic of one workspace; `stored` is False before its first event."""

    epoch: str
    sequence: int
    stored: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of a broker that carries no event: its place, its bytes (headers in base64), and why, without values."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | None]]
    reason: str


NewUnit = Callable[[Connection, CommandInfo], Unit]


@dataclass
class Consumer:
    """Everything one service hears, workspace by workspace."""

    store: Store
    pool: Pool
    follower_pool: Pool
    feeds: Mapping[str, Feed]
    handlers: Handlers
    new_unit: NewUnit
    span: Span | None = None
    on_progress: Callable[[str], None] | None = None
    """Told when a run recorded something, so that it is followed."""
    careful: bool = False
    name: str = "consumer"
    _offered: dict[str, dict[str, dict[int, Envelope]]] = field(
        default_factory=lambda: defaultdict[str, dict[str, dict[int, Envelope]]](dict)
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _behind: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _places: dict[tuple[str, str], At] = field(default_factory=dict[tuple[str, str], At])
    _later_epochs: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    _begun: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def __post_init__(self) -> None:
        self._types = {contract.TYPE: contract for contract in self.handlers}
        self.schema = self.store.schema

    def offer(self, records: Iterable[Envelope]) -> None:
        """Take delivered records; they are applied by `step`, or dropped when there is no room: the feed has them."""
        with self._lock:
            for record in records:
                if record.topic in self.feeds:
                    kept = self._offered[record.workspace].setdefault(record.topic, {})
                    if len(kept) < OFFERED:
                        kept[record.sequence] = record
                    else:
                        self._behind.setdefault(record.workspace, set()).add(record.topic)

    def put_aside(self, arrived: Unreadable) -> None:
        """Keep what came on a topic and is no event; what it may have been the feed still has."""
        sql = f"""insert into {self.schema}.unreadable (topic, partition, "offset", key, value, headers, reason)
        values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing"""
        place = (arrived.topic, arrived.partition, arrived.offset)
        with self._transaction("") as connection:
            values = (*place, arrived.key, arrived.value, Jsonb(arrived.headers), arrived.reason)
            connection.execute(cast("Any", sql), values)
        log.warning("record unreadable", topic=arrived.topic, partition=arrived.partition, offset=arrived.offset)

    def step(self, workspace: str) -> Progress:
        """Apply what can be applied, until nothing moves.

        Where something was delivered, only that and what is known to be behind is looked at; else every topic is.
        """
        topics, asked = self._to_do(workspace)
        results: dict[str, Progress] = dict.fromkeys(topics, "more")
        try:
            self._advance_all(workspace, results, asked)
        finally:
            with self._lock:
                left = {topic for topic, progress in results.items() if progress != "done"}
                if left:
                    self._behind.setdefault(workspace, set()).update(left)
        if "failed" in results.values():
            return "failed"
        return "waiting" if "waiting" in results.values() else "done"

    def _to_do(self, workspace: str) -> tuple[list[str], set[str]]:
        """Return the topics to look at, and those whose feed is to be asked though nothing of them was delivered."""
        with self._lock:
            delivered = {topic for topic, records in self._offered.get(workspace, {}).items() if records}
            behind = self._behind.pop(workspace, set[str]())
        asked = behind if delivered else set(self.feeds)
        return [topic for topic in self.feeds if topic in delivered or topic in asked], asked

    def _advance_all(self, workspace: str, results: dict[str, Progress], asked: set[str]) -> None:
        while "more" in results.values():
            for topic, progress in results.items():
                # A topic that failed has its next try after a pause, whatever the others do meanwhile.
                if progress != "failed":
                    results[topic] = self._advance(workspace, topic, topic in asked)

    def behind(self) -> Iterable[str]:
        """Return the workspaces whose upstream has published more than was consumed, in any topic."""
        names: set[str] = set()
        for topic, feed in self.feeds.items():
            positions = self._all_positions(topic)
            for head in feed.heads(topic):
                at = positions.get(head.workspace, At("", 0, stored=False))
                if head.epoch > at.epoch and at.stored:
                    names.add(head.workspace)
                    with self._lock:
                        self._later_epochs[head.workspace, topic] = head.epoch
                        self._behind.setdefault(head.workspace, set()).add(topic)
                elif head.last > at.sequence:
                    names.add(head.workspace)
                    with self._lock:
                        self._behind.setdefault(head.workspace, set()).add(topic)
                elif head.last < at.sequence:
                    log.error("consumer ahead of upstream", topic=topic, workspace=head.workspace)
        return names

    def position(self, workspace: str, topic: str) -> At:
        """Return how far a topic was consumed for a workspace."""
        with self._transaction(workspace) as connection:
            return self._at(connection, workspace, topic)

    def apply_parked(self, record: Envelope) -> None:
        """Apply one parked event in a unit of its own and mark it replayed; raises what its handler raises."""
        with self._transaction(record.workspace) as connection:
            self._lock_inbox(connection, record.workspace, topic="")
            unit = self.new_unit(connection, self._info(record))
            self._handle(unit, record)
            self._mark_replayed(connection, record)
            if unit.decided and self.store.append(unit, Answer(), connection).repeated:
                self._mark_replayed(connection, record)
            connection.commit()
        if self.on_progress is not None:
            self.on_progress(record.workspace)

    # -- one topic

    def _advance(self, workspace: str, topic: str, asked: bool) -> Progress:
        if not asked and not self._offered.get(workspace, {}).get(topic):
            return "done"
        at = self._present(workspace, topic, self._place(workspace, topic))
        records = self._next(workspace, topic, at)
        if not records:
            return "done"
        if records[0].epoch != at.epoch:
            entered = self._enter_epoch(workspace, topic, at, records[0].epoch)
            if entered.sequence < at.sequence:
                records = list(self.feeds[topic].events(topic, workspace, entered.sequence, RUN).records)
            at = entered
        self._refuse_hole(workspace, topic, at, records[:RUN])
        return self._try(workspace, topic, at, records[:RUN])

    def _refuse_hole(self, workspace: str, topic: str, at: At, records: Sequence[Envelope]) -> None:
        """Apply nothing where the feed itself lacks an event: passing over it would lose it for good."""
        last = at.sequence
        for record in records:
            if record.previous > last:
                log.error("hole in the feed", topic=topic, workspace=workspace, after=last, missing=record.previous)
                raise HoleInFeed(f"{workspace}: {topic} has {record.sequence} after {last}, without {record.previous}")
            last = record.sequence

    def _try(self, workspace: str, topic: str, at: At, records: Sequence[Envelope]) -> Progress:
        try:
            return self._apply(workspace, topic, at, records)
        except Moved:
            return "more"
        except (psycopg.OperationalError, Unavailable, KeysUnavailable):
            raise
        except Exception as error:  # noqa: BLE001  (any failing handler parks its event, never the workspace)
            if len(records) > 1:
                return self._one_by_one(workspace, topic, at, records)
            return "more" if isinstance(error, LostRace) else self._failed(workspace, at, records[0], error)

    def _one_by_one(self, workspace: str, topic: str, at: At, records: Sequence[Envelope]) -> Progress:
        for record in records:
            if record.epoch != at.epoch:
                break
            progress = self._try(workspace, topic, at, [record])
            at = self._place(workspace, topic)
            if progress != "more" or at.sequence != record.sequence:
                return progress
        return "more"

    def _apply(self, workspace: str, topic: str, at: At, records: Sequence[Envelope]) -> Progress:
        """Apply a run in one transaction: facts, decided events and the position; or nothing of it."""
        self._places.pop((workspace, topic), None)
        if self.careful and self._is_crashing(records):
            return self._park(workspace, topic, at, records[0], "the process ended while this event was applied")
        with self.pool.connection() as connection:
            unit = self.new_unit(connection, self._info(records[0]))
            self._lock_inbox(connection, workspace, topic)
            # The lock is held from here on: nothing of this workspace is consumed beside this run.
            consumed, parked = self._standing(connection, workspace, topic)
            run = self._reached(workspace, records, consumed)
            if not run:
                self._say_waiting(connection, workspace, records[0], consumed)
                self._not_begun(connection, records[0])
                connection.commit()
                return "waiting"
            for record in run:
                if record.subject in parked:
                    self._insert_parked(connection, record, "an earlier event of this subject is parked")
                else:
                    self._handle(unit, record)
            failpoint("during a consumer")
            beside = tuple(Reached(topic=name, epoch=its.epoch, sequence=its.sequence) for name, its in consumed.items())
            move = PositionMove(topic, run[-1].epoch, at.sequence, run[-1].sequence, beside)
            if unit.decided:
                if self.store.append(unit, Answer(), connection, move).repeated:
                    self._only_move(connection, workspace, move, run)
            else:
                self.store.recorder.move(workspace, move, connection)
                connection.commit()
        failpoint("after consumer commit")
        self._moved(workspace, topic, run[-1])
        if unit.decided and self.on_progress is not None:
            self.on_progress(workspace)
        return "more"

    def _only_move(self, connection: Connection, workspace: str, move: PositionMove, run: Sequence[Envelope]) -> None:
        """What a run would record is in the log already, from before a restore: move past it, event by event."""
        if len(run) > 1:
            raise AlreadyRecorded
        self.store.recorder.move(workspace, move, connection)
        connection.commit()

    def _handle(self, unit: Unit, record: Envelope) -> None:
        contract = self._types.get(record.type)
        if contract is None:
            return
        heard = contract.model_validate_json(record.data)
        unit.next_command(self._info(record), unit.actor)
        for handler in self.handlers[contract]:
            if self.span is None:
                handler(unit, heard, record)
            else:
                with self.span(record):
                    handler(unit, heard, record)

    def _info(self, record: Envelope) -> CommandInfo:
        return CommandInfo(
            workspace=record.workspace,
            actor=f"service:{self.store.service}",
            on_behalf_of=record.actor,
            command_id=f"{record.eventid}/{self.store.service}",
            cause=UUID(record.eventid),
            correlation_id=record.correlationid,
            traceparent=record.traceparent,
        )

    # -- which records come next

    def _next(self, workspace: str, topic: str, at: At) -> list[Envelope]:
        """Return what follows the position without a gap: from the delivered records, else from the feed."""
        with self._lock:
            offered = self._offered.get(workspace, {}).get(topic, {})
            for sequence in [one for one in offered if one <= at.sequence]:
                del offered[sequence]
            kept = [offered[sequence] for sequence in sorted(offered)]
        run: list[Envelope] = []
        last = at.sequence
        for record in kept:
            if record.previous > last or (at.stored and record.epoch != at.epoch):
                break
            run.append(record)
            last = record.sequence
        return run or list(self.feeds[topic].events(topic, workspace, at.sequence, RUN).records)

    def _present(self, workspace: str, topic: str, at: At) -> At:
        """Return the position, in the later epoch that a head or a delivered record was seen in, if there is one."""
        with self._lock:
            delivered = [record.epoch for record in self._offered.get(workspace, {}).get(topic, {}).values()]
            epoch = max((self._later_epochs.pop((workspace, topic), ""), *delivered))
        if not at.stored or epoch <= at.epoch:
            return at
        return self._enter_epoch(workspace, topic, at, epoch)

    def _enter_epoch(self, workspace: str, topic: str, at: At, epoch: str) -> At:
        """Go on in a later epoch at the lowest of the position and all bases since (architecture: the epoch rule)."""
        since = [one for one in self.feeds[topic].epochs(workspace) if not at.stored or one.epoch > at.epoch]
        start = min([at.sequence, *(one.base for one in since)]) if at.stored else 0
        return At(epoch, start, stored=False)

    def _reached(self, workspace: str, records: Sequence[Envelope], consumed: Mapping[str, At]) -> list[Envelope]:
        """Return the records before the first one whose `after` this service has not consumed yet."""
        ready: list[Envelope] = []
        for record in records:
            if record.epoch != records[0].epoch or self._missing(workspace, record, consumed) is not None:
                break
            ready.append(record)
        return ready

    def _missing(self, workspace: str, record: Envelope, consumed: Mapping[str, At]) -> dict[str, Any] | None:
        for reached in record.after:
            if reached.topic == record.topic or reached.topic not in self.feeds:
                continue
            at = consumed.get(reached.topic, At("", 0, stored=False))
            if not self._is_reached(workspace, at, reached):
                return reached.model_dump()
        return None

    def _is_reached(self, workspace: str, at: At, reached: Reached) -> bool:
        """Say whether a position covers another; what an ended epoch held above its end counts as reached."""
        if not at.stored or at.epoch < reached.epoch:
            return False
        if at.epoch == reached.epoch or at.sequence >= reached.sequence:
            return at.sequence >= reached.sequence
        since = [one.base for one in self.feeds[reached.topic].epochs(workspace) if one.epoch > reached.epoch]
        return reached.sequence > min(since, default=reached.sequence)

    # -- failure

    def _failed(self, workspace: str, at: At, record: Envelope, error: Exception) -> Progress:
        """Count the attempt; park at once what cannot get better, and after some tries what does not."""
        reason = reason_of(error)
        tries = self._count_attempt(record, reason)
        log.warning("event failed", consumer=self.store.service, eventid=record.eventid, error=reason, tries=tries)
        if isinstance(error, DomainError | ValidationError) or tries >= TRIES:
            return self._park(workspace, record.topic, at, record, reason)
        return "failed"

    def _park(self, workspace: str, topic: str, at: At, record: Envelope, reason: str) -> Progress:
        with self._transaction(workspace) as connection:
            self._lock_inbox(connection, workspace, topic)
            self._insert_parked(connection, record, reason)
            move = PositionMove(topic, record.epoch, at.sequence, record.sequence)
            try:
                self.store.recorder.move(workspace, move, connection)
            except Moved:
                connection.rollback()
                return "more"
            connection.commit()
        self._moved(workspace, topic, record)
        return "more"

    def _insert_parked(self, connection: Connection, record: Envelope, reason: str) -> None:
        sql = f"""insert into {self.schema}.parked (workspace, topic, epoch, sequence, subject, type, event_id,
        envelope, reason, status) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'parked') on conflict do nothing"""
        values = (
            record.workspace,
            record.topic,
            record.epoch,
            record.sequence,
            record.subject,
            record.type,
            record.eventid,
            Jsonb(as_parked(record)),
            reason,
        )
        connection.execute(cast("Any", sql), values)

    def _mark_replayed(self, connection: Connection, record: Envelope) -> None:
        sql = f"""update {self.schema}.parked set status = 'replayed'
        where workspace = %s and topic = %s and epoch = %s and sequence = %s and status = 'parked'"""
        values = (record.workspace, record.topic, record.epoch, record.sequence)
        connection.execute(cast("Any", sql), values)

    def _count_attempt(self, record: Envelope, error: str) -> int:
        self._begun.pop((record.workspace, record.topic), None)
        sql = f"""insert into {self.schema}.attempts as a (workspace, topic, epoch, sequence, tries, error)
        values (%s, %s, %s, %s, 1, %s) on conflict (workspace, topic, epoch, sequence)
        do update set tries = a.tries + 1, error = excluded.error, begun = 0 returning tries"""
        return self._attempts(record, sql, (error,))

    def _is_crashing(self, records: Sequence[Envelope]) -> bool:
        """After an unclean end: commit an attempt before trying; True when this event was under way too often.

        A process counts once, however often it tries: a lost race or a database away is no crash.
        """
        if len(records) > 1:
            raise OneByOne
        record = records[0]
        if self._begun.get((record.workspace, record.topic)) == record.eventid:
            return False
        sql = f"""insert into {self.schema}.attempts as a (workspace, topic, epoch, sequence, tries, begun)
        values (%s, %s, %s, %s, 0, 1) on conflict (workspace, topic, epoch, sequence)
        do update set begun = a.begun + 1 returning begun"""
        crashing = self._attempts(record, sql, ()) >= CRASHES
        self._begun[record.workspace, record.topic] = record.eventid
        return crashing

    def _not_begun(self, connection: Connection, record: Envelope) -> None:
        """An event that waits is not under way, so it ends no process."""
        if self._begun.pop((record.workspace, record.topic), None) is not None:
            sql = f"""update {self.schema}.attempts set begun = begun - 1
            where workspace = %s and topic = %s and epoch = %s and sequence = %s"""
            connection.execute(cast("Any", sql), (record.workspace, record.topic, record.epoch, record.sequence))

    def _attempts(self, record: Envelope, sql: str, values: tuple[object, ...]) -> int:
        with self._transaction(record.workspace) as connection:
            place = (record.workspace, record.topic, record.epoch, record.sequence)
            row = connection.execute(cast("Any", sql), (*place, *values)).fetchone()
            connection.commit()
        return next(iter(row.values())) if row else 1

    # -- rows

    @contextmanager
    def _transaction(self, workspace: str) -> Generator[Connection]:
        with self.pool.connection() as connection:
            set_workspace(connection, workspace)
            yield connection

    def _lock_inbox(self, connection: Connection, workspace: str, topic: str) -> None:
        """Let one transaction at a time consume for a workspace, and forget what this topic was waiting for."""
        sql = f"""insert into {self.schema}.inbox as i (workspace) values (%s) on conflict (workspace) do update
        set waiting = (select coalesce(jsonb_agg(w), '[]') from jsonb_array_elements(i.waiting) w
        where w ->> 'topic' <> %s)"""
        connection.execute(cast("Any", sql), (workspace, topic), prepare=True)

    def _say_waiting(
        self, connection: Connection, workspace: str, record: Envelope, consumed: Mapping[str, At]
    ) -> None:
        needs = self._missing(workspace, record, consumed)
        waiting = [{"event": record.eventid, "topic": record.topic, "sequence": record.sequence, "needs": needs}]
        sql = f"update {self.schema}.inbox set waiting = waiting || %s where workspace = %s"
        connection.execute(cast("Any", sql), (Jsonb(waiting), workspace))

    def _standing(self, connection: Connection, workspace: str, topic: str) -> tuple[dict[str, At], set[str]]:
        """Return how far every topic was consumed, and the subjects of one that are parked."""
        sql = f"""(select distinct on (topic) topic, epoch, sequence, null as subject from {self.schema}.positions
        where workspace = %(workspace)s order by topic, epoch desc) union all
        select distinct null, null, 0, subject from {self.schema}.parked
        where workspace = %(workspace)s and topic = %(topic)s and status = 'parked'"""
        values = {"workspace": workspace, "topic": topic}
        rows = connection.execute(cast("Any", sql), values, prepare=True).fetchall()
        consumed = {row["topic"]: At(row["epoch"], row["sequence"], stored=True) for row in rows if row["topic"]}
        return consumed, {row["subject"] for row in rows if not row["topic"]}

    def _at(self, connection: Connection, workspace: str, topic: str) -> At:
        sql = f"""select epoch, sequence from {self.schema}.positions where workspace = %s and topic = %s
        order by epoch desc limit 1"""
        row = connection.execute(cast("Any", sql), (workspace, topic), prepare=True).fetchone()
        return At(row["epoch"], row["sequence"], stored=True) if row else At("", 0, stored=False)

    def _all_positions(self, topic: str) -> dict[str, At]:
        sql = f"""select distinct on (workspace) workspace, epoch, sequence from {self.schema}.positions
        where topic = %s order by workspace, epoch desc"""
        with self.follower_pool.connection() as connection:
            rows = connection.execute(cast("Any", sql), (topic,)).fetchall()
        return {row["workspace"]: At(row["epoch"], row["sequence"], stored=True) for row in rows}

    def _place(self, workspace: str, topic: str) -> At:
        """Return how far a topic was consumed, as far as this process knows: the compare-and-set has the last word."""
        known = self._places.get((workspace, topic))
        return known if known is not None else self.position(workspace, topic)

    def _moved(self, workspace: str, topic: str, last: Envelope) -> None:
        """Note that everything up to `last` is done."""
        if len(self._places) >= PLACES:
            self._places.clear()
        self._places[workspace, topic] = At(last.epoch, last.sequence, stored=True)
        with self._lock:
            offered = self._offered.get(workspace, {}).get(topic, {})
            for sequence in [one for one in offered if one <= last.sequence]:
                del offered[sequence]


class AlreadyRecorded(Exception):
    """One of a run's events was applied before a restore; the run is split."""


class HoleInFeed(Exception):
    """The feed lacks an event that its next one names as the one before; nothing is applied past it."""


class OneByOne(Exception):
    """After an unclean end runs are of one event."""


def as_parked(record: Envelope) -> dict[str, Any]:
    """Return an envelope as it is kept: its data in base64, since what is parked may be no text at all."""
    return {**record.model_dump(mode="json", exclude={"data"}), "data": base64.b64encode(record.data).decode()}


def from_parked(kept: Mapping[str, Any]) -> Envelope:
    """Return the envelope that was kept by `as_parked`."""
    return Envelope.model_validate({**kept, "data": base64.b64decode(kept["data"])})


def reason_of(error: Exception) -> str:
    """Say what went wrong by type and field path; never by text, which may hold what somebody wrote."""
    if isinstance(error, ValidationError):
        fields = ", ".join(
            sorted({".".join(str(part) for part in one["loc"]) for one in error.errors(include_input=False)})
        )
        return f"ValidationError at {fields}"
    return type(error).__name__
