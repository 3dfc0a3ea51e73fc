"""One process of one service: `python -m <service> api | worker | migrate | restored`, told by its environment what it needs."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

import httpx
import psycopg
import structlog
import uvicorn
from fastapi import FastAPI
from psycopg_pool import PoolTimeout

from chassis import clock as wall
from chassis.attendance import at_work
from chassis.brokers import ClientSettings
from chassis.cipher import (
    Cipher,
    CipherError,
    Forgetting,
    Grant,
    InstallationKey,
    erasures_path,
    keys_server,
    prepare_keys,
)
from chassis.feed_http import HttpFeed
from chassis.http import api, health_app
from chassis.identity import ServiceTokens, Signer, SigningKey, Verifier
from chassis.postgres import External, Privileged, Server, UnsafeDurability
from chassis.restored import begin_epochs
from chassis.service import Part, Service
from chassis.sharing import Sharing
from chassis.steps import arm_from_environment
from chassis.telemetry import Traces, configure_logs
from chassis.virtual import FileClock
from contracts.topics import TOPICS, Topic, group_of

if TYPE_CHECKING:
    from chassis.kafka import Client, Declared, Driver, KafkaSink

log = structlog.get_logger(__name__)
Role = Literal["api", "worker", "migrate", "restored"]
ROLES: Final = ("api", "worker", "migrate", "restored")
POOL: Final = 16
GRACE: Final = 25.0
"""Seconds in which a process answers the requests under way after SIGTERM."""
LIMIT: Final = 35.0
"""Seconds after SIGTERM in which it has ended, in order or not; whoever starts it should wait a little longer."""


class Misconfigured(Exception):
    """The environment lacks something, or holds something unusable; the text names the variable."""


@dataclass(frozen=True)
class Environment:
    """What a process is told. `upstreams` holds where other services answer, by name (`LADDER_AT_EVALUATION`)."""

    database: Server = field(repr=False)
    home: Path
    upstreams: Mapping[str, str]
    kafka: ClientSettings | None
    host: str = "127.0.0.1"
    port: int = 8000
    pool: int = POOL
    allow_unsafe: bool = False
    clock: Callable[[], datetime | None] = lambda: None

    def now(self) -> datetime:
        """Return the present moment, or a test's."""
        return self.clock() or wall.now()

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Environment:
        """Read the variables of docs/operating.md; Misconfigured names the one that is missing or unusable."""
        database = External.from_environment(environ)
        if database is None:
            raise Misconfigured("LADDER_DATABASE_URL is not set; name the database, as in postgresql://host/ladder.")
        host, _, port = environ.get("LADDER_BIND", "127.0.0.1:8000").rpartition(":")
        if not port.isdigit():
            raise Misconfigured(f"LADDER_BIND is {environ['LADDER_BIND']!r}; write it as host:port.")
        try:
            kafka = ClientSettings.from_environment(environ)
        except ValueError as error:
            raise Misconfigured(str(error)) from None
        pool = environ.get("LADDER_POOL", str(POOL))
        if not pool.isdigit() or int(pool) < 2:
            raise Misconfigured(f"LADDER_POOL is {pool!r}; give the number of connections, 2 or more.")
        prefix = "LADDER_AT_"
        allow_unsafe = environ.get("LADDER_ALLOW_UNSAFE_SYNC", "") not in ("", "0")
        return cls(
            database=database,
            home=Path(environ.get("LADDER_HOME", ".ladder")),
            upstreams={n.removeprefix(prefix).lower(): url for n, url in environ.items() if n.startswith(prefix)},
            kafka=kafka,
            host=host or "127.0.0.1",
            port=int(port),
            pool=int(pool),
            allow_unsafe=allow_unsafe,
            clock=_test_clock(environ, allow_unsafe),
        )

    def at(self, service: str) -> str:
        """Return where another service is."""
        if service not in self.upstreams:
            raise Misconfigured(f"LADDER_AT_{service.upper()} is not set; name where {service}-svc answers.")
        return self.upstreams[service].rstrip("/")


def _test_clock(environ: Mapping[str, str], allow_unsafe: bool) -> Callable[[], datetime | None]:
    """Return the clock of a test's file; an installation that must lose nothing has no business with one."""
    path = environ.get("LADDER_TEST_CLOCK")
    if path is None:
        return lambda: None
    if not allow_unsafe:
        raise Misconfigured("LADDER_TEST_CLOCK is for tests: it needs LADDER_ALLOW_UNSAFE_SYNC=1 beside it.")
    return FileClock(Path(path))


Make = Callable[[Cipher], Service]
Signs = Callable[[Service, Cipher], Callable[[], Sequence[SigningKey]]]
AfterRestore = Callable[[Service], None]
"""What a service does anew that its backup did not know of."""


def run(
    name: str,
    make: Make,
    grants: Sequence[Grant],
    signs: Signs | None = None,
    after_restore: AfterRestore | None = None,
    arguments: Sequence[str] | None = None,
    topics: Sequence[Topic] = TOPICS,
) -> NoReturn:
    """Run what the command line names, and end: 0 when told to end, 2 when it cannot begin, with a line that says why.

    `signs` is given by the one service that signs actor tokens; the others ask it for the public keys.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1 or given[0] not in ROLES:
        _refuse(f"usage: python -m {name}_svc {' | '.join(ROLES)}")
    configure_logs("console" if os.environ.get("LADDER_LOG") == "console" else "json", stream=sys.stderr)
    arm_from_environment()
    try:
        process = Process(name, make, tuple(grants), Environment.read(), signs, after_restore, topics)
        roles = dict(zip(ROLES, (process.serve, process.work, process.migrate, process.restored), strict=True))
        roles[given[0]]()
    except (Misconfigured, CipherError, Privileged, UnsafeDurability) as error:
        _refuse(str(error))
    except (psycopg.OperationalError, PoolTimeout) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        _refuse(f"The database cannot be used: {why}. Look at LADDER_DATABASE_URL, and whether `migrate` has run.")
    sys.exit(0)


@dataclass
class Process:
    """A service in one of its roles."""

    name: str
    make: Make
    grants: tuple[Grant, ...]
    environment: Environment
    signs: Signs | None = None
    after_restore: AfterRestore | None = None
    topics: Sequence[Topic] = TOPICS
    traces: Callable[[str], Traces] = Traces.from_environment
    _told: threading.Event = field(default_factory=threading.Event)

    def migrate(self) -> None:
        """Make or update the schema of the service and its part of the keys; then end."""
        keys = keys_server(self.environment.database)
        key = prepare_keys(keys, self.environment.home, self.grants, only=self.name)
        with self._cipher(key) as cipher:
            self.make(cipher).migrate(self.environment.database)

    def restored(self) -> None:
        """Begin new epochs: the schema was brought back from a backup, and no process of the service runs yet."""
        with ExitStack() as stack:
            service, _, _ = self._opened(stack)
            with service.follower_pool.connection() as connection:
                if working := at_work(connection, self.name):
                    raise Misconfigured(f"Workers of {self.name}-svc are at work ({working}); end its processes first.")
            begun = begin_epochs(service)
            if self.after_restore is not None:
                self.after_restore(service)
            log.warning("new epochs begun", service=self.name, workspaces=begun)

    def serve(self) -> None:
        """Answer over HTTP until told to end."""
        with self._door() as door, self.answering() as app:
            self._until_told(app, door)

    def work(self) -> None:
        """Run the followers until told to end."""
        with self._door() as door, self.working() as app:
            self._until_told(app, door)

    @contextmanager
    def answering(self) -> Generator[FastAPI]:
        """Open the service and give its interface; what is written there wakes the workers."""
        with ExitStack() as stack:
            service, tokens, traces = self._opened(stack)
            sharing = Sharing(service, self._follower_dsn, works=False)
            sharing.start()
            stack.callback(sharing.stop)
            own = Signer(self.signs(service, service.cipher), self.environment.now).jwks if self.signs is not None else None
            yield api(
                service,
                verifier=Verifier(own or self._jwks(), self.environment.now),
                services=tokens,
                jwks=own,
                traces=traces,
                threads=self.environment.pool,
            )

    @contextmanager
    def working(self) -> Generator[FastAPI]:
        """Run the followers where this process leads, and its share of what others publish; give what tells its health."""
        from chassis.kafka import Client, KafkaSink  # of all processes only a worker waits until this is imported

        with ExitStack() as stack:
            kafka = self._kafka()
            client = Client(kafka, f"{self.name}-worker")
            client.start()
            stack.callback(client.stop)
            sink = KafkaSink(client, f"{self.name}.v1")
            stack.callback(sink.stop)
            service, _, _ = self._opened(stack, sink)
            topics = self._checked_topics(client, {service.topic, *service.topics})
            service.others.append(lambda: Part("topics", not topics.trouble, topics.trouble))
            sharing = Sharing(service, self._follower_dsn, works=True)
            sharing.start()
            stack.callback(sharing.stop)
            if service.topics:
                driver = self._driver(client, service, sharing)
                driver.start()
                stack.callback(driver.stop)
                service.others.append(lambda: Part("kafka", driver.alive, driver.trouble))
            yield health_app(service)

    def _checked_topics(self, client: Client, names: set[str]) -> Declared:
        """Refuse topics nobody could work with; while no broker answers this is not ready, and they are looked at later."""
        from chassis.kafka import Declared, ShutOut, Unanswered  # only for a worker

        declared = Declared(client, [topic for topic in self.topics if topic.name in names])
        try:
            declared.look()
        except ShutOut as error:
            raise Misconfigured(str(error)) from None
        except Unanswered as error:
            log.warning("kafka does not answer", why=str(error))
            declared.look_until_well()
        else:
            if declared.trouble:
                raise Misconfigured(f"Topics of Kafka: {declared.trouble}")
        return declared

    def _driver(self, client: Client, service: Service, sharing: Sharing) -> Driver:
        from chassis.kafka import Driver  # only for a worker

        group = group_of(self.name)
        return Driver(client, group, service.topics, service.hear, service.consumer.put_aside, sharing.compare)

    def _opened(self, stack: ExitStack, sink: KafkaSink | None = None) -> tuple[Service, ServiceTokens, Traces]:
        environment = self.environment
        key = InstallationKey.load(environment.home)
        if key is None:
            raise Misconfigured("LADDER_INSTALLATION_KEY is not set and LADDER_HOME holds no installation.key.")
        cipher = stack.enter_context(self._cipher(key))
        forgetting = Forgetting(keys_server(environment.database).dsn("keys", self.name), cipher)
        forgetting.start()
        stack.callback(forgetting.stop)
        service = self.make(cipher)
        service.open(
            environment.database,
            cipher,
            size=environment.pool,
            clock=environment.clock,
            allow_unsafe=environment.allow_unsafe,
        )
        stack.callback(service.close)
        tokens = ServiceTokens(key.derive("service tokens"), self.name, environment.now)
        traces = self.traces(self.name)
        stack.callback(traces.close)
        service.connect(self._feeds(stack, service, tokens), span=traces.span_for, sink=sink)
        service.others.append(lambda: Part("forgetting", ok=True, detail="" if forgetting.sure else "cannot listen"))
        return service, tokens, traces

    def _feeds(self, stack: ExitStack, service: Service, tokens: ServiceTokens) -> dict[str, Any]:
        feeds: dict[str, Any] = {}
        for topic in service.topics:
            upstream = topic.split(".")[0]
            if upstream == self.name:
                feeds[topic] = service.feed
            elif upstream in self.environment.upstreams:
                feed = HttpFeed(self.environment.at(upstream), topic, tokens.make)
                stack.callback(feed.close)
                feeds[topic] = feed
        return feeds

    @contextmanager
    def _cipher(self, key: InstallationKey) -> Generator[Cipher]:
        environment = self.environment
        cipher = Cipher.connect(
            keys_server(environment.database),
            self.name,
            key,
            erasures_path(environment.home),
            allow_unsafe=environment.allow_unsafe,
        )
        try:
            yield cipher
        finally:
            cipher.close()

    @property
    def _follower_dsn(self) -> str:
        return self.environment.database.dsn(self.name, "follower")

    def _kafka(self) -> ClientSettings:
        if self.environment.kafka is None:
            raise Misconfigured("LADDER_KAFKA is not set; name the brokers, as in host:9092,host:9092.")
        return self.environment.kafka

    def _jwks(self) -> Callable[[], Mapping[str, Any]]:
        url = f"{self.environment.at('people')}/.well-known/jwks.json"

        def read() -> Mapping[str, Any]:
            try:
                answer = httpx.get(url, timeout=5)
                answer.raise_for_status()
                return answer.json()
            except httpx.HTTPError as error:
                raise OSError(type(error).__name__) from None

        return read

    @contextmanager
    def _door(self) -> Generator[socket.socket]:
        """Take the port, and hear from now on when to end: a process told while it begins ends as soon as it has."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._told.set())
        host, port = self.environment.host, self.environment.port
        try:
            door = socket.create_server((host, port), backlog=128)
        except OSError as error:
            raise Misconfigured(f"LADDER_BIND is {host}:{port}, which cannot be used ({error.strerror}).") from None
        with door:
            # An answer's body does not wait until its head is acknowledged, which takes 40 ms.
            door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield door

    def _until_told(self, app: FastAPI, door: socket.socket) -> None:
        """Serve until SIGTERM or SIGINT, then finish what is under way; what hangs does not keep the process."""
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=int(GRACE)
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([door],), name="http", daemon=True)
        thread.start()
        while not self._told.wait(1.0):
            if not thread.is_alive():
                raise RuntimeError("Nothing answers at the port any more.")
        limit = threading.Timer(LIMIT, os._exit, (1,))
        limit.daemon = True
        limit.start()
        server.should_exit = True
        thread.join(GRACE)


def _refuse(text: str) -> NoReturn:
    print(text, file=sys.stderr)  # noqa: T201 - the one line for whoever started the process
    sys.exit(2)
