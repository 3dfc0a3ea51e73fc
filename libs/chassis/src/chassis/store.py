"""The event store of one service: the statement that writes a unit of work, and how streams are read back.

With `chassis.kernel`, the only module that knows the event sourcing library's insides.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from eventsourcing.persistence import AggregateRecorder, IntegrityError
from psycopg.rows import DictRow, tuple_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolTimeout

from chassis.clock import now
from chassis.kernel import Entry, Event, EventMapper, Sealed, StoredEvent, Unsealed, sealed_event, unsealed_in
from chassis.postgres import INTERRUPTED
from chassis.record import middle, opening
from chassis.sql import vouched
from chassis.statement import (
    EVENT_COLUMNS,
    MANY,
    PUBLISHED_COLUMNS,
    append_statement,
    move_statement,
    rows,
    shape,
)
from chassis.steps import failpoint
from chassis.unit import Answer, CommandInfo, Decided, Executed, KeyReused, LostRace, Position, Row, Unavailable, Unit
from contracts.envelope import Published, Reached

if TYPE_CHECKING:
    from chassis.cipher import Cipher

Connection = psycopg.Connection[DictRow]
Pool = ConnectionPool[Connection]
PublishedForm = Callable[[Event, Any], Published | None]

LARGEST_PUBLISHED = 900_000
"""Bytes; a published event above it is refused in the command, far from the broker's limit."""

TABLES = (
    """create table if not exists {schema}.epochs (
    workspace text not null, epoch text not null, base bigint not null, minted_at timestamptz not null,
    primary key (workspace, epoch))""",
    """create table if not exists {schema}.head (
    workspace text primary key, epoch text not null, sequence bigint not null, at timestamptz not null,
    published jsonb not null, before jsonb not null) with (fillfactor = 50)""",
    """create table if not exists {schema}.events (
    workspace text not null, epoch text not null, sequence bigint not null, event_id uuid not null,
    stream text not null, version bigint not null, topic text not null, state bytea not null,
    actor text not null, on_behalf_of text, command_id text not null, cause uuid, correlation_id text not null,
    traceparent text, recorded_at timestamptz not null, leaf bytea not null,
    command_key text, digest bytea, answer jsonb,
    primary key (stream, version))""",
    "create unique index if not exists events_record on {schema}.events (workspace, sequence)",
    """create unique index if not exists events_command on {schema}.events (workspace, command_key)
    where command_key is not null""",
    """create table if not exists {schema}.published (
    workspace text not null, topic text not null, epoch text not null, sequence bigint not null,
    previous bigint not null, event_id uuid not null, type text not null, subject text not null,
    after jsonb not null, actor text not null, cause uuid, correlation_id text not null, traceparent text,
    recorded_at timestamptz not null, data bytea not null,
    primary key (workspace, topic, sequence))""",
    """create table if not exists {schema}.positions (
    workspace text not null, topic text not null, epoch text not null, sequence bigint not null,
    primary key (workspace, topic, epoch)) with (fillfactor = 50)""",
    "alter table {schema}.positions add column if not exists base bigint not null default 0",
    """create table if not exists {schema}.effects (
    workspace text not null, cause uuid not null, topic text not null, sequence bigint not null,
    times int not null default 1, lost boolean not null default false, primary key (workspace, cause))""",
    "create index if not exists effects_place on {schema}.effects (workspace, topic, sequence)",
)
"""The record of a service. `{schema}` is filled in by the migrate step."""


class TooLarge(Exception):
    """The published form of an event is larger than a broker takes."""


class Moved(Exception):
    """The position was moved by somebody else: what this run decided is already written, or must be decided again."""


class Ambiguous(Exception):
    """The connection broke around COMMIT: the statement may have been committed, or may still be."""

    def __init__(self, stored: Sequence[StoredEvent], writing: Writing) -> None:
        super().__init__("the connection broke around COMMIT")
        self.stored, self.writing = stored, writing


@dataclass(frozen=True, slots=True)
class PositionMove:
    """How a heard run moves its position: from what the step read, to the last event of the run.

    `beside` is what was consumed of every topic before, as the run read it under the lock on its workspace's inbox.
    `effects` are the heard events that led to something here, with their places: what a restore of their service takes
    away is withdrawn by them. `base` is where the epoch began, told by the move that enters it.
    """

    topic: str
    epoch: str
    read: int
    to: int
    beside: tuple[Reached, ...] = ()
    effects: tuple[tuple[UUID, int], ...] = ()
    base: int = 0


class Recorder(AggregateRecorder):
    """The library's seam: inserts and selects stored events of one service, one workspace at a time."""

    def __init__(self, service: str, pool: Pool, clock: Callable[[], datetime | None]) -> None:
        self.service, self.pool, self.clock = service, pool, clock
        self._select = f"select stream, version, topic, state from {service}.events where workspace = %s and stream = %s"

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the stored events of a stream, in order."""
        workspace = str(originator_id).split("/", 1)[0]
        with transaction(self.pool, workspace) as connection:
            return self.select(connection, str(originator_id), gt=gt, lte=lte, desc=desc, limit=limit)

    def select(
        self,
        connection: Connection,
        stream: str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Return the stored events of a stream, read on a connection whose workspace is set."""
        sql, values = self._select, [stream.split("/", 1)[0], stream]
        for condition, value in (("version > %s", gt), ("version <= %s", lte)):
            if value is not None:
                sql, values = f"{sql} and {condition}", [*values, str(value)]
        sql += " order by version desc" if desc else " order by version"
        if limit is not None:
            sql, values = f"{sql} limit %s", [*values, str(limit)]
        with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            return [StoredEvent(*row) for row in cursor.execute(vouched(sql), values, prepare=True).fetchall()]

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Write stored events and what `writing` says of them; answer None, since sequences are per workspace."""
        if not stored_events:
            return None
        writing: Writing = kwargs.get("writing") or Writing.bare(stored_events)
        try:
            self.write(stored_events, writing)
        except psycopg.errors.UniqueViolation as error:
            raise IntegrityError(error.diag.constraint_name) from None
        return None

    def write(self, stored: Sequence[StoredEvent], writing: Writing, connection: Connection | None = None) -> Row:
        """Run the statement; on a connection whose transaction the caller ends, or on one of its own."""
        sql, params = self.statement(stored, writing)
        if connection is not None:
            row = connection.execute(vouched(sql), params, prepare=True).fetchone()
        else:
            with self.pool.connection() as own:
                row = own.execute(vouched(sql), params, prepare=True).fetchone()
        if row is None:
            raise Moved
        if row["stored"] != len(stored) or row["sent"] != len(writing.published):
            raise RuntimeError(f"the statement wrote {row['stored']} of {len(stored)} events")
        return row

    def move(self, workspace: str, move: PositionMove, connection: Connection) -> None:
        """Move a position without writing events; Moved when it is not where the step read it."""
        params = {"workspace": workspace, **_move_params(move)}
        if connection.execute(vouched(move_statement(self.service)), params, prepare=True).fetchone() is None:
            raise Moved

    def statement(self, stored: Sequence[StoredEvent], writing: Writing) -> tuple[str, dict[str, Any]]:
        """Return the statement that writes stored events with what `writing` says of them, and its parameters."""
        last = {sent.topic: sent.n for sent in writing.published}
        of = shape(len(stored), len(writing.published), len(last), writing.move is not None)
        few = of.events != MANY
        params: dict[str, Any] = {
            "workspace": writing.workspace,
            "mint": mint_epoch(writing.minted_at),
            "count": len(stored),
            "clock": self.clock(),
            "opening": opening(self.service, writing.workspace),
            "digest": writing.infos[0].digest,
            "answer": Jsonb(writing.answer.model_dump(exclude_defaults=True)) if writing.answer else None,
        }
        params |= rows("u", EVENT_COLUMNS, _event_rows(stored, writing), few)
        if writing.move is not None:
            params |= _move_params(writing.move)
        if last:
            params["after"] = Jsonb([reached.model_dump() for reached in writing.after])
            params |= rows("last", ("topic", "offset"), list(last.items()), few=True)
            params |= rows("p", PUBLISHED_COLUMNS, _published_rows(writing.published), few)
        return append_statement(self.service, of), params


def _event_rows(stored: Sequence[StoredEvent], writing: Writing) -> list[tuple[Any, ...]]:
    """Return one row per event, as `EVENT_COLUMNS` names its cells."""
    found: list[tuple[Any, ...]] = []
    for one, event_id, info, key in zip(stored, writing.event_ids, writing.infos, writing.keys, strict=True):
        stream, version = str(one.originator_id), one.originator_version
        named = (info.actor, info.on_behalf_of, info.command_id, info.cause, info.correlation_id)
        between = middle(event_id, stream, version, one.topic, *named)
        found.append((event_id, stream, version, one.topic, one.state, *named, info.traceparent, between, key))
    return found


def _published_rows(published: Sequence[Sent]) -> list[tuple[Any, ...]]:
    """Return one row per published event, as `PUBLISHED_COLUMNS` names its cells."""
    found: list[tuple[Any, ...]] = []
    last: dict[str, int] = {}
    for sent in published:
        decided, info = sent.decided, sent.decided.info
        subject = f"{decided.cls.KIND}/{decided.id}"
        caused = (info.actor, info.cause, info.correlation_id, info.traceparent)
        previous = last.get(sent.topic)
        found.append((sent.topic, sent.n, previous, sent.event_id, sent.type, subject, *caused, sent.data))
        last[sent.topic] = sent.n
    return found


def _move_params(move: PositionMove) -> dict[str, Any]:
    return {
        "heard_topic": move.topic,
        "heard_epoch": move.epoch,
        "heard_read": move.read,
        "heard_to": move.to,
        "heard_base": move.base,
        "effects": [cause for cause, _ in move.effects],
        "effect_places": [sequence for _, sequence in move.effects],
    }


def mint_epoch(at: datetime | None = None) -> str:
    """Return a new epoch id; ids sort by the time they were minted."""
    micros = int((at or now()).timestamp() * 1_000_000)
    return f"{micros:016x}{secrets.token_hex(3)}"


@dataclass(frozen=True, slots=True)
class Sent:
    """The published form of one event of the unit: `n` is its place among the unit's events, from 1."""

    n: int
    event_id: UUID
    decided: Decided
    type: str
    topic: str
    data: bytes


@dataclass(frozen=True)
class Writing:
    """Everything the statement needs beside the stored events."""

    workspace: str
    infos: tuple[CommandInfo, ...]
    event_ids: tuple[UUID, ...]
    keys: tuple[str | None, ...]
    answer: Answer | None = None
    published: tuple[Sent, ...] = ()
    after: tuple[Reached, ...] = ()
    move: PositionMove | None = None
    minted_at: datetime | None = None

    @classmethod
    def bare(cls, stored: Sequence[StoredEvent]) -> Writing:
        """Say the least about stored events that come without a unit of work (the library's own tests)."""
        command = secrets.token_hex(16)
        workspace = str(stored[0].originator_id).split("/", 1)[0]
        info = CommandInfo(workspace, "library", command, command)
        ids = tuple(uuid5(NAMESPACE_URL, f"{command}/{n}") for n in range(len(stored)))
        return cls(workspace, (info,) * len(stored), ids, (command, *(None for _ in stored[1:])))


@dataclass
class Store:
    """The streams of one service: what a unit decided goes in by one statement, states come out."""

    service: str
    pool: Pool
    cipher: Cipher
    published: PublishedForm
    clock: Callable[[], datetime | None] = lambda: None
    mapper: EventMapper = field(default_factory=EventMapper)

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.service, self.pool, self.clock)

    def load(self, connection: Connection, stream: str) -> tuple[list[Event], int]:
        """Return the events of a stream and its version, read on a connection whose workspace is set."""
        stored = self.recorder.select(connection, stream)
        events = [self.mapper.read(one.topic, one.state) for one in stored]
        return events, stored[-1].originator_version if stored else 0

    def append(self, unit: Unit, answer: Answer, connection: Connection, move: PositionMove | None = None) -> Executed:
        """Write what a unit decided, in the transaction of `connection`, which it commits.

        Raises LostRace when a stream moved on, Moved when the position did, KeyReused when the key was used with
        another body, and Ambiguous when the connection broke and nobody can know whether the statement was committed.
        """
        stored, writing = self.prepare(unit, answer, connection, move)
        failpoint("before append")
        try:
            row = self.recorder.write(stored, writing, connection)
            failpoint("before commit")
            connection.commit()
        except psycopg.errors.UniqueViolation:
            connection.rollback()
            return self.settle(unit, connection)
        except psycopg.OperationalError as error:
            if move is not None or not _connection_is_gone(connection, error):
                raise
            raise Ambiguous(stored, writing) from None
        failpoint("after commit")
        return Executed(answer, *_positions(self.service, row))

    def repeated(self, connection: Connection, unit: Unit) -> Executed | None:
        """Return what a command answered when it was first run, or None; KeyReused when its body was another.

        Its position is where the record is now: whoever waits for it sees all that the command wrote.
        """
        sql = f"""select h.epoch, h.sequence, e.digest, e.answer, h.published from {self.service}.events e
        join {self.service}.head h using (workspace) where e.workspace = %s and e.command_key = %s"""
        row = connection.execute(vouched(sql), (unit.workspace, unit.info.command_id), prepare=True).fetchone()
        if row is None:
            return None
        if unit.info.digest is not None and row["digest"] is not None and bytes(row["digest"]) != unit.info.digest:
            raise KeyReused
        answer = Answer.model_validate(row["answer"] or {})
        return Executed(answer, *_positions(self.service, row), repeated=True)

    def settle(self, unit: Unit, connection: Connection) -> Executed:
        """After a unique violation: the key's answer if the command is there, else LostRace."""
        set_workspace(connection, unit.workspace)
        found = self.repeated(connection, unit)
        if found is None:
            raise LostRace
        return found

    def clear_up(self, ambiguous: Ambiguous, unit: Unit, answer: Answer) -> Executed:
        """Settle an ambiguous commit: run the same statement with the same key until it commits or conflicts.

        A look-up that finds nothing would prove nothing: the cut connection's backend may still commit.
        """
        for _ in range(AMBIGUOUS_TRIES):
            try:
                with self.pool.connection() as connection:
                    return self._once_more(ambiguous, unit, answer, connection)
            except (*INTERRUPTED, PoolTimeout):
                continue
        raise Unavailable("The database does not answer. Send the same request again with the same key.")

    def _once_more(self, ambiguous: Ambiguous, unit: Unit, answer: Answer, connection: Connection) -> Executed:
        try:
            row = self.recorder.write(ambiguous.stored, ambiguous.writing, connection)
            connection.commit()
        except psycopg.errors.UniqueViolation:
            connection.rollback()
            return self.settle(unit, connection)
        return Executed(answer, *_positions(self.service, row))

    def prepare(
        self, unit: Unit, answer: Answer, connection: Connection, move: PositionMove | None = None
    ) -> tuple[list[StoredEvent], Writing]:
        """Return the stored events of what a unit decided, and everything else that is written with them."""
        seal = self._sealer(unit)
        stored: list[StoredEvent] = []
        sent: list[Sent] = []
        states: dict[str, Any] = {}
        ids: list[UUID] = []
        for n, decided in enumerate(unit.decided, 1):
            ids.append(decided.event_id)
            event = sealed_event(decided.event, lambda text, stream=decided.stream: seal(stream, text))
            stored.append(self.mapper.to_stored_event(Entry(decided.stream, decided.version, event)))
            before = states[decided.stream] if decided.stream in states else unit.base_state(decided.stream)
            states[decided.stream] = state = decided.cls.evolve(before, event)  # pyright: ignore[reportArgumentType]
            form = self.published(event, state)
            if form is not None:
                sent.append(Sent(n, ids[-1], decided, form.TYPE, form.TOPIC, _published_data(form)))
        return stored, Writing(
            workspace=unit.workspace,
            infos=tuple(decided.info for decided in unit.decided),
            event_ids=tuple(ids),
            keys=tuple(decided.info.command_id if decided.index == 1 else None for decided in unit.decided),
            answer=answer,
            published=tuple(sent),
            after=self._after(unit.workspace, connection, move) if sent else (),
            move=move,
        )

    def _sealer(self, unit: Unit) -> Callable[[str, Unsealed], Sealed]:
        texts = [(one.stream, text) for one in unit.decided if one.event.PERSONAL for text in unsealed_in(one.event)]
        sealed = dict(zip(texts, self.cipher.seal_many(unit.workspace, texts), strict=True)) if texts else {}
        return lambda stream, text: sealed[stream, text]

    def _after(self, workspace: str, connection: Connection, move: PositionMove | None) -> tuple[Reached, ...]:
        """Return what of others is consumed: the last thing a command reads; a heard run knows it, under its lock."""
        if move is not None:
            reached = {one.topic: one for one in move.beside}
            reached[move.topic] = Reached(topic=move.topic, epoch=move.epoch, sequence=move.to)
            return tuple(reached[topic] for topic in sorted(reached))
        sql = f"""select distinct on (topic) topic, epoch, sequence from {self.service}.positions
        where workspace = %s order by topic, epoch desc"""
        rows = connection.execute(vouched(sql), (workspace,), prepare=True).fetchall()
        return tuple(Reached(**row) for row in rows)


AMBIGUOUS_TRIES = 5


def set_workspace(connection: Connection, workspace: str) -> datetime:
    """Let row level security see one workspace until this transaction ends; return the database's clock."""
    sql = "select set_config('ladder.workspace', %s, true), clock_timestamp() as now"
    row = connection.execute(sql, (workspace,), prepare=True).fetchone()
    if row is None:
        raise RuntimeError("the database did not answer a select")
    return row["now"]


@contextmanager
def transaction(pool: Pool, workspace: str) -> Generator[Connection]:
    """Open a transaction of one workspace; it is committed at the end, or undone by an error."""
    with pool.connection() as connection:
        set_workspace(connection, workspace)
        yield connection


def _published_data(form: Published) -> bytes:
    data = form.model_dump_json().encode()
    if len(data) > LARGEST_PUBLISHED:
        raise TooLarge(f"{form.TYPE} would be {len(data)} bytes; a published event may have {LARGEST_PUBLISHED}.")
    return data


def _positions(service: str, row: Row) -> tuple[Position, tuple[Position, ...]]:
    topics: dict[str, int] = row["published"]
    return (
        Position(service, row["epoch"], row["sequence"]),
        tuple(Position(topic, row["epoch"], sequence) for topic, sequence in sorted(topics.items())),
    )


def _connection_is_gone(connection: Connection, error: psycopg.OperationalError) -> bool:
    return connection.closed or connection.broken or isinstance(error, psycopg.errors.AdminShutdown)
