"""What each may read of one evaluation, from its draft to its correction; and what nobody can tell.

draft → submitted → approved → released → reopened
Maya is the employee, Daniel her manager and evaluator, Hanna HR, Clara Daniel's manager; Priya leads another team, Tom
sits next to Maya.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from .company import Company, Person, Round, Said, first_cycle, refused
from .conftest import Running
from .scorecards import cells

EVERYBODY = ("maya", "daniel", "hanna", "clara", "priya", "tom")
TEXT = "Wrote the returns guide in October; two teams use it now."


@pytest.fixture(scope="module")
def entered(northwind: Company) -> Round:
    """H2 2024, open."""
    return first_cycle(northwind)


@pytest.fixture(scope="module")
def evaluation(entered: Round) -> str:
    """Maya's."""
    return entered.of["maya"]


def test_a_draft_is_its_evaluators_and_the_others_concerned_see_its_state(northwind: Company, evaluation: str) -> None:
    daniel, maya = northwind.people("daniel", "maya")
    daniel.rates(evaluation, communication=Said(3.0, (TEXT,)), delivery=3.5, design=3.0, mentoring=2.5)
    maya.assesses_self(evaluation, delivery=Said(4.0, ("Kept every date since August.",)))
    maya.submits_self_assessment(evaluation)

    assert readers_of_the_evaluation(northwind, evaluation) == {"maya", "daniel", "hanna"}
    assert readers_of_the_ratings(northwind, evaluation) == {"daniel"}
    assert readers(northwind, f"/evaluation/v1/self-assessments/{evaluation}") == {"maya"}
    assert readers(northwind, f"/evaluation/v1/evaluations/{evaluation}/scorecard.xlsx") == {"daniel"}
    assert nobody_reads_a_report(northwind)


def test_a_submitted_one_is_read_by_hr_too(northwind: Company, evaluation: str) -> None:
    daniel = northwind.person("daniel")
    daniel.submits(evaluation)
    daniel.opens_self_assessment(evaluation)

    assert readers_of_the_evaluation(northwind, evaluation) == {"maya", "daniel", "hanna"}
    assert readers_of_the_ratings(northwind, evaluation) == {"daniel", "hanna"}
    assert readers(northwind, f"/evaluation/v1/self-assessments/{evaluation}") == {"maya", "daniel", "hanna"}
    assert nobody_reads_a_report(northwind)


def test_from_approval_on_manager_and_hr_see_the_report_and_the_employee_cannot_tell_that_it_happened(
    northwind: Company, evaluation: str
) -> None:
    hanna, maya = northwind.people("hanna", "maya")
    before = all_that_is_answered(maya, evaluation)
    hanna.opens(evaluation)
    hanna.returns(evaluation, delivery="Which dates?")
    northwind.person("daniel").submits(evaluation)
    hanna.approves(evaluation)

    after = all_that_is_answered(maya, evaluation)
    assert {what: answer for what, answer in after.items() if answer != before[what]} == {}
    assert readers_of_the_ratings(northwind, evaluation) == {"daniel", "hanna"}
    assert readers(northwind, report_of(northwind)) == {"daniel", "hanna"}


def test_from_release_on_the_employee_sees_it_too_and_one_level_up_but_nobody_elses_manager(
    northwind: Company, evaluation: str
) -> None:
    hanna, daniel, maya = northwind.people("hanna", "daniel", "maya")
    daniel.releases(evaluation)

    told = {"maya", "daniel", "hanna", "clara"}
    assert readers_of_the_evaluation(northwind, evaluation) == told
    assert readers_of_the_ratings(northwind, evaluation) == told
    assert readers(northwind, f"/evaluation/v1/self-assessments/{evaluation}") == told
    for what in ("report", "report.pdf", "report/history", "trend", "nearest", "target"):
        assert readers(northwind, f"/gap/v1/people/{maya.id}/{what}") == told, what

    own, theirs = maya.evaluation(evaluation)["revision"], hanna.evaluation(evaluation)["revision"]
    assert (own["codes"], own["returns"]) == (None, None)
    assert (maya.evaluation(evaluation)["returned"], maya.evaluation(evaluation)["approved_on"]) == (1, "2025-01-06")
    assert theirs["returns"][0]["comments"]["delivery"]["text"] == "Which dates?"


def test_the_level_above_reads_only_where_the_company_lets_it(northwind: Company, evaluation: str) -> None:
    hanna, clara = northwind.people("hanna", "clara")
    let(hanna, one_level_up=False)
    with refused(404):
        clara.evaluation(evaluation)
    with refused(404):
        clara.reads(report_of(northwind))
    let(hanna, one_level_up=True)
    assert clara.reads(report_of(northwind))["released"]


def test_while_a_reopened_one_is_written_everybody_goes_on_reading_the_released_one(
    northwind: Company, evaluation: str
) -> None:
    hanna, daniel, maya = northwind.people("hanna", "daniel", "maya")
    hanna.reopens(evaluation, "Mentoring was seen after all.")
    daniel.rates(evaluation, mentoring=4.0)

    assert daniel.lines(evaluation)["mentoring"]["rating"] == 4.0
    for reader in northwind.people("maya", "hanna", "clara"):
        assert reader.lines(evaluation)["mentoring"]["rating"] == 2.5
        with refused(404):
            reader.reads(f"/evaluation/v1/evaluations/{evaluation}/revisions/2")
    before = all_that_is_answered(maya, evaluation)
    daniel.submits(evaluation)
    hanna.approves(evaluation)
    assert all_that_is_answered(maya, evaluation) == before
    assert hanna.report(maya)["revision"] == 2


def test_an_analyst_sees_figures_of_five_people_or_more_and_nobody_in_particular(
    running: Running, northwind: Company, evaluation: str
) -> None:
    hanna, tom, maya = northwind.people("hanna", "tom", "maya")
    with refused(403):
        tom.reads("/gap/v1/heat-map")
    hanna.does(f"/people/v1/people/{tom.id}/roles", {"roles": ["analyst"]})
    running.comes_to_rest()

    seen = tom.reads("/gap/v1/heat-map")
    assert (seen["scope"], seen["fewest"], seen["teams"], seen["everybody"]) == ("company", 5, {}, {})
    assert seen["hidden"] == 4
    assert hanna.reads("/gap/v1/heat-map", scope="company")["teams"]
    for path in (report_of(northwind), f"/evaluation/v1/evaluations/{evaluation}", f"/people/v1/people/{maya.id}"):
        with refused(404):
            tom.reads(path)
    cycle = maya.evaluation(evaluation)["cycle"]
    assert sum(tom.reads(f"/evaluation/v1/cycles/{cycle}")["progress"].values()) == 8
    with refused(403):
        tom.reads(f"/evaluation/v1/cycles/{cycle}/results.xlsx")
    hanna.does(f"/people/v1/people/{tom.id}/roles", {"roles": []})
    running.comes_to_rest()
    with refused(403):
        tom.reads("/gap/v1/heat-map")


def test_nothing_hr_reads_of_the_company_tells_them_what_becomes_of_their_own_before_its_release(
    northwind: Company, entered: Round
) -> None:
    hanna, clara, daniel = northwind.people("hanna", "clara", "daniel")
    own = entered.of["hanna"]
    before = all_that_is_answered(hanna, own) | all_that_hr_is_answered(hanna, entered.cycle)
    clara.evaluates(own, communication=2.0, mentoring=1.5)
    daniel.opens(own)
    daniel.approves(own)
    after = all_that_is_answered(hanna, own) | all_that_hr_is_answered(hanna, entered.cycle)
    assert {what: answer for what, answer in after.items() if answer != before[what]} == {}

    clara.releases(own)
    assert hanna.status(own) == "released"
    assert hanna.participants(entered.cycle)["hanna"]["status"] == "released"


def test_what_one_may_not_see_answers_like_what_does_not_exist(northwind: Company, evaluation: str) -> None:
    tom = northwind.person("tom")
    for hidden in (
        f"/evaluation/v1/evaluations/{evaluation}",
        f"/evaluation/v1/evaluations/{evaluation}/history",
        f"/evaluation/v1/self-assessments/{evaluation}",
        report_of(northwind),
        f"/people/v1/people/{northwind.person('maya').id}",
    ):
        absent = hidden.replace(evaluation, "evaluation_none").replace(northwind.person("maya").id, "pe_none")
        assert without_address(tom.ask(hidden)) == without_address(tom.ask(absent)), hidden
        assert tom.ask(hidden).status_code == 404


def test_everything_that_happened_verifies(running: Running, evaluation: str) -> None:
    assert running.broken() == []


def test_what_happened_is_the_same_in_every_mode(running: Running, northwind: Company, evaluation: str) -> None:
    assert running.differs(northwind) == []


# ---- who reads what


def readers(northwind: Company, path: str) -> set[str]:
    """Return who gets an answer; everybody else is told that there is nothing, or that this is not for them."""
    statuses = {name: northwind.person(name).ask(path).status_code for name in EVERYBODY}
    assert set(statuses.values()) <= {200, 403, 404}, statuses
    return {name for name, status in statuses.items() if status == 200}


def readers_of_the_evaluation(northwind: Company, evaluation: str) -> set[str]:
    """Return who may know of an evaluation."""
    return readers(northwind, f"/evaluation/v1/evaluations/{evaluation}")


def readers_of_the_ratings(northwind: Company, evaluation: str) -> set[str]:
    """Return who sees a rating, a text or a code of an evaluation, whatever is asked for."""
    found: set[str] = set()
    for name in EVERYBODY:
        for what in ("", "/history", "/revisions/1"):
            answer = northwind.person(name).ask(f"/evaluation/v1/evaluations/{evaluation}{what}")
            if '"rating":' in answer.text or TEXT in answer.text:
                found.add(name)
    return found


def nobody_reads_a_report(northwind: Company) -> bool:
    """Tell whether there is nothing of Maya in gap, for anybody."""
    maya = northwind.person("maya").id
    whats = ("report", "report.pdf", "report/history", "trend", "nearest")
    return not any(readers(northwind, f"/gap/v1/people/{maya}/{what}") for what in whats)


def report_of(northwind: Company) -> str:
    """Return where Maya's report is."""
    return f"/gap/v1/people/{northwind.person('maya').id}/report"


def all_that_is_answered(maya: Person, evaluation: str) -> dict[str, Any]:
    """Return every answer the employee gets about themselves, to what they read and to what they try."""
    theirs = f"/evaluation/v1/evaluations/{evaluation}"
    paths = (
        theirs,
        f"{theirs}/history",
        f"{theirs}/revisions/1",
        f"{theirs}/revisions/2",
        f"{theirs}/scorecard.xlsx",
        "/evaluation/v1/evaluations",
        "/evaluation/v1/waiting",
        "/evaluation/v1/cycles",
        "/evaluation/v1/approvals",
        f"/evaluation/v1/self-assessments/{evaluation}",
        f"/evaluation/v1/self-assessments/{evaluation}/history",
        *(
            f"/gap/v1/people/{maya.id}/{what}"
            for what in ("report", "report.pdf", "report/history", "reports", "trend", "nearest", "target")
        ),
        "/gap/v1/heat-map",
        f"/framework/v1/people/{maya.id}/placements",
        f"/people/v1/people/{maya.id}",
    )
    read = {path: _as_seen(maya.ask(path)) for path in paths}
    tried = {
        "release": _as_seen(maya.send(f"{theirs}/release")),
        "approval": _as_seen(maya.send(f"{theirs}/approval")),
        "submission": _as_seen(maya.send(f"{theirs}/submission")),
        "withdrawal": _as_seen(
            maya.send(f"{theirs}/withdrawal", {"part": "evidence/communication/1", "reason": "This was not me."})
        ),
        "reaction": _as_seen(maya.send(f"{theirs}/reactions/communications", {"reaction": "matches"})),
    }
    return read | tried


def all_that_hr_is_answered(hanna: Person, cycle: str) -> dict[str, Any]:
    """Return every answer HR gets about a whole cycle, and the company."""
    whats = ("", "/participants", "/evaluators", "/history", "/data-check")
    paths = [
        *(f"/evaluation/v1/cycles/{cycle}{what}" for what in whats),
        "/gap/v1/heat-map",
        "/gap/v1/placements-to-check",
    ]
    draft = json.loads(hanna.ask("/framework/v1/framework/export", form="json").content)
    results = hanna.reads(f"/evaluation/v1/cycles/{cycle}/results.xlsx")
    return {path: _as_seen(hanna.ask(path)) for path in paths} | {
        "results": cells(results),
        "what would change": _as_seen(hanna.send("/gap/v1/what-if", draft)),
    }


def _as_seen(answer: Any) -> tuple[int, str | None, str]:
    return answer.status_code, answer.headers.get("ETag"), answer.text


def without_address(answer: Any) -> dict[str, Any]:
    """Return a problem without the address that was asked."""
    return {name: value for name, value in answer.json().items() if name != "instance"}


def let(hanna: Person, *, one_level_up: bool) -> None:
    """Set whether one level up may read."""
    settings = hanna.ask("/people/v1/workspace")
    body = settings.json() | {"one_level_up": one_level_up}
    hanna.does("/people/v1/workspace", body, method="PUT", headers={"If-Match": settings.headers["ETag"]})
