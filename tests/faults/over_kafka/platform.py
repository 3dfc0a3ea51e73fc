"""The platform as it is deployed, on one machine: processes of every service, three brokers, one PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.sql import SQL, Identifier

from chassis.kafka import ClientSettings, apply_topics
from chassis.postgres import INTERRUPTED, Embedded, binaries
from chassis.service import Service
from chassis.testing import served, until
from chassis.testing.kafka import Cluster, cluster
from contracts.envelope import Envelope
from contracts.topics import TOPICS
from ladder.composition import Composition
from ladder.front import front_app
from ladder.operator import operator_app
from ladder.processes import END_WITHIN, SERVICES, Child, Processes, environment_of
from ladder.verifying import verify

from ..clients import PATIENCE, System
from ..company import HR, Company, folder, found
from ..killable import free_port

ROOT = Path(__file__).parents[3]
BROKERS = 3
LED_BY_TWO = "evaluation"
"""The service that has two workers, so that one can take over from the other."""


@dataclass
class Platform(System):
    """Everything that runs, and how it is asked: services by their processes, the operator's routes in this one.

    No follower runs in this process: what is heard, sent and shown was heard, sent and shown by the workers.
    """

    kafka: Cluster
    server: Embedded
    processes: Processes
    system: Composition
    door: httpx.Client
    """The operator's."""
    workspace: str = ""
    silent: list[str] = field(default_factory=list[str])
    """Workspaces opened beside it, in which nothing happens any more."""
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    gone: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Topic and id of the events that a fault took away on purpose, from a topic or out of a database."""
    refusals: Counter[str] = field(default_factory=Counter[str])
    """Answers of 500 and above, and connections without an answer, since somebody began to count."""
    front: str = ""
    """Where the one port is, while there is one; else every process is asked itself."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    # -- asked like a system of one process

    def found(self) -> Company:
        """Open a workspace and make a company in it; from now on everything asked is asked there."""
        name = f"Northwind {next(self._numbers)}"
        self.silent.clear()
        self.gone.clear()
        self.workspace = self.operator("POST", "/workspaces", {"name": name, "admin": HR, "key": name})["workspace"]
        return found(self)

    def operator(self, method: str, path: str, body: Any = None) -> Any:
        """Do what only the operator may do, as soon as the database answers."""
        end = time.monotonic() + PATIENCE
        while (answer := self.door.request(method, path, json=body)).status_code == 503 and time.monotonic() < end:
            time.sleep(0.1)
        answer.raise_for_status()
        return answer.json()

    def sign_in(self, *who: str) -> None:
        """Take tokens for people of the workspace that is asked, as soon as its directory shows them."""
        for one in who:
            asked = {"who": one, "workspace": self.workspace}
            end = time.monotonic() + PATIENCE
            while (answer := self.door.post("/tokens", json=asked)).status_code != 200:
                assert time.monotonic() < end, answer.text
                time.sleep(0.1)
            self.tokens[one] = answer.json()["token"]

    def url(self, path: str) -> str:
        """Return where the one port answers, or a process of the service."""
        if self.front:
            return f"{self.front}/api{path}"
        _, service, _, rest = path.split("/", 3)
        return f"{self.processes.at[service][0]}/{rest}"

    def goes_on_with(self, who: str, answer: httpx.Response) -> bool:
        """Count what was refused, and sign in again where a process does not know the token yet."""
        if answer.status_code >= 500:
            self.refusals[str(answer.status_code)] += 1
        if answer.status_code == 401:
            self.sign_in(who)
        return answer.status_code not in (401, 503)

    def request(self, who: str, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> httpx.Response:
        """Ask a service once, and count what had no answer."""
        try:
            return super().request(who, method, path, body, key, **more)
        except httpx.TransportError as error:
            self.refusals[type(error).__name__] += 1
            raise

    def verified(self) -> list[dict[str, Any]]:
        """Verify the workspaces of this company: those before were verified when it was their turn."""
        try:
            found = verify(self.system.services, [self.workspace, *self.silent]).broken
        except INTERRUPTED as error:
            return [{"invariant": "the database answers", "detail": type(error).__name__}]
        return [one.model_dump() for one in found]

    def said(self) -> str:
        """Return where the processes wrote."""
        return f"The logs are in {self.processes.logs}"

    def has_died(self) -> bool:
        """Return whether nothing can be asked any more: never, what dies here is started again."""
        return False

    # -- its parts

    @property
    def settings(self) -> ClientSettings:
        """How to reach Kafka."""
        return ClientSettings(tuple(self.kafka.servers.split(",")))

    def workers(self, service: str) -> list[Child]:
        """Return the workers of a service."""
        return [one for one in self.processes.children if (one.service, one.role) == (service, "worker")]

    def service(self, name: str) -> Service:
        """Return a service as it stands beside its processes."""
        return next(one for one in self.system.services if one.name == name)

    def parts(self, child: Child) -> dict[str, dict[str, Any]]:
        """Return what a process says of its parts, by name; nothing while it does not answer."""
        try:
            return {part["name"]: part for part in httpx.get(f"{child.url}/readyz", timeout=5).json()["parts"]}
        except httpx.HTTPError:
            return {}

    def processes_of(self, service: str) -> list[Child]:
        """Return the processes of a service."""
        return [one for one in self.processes.children if one.service == service]

    def backed_up(self, service: str) -> Path:
        """Return an archive of what a service has now."""
        archive = self.processes.logs / f"{service}.dump"
        archive.unlink(missing_ok=True)
        self._postgres("pg_dump", "--format=custom", f"--schema={service}", f"--file={archive}")
        return archive

    def bring_back(self, service: str, archive: Path) -> None:
        """Let a service whose processes are down have what an archive holds, as docs/operating.md says."""
        with psycopg.connect(self.server.database.admin_dsn()) as admin:
            admin.execute(SQL("drop schema {} cascade").format(Identifier(service)))
        self._postgres("pg_restore", "--single-transaction", "--exit-on-error", str(archive))
        subprocess.run([sys.executable, "-m", f"{service}_svc", "restored"], env=dict(self.processes.environ), check=True)

    def _postgres(self, program: str, *arguments: str) -> None:
        command = [str(binaries(Path(), None) / program), *arguments, "--no-password"]
        subprocess.run([*command, "--dbname", self.server.database.admin_dsn()], check=True)

    def leader(self, service: str) -> Child:
        """Return the worker that said last that it leads the relay."""
        return max(self.workers(service), key=_led_since)

    @contextmanager
    def behind_one_port(self) -> Generator[None]:
        """Have two processes answer for every service, both behind the one port, where alone users ask."""
        seconds = [_second(self.processes, service, "api") for service in SERVICES]
        for one in seconds:
            until(one.is_ready, f"a second {one.name}", PATIENCE)
        try:
            with served(front_app(self.processes.at)) as door:
                self.front = str(door.base_url).rstrip("/")
                yield
        finally:
            self.front = ""
            for one in seconds:
                self.processes.children.remove(one)
                one.signal(signal.SIGTERM)
            for one in seconds:
                one.end(END_WITHIN)

    @contextmanager
    def down(self, *children: Child) -> Generator[None]:
        """Have processes ended in order; their supervisor starts them again when the block ends."""
        for child in children:
            self.processes.children.remove(child)  # so that nobody starts it meanwhile
            child.signal(signal.SIGTERM)
        try:
            for child in children:
                assert child.process is not None
                child.process.wait(60)
            yield
        finally:
            self.processes.children.extend(children)

    def restarted(self, child: Child, told: Mapping[str, str]) -> None:
        """End a process and return when its successor runs, which is told something more, once."""
        starts, before = child.starts, dict(child.environ)
        child.environ.update(told)
        child.signal(signal.SIGTERM)
        until(lambda: child.starts > starts, f"the next start of {child.name}", PATIENCE)
        child.environ = before

    def published(self) -> dict[tuple[str, str, str], int]:
        """Return what every service would have to have heard by now: by service, topic and workspace the sequence."""
        return {
            (service.name, topic, head.workspace): head.last
            for service in self.system.services
            for topic, feed in service.consumer.feeds.items()
            for head in feed.heads(topic)
        }

    def unsent(self, service: str) -> list[Envelope]:
        """Return what a service has published in the company's workspace and its relay has not sent, in order."""
        asked = self.service(service)
        sent = self._sent(asked.topic).get(self.workspace, 0)
        return list(asked.feed.events(asked.topic, self.workspace, sent).records)

    def unreadable(self) -> Counter[tuple[str, str, str]]:
        """Return how many records were put aside that are no events, by service, topic and reason."""
        found = Counter[tuple[str, str, str]]()
        for service in (one.name for one in self.system.services):
            for topic, reason, count in self.rows(f"select topic, reason, count(*) from {service}.unreadable group by 1, 2"):
                found[service, topic, reason] = count
        return found

    def has_sent(self, published: Mapping[tuple[str, str, str], int]) -> bool:
        """Return whether every relay has sent so much."""
        sent = {topic: self._sent(topic) for topic in {topic for _, topic, _ in published}}
        return all(sent[topic].get(workspace, 0) >= last for (_, topic, workspace), last in published.items())

    def _sent(self, topic: str) -> dict[str, int]:
        sql = f"select workspace, sequence from {topic.split('.')[0]}.relayed where topic = %s"
        return {str(workspace): int(sequence) for workspace, sequence in self.rows(sql, topic)}

    def has_heard(self, published: Mapping[tuple[str, str, str], int]) -> bool:
        """Return whether every service has come so far."""
        services = {service.name: service for service in self.system.services}
        return all(
            services[name].consumer.position(workspace, topic).sequence >= last
            for (name, topic, workspace), last in published.items()
        )

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its administrator."""
        with psycopg.connect(self.server.database.admin_dsn(), autocommit=True) as admin:
            return admin.execute(sql, values).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def _led_since(child: Child) -> str:
    """Return when a worker said last that it leads the relay; what was said is one JSON object in each line."""
    said = re.findall(r'^.*"event":\s*"leadership gained".*$', child.log.read_text(), re.MULTILINE)
    times = [re.search(r'"timestamp":\s*"([^"]+)"', line) for line in said if '"relay"' in line]
    return max((one[1] for one in times if one), default="")


@contextmanager
def platform() -> Generator[Platform]:
    """Run it in a temporary folder; everything is ended by its own handle."""
    home = folder()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        kafka = stack.enter_context(cluster(ROOT / "build", BROKERS))
        server = stack.enter_context(Embedded(home / "server", {"max_connections": "300"}))
        asyncio.run(apply_topics(ClientSettings(tuple(kafka.servers.split(","))), TOPICS, replication=BROKERS))
        url = f"host={server.database.host} dbname={server.database.name} user=postgres"
        environ = environment_of(url, kafka.servers, home / "data")
        processes = Processes(environ, home / "logs")
        stack.callback(processes.stop)
        processes.migrate()
        processes.start()
        _second(processes, LED_BY_TWO, "worker")  # it takes over where the first is stopped
        system = stack.enter_context(Composition(home / "data", given=server.database))
        door = stack.enter_context(served(operator_app(system)))
        door.timeout = PATIENCE
        yield Platform(kafka, server, processes, system, door)


def _second(processes: Processes, service: str, role: str) -> Child:
    """Give a service another process of a role."""
    first = next(one for one in processes.children if (one.service, one.role) == (service, role))
    port = free_port()
    environ = {**first.environ, "LADDER_BIND": f"127.0.0.1:{port}"}
    child = Child(service, role, environ, first.log.with_name(f"{service}-{role}-second.log"), port)
    processes.children.append(child)
    return child
