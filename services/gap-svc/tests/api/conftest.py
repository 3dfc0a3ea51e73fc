"""Gap over HTTP, on PostgreSQL: a company whose upstream events a test lets the service hear by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from httpx import Client, Response

from chassis.cipher import Cipher, Grant
from chassis.http import api
from chassis.postgres import Database, Embedded
from chassis.service import Service
from chassis.testing import Caller, fresh_database, heard, keyed, now, opened, sealed, served, verifier
from contracts import evaluation, framework, people
from contracts.envelope import Published
from gap_svc.main import service
from gap_svc.settings import GRANTS

NUMBERS = itertools.count(1)
CREDIT = "Includes information from O*NET."
TIME_ZONE = "Europe/Berlin"
MANAGERS = {"gro": None, "hanna": "gro", "hugo": "gro", "olga": "gro", "erik": "gro", "maya": "erik", "nils": "erik"}
ROLES: dict[str, tuple[people.Role, ...]] = {"hanna": ("hr",), "hugo": ("hr",), "olga": ("analyst",)}
ASKED = {
    "eng.ic2": {"design": 3.0, "mentoring": 2.0},
    "eng.ic3": {"design": 4.0, "mentoring": 3.0},
    "eng.m1": {"design": 3.0, "mentoring": 4.0},
}


@dataclass
class Running:
    """The service with its followers stepped by hand: nothing moves unless a test moves it."""

    service: Service
    database: Database
    client: Client
    seals: dict[str, Cipher]

    def hear(self, workspace: str, *events: Published) -> list[str]:
        """Let the service hear events of others, and its views follow; return their ids."""
        ids = heard(self.service, workspace, *events)
        self.follow(workspace)
        return ids

    def follow(self, workspace: str) -> None:
        """Let every view follow."""
        while self.service.projections.step(workspace) == "more":
            pass


@dataclass
class Company:
    """Hanna and Hugo (HR), Olga (analyst), Erik who manages Maya and Nils, Gro above them; one ladder in version 1."""

    running: Running
    workspace: str

    def as_(self, person: str) -> Caller:
        """Return somebody of the company; they wait for nothing, since the views follow at once."""
        return Caller(self.running.client, self.workspace, person, frozenset(ROLES.get(person, ())))

    def get(self, person: str, path: str, **params: Any) -> Response:
        """Read as somebody."""
        return self.as_(person).get(path, **params)

    def read(self, person: str, path: str, **params: Any) -> Any:
        """Read as somebody what has to be there."""
        return self.as_(person).read(path, **params)

    def send(self, person: str, method: str, path: str, body: Any, **headers: str) -> Response:
        """Change something as somebody; the views follow."""
        answer = self.as_(person).send(method, path, headers=headers, json=body)
        self.running.follow(self.workspace)
        return answer

    def publish(self, version: int, anchor: str = "Learns.", **design: float) -> None:
        """Publish a framework version; `design` changes what a level (`ic3`) asks of design, `anchor` what 1 means."""
        levels = {level: asked | {"design": design.get(level[4:], asked["design"])} for level, asked in ASKED.items()}
        self.hear(*_published(version, levels, anchor))

    def hear(self, *events: Published) -> list[str]:
        """Let the service hear events."""
        return self.running.hear(self.workspace, *events)

    def approve(
        self,
        person: str = "maya",
        revision: int = 1,
        *,
        by: str = "erik",
        design: float = 3.5,
        mentoring: float | None = 1.5,
        kind: str = "evaluation",
        said: str = "Drew the depot plan.",
        cycle: str = "cy_1",
        ends_on: date = date(2026, 9, 30),
        framework_version: int = 1,
    ) -> str:
        """Let an evaluation be approved; return the id of that event."""
        named = self.evaluation(person, cycle)
        text = sealed(self.running.seals["evaluation"], self.workspace, f"{kind}/{named}", person, said)
        lines = (
            evaluation.RatedLine(competency="design", rating=design, evidence=(text,), self_rating=4),
            evaluation.RatedLine(
                competency="mentoring",
                rating=mentoring,
                not_seen=mentoring is None,
                rests_on_memory=mentoring is not None,
            ),
        )
        approved = evaluation.EvaluationApproved(
            evaluation=named,
            revision=revision,
            employee=person,
            evaluator=by,
            cycle=cycle,
            cycle_name="Autumn",
            framework_version=framework_version,
            ladder="eng",
            level="eng.ic2",
            lines=lines,
            approved_by="hanna",
            approved_at=now(),
            period_ends_on=ends_on,
        )
        return self.hear(approved)[0]

    def release(self, person: str = "maya", revision: int = 1, *, cycle: str = "cy_1") -> None:
        """Let an approved revision be released."""
        released = evaluation.EvaluationReleased(
            evaluation=self.evaluation(person, cycle),
            revision=revision,
            employee=person,
            cycle=cycle,
            conversations_by=date(2026, 12, 1),
        )
        self.hear(released)

    @staticmethod
    def evaluation(person: str, cycle: str = "cy_1") -> str:
        """Return the id of somebody's evaluation in a cycle."""
        return f"ev_{person}" if cycle == "cy_1" else f"ev_{person}_{cycle}"

    def accesses(self) -> set[tuple[str, str, str]]:
        """Return who read what of whom."""
        with psycopg.connect(self.running.database.admin_dsn()) as admin:
            found = admin.execute(
                "select actor, what, subject from gap.access where workspace = %s", (self.workspace,)
            ).fetchall()
        return {(actor, what, person) for actor, what, person in found}


@pytest.fixture(scope="session")
def running(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service over a database of its own, served."""
    kinds = ("evaluation", "observation", "example")
    makers = [Grant("people", "person", may_make=True), *(Grant("evaluation", kind, may_make=True) for kind in kinds)]
    one, home = service(), tmp_path_factory.mktemp("home")
    with (
        fresh_database(postgres) as database,
        keyed(database, home, (*GRANTS, *makers), "gap", "people", "evaluation") as ciphers,
        opened(database, ciphers, one),
        served(api(one, verifier=verifier())) as client,
    ):
        yield Running(one, database, client, ciphers)


@pytest.fixture
def company(running: Running) -> Company:
    """A new company with one published framework version."""
    return founded(running)


def founded(running: Running) -> Company:
    """Return a new company with one published framework version."""
    company = Company(running, f"w{next(NUMBERS)}")
    settings = people.WorkspaceOpened(
        name="Northwind", locale="en-GB", calendar=people.WorkspaceCalendar(time_zone=TIME_ZONE)
    )
    company.hear(settings, *(somebody(company, one, manager) for one, manager in MANAGERS.items()))
    company.publish(1)
    return company


def somebody(company: Company, person: str, manager: str | None) -> people.PersonAdded:
    """Return the event that somebody is in the directory."""
    name = sealed(company.running.seals["people"], company.workspace, f"person/{person}", person, person.title())
    return people.PersonAdded(
        person=person,
        given_name=name,
        family_name=name,
        work_email=name,
        status="active",
        manager=manager,
        starts_on=date(2020, 1, 1),
        roles=ROLES.get(person, ()),
        invited=True,
    )


def _published(version: int, levels: dict[str, dict[str, float]], anchor: str) -> tuple[Published, ...]:
    ladder = framework.LadderPublished(
        version=version,
        ladder="eng",
        name="Engineering",
        tracks=(
            framework.TrackText(id="ic", name="IC", levels=("eng.ic2", "eng.ic3")),
            framework.TrackText(id="m", name="Management", levels=("eng.m1",)),
        ),
        levels=(
            framework.LevelText(id="eng.ic2", code="IC2", title="Engineer", track="ic", next=("eng.ic3", "eng.m1")),
            framework.LevelText(id="eng.ic3", code="IC3", title="Senior engineer", track="ic"),
            framework.LevelText(id="eng.m1", code="M1", title="Engineering manager", track="m"),
        ),
        competencies=tuple(
            framework.CompetencyText(id=one, name=one.title(), area="Work") for one in ("design", "mentoring")
        ),
        expectations=tuple(
            framework.ExpectationText(level=level, competency=name, required=required, behaviours=(f"Shows {name}.",))
            for level, asked in levels.items()
            for name, required in asked.items()
        ),
        changed_in=version,
        credits=(CREDIT,),
    )
    closing = framework.FrameworkPublished(
        version=version,
        note="First",
        scale=(framework.AnchorText(point=1, name="Learning", text=anchor),),
        digests={"eng": sha256(ladder.model_dump_json().encode()).hexdigest()},
    )
    return ladder, closing


def draft(required: float, *, level: str = "ic3") -> dict[str, Any]:
    """Return a draft ladder in which IC3 asks this much of design."""
    expectations = {"design": {"required": required}, "mentoring": {"required": 3}}
    present: dict[str, Any] = {"id": "ic2", "code": "IC2", "title": "Engineer", "next": ["eng.ic3"]}
    present["expectations"] = {name: {"required": asked} for name, asked in ASKED["eng.ic2"].items()}
    levels = [present, {"id": level, "code": "IC3", "title": "Senior engineer", "expectations": expectations}]
    tracks = [{"id": "ic", "name": "IC", "levels": levels}]
    return {"format": "career-framework/v1", "ladders": [{"id": "eng", "name": "Engineering", "tracks": tracks}]}
