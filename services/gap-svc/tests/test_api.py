"""A gap report over HTTP, on PostgreSQL: who reads what and when, targets, the trend, and the company's view."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from httpx import Client, Response

from chassis.cipher import Cipher, Grant, prepare_keys
from chassis.http import api
from chassis.identity import Actor, Signer, SigningKey, Verifier
from chassis.kernel import Unsealed
from chassis.postgres import Database, Embedded
from chassis.service import Service, connect_in_process
from chassis.testing import assert_live_equals_rebuilt, served
from chassis.unit import Answer, CommandInfo
from contracts import evaluation, framework, people
from contracts.envelope import Envelope, Published, Sealed
from gap_svc.api import ERRORS, router
from gap_svc.main import service
from gap_svc.messaging import published
from gap_svc.settings import GRANTS

NUMBERS = itertools.count(1)
KEY = SigningKey.generate()
MANAGERS = {"gro": None, "hanna": "gro", "olga": "gro", "erik": "gro", "maya": "erik", "nils": "erik"}
ROLES: dict[str, tuple[people.Role, ...]] = {"hanna": ("hr",), "olga": ("analyst",)}
ASKED = {
    "eng.ic2": {"design": 3.0, "mentoring": 2.0},
    "eng.ic3": {"design": 4.0, "mentoring": 3.0},
    "eng.m1": {"design": 3.0, "mentoring": 4.0},
}


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


SIGNER = Signer(lambda: [KEY], now)


@dataclass
class Running:
    """The service with its followers stepped by hand: nothing moves unless a test moves it."""

    service: Service
    database: Database
    client: Client
    seals: dict[str, Cipher]

    def hear(self, workspace: str, *events: Published) -> list[str]:
        """Let the service hear events of others, and its views follow; return their ids."""
        envelopes = [_envelope(workspace, event) for event in events]
        handlers = Service(name="x", application=None, published=published, handlers=self.service.handlers).heard
        with self.service.pool.connection() as connection:
            unit = self.service.unit(
                connection, _heard(workspace, envelopes[0]), Actor.service(workspace, "gap"), may_copy=True
            )
            for event, envelope in zip(events, envelopes, strict=True):
                unit.next_command(_heard(workspace, envelope), unit.actor)
                for handler in handlers[type(event)]:
                    handler(unit, event, envelope)
            if unit.decided:
                self.service.store.append(unit, Answer(), connection)
        self.follow(workspace)
        return [envelope.eventid for envelope in envelopes]

    def follow(self, workspace: str) -> None:
        """Let every view follow."""
        while self.service.projections.step(workspace) == "more":
            pass

    def sealed(self, workspace: str, by: str, stream: str, person: str, text: str) -> Sealed:
        """Seal a text as the service that owns it does."""
        texts = [(f"{workspace}/{stream}", Unsealed(person=person, part="1", text=text))]
        return self.seals[by].seal_many(workspace, texts)[0]


@dataclass
class Company:
    """Hanna (HR), Olga (analyst), Erik who manages Maya and Nils, Gro above them; one ladder in version 1."""

    running: Running
    workspace: str

    def get(self, person: str, path: str, **params: Any) -> Response:
        """Read as somebody."""
        return self.running.client.get(path, params=params or None, headers=self._headers(person))

    def read(self, person: str, path: str, **params: Any) -> Any:
        """Read as somebody what has to be there."""
        answer = self.get(person, path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, person: str, method: str, path: str, body: Any, **headers: str) -> Response:
        """Change something as somebody; the views follow."""
        keyed = self._headers(person) | {"Idempotency-Key": f"key-{next(NUMBERS)}"} | headers
        answer = self.running.client.request(method, path, json=body, headers=keyed)
        self.running.follow(self.workspace)
        return answer

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
        kind: str = "evaluation",
    ) -> str:
        """Let an evaluation be approved; return the id of that event."""
        named = f"ev_{person}"
        text = self.running.sealed(self.workspace, "evaluation", f"{kind}/{named}", person, "Drew the depot plan.")
        lines = (
            evaluation.RatedLine(competency="design", rating=design, evidence=(text,), self_rating=4),
            evaluation.RatedLine(competency="mentoring", rating=1.5, rests_on_memory=True),
        )
        approved = evaluation.EvaluationApproved(
            evaluation=named,
            revision=revision,
            employee=person,
            evaluator=by,
            cycle="cy_1",
            cycle_name="Autumn",
            framework_version=1,
            ladder="eng",
            level="eng.ic2",
            lines=lines,
            approved_by="hanna",
            approved_at=now(),
            period_ends_on=date(2026, 9, 30),
        )
        return self.hear(approved)[0]

    def release(self, person: str = "maya", revision: int = 1) -> None:
        """Let an approved revision be released."""
        released = evaluation.EvaluationReleased(
            evaluation=f"ev_{person}",
            revision=revision,
            employee=person,
            cycle="cy_1",
            conversations_by=date(2026, 12, 1),
        )
        self.hear(released)

    def accesses(self) -> set[tuple[str, str, str]]:
        """Return who read what of whom."""
        with psycopg.connect(self.running.database.admin_dsn()) as admin:
            found = admin.execute(
                "select actor, what, subject from gap.access where workspace = %s", (self.workspace,)
            ).fetchall()
        return {(actor, what, person) for actor, what, person in found}

    def _headers(self, person: str) -> dict[str, str]:
        actor = Actor(workspace=self.workspace, person=person, session="s", roles=frozenset(ROLES.get(person, ())))
        return {"Authorization": f"Bearer {SIGNER.sign(actor)}"}


def _heard(workspace: str, envelope: Envelope) -> CommandInfo:
    return CommandInfo(workspace, "heard", f"heard/{envelope.eventid}", correlation_id="test")


def _envelope(workspace: str, event: Published) -> Envelope:
    number = next(NUMBERS)
    return Envelope(
        eventid=f"event-{number}",
        type=event.TYPE,
        source="test",
        topic=event.TOPIC,
        subject="test",
        workspace=workspace,
        epoch="e",
        sequence=number,
        previous=0,
        actor="hanna",
        correlationid="test",
        time=now(),
        data=_data(event),
    )


def _data(event: Published) -> bytes:
    return event.model_dump_json().encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Embedded]:
    folder = Path(tempfile.mkdtemp(prefix="ladder-gap-api-"))
    folder.chmod(0o755)
    with Embedded(folder / "server") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running(server: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    database, home = server.create_database("gap_api_tests"), tmp_path_factory.mktemp("home")
    kinds = ("evaluation", "observation", "example")
    makers = [Grant("people", "person", may_make=True), *(Grant("evaluation", kind, may_make=True) for kind in kinds)]
    keys = prepare_keys(database, home, (*GRANTS, *makers), {})
    ciphers = {
        name: Cipher.connect(database, name, keys, home / "erasures") for name in ("gap", "people", "evaluation")
    }
    one = service()
    one.migrate(database)
    one.open(database, ciphers["gap"], size=6)
    connect_in_process([one])
    with served(api(one, router, verifier=Verifier(SIGNER.jwks, now), errors=ERRORS)) as client:
        yield Running(one, database, client, ciphers)
    one.close()
    for cipher in ciphers.values():
        cipher.close()


@pytest.fixture
def company(running: Running) -> Company:
    company = Company(running, f"w{next(NUMBERS)}")
    settings = people.WorkspaceOpened(
        name="Northwind", locale="en-GB", calendar=people.WorkspaceCalendar(time_zone="Europe/Berlin")
    )
    company.hear(settings, *(_person(company, one, manager) for one, manager in MANAGERS.items()))
    company.hear(*_published(1))
    return company


def _person(company: Company, person: str, manager: str | None) -> people.PersonAdded:
    name = company.running.sealed(company.workspace, "people", f"person/{person}", person, person.title())
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


def _published(version: int) -> tuple[Published, ...]:
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
            for level, asked in ASKED.items()
            for name, required in asked.items()
        ),
        changed_in=version,
        credits=("Includes information from O*NET.",),
    )
    closing = framework.FrameworkPublished(
        version=version,
        note="First",
        scale=(framework.AnchorText(point=1, name="Learning", text="Learns."),),
        digests={"eng": sha256(_data(ladder)).hexdigest()},
    )
    return ladder, closing


def draft(required: float, *, level: str = "ic3") -> dict[str, Any]:
    expectations = {"design": {"required": required}, "mentoring": {"required": 3}}
    present: dict[str, Any] = {"id": "ic2", "code": "IC2", "title": "Engineer", "next": ["eng.ic3"]}
    present["expectations"] = {name: {"required": asked} for name, asked in ASKED["eng.ic2"].items()}
    levels = [present, {"id": level, "code": "IC3", "title": "Senior engineer", "expectations": expectations}]
    tracks = [{"id": "ic", "name": "IC", "levels": levels}]
    return {"format": "career-framework/v1", "ladders": [{"id": "eng", "name": "Engineering", "tracks": tracks}]}


def test_the_employee_reads_nothing_before_release_while_manager_and_hr_read_from_approval_on(company: Company) -> None:
    company.approve()
    for reader, status in (("maya", 404), ("erik", 200), ("hanna", 200), ("gro", 404), ("nils", 404), ("olga", 404)):
        assert company.get(reader, "/people/maya/report").status_code == status, reader
    company.release()
    for reader, status in (("maya", 200), ("erik", 200), ("hanna", 200), ("gro", 200), ("nils", 404), ("olga", 404)):
        assert company.get(reader, "/people/maya/report").status_code == status, reader


def test_hr_reads_about_themselves_what_any_employee_does(company: Company) -> None:
    company.approve("hanna", by="gro")
    assert company.get("hanna", "/people/hanna/report").status_code == 404
    assert company.read("hanna", "/placements-to-check") == []
    assert company.read("hanna", "/heat-map")["everybody"] == {}
    company.release("hanna")
    assert company.get("hanna", "/people/hanna/report").status_code == 200


def test_a_report_leads_with_n_of_m_and_every_figure_names_the_events_behind_it(company: Company) -> None:
    approval = company.approve()
    report = company.read("erik", "/people/maya/report")
    assert (report["met"]["count"], report["rated"]["count"], report["asked"]) == (0, 2, 2)
    assert report["target"]["code"] == "IC3"
    assert report["target_is"] == "next"
    assert [line["competency"] for line in report["lines"]] == ["mentoring", "design"]
    assert report["readiness"]["figure"] == 0.25
    assert [term["covered"] for term in report["readiness"]["terms"]] == [0.5, 0]
    figures = (report["met"], report["readiness"], *report["readiness"]["terms"], *report["lines"])
    assert all(approval in figure["because"] for figure in figures)
    assert report["below_present"][0]["competency"] == "mentoring"
    assert report["lines"][1]["evidence"] == [{"text": "Drew the depot plan.", "withdrawn_on": None}]
    assert report["credits"] == ["Includes information from O*NET."]


@pytest.mark.parametrize("kind", ["observation", "example"])
def test_evidence_that_cites_a_note_is_read_by_the_key_of_the_note(company: Company, kind: str) -> None:
    company.approve(kind=kind)
    design = company.read("erik", "/people/maya/report")["lines"][1]
    assert [one["text"] for one in design["evidence"]] == ["Drew the depot plan."]


def test_a_withdrawn_text_says_since_when_it_is_gone(company: Company) -> None:
    company.approve()
    stream = f"{company.workspace}/evaluation/ev_maya"
    company.hear(evaluation.TextWithdrawn(person="maya", stream=stream, part="1", withdrawn_on=date(2026, 11, 2)))
    design = company.read("erik", "/people/maya/report")["lines"][1]
    assert design["evidence"] == [{"text": None, "withdrawn_on": "2026-11-02"}]


def test_before_release_a_manager_who_did_not_evaluate_reads_no_self_rating(company: Company) -> None:
    company.approve(by="gro")
    assert company.read("erik", "/people/maya/report")["lines"][1].get("self_rating") is None
    assert company.read("hanna", "/people/maya/report")["lines"][1]["self_rating"] == 4
    company.release()
    assert company.read("erik", "/people/maya/report")["lines"][1]["self_rating"] == 4


def test_somebody_who_only_wrote_the_evaluation_reads_the_released_report_on_it(company: Company) -> None:
    company.approve(by="nils")
    assert company.get("nils", "/people/maya/report").status_code == 404
    company.release()
    assert company.read("nils", "/people/maya/report")["lines"][1].get("self_rating") is None
    assert company.get("nils", "/people/maya/target").status_code == 404


def test_until_its_release_the_employee_keeps_the_revision_before_and_then_sees_it_as_corrected(
    company: Company,
) -> None:
    company.approve()
    company.release()
    company.approve(revision=2, design=4)
    assert company.read("erik", "/people/maya/report")["revision"] == 2
    shown = company.read("maya", "/people/maya/report")
    assert (shown["revision"], shown.get("corrected_on")) == (1, None)
    assert {one["revision"] for one in company.read("maya", "/people/maya/reports")} == {1}
    assert len(company.read("maya", "/people/maya/report/history")) == 1
    assert company.get("maya", "/people/maya/report", version=2).status_code == 404
    company.release(revision=2)
    assert company.read("maya", "/people/maya/report")["met"]["count"] == 1
    first = company.read("maya", "/people/maya/report", version=1)
    assert (first["revision"], first["corrected_on"]) == (1, now().date().isoformat())
    assert len(company.read("maya", "/people/maya/report/history")) == 2


def test_the_printed_report_has_equal_bytes_for_equal_data(company: Company) -> None:
    company.approve()
    first, second = (company.get("erik", "/people/maya/report.pdf") for _ in range(2))
    assert first.status_code == 200, first.text
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["content-disposition"].startswith('inline; filename="gap-report-rp_')
    assert first.content.startswith(b"%PDF")
    assert first.content == second.content
    assert company.get("maya", "/people/maya/report.pdf").status_code == 404


def test_a_choice_of_target_is_ones_own_and_the_main_report_follows_it(company: Company) -> None:
    company.approve()
    company.release()
    chosen = {"target": {"ladder": "eng", "level": "eng.m1"}}
    assert company.send("erik", "PUT", "/people/maya/target", chosen).status_code == 403
    assert company.send("nils", "PUT", "/people/maya/target", chosen).status_code == 404
    tag = company.get("maya", "/people/maya/target").headers["ETag"]
    assert company.send("maya", "PUT", "/people/maya/target", chosen, **{"If-Match": tag}).status_code == 200
    assert company.send("maya", "PUT", "/people/maya/target", chosen, **{"If-Match": tag}).status_code == 412
    target = company.read("gro", "/people/maya/target")
    assert (target["chosen"]["code"], target["main"]["code"]) == ("M1", "M1")
    report = company.read("maya", "/people/maya/report")
    assert (report["target_is"], report["cause"]) == ("chosen", "target")
    assert len(report["because"]) == 4
    reached = {"target": {"ladder": "eng", "level": "eng.ic2"}}
    assert company.send("maya", "PUT", "/people/maya/target", reached).status_code == 422


def test_the_report_about_any_level_is_there_when_asked_for_and_is_not_the_main_one(company: Company) -> None:
    company.approve()
    company.release()
    level = {"ladder": "eng", "level": "eng.ic2"}
    assert company.get("maya", "/people/maya/report", target="eng.ic2").status_code == 404
    answer = company.send("maya", "POST", "/people/maya/reports", level)
    assert answer.status_code == 201, answer.text
    assert company.send("hanna", "POST", "/people/maya/reports", level).json()["id"] == answer.json()["id"]
    report = company.read("maya", answer.headers["Location"])
    assert (report["target_is"], report["is_main"], report["version"]) == ("present", False, 1)
    assert report["readiness"]["why_no_figure"] == "the target is the present level"
    assert company.send("gro", "POST", "/people/maya/reports", level).status_code == 403
    assert company.send("olga", "POST", "/people/maya/reports", level).status_code == 404


def test_nobody_gets_a_report_where_nothing_was_approved(company: Company) -> None:
    assert company.get("hanna", "/people/maya/report").status_code == 404
    assert company.get("hanna", "/people/nobody/target").status_code == 404
    assert company.read("hanna", "/people/maya/reports") == []
    level = {"ladder": "eng", "level": "eng.ic3"}
    assert company.send("hanna", "POST", "/people/maya/reports", level).status_code == 409


def test_the_trend_and_the_nearest_roles_rest_on_what_the_reader_may_see(company: Company) -> None:
    approval = company.approve()
    assert company.get("maya", "/people/maya/trend").status_code == 404
    assert company.get("maya", "/people/maya/nearest").status_code == 404
    company.release()
    trend = company.read("maya", "/people/maya/trend")
    assert [(one["score"], one["required"]) for one in trend["competencies"]["design"]] == [(3.5, 3.0)]
    assert trend["readiness"][0]["because"] == [approval]
    nearest = company.read("maya", "/people/maya/nearest")
    assert [one["code"] for one in nearest["levels"]] == ["IC3", "M1"]
    assert approval in nearest["because"]


def test_an_analyst_sees_no_cell_under_five_people_and_a_manager_only_the_direct_reports(company: Company) -> None:
    company.approve("maya")
    company.approve("nils", design=4)
    company.approve("erik", by="gro")
    team = company.read("erik", "/heat-map")
    assert team["scope"] == "team"
    assert set(team["teams"]) == {"erik"}
    assert team["everybody"]["design"]["figures"]["people"] == 2
    assert len(team["everybody"]["design"]["because"]) == 2
    analyst = company.read("olga", "/heat-map")
    assert (analyst["teams"], analyst["everybody"], analyst["hidden"]) == ({}, {}, 4)
    assert set(company.read("hanna", "/heat-map")["teams"]) == {"erik", "gro"}
    assert company.get("erik", "/heat-map", scope="company").status_code == 403
    assert company.get("maya", "/heat-map").status_code == 403


def test_cells_of_five_people_are_shown_to_an_analyst(company: Company) -> None:
    more = [f"p{number}" for number in range(5)]
    company.hear(*(_person(company, one, "nils") for one in more))
    for one in (*more, "maya"):
        company.approve(one)
    found = company.read("olga", "/heat-map")
    assert {team: cells["design"]["figures"]["people"] for team, cells in found["teams"].items()} == {"nils": 5}
    assert found["everybody"]["design"]["figures"]["people"] == 5


def test_hr_learns_whose_gaps_a_draft_would_change_and_nothing_is_stored(company: Company) -> None:
    company.approve()
    company.approve("nils", design=4.5)
    before = company.read("hanna", "/people/maya/report")
    answer = company.send("hanna", "POST", "/what-if", draft(3.5))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["compared"] == 2
    maya = next(one for one in found["changed"] if one["person"] == "maya")
    assert (maya["before"]["met"], maya["after"]["met"]) == (0, 1)
    assert [(one["competency"], one["required_after"]) for one in maya["lines"]] == [("design", 3.5)]
    assert company.send("hanna", "POST", "/what-if", draft(4)).json()["changed"] == []
    gone = company.send("hanna", "POST", "/what-if", draft(4, level="ic9")).json()["changed"]
    assert gone[0]["gone"] == [{"ladder": "eng", "level": "eng.ic3"}]
    assert company.send("erik", "POST", "/what-if", draft(4)).status_code == 403
    assert company.read("hanna", "/people/maya/report") == before


def test_a_score_below_the_present_requirement_is_a_placement_for_hr_to_check(company: Company) -> None:
    approval = company.approve()
    (found,) = company.read("hanna", "/placements-to-check")
    assert (found["person"], found["below"][0]["competency"]) == ("maya", "mentoring")
    assert approval in found["below"][0]["because"]
    assert company.get("erik", "/placements-to-check").status_code == 403


def test_a_reading_by_somebody_else_is_recorded_and_ones_own_is_not(company: Company) -> None:
    company.approve()
    company.release()
    company.read("maya", "/people/maya/report")
    company.get("nils", "/people/maya/report")
    company.read("erik", "/people/maya/report")
    company.get("gro", "/people/maya/report.pdf")
    company.read("hanna", "/people/maya/trend")
    company.read("erik", "/heat-map")
    assert company.accesses() == {
        ("erik", "gap report", "maya"),
        ("gro", "gap report", "maya"),
        ("hanna", "trend", "maya"),
        ("erik", "heat map", "maya"),
    }


def test_no_report_or_trend_uses_a_cancelled_cycle(company: Company) -> None:
    company.approve()
    company.hear(evaluation.CycleCancelled(cycle="cy_1"))
    assert company.get("hanna", "/people/maya/report").status_code == 404
    assert company.get("hanna", "/people/maya/trend").status_code == 404
    assert company.read("hanna", "/heat-map")["everybody"] == {}


def test_a_promotion_sets_the_old_scores_against_the_new_bar_and_live_equals_rebuilt(company: Company) -> None:
    company.approve()
    placed = framework.PersonPlaced(
        person="maya",
        ladder="eng",
        level="eng.ic3",
        effective_on=now().date() - timedelta(days=1),
        reason="promotion",
        version=1,
    )
    heard = company.hear(placed)[0]
    report = company.read("erik", "/people/maya/report")
    assert (report["present"]["code"], report["new_bar_old_scores"]) == ("IC3", True)
    assert heard in report["because"]
    assert_live_equals_rebuilt(company.running.service, company.workspace)
