"""Fixtures of the directory on PostgreSQL: one embedded server, the service running, and callers at its door."""

from __future__ import annotations

import itertools
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from httpx import Client, Response

from chassis.cipher import Cipher, prepare_keys
from chassis.deadlines import Due
from chassis.http import api
from chassis.identity import Actor, Signer, SigningKey, Verifier
from chassis.postgres import Embedded
from chassis.service import Executed, Service, connect_in_process
from chassis.unit import Answer, CommandInfo, Decide
from people_svc.api import ERRORS, router
from people_svc.application import People
from people_svc.domain import Changes, Settings
from people_svc.main import service
from people_svc.settings import GRANTS

KEY = SigningKey.generate()
WORKSPACES = itertools.count(1)


def now() -> datetime:
    """Return the present moment."""
    return datetime.fromtimestamp(time.time(), UTC)


SIGNER = Signer(lambda: [KEY], now)


@dataclass
class Running:
    """The service, running, with its cipher and its application over HTTP."""

    service: Service
    cipher: Cipher
    app: FastAPI
    erasures: Path

    @property
    def people(self) -> People:
        """The use cases."""
        people: People = self.service.application
        return people

    def run(self, workspace: str, decide: Decide, command: str, person: str = "cli", *roles: str) -> Executed:
        """Run one unit of work as the command line or a person does, and wait until it can be read."""
        info = CommandInfo(workspace, person, command, correlation_id=command)
        executed = self.service.execute(info, Actor(workspace=workspace, person=person, roles=frozenset(roles)), decide)
        self.quiet(workspace, executed)
        return executed

    def quiet(self, workspace: str, executed: Executed) -> None:
        """Wait until the views and the service's own copy of the directory show what was written."""
        reached = self.service.wait(workspace, (executed.position, *executed.published), 10)
        assert reached.state in ("reached", "passed over"), reached


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    """The embedded server, in a folder its account may enter, ended by its own handle."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-people-"))
    folder.chmod(0o755)
    with Embedded(folder / "server") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service over a database of its own."""
    database = postgres.create_database(f"people_{next(WORKSPACES)}")
    home = tmp_path_factory.mktemp("home")
    key = prepare_keys(database, home, GRANTS, {})
    cipher = Cipher.connect(database, "people", key, home / "erasures")
    one = service(cipher)
    one.migrate(database)
    one.open(database, cipher, size=6)
    connect_in_process([one])
    one.start()
    app = api(one, router, verifier=Verifier(SIGNER.jwks, now), errors=ERRORS)
    yield Running(one, cipher, app, home / "erasures")
    one.close()
    cipher.close()
    postgres.drop_database(database.name)


@pytest.fixture(scope="module")
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
    """Somebody at the other end of the wire, who waits for what they wrote."""

    client: Client
    workspace: str
    person: str
    roles: frozenset[str] = frozenset()
    seen: str = ""
    keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def headers(self, **more: str) -> dict[str, str]:
        """Return what a request is sent with."""
        actor = Actor(workspace=self.workspace, person=self.person, session="s", roles=self.roles)
        given = {"Authorization": f"Bearer {SIGNER.sign(actor)}", "Wait-For": self.seen}
        return {name: value for name, value in (given | more).items() if value}

    def get(self, path: str, **params: Any) -> Response:
        """Read."""
        return self.client.get(path, params=params, headers=self.headers())

    def post(self, path: str, body: Any = None, key: str = "", **headers: str) -> Response:
        """Change something, under a new key unless one is given."""
        return self._sent(self.client.post(path, json=body, headers=self._keyed(key, headers)))

    def patch(self, path: str, body: Any, **headers: str) -> Response:
        """Change a part of something."""
        return self._sent(self.client.patch(path, json=body, headers=self._keyed("", headers)))

    def put(self, path: str, body: Any, **headers: str) -> Response:
        """Replace something."""
        return self._sent(self.client.put(path, json=body, headers=self._keyed("", headers)))

    def upload(self, path: str, content: str | bytes, key: str = "", **params: Any) -> Response:
        """Send a file."""
        headers = {"Content-Type": "text/csv"}
        return self._sent(self.client.post(path, content=content, params=params, headers=self._keyed(key, headers)))

    def as_(self, person: str, *roles: str) -> Caller:
        """Return somebody else of the same workspace, who has seen as much."""
        return Caller(self.client, self.workspace, person, frozenset(roles), self.seen)

    def adds(self, given_name: str, **more: Any) -> str:
        """Add somebody and return their id."""
        body = {"given_name": given_name, "family_name": "Example", "starts_on": "2020-01-01"} | more
        answer = self.post("/people", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def _keyed(self, key: str, headers: dict[str, str]) -> dict[str, str]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.headers(**{"Idempotency-Key": key or f"{self.person}-{next(self.keys)}", **sent})

    def _sent(self, answer: Response) -> Response:
        self.seen = answer.headers.get("Position", self.seen)
        return answer


@pytest.fixture
def hr(running: Running, client: Client) -> Caller:
    """The first HR admin of a new workspace."""
    workspace = f"w{next(WORKSPACES)}"
    settings = Settings(name="Northwind")
    admin = Changes(given_name="Hanna", family_name="Reich", work_email="hanna@example.com")
    found: list[str] = []

    def decide(unit: Any) -> Answer:
        found.append(running.people.open_workspace(unit, settings, admin).person)
        return Answer(status=201, id=found[-1])

    executed = running.run(workspace, decide, f"open {workspace}")
    seen = ", ".join(map(str, (executed.position, *executed.published)))
    return Caller(client, workspace, found[-1], frozenset({"hr"}), seen)


def deadline(person: str) -> Due:
    """Return the deadline at which somebody's keys are destroyed."""
    return Due(id=f"erasure/{person}", kind="erasure", subject=person, person=None, due_at=now())
