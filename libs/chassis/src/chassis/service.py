"""One bounded context, running: its store, its followers, and how commands and reads reach them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import psycopg
from psycopg_pool import PoolTimeout

from chassis import clock as wall
from chassis import consumer, projection, relay, store
from chassis.consumer import Consumer, Handler, Span
from chassis.deadlines import Clockwork, DeadlineChanges, Deadlines, Due
from chassis.feed import Feed, StoredFeed
from chassis.identity import DIRECTORY_HANDLERS, Actor, Directory
from chassis.identity import TABLES as DIRECTORY_TABLES
from chassis.kernel import DomainError, Event, State, evolve
from chassis.migrate import migrate
from chassis.postgres import Server, check_durable, pool, refuse_superuser
from chassis.projection import RECORD_COLUMNS, Projections, RecordedEvent, View, recorded
from chassis.relay import InProcess, Relay, Sink
from chassis.steps import Runner, failpoint
from chassis.store import Ambiguous, Connection, Pool, PublishedForm, Store, set_workspace
from chassis.unit import Answer, CommandInfo, Decide, Executed, LostRace, Position, Row, Unavailable, Unit
from chassis.wakeups import Kind
from contracts.envelope import Envelope, Published, Sealed

if TYPE_CHECKING:
    from fastapi import APIRouter

    from chassis.cipher import Cipher

S = TypeVar("S", bound=State)

ACCESS = (
    """create table if not exists {schema}.access (
    workspace text not null, at timestamptz not null, actor text not null, capacity text not null, what text not null,
    subject text not null, id text not null)""",
    "create index if not exists access_subject on {schema}.access (workspace, subject, at)",
)
TRIES = 12
"""How often a unit that lost a race is run again before the caller is told to."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.25
"""Seconds between two looks of whoever waits for a position, unless something moves in this process meanwhile."""
NAMED = 20
"""How many blocked workspaces are named to whoever asks how a service is; all are counted."""
CLOCK_TOLERANCE = 1.0
"""Seconds a process may be away from the database's clock and still write."""


@dataclass(frozen=True, slots=True)
class WaitResult:
    """Whether a read would show what a position stands for."""

    state: Literal["reached", "behind", "passed over", "parked", "unknown"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One running part of a service and how it is."""

    name: str
    ok: bool
    detail: str = ""
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The parts of a service; ready when all are."""

    parts: tuple[Part, ...]

    @property
    def ok(self) -> bool:
        """Whether every part is well."""
        return all(part.ok for part in self.parts)


@dataclass
class ConnectedReading:
    """How a unit or a request reads: one connection, one transaction, one workspace."""

    store: Store
    connection: Connection
    workspace: str
    now: datetime

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[Row]:
        """Read rows; `%(workspace)s` is always given."""
        values = {**(params or {}), "workspace": self.workspace}
        return self.connection.execute(cast("Any", sql), values, prepare=True).fetchall()

    def load(self, stream: str) -> tuple[list[Event], int]:
        """Return the events of a stream and its version."""
        return self.store.load(self.connection, stream)

    def write(self, sql: str, params: dict[str, Any] | None = None) -> None:
        """Write a copied fact."""
        self.connection.execute(cast("Any", sql), {**(params or {}), "workspace": self.workspace}, prepare=True)

    def open_many(self, sealed: Sequence[Sealed]) -> list[str | None]:
        """Decrypt personal texts; None where erased or withdrawn."""
        return self.store.cipher.open_many(self.workspace, sealed)

    def digest(self, text: str) -> str:
        """Return the HMAC of a text under the workspace's key."""
        return self.store.cipher.digest(self.workspace, text)

    def directory(self) -> Directory:
        """Return the people of the workspace."""
        return Directory(self.rows, self.now)


@dataclass
class Reader(ConnectedReading):
    """What a request may read."""

    def row(self, sql: str, params: dict[str, Any] | None = None) -> Row | None:
        """Read one row, or None."""
        rows = self.rows(sql, params)
        return rows[0] if rows else None

    def state(self, cls: type[S], identifier: str) -> tuple[S | None, int]:
        """Return the state of a stream and its version."""
        events, version = self.load(cls.stream(self.workspace, identifier))
        return evolve(cls, events), version

    def states(self, cls: type[S], identifiers: Collection[str]) -> dict[str, S]:
        """Return the states of many streams by id, asking once; what nothing was recorded on is left out."""
        sql = f"""select stream, topic, state from {self.store.schema}.events
        where workspace = %(workspace)s and stream = any(%(streams)s) order by stream, version"""
        streams = {cls.stream(self.workspace, one): one for one in identifiers}
        found: dict[str, S | None] = {}
        for row in self.rows(sql, {"streams": list(streams)}):
            event, known = self.store.mapper.read(row["topic"], bytes(row["state"])), streams[row["stream"]]
            found[known] = cls.evolve(found.get(known), event)
        return {one: state for one, state in found.items() if state is not None}

    def history(self, cls: type[State], identifier: str) -> list[RecordedEvent]:
        """Return what the record holds of a stream."""
        sql = f"""select {RECORD_COLUMNS} from {self.store.schema}.events
        where workspace = %(workspace)s and stream = %(stream)s order by version"""
        rows = self.rows(sql, {"stream": cls.stream(self.workspace, identifier)})
        return [recorded(row, self.store.mapper) for row in rows]

    def open(self, sealed: Sealed | None) -> str | None:
        """Decrypt a personal text; None when it is absent, erased or withdrawn."""
        return None if sealed is None else self.open_many([sealed])[0]


def _no_handlers() -> dict[type[Published], Handler | Sequence[Handler]]:
    return {}


def _no_deadlines(entry: RecordedEvent) -> Iterable[Due]:
    return ()


@dataclass
class Service:
    """The parts of one bounded context as `main` lists them; `open` makes it run.

    `handlers` maps a heard event to one handler or several; `tables` are those of copied facts and others the
    application writes; `application.when_due(unit, deadline)` is called for due deadlines.
    """

    name: str
    application: Any
    published: PublishedForm
    router: APIRouter | None = None
    errors: Mapping[type[DomainError], int] = field(default_factory=dict[type[DomainError], int])
    handlers: Mapping[type[Published], Handler | Sequence[Handler]] = field(default_factory=_no_handlers)
    tables: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    deadlines: DeadlineChanges | None = None
    collaborators: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        heard: dict[type[Published], list[Handler]] = {}
        for found in (DIRECTORY_HANDLERS, self.handlers):
            for contract, given in found.items():
                heard.setdefault(contract, []).extend([given] if callable(given) else given)
        self.heard = heard
        self.all_views: tuple[View, ...] = (*self.views, Deadlines(self.deadlines or _no_deadlines))
        self._moved = threading.Condition()
        self.runners: list[Runner] = []
        self.tell: Callable[[Kind, str], None] = lambda _kind, _workspace: None
        self.others: list[Callable[[], Part]] = []
        self.listeners: list[Callable[[Sequence[Envelope]], None]] = []

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics this service hears."""
        return tuple(sorted({contract.TOPIC for contract in self.heard}))

    @property
    def topic(self) -> str:
        """The topic this service publishes on."""
        return f"{self.name}.v1"

    def migrate(self, server: Server) -> None:
        """Make or update the schema."""
        views = {view.NAME: tuple(view.tables()) for view in self.all_views}
        record = (*store.TABLES, *projection.TABLES, *relay.TABLES, *consumer.TABLES, *ACCESS)
        migrate(server, self.name, record, (*DIRECTORY_TABLES, *self.tables), views)

    def open(
        self,
        server: Server,
        cipher: Cipher,
        *,
        size: int = 8,
        clock: Callable[[], datetime | None] = lambda: None,
        allow_unsafe: bool = False,
        careful: bool = False,
    ) -> None:
        """Connect: pools of the application's and the followers' role, the store and the followers."""
        self.pool: Pool = pool(server.dsn(self.name, "app"), size, f"{self.name} app")
        self.follower_pool: Pool = pool(server.dsn(self.name, "follower"), size, f"{self.name} follower")
        for one in (self.pool, self.follower_pool):
            with one.connection() as connection:
                refuse_superuser(connection)
                check_durable(connection, allow_unsafe)
        self.clock, self.cipher = clock, cipher
        self.store = Store(self.name, self.name, self.pool, cipher, self.published, clock)
        self.feed = StoredFeed(self.name, self.name, self.follower_pool)
        self.projections = Projections(
            self.name, self.follower_pool, self.all_views, self.store.mapper, on_progress=self._notify
        )
        self.clockwork = Clockwork(self.name, self.follower_pool, self.time, self.fire)
        self.careful = careful

    def connect(self, feeds: Mapping[str, Feed], span: Span | None = None, sink: Sink | None = None) -> None:
        """Name the feeds of the topics this service can hear, and make its consumer and relay (in process by default)."""
        self.heard = {contract: given for contract, given in self.heard.items() if contract.TOPIC in feeds}
        self.consumer = Consumer(
            store=self.store,
            pool=self.pool,
            follower_pool=self.follower_pool,
            feeds={topic: feeds[topic] for topic in self.topics},
            handlers=self.heard,
            new_unit=self._heard_unit,
            span=span,
            on_progress=self.changed,
            careful=self.careful,
        )
        self.relay = Relay(self.name, self.name, self.follower_pool, (self.topic,), sink or InProcess(self._send))

    def start(self, leads: Callable[[str], bool] = lambda _: True) -> None:
        """Run the followers, each in a thread and, where several processes share them, while this one leads."""
        for step, sweep_every in ((self.relay, 30), (self.consumer, 30), (self.projections, 30), (self.clockwork, 1)):
            self.runners.append(Runner(step, sweep_every, leads=partial(leads, step.name)))
        for runner in self.runners:
            runner.start()

    def close(self) -> None:
        """End the followers and give the connections back."""
        for runner in self.runners:
            runner.stop()
        self.runners = []
        for one in (self.pool, self.follower_pool):
            one.close()

    def hear(self, records: Sequence[Envelope]) -> None:
        """Take records delivered by an upstream's relay."""
        self.consumer.offer(records)
        for workspace in {record.workspace for record in records}:
            self._wake(self.consumer, workspace)

    # -- commands

    def execute(self, info: CommandInfo, actor: Actor, decide: Decide) -> Executed:
        """Run a command: decide, write all of it or nothing, answer. A lost race is decided again.

        Raises what the decision raises (DomainError, PreconditionFailed), KeyReused, and Unavailable when the store
        cannot answer: then the same request may be sent again with the same key.
        """
        try:
            for _ in range(TRIES):
                try:
                    executed = self._execute_once(info, actor, decide)
                except LostRace:
                    continue
                self.changed(info.workspace)
                failpoint("before answer")
                return executed
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Unavailable(type(error).__name__) from None
        raise Unavailable("Many others are changing the same thing. Try again.")

    def _execute_once(self, info: CommandInfo, actor: Actor, decide: Decide) -> Executed:
        unit: Unit | None = None
        answer = Answer()
        try:
            with self.pool.connection() as connection:
                unit = self.unit(connection, info, actor)
                try:
                    answer = decide(unit)
                except Exception:  # noqa: BLE001  (a repeat may be refused for any reason; the first answer decides)
                    connection.rollback()
                    return self._earlier_answer(connection, unit)
                if not unit.decided:
                    return self._nothing_recorded(connection, answer, unit)
                return self.store.append(unit, answer, connection)
        except Ambiguous as ambiguous:
            if unit is None:
                raise
            return self.store.clear_up(ambiguous, unit, answer)

    def _earlier_answer(self, connection: Connection, unit: Unit) -> Executed:
        """A repeat that cannot be decided any more gets the answer the command got then; else its refusal stands.

        What was decided the first time stands in the way of deciding it again: a stream that exists, a state moved on.
        """
        set_workspace(connection, unit.workspace)
        found = self.store.repeated(connection, unit)
        if found is None:
            raise
        return found

    def _nothing_recorded(self, connection: Connection, answer: Answer, unit: Unit) -> Executed:
        """Answer a command that changes nothing; one that changed something when it was first sent gets that answer."""
        found, workspace = self.store.repeated(connection, unit), unit.workspace
        if found is not None:
            return found
        sql = f"select epoch, sequence, published from {self.name}.head where workspace = %s"
        row = connection.execute(cast("Any", sql), (workspace,)).fetchone()
        if row is None:
            return Executed(answer, Position(self.name, "", 0), (), recorded=False)
        published = tuple(Position(topic, row["epoch"], last) for topic, last in sorted(row["published"].items()))
        return Executed(answer, Position(self.name, row["epoch"], row["sequence"]), published, recorded=False)

    def unit(self, connection: Connection, info: CommandInfo, actor: Actor, may_copy: bool = False) -> Unit:
        """Begin a unit of work on a connection; Unavailable when the clock of this process is away from the database's.

        On virtual time it is not asked: nothing then follows from this machine's clock.
        """
        databases, virtual = set_workspace(connection, info.workspace), self.clock()
        away = abs((databases - wall.now()).total_seconds())
        if virtual is None and away > CLOCK_TOLERANCE:
            raise Unavailable("This machine's clock is more than a second away from the database's.")
        now = virtual or databases
        reading = ConnectedReading(self.store, connection, info.workspace, now)
        return Unit(info, actor, now, reading, may_copy)

    def _heard_unit(self, connection: Connection, info: CommandInfo) -> Unit:
        return self.unit(connection, info, Actor.service(info.workspace, self.name), may_copy=True)

    def fire(self, workspace: str, due: Due) -> datetime | None:
        """Fire a deadline in a unit of its own; return when to ask again, or None when it was answered."""
        later: list[datetime | None] = [None]

        def decide(unit: Unit) -> Answer:
            later[0] = self.application.when_due(unit, due)
            return Answer()

        command = f"deadline/{due.id}/{due.due_at.isoformat()}"
        info = CommandInfo(workspace, "clock", command, correlation_id=command)
        self.execute(info, Actor.service(workspace, "clock"), decide)
        return later[0]

    def time(self) -> datetime:
        """Return the present moment: the virtual clock's in a composition that has one."""
        return self.clock() or wall.now()

    # -- reads

    @contextmanager
    def reader(self, workspace: str) -> Generator[Reader]:
        """Open a read of one workspace: a transaction that cannot write."""
        with self.pool.connection() as connection:
            connection.execute("set transaction read only")
            now = set_workspace(connection, workspace)
            yield Reader(self.store, connection, workspace, self.clock() or now)

    @contextmanager
    def connection(self, workspace: str) -> Generator[Connection]:
        """Open a transaction for the plain tables of a service (accounts, sessions)."""
        with self.pool.connection() as connection:
            set_workspace(connection, workspace)
            yield connection

    def access(self, workspace: str, actor: str, capacity: str, what: str, subject: str, identifier: str) -> None:
        """Note that somebody read a personal document of somebody else."""
        sql = f"""insert into {self.name}.access (workspace, at, actor, capacity, what, subject, id)
        values (%s, coalesce(%s, clock_timestamp()), %s, %s, %s, %s, %s)"""
        with self.connection(workspace) as connection:
            values = (workspace, self.clock(), actor, capacity, what, subject, identifier)
            connection.execute(cast("Any", sql), values, prepare=True)

    # -- waiting for what was written

    def reached(self, workspace: str, position: Position) -> WaitResult:
        """Say whether this service's views show what a position stands for."""
        if position.name == self.name:
            seen = self.projections.position(workspace)
            if seen >= position.sequence or self._is_lost(workspace, position):
                return WaitResult("reached")
            if position.sequence > (head := self._head(workspace)):
                return WaitResult("unknown", f"{self.name} has recorded {head} events here")
            return WaitResult("behind", f"views at {seen}")
        if position.name not in self.topics:
            return WaitResult("passed over")
        at = self.consumer.position(workspace, position.name)
        if at.epoch < position.epoch or (at.epoch == position.epoch and at.sequence < position.sequence):
            return WaitResult("behind", f"{position.name} at {at.sequence}")
        parked = self._parked_at(workspace, position)
        if parked:
            return WaitResult("parked", parked)
        head = self._head(workspace)
        seen = self.projections.position(workspace)
        return WaitResult("reached") if seen >= head else WaitResult("behind", f"views at {seen} of {head}")

    def wait(self, workspace: str, positions: Iterable[Position], timeout: float) -> WaitResult:
        """Wait until every position is reached; return the first that is not.

        Progress in this process ends a pause at once; what other processes do is looked for at growing intervals.
        """
        deadline, pause = time.monotonic() + timeout, SHORTEST_PAUSE
        for position in positions:
            while (found := self.reached(workspace, position)).state == "behind":
                left = deadline - time.monotonic()
                if left <= 0:
                    return found
                with self._moved:
                    self._moved.wait(min(left, pause))
                pause = min(2 * pause, LONGEST_PAUSE)
            if found.state in ("parked", "unknown"):
                return found
        return WaitResult("reached")

    def health(self) -> Health:
        """Ask every part how it is."""
        parts = [Part(r.step.name, r.alive, r.last_error or "", r.set_aside) for r in self.runners]
        parts += [other() for other in self.others]
        if hasattr(self, "relay"):
            blocked = sorted(self.relay.blocked)
            parts.append(Part("relay blocked", ok=True, detail=", ".join(blocked[:NAMED]), lag=len(blocked)))
        try:
            with self.follower_pool.connection(timeout=1.0) as connection:
                sql = f"select count(*) as parked from {self.name}.parked where status = 'parked'"
                row = connection.execute(cast("Any", sql)).fetchone()
            parts.append(Part("database", ok=True))
            parts.append(Part("parked", ok=True, lag=row["parked"] if row else 0))
        except (psycopg.Error, PoolTimeout) as error:
            parts.append(Part("database", ok=False, detail=type(error).__name__))
        return Health(tuple(parts))

    def changed(self, workspace: str) -> None:
        """Tell this service's followers, here and in other processes, that a workspace's record grew."""
        self.wake(workspace)
        self.tell("changed", workspace)

    def wake(self, workspace: str) -> None:
        """Let the followers of this process look at a workspace."""
        for runner in self.runners:
            if runner.step is not self.consumer:
                runner.wake(workspace)

    def _send(self, records: Sequence[Envelope]) -> None:
        for listener in self.listeners:
            listener(records)

    def _wake(self, step: object, workspace: str) -> None:
        for runner in self.runners:
            if runner.step is step:
                runner.wake(workspace)

    def look_again(self) -> None:
        """Let whoever waits for a position look at once."""
        with self._moved:
            self._moved.notify_all()

    def _notify(self, workspace: str) -> None:
        self.look_again()
        self.tell("moved", workspace)

    def _is_lost(self, workspace: str, position: Position) -> bool:
        """Say whether a position lies above the end of its epoch: a restore lost it, and nobody need wait for it."""
        since = [one.base for one in self.feed.epochs(workspace) if one.epoch > position.epoch]
        return position.sequence > min(since, default=position.sequence)

    def _head(self, workspace: str) -> int:
        with self.follower_pool.connection() as connection:
            sql = f"select sequence from {self.name}.head where workspace = %s"
            row = connection.execute(cast("Any", sql), (workspace,), prepare=True).fetchone()
        return row["sequence"] if row else 0

    def _parked_at(self, workspace: str, position: Position) -> str:
        sql = f"""select event_id, reason from {self.name}.parked
        where workspace = %s and topic = %s and sequence = %s and status = 'parked'"""
        with self.follower_pool.connection() as connection:
            values = (workspace, position.name, position.sequence)
            row = connection.execute(cast("Any", sql), values, prepare=True).fetchone()
        return f"event {row['event_id']}: {row['reason']}" if row else ""


def connect_in_process(services: Sequence[Service], spans: Mapping[str, Span] | None = None) -> None:
    """Wire services of one process: each hears the others' relays and catches up from their rows.

    `spans` opens, for the service of a name, the span in which it consumes an event.
    """
    feeds = {service.topic: service.feed for service in services}
    for service in services:
        service.connect(feeds, (spans or {}).get(service.name))
    for service in services:
        service.listeners = [other.hear for other in services if service.topic in other.topics]
