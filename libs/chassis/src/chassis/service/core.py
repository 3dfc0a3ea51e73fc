"""The service itself: what `main` lists, made to run — migrated, opened, connected to others, started and closed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from chassis import attendance, consumer, projection, relay, store
from chassis import clock as wall
from chassis.consumer import Consumer, Handler, Span
from chassis.copied import Facts
from chassis.deadlines import Clockwork, DeadlineChanges, Deadlines, Due
from chassis.feed import Feed, StoredFeed
from chassis.identity import DIRECTORY, Actor
from chassis.kernel import DomainError
from chassis.loss import Withdraw, nothing_derived
from chassis.migrate import migrate
from chassis.postgres import Server, check_durable, pool, refuse_superuser
from chassis.projection import Projections, RecordedEvent, View
from chassis.relay import InProcess, Relay, Sink
from chassis.service import accesses
from chassis.service.accesses import Access
from chassis.service.commands import Commands
from chassis.service.health import Health, Part, ahead, blocked, database, follower
from chassis.service.reading import Reader
from chassis.service.waiting import Waiting, WaitResult
from chassis.steps import Runner
from chassis.store import Connection, Pool, PublishedForm, Store, set_workspace, transaction
from chassis.unit import Answer, CommandInfo, Decide, Executed, Position, Unit
from chassis.wakeups import Kind
from contracts.envelope import Envelope, Published

if TYPE_CHECKING:
    from fastapi import APIRouter

    from chassis.cipher import Cipher


def _no_handlers() -> dict[type[Published], Handler | Sequence[Handler]]:
    return {}


def _no_deadlines(entry: RecordedEvent) -> Iterable[Due]:
    return ()


@dataclass
class Service:
    """The parts of one bounded context as `main` lists them; `open`, then `connect`, make it run.

    `open` makes what stands on its database alone, `connect` what needs the others (consumer, relay, waiting): in a
    process every service is opened before any can be connected. Commands, reads and health are asked after both.
    `facts` are what is copied from others; `handlers` maps a heard event to what follows from it, one handler or
    several, and `withdraw` takes that back where the event is lost. `tables` are others that the application writes;
    `application.when_due(unit, deadline)` is called for due deadlines.
    """

    name: str
    application: Any
    published: PublishedForm
    router: APIRouter | None = None
    errors: Mapping[type[DomainError], int] = field(default_factory=dict[type[DomainError], int])
    facts: tuple[Facts, ...] = ()
    handlers: Mapping[type[Published], Handler | Sequence[Handler]] = field(default_factory=_no_handlers)
    withdraw: Withdraw = nothing_derived
    tables: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    deadlines: DeadlineChanges | None = None
    collaborators: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        self.copied: tuple[Facts, ...] = (DIRECTORY, *self.facts)
        heard: dict[type[Published], list[Handler]] = {}
        for found in (*(facts.handlers for facts in self.copied), self.handlers):
            for contract, given in found.items():
                heard.setdefault(contract, []).extend([given] if callable(given) else given)
        self.heard = heard
        self.all_views: tuple[View, ...] = (*self.views, Deadlines(self.deadlines or _no_deadlines))
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
        copied = [statement for facts in self.copied for statement in facts.statements]
        record = (*store.TABLES, *projection.TABLES, *relay.TABLES, *consumer.TABLES, *attendance.TABLES, *accesses.TABLES)
        migrate(server, self.name, record, (*copied, *self.tables), views)

    def open(
        self,
        server: Server,
        cipher: Cipher,
        *,
        size: int = 8,
        clock: Callable[[], datetime | None] = lambda: None,
        allow_unsafe: bool = False,
        careful: bool = False,
        pools: Callable[[str, int, str], Pool] = pool,
    ) -> None:
        """Connect: pools (dsn, size, name) of the application's and the followers' role, the store and the followers.

        Raises `Privileged` for a role that passes by row level security and, without `allow_unsafe`, `UnsafeDurability`
        for a server that may lose what it acknowledged.
        """
        self.pool: Pool = pools(server.dsn(self.name, "app"), size, f"{self.name} app")
        self.follower_pool: Pool = pools(server.dsn(self.name, "follower"), size, f"{self.name} follower")
        self._refuse_unsafe(allow_unsafe)
        self.clock, self.cipher = clock, cipher
        self.store = Store(self.name, self.pool, cipher, self.published, clock)
        self.feed = StoredFeed(self.name, self.follower_pool)
        self.projections = Projections(
            self.name, self.follower_pool, self.all_views, self.store.mapper, on_progress=self._notify
        )
        self.clockwork = Clockwork(self.name, self.follower_pool, self.time, self.fire)
        self.commands = Commands(self.name, self.pool, self.store, clock, self.changed)
        self.careful = careful

    def _refuse_unsafe(self, allow_unsafe: bool) -> None:
        """Refuse to run on what was just connected, where it is not as it must be; nothing stays open then."""
        try:
            for one in (self.pool, self.follower_pool):
                with one.connection() as connection:
                    refuse_superuser(connection)
                    check_durable(connection, allow_unsafe)
        except BaseException:
            self.close()
            raise

    def connect(self, feeds: Mapping[str, Feed], span: Span | None = None, sink: Sink | None = None) -> None:
        """Name the feeds of the topics this service can hear, and make its consumer and relay (in process by default)."""
        self.heard = {contract: given for contract, given in self.heard.items() if contract.TOPIC in feeds}
        self.consumer = Consumer(
            store=self.store,
            pool=self.pool,
            follower_pool=self.follower_pool,
            feeds={topic: feeds[topic] for topic in self.topics},
            handlers=self.heard,
            facts=self.copied,
            withdraw=self.withdraw,
            new_unit=self._heard_unit,
            span=span,
            on_progress=self.changed,
            careful=self.careful,
        )
        self.relay = Relay(self.name, self.follower_pool, self.topic, sink or InProcess(self._send))
        self.waiting = Waiting(self.name, self.follower_pool, self.feed, self.projections, self.consumer)

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
        """Run a command: decide, write all of it or nothing, answer (`chassis.service.commands`)."""
        return self.commands.execute(info, actor, decide)

    def unit(self, connection: Connection, info: CommandInfo, actor: Actor, may_copy: bool = False) -> Unit:
        """Begin a unit of work on a connection."""
        return self.commands.unit(connection, info, actor, may_copy)

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

    def connection(self, workspace: str) -> AbstractContextManager[Connection]:
        """Open a transaction for the plain tables of a service (accounts, sessions)."""
        return transaction(self.pool, workspace)

    def access(self, workspace: str, access: Access) -> None:
        """Note that somebody read a personal document of somebody else."""
        with self.connection(workspace) as connection:
            accesses.note(connection, self.name, workspace, access, self.clock())

    # -- how it is

    def health(self) -> Health:
        """Ask every part how it is."""
        parts = [follower(runner) for runner in self.runners] + [other() for other in self.others]
        followed = (blocked(self.relay), *ahead(self.relay, self.name))
        return Health((*parts, *followed, *database(self.follower_pool, self.name)))

    def reached(self, workspace: str, position: Position) -> WaitResult:
        """Say whether this service's views show what a position stands for."""
        return self.waiting.reached(workspace, position)

    def wait(self, workspace: str, positions: Iterable[Position], timeout: float) -> WaitResult:
        """Wait until every position is reached; return the first that is not."""
        return self.waiting.wait(workspace, positions, timeout)

    # -- who is told

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
        self.waiting.look_again()

    def _notify(self, workspace: str) -> None:
        self.look_again()
        self.tell("moved", workspace)


def connect_in_process(services: Sequence[Service], spans: Mapping[str, Span] | None = None) -> None:
    """Wire services of one process: each hears the others' relays and catches up from their rows.

    `spans` opens, for the service of a name, the span in which it consumes an event.
    """
    feeds = {service.topic: service.feed for service in services}
    for service in services:
        service.connect(feeds, (spans or {}).get(service.name))
    for service in services:
        service.listeners = [other.hear for other in services if service.topic in other.topics]
