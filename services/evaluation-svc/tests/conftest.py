"""Fixtures of evaluation on PostgreSQL: one embedded server, the service running, a company, callers at its door."""

from __future__ import annotations

import itertools
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from httpx import Client, Response

from chassis.cipher import Cipher, Grant, prepare_keys
from chassis.deadlines import Due
from chassis.http import api
from chassis.identity import Actor, Signer, SigningKey, Verifier
from chassis.kernel import Unsealed
from chassis.postgres import Embedded
from chassis.service import Service, connect_in_process
from chassis.unit import CommandInfo
from contracts import framework, people
from contracts.envelope import Envelope, Published, Sealed
from evaluation_svc.api import ERRORS, router
from evaluation_svc.main import service
from evaluation_svc.messaging import published
from evaluation_svc.settings import GRANTS

KEY = SigningKey.generate()
WORKSPACES = itertools.count(1)
KEYS = itertools.count(1)
CREDIT = "This page includes information from the O*NET 30.3 Database. Used under the CC BY 4.0 license."
LONG_AGO = date(2020, 1, 1)


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

    def hear(self, workspace: str, *events: Published) -> None:
        """Let the service hear events of others, in one run."""
        info = CommandInfo(workspace, "heard", f"heard/{next(WORKSPACES)}", correlation_id="test")
        envelope: Any = None
        with self.service.pool.connection() as connection:
            unit = self.service.unit(connection, info, Actor.service(workspace, "evaluation"), may_copy=True)
            for event in events:
                for handler in self.handlers[type(event)]:
                    handler(unit, event, _envelope(envelope))

    @property
    def handlers(self) -> dict[type[Published], list[Any]]:
        """Every handler, also of topics whose services are not running here."""
        complete = Service(name="x", application=None, published=published, handlers=self.service.handlers)
        return {contract: list(given) for contract, given in complete.heard.items()}

    def fire(self, workspace: str, kind: str, evaluation: str) -> datetime | None:
        """Fire a deadline as if its time had come."""
        return self.service.fire(workspace, Due(f"{kind}/{evaluation}", kind, evaluation, None, now()))


def _envelope(envelope: Any) -> Envelope:
    return envelope


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    """The embedded server, in a folder its account may enter, ended by its own handle."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-evaluation-"))
    folder.chmod(0o755)
    with Embedded(folder / "server") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def running(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service over a database of its own."""
    database = postgres.create_database("evaluation_tests")
    home = tmp_path_factory.mktemp("home")
    keys = prepare_keys(database, home, (*GRANTS, Grant("people", "person", may_make=True)), {})
    cipher = Cipher.connect(database, "evaluation", keys, home / "erasures")
    names = Cipher.connect(database, "people", keys, home / "erasures")
    one = service()
    one.migrate(database)
    one.open(database, cipher, size=6)
    connect_in_process([one])
    one.start()
    yield Running(one, api(one, router, verifier=Verifier(SIGNER.jwks, now), errors=ERRORS), names)
    one.close()
    names.close()
    cipher.close()
    postgres.drop_database(database.name)


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

    def post(self, path: str, body: Any = None, **headers: str) -> Response:
        """Change something."""
        return self._sent(self.client.post(path, json=body, headers=self._headers(True) | headers))

    def put(self, path: str, body: Any, **headers: str) -> Response:
        """Replace something."""
        return self._sent(self.client.put(path, json=body, headers=self._headers(True) | headers))

    def upload(self, path: str, content: bytes, **fields: str) -> Response:
        """Send a file, with the fields of a form."""
        sent = {"file": ("scorecard.xlsx", content)}
        return self._sent(self.client.post(path, files=sent, data=fields, headers=self._headers(True)))

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

    def listed(self, path: str, **params: Any) -> list[Any]:
        """Read every item of a list, page by page."""
        items, cursor = list[Any](), {}
        while True:
            page = self.get(path, **params, **cursor).json()
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}

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
    """A company of five: Hanna (HR), Erik who manages Maya and Nils, and Gro above them; framework version 1."""

    running: Running
    client: Client
    workspace: str
    seen: list[str] = field(default_factory=lambda: [""])

    def as_(self, person: str) -> Caller:
        """Return somebody of the company."""
        roles = frozenset({"hr"}) if person in ("hanna", "hugo") else frozenset[str]()
        return Caller(self.client, self.workspace, person, roles, self.seen)

    def plan(self, **changes: Any) -> dict[str, Any]:
        """Return a plan whose days lie ahead."""
        today = now().date()
        given: dict[str, Any] = {
            "name": "Autumn",
            "starts_on": str(today - timedelta(days=180)),
            "ends_on": str(today - timedelta(days=1)),
            "framework_version": 1,
            "self_due": str(today + timedelta(days=7)),
            "manager_due": str(today + timedelta(days=14)),
            "approval_due": str(today + timedelta(days=21)),
            "conversations_by": str(today + timedelta(days=40)),
        }
        return given | changes

    def open_for(self, person: str = "maya", **changes: Any) -> str:
        """Open an ad hoc cycle for one person and return the evaluation."""
        hr = self.as_("hanna")
        cycle = hr.done("/cycles", self.plan(scope="person", of=person, **changes))["id"]
        (evaluation,) = hr.done(f"/cycles/{cycle}/opening")["ids"]
        return str(evaluation)

    def draft(self, evaluation: str, by: str = "erik", text: str = "") -> None:
        """Write every line of an evaluation."""
        words = text or "Led the billing migration in May; no invoice was late and support calls fell by half."
        for competency, rating in (("communication", 3), ("delivery", 3.5), ("mentoring", 2)):
            line = {"rating": rating, "evidence": [words]}
            answer = self.as_(by).put(f"/evaluations/{evaluation}/lines/{competency}", line)
            assert answer.status_code == 200, answer.text

    def submit(self, evaluation: str, by: str = "erik") -> None:
        """Write and submit an evaluation."""
        self.draft(evaluation, by)
        self.as_(by).done(f"/evaluations/{evaluation}/submission")

    def approve(self, evaluation: str) -> None:
        """Write, submit and approve an evaluation."""
        self.submit(evaluation)
        self.as_("hanna").done(f"/evaluations/{evaluation}/approval")

    def release(self, evaluation: str) -> None:
        """Bring an evaluation to its employee."""
        self.approve(evaluation)
        self.as_("erik").done(f"/evaluations/{evaluation}/release")


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
        *(_person(one, manager, running.sealed(workspace, one, one.title())) for one, manager in managers.items()),
    )
    running.hear(workspace, *_framework(), *(_placed(one) for one in managers))
    return Company(running, client, workspace)


def _person(person: str, manager: str | None, name: Sealed) -> people.PersonAdded:
    return people.PersonAdded(
        person=person,
        given_name=name,
        family_name=name,
        work_email=name,
        status="active",
        manager=manager,
        starts_on=LONG_AGO,
        roles=("hr",) if person in ("hanna", "hugo") else (),
        invited=True,
    )


def _placed(person: str) -> framework.PersonPlaced:
    return framework.PersonPlaced(
        person=person, ladder="eng", level="ic2", effective_on=LONG_AGO, reason="hire", version=1
    )


def _framework() -> tuple[Published, ...]:
    ladder = framework.LadderPublished(
        version=1,
        ladder="eng",
        name="Engineering",
        tracks=(framework.TrackText(id="ic", name="IC", levels=("ic2", "ic3")),),
        levels=(
            framework.LevelText(id="ic2", code="IC2", title="Engineer", track="ic", next=("ic3",)),
            framework.LevelText(id="ic3", code="IC3", title="Senior engineer", track="ic"),
        ),
        competencies=tuple(
            framework.CompetencyText(id=one, name=one.title(), area="Work")
            for one in ("communication", "delivery", "mentoring")
        ),
        expectations=(
            framework.ExpectationText(level="ic2", competency="communication", required=3, behaviours=("Says so.",)),
            framework.ExpectationText(level="ic2", competency="delivery", required=3),
            framework.ExpectationText(level="ic2", competency="mentoring", required=None),
            framework.ExpectationText(level="ic3", competency="communication", required=4),
            framework.ExpectationText(level="ic3", competency="delivery", required=4),
            framework.ExpectationText(level="ic3", competency="mentoring", required=3),
        ),
        changed_in=1,
        credits=(CREDIT,),
    )
    return ladder, framework.FrameworkPublished(version=1, note="First", scale=(), digests={})
