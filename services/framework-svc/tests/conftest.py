"""Fixtures of framework-svc on PostgreSQL: one embedded server, the service running, a company, callers at its door."""

from __future__ import annotations

import itertools
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from httpx import Client, Response

from chassis.cipher import Cipher, Grant, prepare_keys
from chassis.http import api
from chassis.identity import Actor, Signer, SigningKey, Verifier
from chassis.kernel import Unsealed
from chassis.postgres import Embedded
from chassis.service import Service, connect_in_process
from chassis.unit import Answer, CommandInfo
from contracts import people
from contracts.envelope import Envelope, Published, Sealed
from framework_svc.api import ERRORS, router
from framework_svc.main import service
from framework_svc.messaging import published
from framework_svc.settings import GRANTS

KEY = SigningKey.generate()
WORKSPACES = itertools.count(1)
KEYS = itertools.count(1)
LONG_AGO = date(2020, 1, 1)
TITLES = {"maya": "software engineer", "nils": "software engineer", "erik": "engineering manager"}


def now() -> datetime:
    """Return the present moment."""
    return datetime.fromtimestamp(time.time(), UTC)


SIGNER = Signer(lambda: [KEY], now)


@dataclass
class Running:
    """The service, running, and over HTTP."""

    service: Service
    app: FastAPI
    people: Cipher

    def sealed(self, workspace: str, person: str, text: str) -> Sealed:
        """Seal a detail of somebody as people-svc does."""
        (one,) = self.people.seal_many(
            workspace, [(f"{workspace}/person/{person}", Unsealed(person=person, part="details", text=text))]
        )
        return one

    def title(self, workspace: str, title: str | None) -> str | None:
        """Return the digest of a job title as people-svc publishes it."""
        return self.people.digest(workspace, f"title/{title}") if title else None

    def hear(self, workspace: str, *events: Published) -> None:
        """Let the service hear events of others, in one run, and record what it decides."""
        info = CommandInfo(workspace, "heard", f"heard/{next(WORKSPACES)}", correlation_id="test")
        envelope: Any = None
        actor = Actor.service(workspace, "framework")
        with self.service.pool.connection() as connection:
            unit = self.service.unit(connection, info, actor, may_copy=True)
            for event in events:
                for handler in self.handlers[type(event)]:
                    handler(unit, event, _envelope(envelope))
            if not unit.decided:
                return
            appended = self.service.store.append(unit, Answer(), connection)
        self.service.changed(workspace)
        if self.service.runners:
            reached = self.service.wait(workspace, (appended.position,), 10)
            assert reached.state == "reached", reached

    @property
    def handlers(self) -> dict[type[Published], list[Any]]:
        """Every handler, also of topics whose services are not running here."""
        complete = Service(name="x", application=None, published=published, handlers=self.service.handlers)
        return {contract: list(given) for contract, given in complete.heard.items()}


def _envelope(envelope: Any) -> Envelope:
    return envelope


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    """The embedded server, in a folder its account may enter, ended by its own handle."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-framework-"))
    folder.chmod(0o755)
    with Embedded(folder / "server") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(
    postgres: Embedded, home: Path, name: str, clock: Callable[[], datetime | None] = lambda: None
) -> Generator[Running]:
    """The service over a database of its own; its followers stand still until somebody starts them."""
    database = postgres.create_database(name)
    keys = prepare_keys(database, home, (*GRANTS, Grant("people", "person", may_make=True)), {})
    cipher = Cipher.connect(database, "framework", keys, home / "erasures")
    names = Cipher.connect(database, "people", keys, home / "erasures")
    one = service()
    one.migrate(database)
    one.open(database, cipher, size=6, clock=clock)
    connect_in_process([one])
    yield Running(one, api(one, router, verifier=Verifier(SIGNER.jwks, now), errors=ERRORS), names)
    one.close()
    names.close()
    cipher.close()
    postgres.drop_database(database.name)


@pytest.fixture(scope="session")
def running(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service, with its followers running."""
    with opened(postgres, tmp_path_factory.mktemp("home"), "framework_tests") as one:
        one.service.start()
        yield one


@pytest.fixture(scope="session")
def client(running: Running) -> Iterator[Client]:
    """A client of the service."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the one port: else each answer waits 40 ms
        server = uvicorn.Server(uvicorn.Config(running.app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        with Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()


@dataclass
class Caller:
    """Somebody at the other end of the wire, who waits for what was written."""

    client: Client
    workspace: str
    person: str
    roles: frozenset[str] = frozenset()
    seen: list[str] = field(default_factory=lambda: [""])

    def get(self, path: str, **params: Any) -> Response:
        """Read."""
        return self.client.get(path, params=params, headers=self._headers())

    def post(self, path: str, body: Any = None) -> Response:
        """Change something."""
        return self._sent(self.client.post(path, json=body, headers=self._headers(True)))

    def put(self, path: str, body: Any, **headers: str) -> Response:
        """Replace something."""
        return self._sent(self.client.put(path, json=body, headers=self._headers(True) | headers))

    def patch(self, path: str, body: Any, **headers: str) -> Response:
        """Change a part of something."""
        return self._sent(self.client.patch(path, json=body, headers=self._headers(True) | headers))

    def send(self, method: str, path: str, **sent: Any) -> Response:
        """Send anything at all."""
        headers = self._headers(True) | sent.pop("headers", {})
        return self._sent(self.client.request(method, path, headers=headers, **sent))

    def delete(self, path: str, **headers: str) -> Response:
        """Take something away."""
        return self._sent(self.client.delete(path, headers=self._headers(True) | headers))

    def upload(self, path: str, content: bytes, name: str = "file", **fields: str) -> Response:
        """Send a file."""
        files = {"file": (name, content)}
        return self._sent(self.client.post(path, files=files, data=fields, headers=self._headers(True)))

    def done(self, path: str, body: Any = None) -> dict[str, Any]:
        """Change something and return the answer, which has to be good."""
        answer = self.post(path, body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def read(self, path: str) -> Any:
        """Read something that has to be there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _headers(self, keyed: bool = False) -> dict[str, str]:
        actor = Actor(workspace=self.workspace, person=self.person, session="s", roles=self.roles)
        given = {"Authorization": f"Bearer {SIGNER.sign(actor)}", "Wait-For": self.seen[0]}
        if keyed:
            given["Idempotency-Key"] = f"key-{next(KEYS)}"
        return {name: value for name, value in given.items() if value}

    def _sent(self, answer: Response) -> Response:
        self.seen[0] = answer.headers.get("Position", self.seen[0])
        return answer


@dataclass
class Company:
    """A company of six: Hanna and Hugo (HR), Erik who manages Maya and Nils, and Gro above them; nothing published."""

    running: Running
    client: Client
    workspace: str
    seen: list[str] = field(default_factory=lambda: [""])

    def as_(self, person: str) -> Caller:
        """Return somebody of the company."""
        roles = frozenset({"hr"}) if person in ("hanna", "hugo") else frozenset[str]()
        return Caller(self.client, self.workspace, person, roles, self.seen)

    def hear(self, *events: Published) -> None:
        """Let the service hear what others published about this company."""
        self.running.hear(self.workspace, *events)


@pytest.fixture
def company(running: Running, client: Client) -> Company:
    """A new company."""
    workspace = f"w{next(WORKSPACES)}"
    settings = people.WorkspaceOpened(
        name="Northwind", locale="en-GB", calendar=people.WorkspaceCalendar(time_zone="Europe/Berlin")
    )
    managers = {"gro": None, "hanna": "gro", "hugo": "gro", "erik": "gro", "maya": "erik", "nils": "erik"}
    running.hear(
        workspace,
        settings,
        *(
            added(
                one,
                manager,
                running.sealed(workspace, one, one.title()),
                running.title(workspace, TITLES.get(one)),
                running.sealed(workspace, one, f"{one}@northwind.example"),
            )
            for one, manager in managers.items()
        ),
    )
    return Company(running, client, workspace)


def added(
    person: str, manager: str | None, name: Sealed, title: str | None = None, email: Sealed | None = None
) -> people.PersonAdded:
    """Return what people-svc publishes of a new person; `title` is the digest of their job title."""
    return people.PersonAdded(
        job_title_group=title,
        person=person,
        given_name=name,
        family_name=name,
        work_email=email,
        status="active",
        manager=manager,
        starts_on=LONG_AGO,
        roles=("hr",) if person in ("hanna", "hugo") else (),
        invited=True,
    )
