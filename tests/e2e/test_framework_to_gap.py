"""The loop once around, over HTTP alone. The chapters stand on each other and run in this order.

framework published → people by CSV (placed as stated, or listed) → cycle (data check → mended → open)
→ self-assessment with an example → scorecard (XLSX: bad cells → errors, nothing taken → mended → draft)
→ observation cited → submit → recall → submit → return → submit → approve → gap report (manager, HR; not the employee)
→ release → report, PDF → reactions → answer → acknowledge → reopen → second revision → both reports, the old one marked
"""

from __future__ import annotations

import pytest

from .company import Company, NotSeen, Said, from_memory, refused
from .conftest import Running
from .scorecards import as_file, fill_in, shown

OBSERVED = "Told the carrier on the day the date moved, and both plans were changed."
EXAMPLE = "Wrote the returns guide in October; two teams use it now."
COMPARED = "Compared polling with a webhook on one page; the team followed it and support calls halved."


def test_people_are_placed_where_the_file_says_or_listed_with_the_reason(northwind: Company) -> None:
    hanna, maya, kofi = northwind.people("hanna", "maya", "kofi")
    placed = hanna.reads(f"/framework/v1/people/{maya.id}/placements")["items"]
    assert [one["level"] for one in placed] == ["engineering.ic2"]

    sam = "employee number,family,track,level\n9,engineering,ic,Wizard\n"
    csv = {"content": sam.encode(), "headers": {"Content-Type": "text/csv"}}
    preview = hanna.does("/people/v1/imports/preview", **csv)
    hanna.does("/people/v1/imports", params={"plan": preview["plan"]}, **csv)
    (listed,) = hanna.reads("/framework/v1/placements/refused")["items"]
    assert listed["person"] == northwind.person("sam").id
    assert "Wizard" in listed["why"]
    with refused(403):
        kofi.reads("/framework/v1/placements/refused")


def test_a_cycle_opens_once_nothing_that_the_data_check_finds_stands_in_its_way(northwind: Company, cycle: str) -> None:
    hanna, clara, daniel, maya = northwind.people("hanna", "clara", "daniel", "maya")
    assert "90 are needed" in hanna.left_out(cycle)["kofi"]
    check = hanna.reads(f"/evaluation/v1/cycles/{cycle}/data-check")
    blocking = {(one["person"], one["lacks"]) for one in check["findings"] if one["blocks"]}
    assert not check["can_open"]
    assert blocking == {(clara.id, "manager"), (hanna.id, "approver")}
    with refused(409):
        hanna.opens_cycle(cycle)
    with refused(403):
        maya.reads(f"/evaluation/v1/cycles/{cycle}/participants")

    hanna.arranges(cycle, "participants", clara, excluded="Leads the company")
    hanna.arranges(cycle, "evaluators", hanna, substitute=daniel.id)
    entered = hanna.opens_cycle(cycle)

    assert set(entered) == {"hanna", "daniel", "priya", "maya", "ines", "tom", "lena", "sam"}
    assert daniel.status(entered["maya"]) == "not started"
    assert maya.status(entered["maya"]) == "not released"
    assert ("self due", entered["maya"]) in maya.waiting()
    assert ("evaluation due", entered["maya"]) in daniel.waiting()


def test_the_self_assessment_is_the_employees_own_until_it_and_the_evaluation_are_submitted(
    northwind: Company, evaluation: str
) -> None:
    hanna, daniel, maya = northwind.people("hanna", "daniel", "maya")
    example = maya.notes_example("2024-10-21", "communication", EXAMPLE)
    maya.assesses_self(evaluation, communication=Said(3.5, cites=(example,)), delivery=4.0, design=1.0)
    for reader in (hanna, daniel):
        with refused(404):
            reader.self_assessment(evaluation)
        with refused(404):
            reader.reads(f"/evaluation/v1/examples/{example}")

    maya.submits_self_assessment(evaluation)
    with refused(409):
        maya.assesses_self(evaluation, delivery=4.5)
    with refused(404):
        daniel.self_assessment(evaluation)


def test_a_scorecard_with_bad_cells_changes_nothing_and_the_mended_one_becomes_the_draft(
    northwind: Company, evaluation: str
) -> None:
    daniel, maya = northwind.people("daniel", "maya")
    path = f"/evaluation/v1/evaluations/{evaluation}/scorecard.xlsx"
    with refused(403):
        maya.reads(path)
    card = daniel.reads(path)
    delivery = shown(card)["Delivery"]
    assert "Keeps the dates of features of some weeks." in delivery[1]
    assert "IC3: Delivers what depends on other teams." in delivery[3]

    bad = {"Communication": (7, ""), "Delivery": ("good", ""), "Design": (3.25, "")}
    answer = daniel.send("/evaluation/v1/scorecards", **as_file(fill_in(card, bad)))
    assert answer.status_code == 422
    cells = {one["cell"]: one["value"] for one in answer.json()["errors"]}
    assert set(cells) == {"F6", "F7", "F8"}
    assert daniel.status(evaluation) == "not started"

    mended = {
        "Communication": (3, "Told the carrier about the new dates in March; nobody was surprised."),
        "Delivery": (3.5, ""),
        "Design": (3, "Good with design."),
    }
    daniel.does("/evaluation/v1/scorecards", **as_file(fill_in(card, mended)))
    assert daniel.status(evaluation) == "draft"
    assert daniel.lines(evaluation)["delivery"]["rests_on_memory"]
    assert ("thin evidence", "design") in daniel.codes(evaluation)
    with refused(409, "mentoring"):
        daniel.submits(evaluation)


def test_an_observation_stays_with_its_author_and_becomes_evidence_when_it_is_cited(
    northwind: Company, evaluation: str
) -> None:
    hanna, daniel, maya = northwind.people("hanna", "daniel", "maya")
    observation = daniel.observes(maya, "2024-11-12", "delivery", OBSERVED)
    for reader in (hanna, maya):
        with refused(404):
            reader.reads(f"/evaluation/v1/observations/{observation}")

    daniel.rates(
        evaluation,
        delivery=Said(3.5, cites=(observation,)),
        mentoring=NotSeen("Nobody joined her project in this period."),
    )

    line = daniel.lines(evaluation)["delivery"]
    assert [one["text"] for one in line["evidence"]] == [OBSERVED]
    assert not line["rests_on_memory"]
    with refused(404):
        maya.reads(f"/evaluation/v1/observations/{observation}")


def test_an_evaluation_is_recalled_returned_and_submitted_again_before_it_is_approved(
    northwind: Company, evaluation: str
) -> None:
    hanna, daniel, maya, priya = northwind.people("hanna", "daniel", "maya", "priya")
    daniel.submits(evaluation)
    daniel.recalls(evaluation)
    assert daniel.status(evaluation) == "draft"
    assert hanna.queue() == []
    with refused(409):
        hanna.approves(evaluation)

    daniel.submits(evaluation)
    assert hanna.queue() == [evaluation]
    assert ("far from the self-assessment", "design") in hanna.codes(evaluation)
    assert hanna.self_assessment(evaluation)["lines"][0]["evidence"][0]["text"] == EXAMPLE

    hanna.returns(evaluation, design="Please say what came of it.")
    (given_back,) = daniel.evaluation(evaluation)["revision"]["returns"]
    assert given_back["comments"]["design"]["text"] == "Please say what came of it."
    with refused(409):
        hanna.approves(evaluation)
    with refused(404):
        priya.evaluation(evaluation)

    daniel.rates(evaluation, design=Said(3.0, (COMPARED,)))
    daniel.submits(evaluation)
    with refused(403):
        daniel.approves(evaluation)
    hanna.opens(evaluation)
    hanna.approves(evaluation)
    with refused(409):
        daniel.recalls(evaluation)

    told = maya.evaluation(evaluation)
    assert (told["status"], told["revision"]) == ("not released", None)
    assert (told["returned"], told["approved_on"]) == (None, None)


def test_the_manager_and_hr_see_the_gap_report_from_approval_on_and_the_employee_from_release_on(
    northwind: Company, evaluation: str
) -> None:
    hanna, daniel, maya, clara, kofi = northwind.people("hanna", "daniel", "maya", "clara", "kofi")
    report = daniel.report(maya)
    assert (report["present"]["code"], report["target"]["code"], report["target_is"]) == ("IC2", "IC3", "next")
    assert (report["met"]["count"], report["rated"]["count"], report["asked"]) == (1, 3, 4)
    # (3.5 − 3) ÷ (4 − 3) of delivery, weight 3; (3 − 2.5) ÷ (4 − 2.5) of design, weight 2; mentoring was not seen.
    assert report["readiness"]["figure"] == pytest.approx((3 * 0.5 + 2 / 3) / 5, abs=0.001)
    ranked = [(line["competency"], line["band"]) for line in report["lines"]]
    assert ranked == [
        ("design", "gap"),
        ("delivery", "close"),
        ("communication", "strength"),
        ("mentoring", "not rated"),
    ]
    assert hanna.report(maya, target="engineering.m1")["is_main"] is False
    for reader in (maya, clara, kofi):
        with refused(404):
            reader.report(maya)

    with refused(403):
        maya.releases(evaluation)
    daniel.releases(evaluation)

    assert maya.report(maya)["report"] == report["report"]
    assert clara.report(maya)["report"] == report["report"]
    assert maya.reads(f"/gap/v1/people/{maya.id}/report.pdf").startswith(b"%PDF")
    with refused(404):
        kofi.report(maya)


def test_the_employee_answers_each_score_and_a_push_back_is_answered_in_turn(
    northwind: Company, evaluation: str
) -> None:
    daniel, maya = northwind.people("daniel", "maya")
    maya.reacts(evaluation, "communication", "matches")
    with refused(422):
        maya.reacts(evaluation, "delivery", "push back")
    maya.reacts(evaluation, "delivery", "push back", "The carrier's delay was not mine.")
    with refused(404):
        maya.reacts(evaluation, "mentoring", "matches")
    assert ("push-back unanswered", evaluation) in daniel.waiting()

    daniel.answers(evaluation, "delivery", "True, and I counted it as theirs; the first plan was two weeks off.")
    maya.acknowledges(evaluation)

    reactions = {one["competency"]: one for one in maya.evaluation(evaluation)["reactions"]}
    assert reactions["communication"]["reaction"] == "matches"
    assert reactions["delivery"]["answer"]["text"].startswith("True, and I counted it as theirs")
    assert maya.lines(evaluation)["delivery"]["rating"] == 3.5
    told = maya.evaluation(evaluation)
    assert (told["status"], told["returned"], told["approved_on"]) == ("acknowledged", 1, "2025-01-06")


def test_a_reopened_evaluation_gets_a_second_revision_and_the_old_report_stays_marked_as_corrected(
    running: Running, northwind: Company, evaluation: str
) -> None:
    hanna, daniel, maya = northwind.people("hanna", "daniel", "maya")
    running.goes_to("2025-01-20")
    hanna.reopens(evaluation, "Mentoring was seen after all: she trained two starters.")
    assert daniel.status(evaluation) == "draft"
    assert daniel.lines(evaluation)["delivery"]["rating"] == 3.5
    assert "she trained two starters" in daniel.evaluation(evaluation)["revision"]["because"]["text"]
    assert maya.lines(evaluation)["mentoring"]["rating"] is None

    daniel.rates(evaluation, mentoring=from_memory(3.0))
    daniel.submits(evaluation)
    hanna.opens(evaluation)
    hanna.approves(evaluation)
    assert daniel.report(maya)["revision"] == 2
    assert maya.report(maya)["revision"] == 1
    assert maya.report(maya)["corrected_on"] is None

    daniel.releases(evaluation)
    corrected, first = (one for one in maya.reports(maya) if one["is_main"])
    assert (corrected["revision"], corrected["met"], corrected["corrected_on"]) == (2, 2, None)
    assert (first["revision"], first["met"], first["corrected_on"]) == (1, 1, "2025-01-20")
    assert maya.report(maya)["revision"] == 2
    rated = maya.reads(f"/evaluation/v1/evaluations/{evaluation}/revisions/1")
    assert rated["corrected_on"].startswith("2025-01-20")


def test_everything_that_happened_verifies(running: Running, evaluation: str) -> None:
    assert running.broken() == []


def test_what_happened_is_the_same_in_every_mode(running: Running, northwind: Company, evaluation: str) -> None:
    assert running.differs(northwind) == []


@pytest.fixture(scope="module")
def cycle(northwind: Company) -> str:
    """H2 2024 is planned for the whole company."""
    due = ("2025-01-17", "2025-01-24", "2025-01-31", "2025-02-28")
    return northwind.person("hanna").plans("H2 2024", "2024-07-01", "2024-12-31", due)


@pytest.fixture(scope="module")
def evaluation(northwind: Company, cycle: str) -> str:
    """Maya's, once the cycle is open."""
    return northwind.person("hanna").participants(cycle)["maya"]["evaluation"]
