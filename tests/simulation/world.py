"""The world of a schedule: two processes of every service over one real PostgreSQL, a broker, and a clock that obeys."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg import sql

from chassis.cipher import Cipher, InstallationKey, erasures_path, prepare_keys
from chassis.feed import PAGE, Epoch, Feed, Head, Page
from chassis.kafka.driver import take
from chassis.postgres import Database
from chassis.service import Service
from chassis.steps import Progress, Step, arm, disarm
from chassis.unit import Unavailable
from chassis.virtual import StandingClock

from .broker import Broker, Log, Wire
from .connections import Lines
from .failpoints import FAILPOINTS
from .play import Play
from .scheduler import Fate, Scheduler

UNSAFE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "300",
}
"""Settings of a server whose data nobody wants to keep; `allow_unsafe` lets the services stand on it."""
BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LETTERS = ("a", "b")
"""Two processes of every service run at once, and every follower in both: nobody leads, only the rows make it safe."""

Plant = Callable[[Service], None]
"""A bug: something in a service that was just opened is replaced."""


def as_it_is(service: Service) -> None:
    """Plant nothing."""


class Clock(StandingClock):
    """The one clock of a world: it stands still until the scheduler lets time pass."""

    def seconds(self) -> float:
        """Return the time as a monotonic clock would."""
        return self.at.timestamp()


@dataclass
class Points:
    """Passes what tasks reach on to the scheduler of the schedule under way."""

    scheduler: Scheduler | None = None

    def reach(self, place: str, *, failpoint: bool = False) -> None:
        """Pass a place."""
        if self.scheduler is not None:
            self.scheduler.reach(place, failpoint=failpoint)

    def at_commit(self, place: str) -> Fate:
        """Pass a COMMIT."""
        return "kept" if self.scheduler is None else self.scheduler.at_commit(place)


@dataclass
class UnsteadyFeed:
    """An upstream's feed that now and then cannot be asked."""

    feed: Feed
    points: Points

    def events(self, topic: str, workspace: str, after: int, limit: int = PAGE) -> Page:
        """Return published events."""
        self._asked()
        return self.feed.events(topic, workspace, after, limit)

    def heads(self, topic: str) -> Iterator[Head]:
        """Return heads."""
        self._asked()
        return self.feed.heads(topic)

    def epochs(self, workspace: str) -> Sequence[Epoch]:
        """Return epochs."""
        self._asked()
        return self.feed.epochs(workspace)

    def _asked(self) -> None:
        scheduler = self.points.scheduler
        if scheduler is not None and scheduler.fails(scheduler.habits.feed_down, "the feed is down"):
            raise Unavailable("the feed is down")


@dataclass
class Process:
    """One process of one service; what it keeps in memory is gone when it starts again."""

    world: World
    name: str
    letter: str
    woken: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Per follower the workspaces it was told of, as its runner would keep them."""

    def __post_init__(self) -> None:
        server, points = self.world.database, self.world.points
        self._roles = {role: Lines(server.dsn(self.name, role), points) for role in ("app", "follower")}
        self._keys = Lines(server.dsn("keys", self.name), points, autocommit=True)
        self.start(careful=False)

    def __str__(self) -> str:
        """Return how the trace names it."""
        return f"{self.name} {self.letter}"

    def start(self, *, careful: bool) -> None:
        """Start anew, with empty hands: connections are all that is kept."""
        world, self.is_careful = self.world, careful
        self.cipher = Cipher(self._keys, world.key, world.erasures, clock=world.clock.seconds)
        self.service = world.play.services[self.name](self.cipher)
        self.service.open(
            world.database, self.cipher, clock=world.clock, allow_unsafe=True, careful=careful, pools=self._lines
        )
        self.woken = {}

    def connect(self) -> None:
        """Connect with the feeds of the others and the broker."""
        feeds = {topic: UnsteadyFeed(feed, self.world.points) for topic, feed in self.world.feeds().items()}
        self.service.connect(feeds, sink=Wire(self.service.topic, self.world.broker))
        self.service.tell = self._told
        self.world.plant(self.service)

    def close(self) -> None:
        """Give the connections back to the server."""
        for lines in (*self._roles.values(), self._keys):
            lines.end()

    @property
    def followers(self) -> dict[str, Step]:
        """The steps of this process by name."""
        service = self.service
        return {one.name: one for one in (service.relay, service.consumer, service.projections, service.clockwork)}

    def wake(self, follower: str, workspaces: set[str]) -> None:
        """Tell a follower of workspaces."""
        self.woken.setdefault(follower, set()).update(workspaces)

    def step(self, follower: str, workspaces: Sequence[str]) -> dict[str, Progress]:
        """Let a follower do one step; the relay takes several workspaces together."""
        if follower == "relay":
            return self.service.relay.steps(workspaces)
        return {workspace: self.followers[follower].step(workspace) for workspace in workspaces}

    def sweep(self, follower: str) -> str:
        """Let a follower look for everything that is behind."""
        found = set(self.followers[follower].behind()) & set(self.world.workspaces)
        self.wake(follower, found)
        return f"{len(found)} behind"

    def deliver(self, log: Log) -> int:
        """Take a batch of a log, as the driver does, and let the offset follow."""
        broker = self.world.broker()
        records = broker.batch(log, self.name)
        at = log.offsets.get(self.name, 0)
        take(records, self._heard, self.service.consumer.put_aside)
        if records:
            log.offsets[self.name] = min(len(log.records), at + len(records))
        return len(records)

    def _heard(self, records: Sequence[Any]) -> None:
        self.service.consumer.offer(records)
        self.wake("consumer", {record.workspace for record in records})

    def _told(self, kind: str, workspace: str) -> None:
        """Every process of the service hears that a record grew."""
        if kind == "changed":
            for process in self.world.processes_of(self.name):
                for follower in ("relay", "projections", "deadlines"):
                    process.wake(follower, {workspace})

    def _lines(self, dsn: str, _size: int, name: str) -> Lines:
        return self._roles[name.rsplit(" ", 1)[1]]


class World:
    """Opened once for many schedules: the schemas, and two processes of every service."""

    def __init__(self, database: Database, home: Path, play: Play, plant: Plant = as_it_is) -> None:
        self.database, self.play, self.plant = database, play, plant
        self.points, self.clock = Points(), Clock(BEGIN)
        self.key: InstallationKey = prepare_keys(database, home, play.grants, {})
        self.erasures = erasures_path(home, {})
        self.workspaces: tuple[str, ...] = ()
        self._broker: Broker | None = None
        self._known = set[str]()

    def __enter__(self) -> World:
        """Make the schemas and start the processes."""
        for make in self.play.services.values():
            make(cast("Cipher", None)).migrate(self.database)
        self.processes = [Process(self, name, letter) for name in self.play.services for letter in LETTERS]
        for process in self.processes:
            process.connect()
        self.tables = self._tables()
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        for process in self.processes:
            process.close()

    @contextmanager
    def schedule(self, scheduler: Scheduler, workspaces: Sequence[str], partitions: int) -> Generator[None]:
        """Play one schedule: in workspaces of its own, and nothing of it stays."""
        self.workspaces = tuple(workspaces)
        self._broker = Broker(scheduler, partitions)
        self.clock.at = BEGIN
        again = self._known & set(workspaces)
        self._known.update(workspaces)
        for process in self.processes:
            process.woken.clear()
            if again or process.is_careful:
                self.restart(process, careful=False)
        self.points.scheduler = scheduler
        for name in FAILPOINTS:
            arm(name, partial(self.points.reach, name, failpoint=True))
        try:
            yield
        finally:
            self.points.scheduler = None
            disarm()
            self._forget(workspaces)

    def restart(self, process: Process, *, careful: bool) -> None:
        """Start a process again, after an unclean end (`careful`) or as if it were the first time."""
        process.start(careful=careful)
        process.connect()

    def broker(self) -> Broker:
        """Return the broker of the schedule under way."""
        if self._broker is None:
            raise RuntimeError("no schedule is under way")
        return self._broker

    def feeds(self) -> dict[str, Feed]:
        """Return the feed of every topic."""
        return {process.service.topic: process.service.feed for process in self.processes if process.letter == "a"}

    def processes_of(self, name: str) -> list[Process]:
        """Return the processes of one service."""
        return [process for process in self.processes if process.name == name]

    @property
    def services(self) -> dict[str, Service]:
        """The services as the first process of each has them, by name."""
        return {process.name: process.service for process in self.processes if process.letter == "a"}

    def _tables(self) -> list[tuple[str, str]]:
        """Return every table that has a workspace, but the keys'."""
        with psycopg.connect(self.database.admin_dsn()) as admin:
            found = admin.execute(
                """select table_schema, table_name from information_schema.columns join information_schema.tables
                using (table_schema, table_name) where column_name = 'workspace' and table_type = 'BASE TABLE'
                and table_schema = any(%s) order by 1, 2""",
                (list(self.play.services),),
            )
            return [(schema, table) for schema, table in found]

    def _forget(self, workspaces: Sequence[str]) -> None:
        """Take everything of these workspaces away: whoever compares all workspaces has no others to look at."""
        names = sql.SQL(", ").join(sql.Literal(name) for name in workspaces)
        statements = [
            sql.SQL("delete from {} where workspace in ({})").format(sql.Identifier(*table), names)
            for table in self.tables
        ]
        with psycopg.connect(self.database.admin_dsn()) as admin:
            admin.execute(sql.SQL("; ").join(statements))

