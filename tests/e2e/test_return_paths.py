"""Every way an evaluation takes that is not the straight one, in one cycle of ten people, over HTTP alone.

cycle open → joined late → added → excused
           → not seen, vague, the same throughout → codes → HR's queue → one by one, or together where there is no code
           → HR's own → the substitute returns and approves it → HR reads it as any employee
           → handed over → the former evaluator's ratings stay theirs → released by the present manager
           → held → released by HR · nobody releases → released by itself → push-back → answer overdue
           → dates extended → late self-assessment
           → closed: what is not approved ends as not finished → reopened after closing
pilot → approved → cancelled: its reports are withdrawn
scorecard without a cycle → proposed → HR opens it → draft → report
released at approval · all on one date
an evaluator leaves → their manager goes on → HR hands over → the new manager releases
"""

from __future__ import annotations

import json

import pytest

from ladder import offline

from .company import (
    FRAMEWORKS,
    Company,
    NotSeen,
    Round,
    Said,
    evidence,
    finish,
    first_cycle,
    from_memory,
    plan_body,
    refused,
)
from .conftest import Running
from .scorecards import as_file, fill_in


@pytest.fixture(scope="module")
def entered(northwind: Company) -> Round:
    """H2 2024, open."""
    return first_cycle(northwind)


def test_somebody_who_joined_late_is_added_by_hr_and_excused_with_what_was_written_kept(
    northwind: Company, entered: Round
) -> None:
    hanna, priya, kofi = northwind.people("hanna", "priya", "kofi")
    hanna.arranges(entered.cycle, "participants", kofi)
    evaluation = hanna.participants(entered.cycle)["kofi"]["evaluation"]
    priya.rates(evaluation, communication=2.0)
    kofi.assesses_self(evaluation, delivery=2.5)

    with refused(403):
        priya.arranges(entered.cycle, "excuse", kofi, reason="joined")
    hanna.arranges(entered.cycle, "excuse", kofi, reason="joined")

    assert priya.status(evaluation) == "excused"
    assert priya.lines(evaluation)["communication"]["rating"] == 2.0
    assert "excused" not in hanna.reads(f"/evaluation/v1/cycles/{entered.cycle}")["progress"]
    with refused(409):
        priya.rates(evaluation, delivery=2.0)
    with refused(409):
        kofi.submits_self_assessment(evaluation)
    assert evaluation not in {subject for _, subject in (*priya.waiting(), *kofi.waiting())}


def test_a_line_for_what_is_not_rated_here_is_refused_by_name(northwind: Company, entered: Round) -> None:
    daniel = northwind.person("daniel")
    with refused(404, "'juggling' is not rated in this evaluation."):
        daniel.rates(entered.of["ines"], juggling=3.0)
    assert "juggling" not in daniel.lines(entered.of["ines"])


def test_codes_warn_the_evaluator_and_order_the_queue_and_only_what_has_none_is_approved_together(
    northwind: Company, entered: Round
) -> None:
    hanna, daniel = northwind.people("hanna", "daniel")
    ines, lena = entered.of["ines"], entered.of["lena"]
    daniel.rates(
        ines,
        communication=Said(3.0, ("Good with people.",)),
        delivery=from_memory(3.0),
        design=NotSeen("Her project had nothing to design."),
        mentoring=NotSeen("Nobody joined her project."),
    )
    warned = {reason for reason, _ in daniel.codes(ines)}
    assert warned == {
        "thin evidence",
        "vague evidence",
        "rests on memory",
        "all ratings the same",
        "more than a third not seen",
    }
    daniel.submits(ines)
    daniel.evaluates(lena, communication=3.0, delivery=3.5, design=2.0, mentoring=2.0)
    assert hanna.queue() == [ines, lena]

    together = "/evaluation/v1/approvals"
    with refused(409, "Open the evaluation"):
        hanna.does(together, {"evaluations": [lena]})
    hanna.opens(lena)
    hanna.opens(ines)
    with refused(409, "reason code"):
        hanna.does(together, {"evaluations": [lena, ines]})
    assert hanna.queue() == [ines, lena]

    hanna.does(together, {"evaluations": [lena]})
    hanna.approves(ines)
    assert hanna.queue() == []
    assert hanna.evaluation(lena)["revision"]["approved_together"]


def test_a_substitute_decides_where_no_hr_admin_is_left_and_hr_reads_their_own_as_any_employee(
    northwind: Company, entered: Round
) -> None:
    hanna, clara, daniel = northwind.people("hanna", "clara", "daniel")
    hers = entered.of["hanna"]
    clara.evaluates(hers, communication=3.5, mentoring=2.5)
    assert hanna.queue() == []
    assert daniel.queue() == [hers]
    with refused(403):
        hanna.approves(hers)
    with refused(403):
        clara.approves(hers)

    daniel.returns(hers, mentoring="Which managers did she prepare?")
    clara.evaluates(hers, mentoring=Said(2.5, ("Prepared four managers for the reorganisation; no talk was put off.",)))
    daniel.opens(hers)
    daniel.approves(hers)

    told = hanna.evaluation(hers)
    assert (told["shown"], told["status"], told["returned"]) == ("own", "not released", None)
    with refused(404):
        hanna.report(hanna)
    with refused(403):
        hanna.releases(hers)
    clara.releases(hers)
    assert hanna.report(hanna)["target"]["level"] == "people.p2"
    with refused(404):
        daniel.report(hanna)


def test_handing_an_evaluation_over_leaves_the_former_evaluators_ratings_theirs(
    northwind: Company, entered: Round
) -> None:
    hanna, daniel, priya, tom = northwind.people("hanna", "daniel", "priya", "tom")
    evaluation = entered.of["tom"]
    daniel.rates(evaluation, communication=2.0)
    with refused(404):
        priya.evaluation(evaluation)

    hanna.arranges(entered.cycle, "evaluators", tom, evaluator=priya.id)

    with refused(403):
        daniel.rates(evaluation, delivery=2.0)
    assert daniel.evaluation(evaluation)["shown"] == "state"
    assert priya.lines(evaluation)["communication"]["by"] == daniel.id
    priya.evaluates(evaluation, delivery=2.5, design=3.0)
    hanna.approves(evaluation)

    lines = daniel.lines(evaluation)
    assert (lines["communication"]["by"], lines["delivery"]["by"]) == (daniel.id, priya.id)
    with refused(403):
        priya.releases(evaluation)
    daniel.releases(evaluation)
    assert tom.lines(evaluation)["delivery"]["rating"] == 2.5


def test_dates_extend_for_a_team_and_never_the_other_way(running: Running, northwind: Company, entered: Round) -> None:
    hanna, priya, sam = northwind.people("hanna", "priya", "sam")
    days = ("self_due", "manager_due", "approval_due", "conversations_by")
    later = dict(zip(days, ("2025-01-21", "2025-01-31", "2025-02-07", "2025-02-28"), strict=True))
    path = f"/evaluation/v1/cycles/{entered.cycle}/extension"
    with refused(422):
        hanna.does(path, {"team": priya.id, **later, "self_due": "2025-01-10"})
    hanna.does(path, {"team": priya.id, **later})
    assert sam.evaluation(entered.of["sam"])["self_due"] == "2025-01-21"

    running.goes_to("2025-01-18")
    assert hanna.late(entered.cycle)["maya"] == ["self-assessment"]
    assert "sam" not in hanna.late(entered.cycle)


def test_what_nobody_releases_is_released_by_itself_after_ten_working_days_unless_hr_holds_it(
    running: Running, northwind: Company, entered: Round
) -> None:
    hanna, daniel, ines, lena = northwind.people("hanna", "daniel", "ines", "lena")
    held = entered.of["lena"]
    with refused(403):
        daniel.holds(held, "I would rather wait.")
    hanna.holds(held, "We look at her placement first.")
    running.goes_to("2025-01-20T08:00")
    assert ines.evaluation(entered.of["ines"])["revision"] is None
    running.goes_to("2025-01-20T10:00")

    assert ines.evaluation(entered.of["ines"])["revision"]["released_how"] == "by itself"
    assert ines.evaluation(entered.of["ines"])["revision"]["released_at"].startswith("2025-01-20T09:")
    assert ines.report(ines)["released"]

    assert daniel.evaluation(held)["hold"]["text"] == "We look at her placement first."
    assert lena.evaluation(held)["hold"] is None
    with refused(404):
        lena.report(lena)
    with refused(409, "HR holds this"):
        daniel.releases(held)
    hanna.releases(held)
    assert lena.evaluation(held)["revision"]["released_how"] == "by HR"


def test_a_late_self_assessment_is_taken_until_release_and_marked(
    running: Running, northwind: Company, entered: Round
) -> None:
    hanna, ines, sam = northwind.people("hanna", "ines", "sam")
    running.goes_to("2025-01-21T23:00")
    assert "sam" not in hanna.late(entered.cycle)
    running.goes_to("2025-01-22T01:00")
    assert hanna.late(entered.cycle)["sam"] == ["self-assessment"]

    sam.assesses_self(entered.of["sam"], delivery=3.0)
    sam.submits_self_assessment(entered.of["sam"])
    assert sam.self_assessment(entered.of["sam"])["late"]
    ines.assesses_self(entered.of["ines"], delivery=3.5)
    with refused(409, "released"):
        ines.submits_self_assessment(entered.of["ines"])


def test_a_push_back_that_nobody_answers_in_five_working_days_is_late_and_can_still_be_answered(
    running: Running, northwind: Company, entered: Round
) -> None:
    hanna, daniel, ines = northwind.people("hanna", "daniel", "ines")
    evaluation = entered.of["ines"]
    ines.reacts(evaluation, "delivery", "push back", "I kept every date since August.")
    running.goes_to("2025-01-29T00:30")
    assert "answer" not in hanna.late(entered.cycle)["ines"]
    running.goes_to("2025-01-29T01:30")
    assert "answer" in hanna.late(entered.cycle)["ines"]

    with refused(403):
        hanna.answers(evaluation, "delivery", "Daniel will see to it.")
    daniel.answers(evaluation, "delivery", "You did; the half point is for the plan that slipped in July.")
    assert ("push-back unanswered", evaluation) not in daniel.waiting()


def test_closing_ends_what_is_not_approved_and_corrections_go_on(northwind: Company, entered: Round) -> None:
    hanna, daniel, priya, ines = northwind.people("hanna", "daniel", "priya", "ines")
    evaluation = entered.of["ines"]
    hanna.reopens(entered.of["lena"], "Two lines are to be looked at again.")
    with refused(409, "released already"):
        hanna.does(f"/evaluation/v1/cycles/{entered.cycle}/cancellation", {"reason": "A fresh start"})
    hanna.does(f"/evaluation/v1/cycles/{entered.cycle}/closing")

    statuses = {name: one["status"] for name, one in hanna.participants(entered.cycle).items()}
    assert {name for name, status in statuses.items() if status == "not finished"} == {"daniel", "maya", "priya", "sam"}
    assert statuses["lena"] == "draft"
    with refused(409, "not finished"):
        priya.submits(entered.of["sam"])
    finish(northwind, daniel, entered.of["lena"], mentoring=2.5)

    hanna.reopens(evaluation, "The dates since August were kept.")
    finish(northwind, daniel, evaluation, delivery=3.5)
    assert ines.lines(evaluation)["delivery"]["rating"] == 3.5
    assert ines.report(ines)["revision"] == 2


def test_a_cancelled_cycle_keeps_what_was_written_and_no_report_rests_on_it(
    running: Running, northwind: Company, entered: Round
) -> None:
    hanna, priya, sam = northwind.people("hanna", "priya", "sam")
    due = ("2025-02-14", "2025-02-21", "2025-02-28", "2025-03-14")
    pilot = hanna.plans("Pilot", "2024-07-01", "2024-12-31", due, scope="team", of=priya.id)
    assert set(hanna.participants(pilot)) == {"sam"}
    evaluation = hanna.opens_cycle(pilot)["sam"]
    priya.evaluates(evaluation, communication=3.0, delivery=3.0, design=3.0, mentoring=2.0)
    hanna.approves(evaluation)
    assert priya.report(sam)["evaluation"] == evaluation

    with refused(422):
        hanna.does(f"/evaluation/v1/cycles/{pilot}/cancellation", {"reason": " "})
    hanna.does(f"/evaluation/v1/cycles/{pilot}/cancellation", {"reason": "We ask for other things first."})

    with refused(404):
        priya.report(sam)
    assert priya.reports(sam) == []
    assert priya.lines(evaluation)["delivery"]["rating"] == 3.0
    assert hanna.reads(f"/evaluation/v1/cycles/{pilot}")["cancelled_because"] == "We ask for other things first."
    running.goes_to("2025-03-20")
    assert priya.status(evaluation) == "cancelled"
    with refused(404):
        sam.report(sam)


def test_a_scorecard_without_a_cycle_makes_one_for_one_person_that_waits_until_hr_opens_it(
    northwind: Company, entered: Round
) -> None:
    hanna, priya, kofi = northwind.people("hanna", "priya", "kofi")
    card = offline.scorecard((FRAMEWORKS / "first.yaml").read_bytes(), "IC1")
    typed = fill_in(card, {"Communication": (2.5, "Told three teams about the move in March; none was surprised.")})
    due = ("2025-04-04", "2025-04-11", "2025-04-18", "2025-05-02")
    plan = plan_body("Probation", "2024-12-02", "2025-03-19", due, scope="person", of=kofi.id)
    form = {"data": {"plan": json.dumps(plan)}}
    with refused(422):
        priya.does("/evaluation/v1/scorecards", **as_file(typed))
    with refused(403):
        kofi.does("/evaluation/v1/scorecards", **as_file(typed), **form)

    cycle = priya.does("/evaluation/v1/scorecards", **as_file(typed), **form)["id"]
    assert hanna.reads(f"/evaluation/v1/cycles/{cycle}")["status"] == "planned"
    assert hanna.reads(f"/evaluation/v1/cycles/{cycle}")["proposed"]
    with refused(403):
        priya.does(f"/evaluation/v1/cycles/{cycle}/opening")
    with refused(404):
        kofi.reads(f"/evaluation/v1/cycles/{cycle}")

    evaluation = hanna.opens_cycle(cycle)["kofi"]
    assert priya.status(evaluation) == "draft"
    assert priya.lines(evaluation)["communication"]["rating"] == 2.5
    priya.evaluates(evaluation, delivery=2.5, design=2.0)
    hanna.approves(evaluation)
    priya.releases(evaluation)
    assert kofi.report(kofi)["present"]["code"] == "IC1"

    (text,) = priya.lines(evaluation)["communication"]["evidence"]
    assert evidence(kofi.report(kofi), "communication") == [text["text"]]
    withdrawal = {"part": text["part"], "reason": "This was another team."}
    priya.does(f"/evaluation/v1/evaluations/{evaluation}/withdrawal", withdrawal)
    assert evidence(kofi.report(kofi), "communication") == [None]


def test_a_day_ends_where_whoever_has_to_act_lives(running: Running, northwind: Company, entered: Round) -> None:
    hanna, tom = northwind.people("hanna", "tom")
    hanna.does(f"/people/v1/people/{tom.id}", {"time_zone": "Asia/Tokyo"}, method="PATCH")
    due = ("2025-03-24", "2025-03-28", "2025-03-31", "2025-04-25")
    cycle = hanna.plans("Spring", "2024-10-01", "2025-03-19", due, scope="team", of=northwind.person("daniel").id)
    hanna.opens_cycle(cycle)

    running.goes_to("2025-03-24T16:00")
    assert set(hanna.late(cycle)) == {"tom"}
    running.goes_to("2025-03-25T01:00")
    assert {"maya", "tom"} <= set(hanna.late(cycle))
    hanna.does(f"/evaluation/v1/cycles/{cycle}/cancellation", {"reason": "Only to see the clocks"})


def test_a_cycle_may_release_at_approval_or_everything_on_one_date(
    running: Running, northwind: Company, entered: Round
) -> None:
    hanna, daniel, maya, lena = northwind.people("hanna", "daniel", "maya", "lena")
    due = ("2025-04-04", "2025-04-11", "2025-04-18", "2025-05-02")
    first_quarter = ("Q1 2025", "2025-01-01", "2025-03-31", due)
    at_once = hanna.plans(*first_quarter, scope="person", of=maya.id, release="at approval")
    together = hanna.plans(*first_quarter, scope="person", of=lena.id, release="on date", release_on="2025-04-22")
    hers, lenas = hanna.opens_cycle(at_once)["maya"], hanna.opens_cycle(together)["lena"]
    for evaluation in (hers, lenas):
        daniel.evaluates(evaluation, communication=3.0, delivery=3.5, design=2.5, mentoring=2.5)
        hanna.approves(evaluation)

    assert maya.evaluation(hers)["revision"]["released_how"] == "at approval"
    with refused(409, "one date"):
        daniel.releases(lenas)
    running.goes_to("2025-04-21T22:00")
    assert lena.evaluation(lenas)["revision"] is None
    running.goes_to("2025-04-22T01:00")
    assert lena.evaluation(lenas)["revision"]["released_how"] == "on the date"


def test_a_leavers_evaluations_go_to_their_manager_until_hr_keeps_or_hands_them_over(
    running: Running, northwind: Company, entered: Round
) -> None:
    hanna, clara, daniel, priya, sam = northwind.people("hanna", "clara", "daniel", "priya", "sam")
    due = ("2025-05-09", "2025-05-16", "2025-05-23", "2025-06-06")
    cycle = hanna.plans("Q1 2025", "2025-01-01", "2025-03-31", due, scope="team", of=priya.id)
    evaluation = hanna.opens_cycle(cycle)["sam"]
    priya.rates(evaluation, communication=3.0)
    with refused(404):
        clara.evaluation(evaluation)

    left = hanna.does(f"/people/v1/people/{priya.id}/status", {"status": "left"})
    assert set(left["ids"]) == {sam.id, northwind.person("kofi").id}
    running.comes_to_rest()
    named = {"who": priya.email, "workspace": northwind.workspace}
    assert northwind.operator.post("/tokens", json=named).status_code == 404
    assert hanna.participants(cycle)["sam"]["decide_evaluator"]
    assert clara.lines(evaluation)["communication"]["by"] == priya.id
    clara.rates(evaluation, delivery=3.0)

    hanna.arranges(cycle, "evaluators", sam, evaluator=daniel.id)
    with refused(404):
        clara.rates(evaluation, design=3.0)
    daniel.evaluates(evaluation, design=3.0, mentoring=2.0)
    hanna.approves(evaluation)
    with refused(403):
        daniel.releases(evaluation)

    hanna.does(f"/people/v1/people/{sam.id}/manager", {"manager": daniel.id})
    hanna.arranges(cycle, "evaluators", sam, keep=True)
    assert not hanna.participants(cycle)["sam"]["decide_evaluator"]
    daniel.releases(evaluation)
    wrote = {line["competency"]: line["by"] for line in sam.lines(evaluation).values()}
    assert wrote == {
        "communication": priya.id,
        "delivery": clara.id,
        "design": daniel.id,
        "mentoring": daniel.id,
    }


def test_everything_that_happened_verifies(running: Running, entered: Round) -> None:
    assert running.broken() == []


def test_what_happened_is_the_same_in_every_mode(running: Running, northwind: Company, entered: Round) -> None:
    assert running.differs(northwind) == []
