"""Fixtures of evaluation on PostgreSQL: the service running, a company, callers at its door."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Client, Response

from chassis.cipher import Cipher, Grant
from chassis.deadlines import Due
from chassis.http import api
from chassis.postgres import Embedded
from chassis.service import Service
from chassis.testing import Caller, Seen, fresh_database, heard, keyed, now, opened, sealed, served, verifier
from contracts import framework, people
from contracts.envelope import Published, Sealed
from evaluation_svc.main import service
from evaluation_svc.settings import GRANTS

WORKSPACES = itertools.count(1)
CREDIT = "This page includes information from the O*NET 30.3 Database. Used under the CC BY 4.0 license."
LONG_AGO = date(2020, 1, 1)


@dataclass
class Running:
    """The service, running, and over HTTP."""

    service: Service
    app: FastAPI
    people: Cipher

    def hear(self, workspace: str, *events: Published) -> None:
        """Let the service hear events of others, in one run."""
        heard(self.service, workspace, *events)

    def fire(self, workspace: str, kind: str, evaluation: str) -> datetime | None:
        """Fire a deadline as if its time had come."""
        return self.service.fire(workspace, Due(f"{kind}/{evaluation}", kind, evaluation, None, now()))


@pytest.fixture(scope="session")
def running(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service over a database of its own."""
    one, home = service(), tmp_path_factory.mktemp("home")
    grants = (*GRANTS, Grant("people", "person", may_make=True))
    with (
        fresh_database(postgres) as database,
        keyed(database, home, grants, "evaluation", "people") as ciphers,
        opened(database, ciphers, one),
    ):
        one.start()
        ciphers["people"].beside([ciphers["evaluation"]])
        yield Running(one, api(one, verifier=verifier()), ciphers["people"])


@pytest.fixture(scope="session")
def client(running: Running) -> Iterator[Client]:
    """A client of the service."""
    with served(running.app) as client:
        yield client


@dataclass
class Company:
    """A company of five: Hanna (HR), Erik who manages Maya and Nils, and Gro above them; framework version 1."""

    running: Running
    client: Client
    workspace: str
    seen: Seen = field(default_factory=Seen)

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
            answer = wrote(self.as_(by), f"/evaluations/{evaluation}", competency, line)
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


def wrote(caller: Caller, path: str, competency: str, line: Any) -> Response:
    """Write a line of an evaluation or a self-assessment as it is read just now; what cannot be read has no version."""
    tag = caller.get(path).headers.get("ETag", '"0"')
    return caller.put(f"{path}/lines/{competency}", line, **{"If-Match": tag})


@pytest.fixture
def company(running: Running, client: Client) -> Company:
    """A new company."""
    workspace = f"w{next(WORKSPACES)}"
    settings = people.WorkspaceOpened(
        name="Northwind", locale="en-GB", calendar=people.WorkspaceCalendar(time_zone="Europe/Berlin")
    )
    managers = {"gro": None, "hanna": "gro", "hugo": "gro", "erik": "gro", "maya": "erik", "nils": "erik"}
    names = {one: sealed(running.people, workspace, f"person/{one}", one, one.title()) for one in managers}
    running.hear(workspace, settings, *(_person(one, manager, names[one]) for one, manager in managers.items()))
    running.hear(workspace, *published(), *(_placed(one) for one in managers))
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


def published(version: int = 1, delivery: float = 3) -> tuple[Published, ...]:
    """Return a framework version that asks so much delivery of an engineer."""
    ladder = framework.LadderPublished(
        version=version,
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
            framework.ExpectationText(level="ic2", competency="delivery", required=delivery),
            framework.ExpectationText(level="ic2", competency="mentoring", required=None),
            framework.ExpectationText(level="ic3", competency="communication", required=4),
            framework.ExpectationText(level="ic3", competency="delivery", required=4),
            framework.ExpectationText(level="ic3", competency="mentoring", required=3),
        ),
        changed_in=version,
        credits=(CREDIT,),
    )
    return ladder, framework.FrameworkPublished(version=version, note="What changed", scale=(), digests={})
