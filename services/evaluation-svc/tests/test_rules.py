"""The rules of evaluation that only show over HTTP: who comes to take part, who evaluates, what comes back, what ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.deadlines import Due
from chassis.identity import Actor
from chassis.testing import now
from chassis.unit import Answer, CommandInfo, Unit
from contracts import people

from .conftest import Company, published, wrote


def opened(company: Company, **changes: Any) -> tuple[str, dict[str, str]]:
    """An open cycle of Erik's team, and the evaluations in it by person."""
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan(**{"scope": "team", "of": "erik", **changes}))["id"]
    hanna.done(f"/cycles/{cycle}/opening")
    rows = hanna.listed(f"/cycles/{cycle}/evaluators")
    return cycle, {row["person"]: row["evaluation"] for row in rows}


def hears(company: Company, person: str, **change: Any) -> None:
    """Let the directory move somebody to another manager, or change their status."""
    today = now().date()
    moved = people.ManagerChanged(person=person, effective_on=today, **change) if "manager" in change else None
    company.running.hear(company.workspace, moved or people.StatusChanged(person=person, effective_on=today, **change))


def waiting(company: Company, person: str) -> list[str]:
    return [one["kind"] for one in company.as_(person).listed("/waiting")]


def test_who_is_no_default_participant_is_listed_with_the_reason_and_can_be_added(company: Company) -> None:
    hears(company, "nils", status="leave")
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan(scope="team", of="erik"))["id"]
    before = hanna.read(f"/cycles/{cycle}/participants")
    assert ([one["person"] for one in before["participants"]], before["left_out"]) == (["maya"], {"nils": "on leave"})

    hanna.done(f"/cycles/{cycle}/participants", {"person": "nils"})

    after = hanna.read(f"/cycles/{cycle}/participants")
    assert ([one["person"] for one in after["participants"]], after["left_out"]) == (["maya", "nils"], {})


def test_why_somebody_is_left_out_is_free_text_about_a_person_so_it_is_encrypted_and_ends_with_their_erasure(
    company: Company,
) -> None:
    hanna, why = company.as_("hanna"), "On parental leave for most of the period."
    cycle = hanna.done("/cycles", company.plan(scope="team", of="gro"))["id"]
    for person in ("erik", "hugo"):
        hanna.done(f"/cycles/{cycle}/participants", {"person": person, "excluded": why})
    participants = f"/cycles/{cycle}/participants"

    assert hanna.read(participants)["left_out"] == {"erik": why, "hugo": why}
    assert "parental" not in str(hanna.read(f"/cycles/{cycle}/history"))
    assert "parental" not in stored(company)

    company.running.people.destroy_person(company.workspace, "erik")
    assert hanna.read(participants)["left_out"] == {"erik": None, "hugo": why}
    hanna.done(f"/cycles/{cycle}/opening")
    assert hanna.read(participants)["left_out"] == {"erik": None, "hugo": why}
    hanna.done(participants, {"person": "hugo"})
    assert hanna.read(participants)["left_out"] == {"erik": None}


def stored(company: Company) -> str:
    """All that is recorded of a company, as it is stored."""
    with company.running.service.reader(company.workspace) as reader:
        rows = reader.rows("select convert_from(state, 'UTF8') as state from events where workspace = %(workspace)s")
    return "\n".join(row["state"] for row in rows)


def test_the_evaluator_is_the_line_manager_at_opening_and_only_hr_changes_that(company: Company) -> None:
    cycle, of = opened(company)
    assert {row["evaluator"] for row in company.as_("hanna").listed(f"/cycles/{cycle}/evaluators")} == {"erik"}
    body = {"person": "maya", "evaluator": "nils"}
    assert company.as_("erik").post(f"/cycles/{cycle}/evaluators", body).status_code == 403
    hears(company, "maya", manager="gro")
    assert company.as_("erik").read(f"/evaluations/{of['maya']}")["shown"] == "all"


def test_a_named_evaluator_has_rights_on_that_evaluation_alone(company: Company) -> None:
    earlier = company.open_for("maya")
    cycle, of = opened(company)
    company.as_("hanna").done(f"/cycles/{cycle}/evaluators", {"person": "maya", "evaluator": "hugo"})
    company.running.hear(company.workspace, people.RolesChanged(person="hugo", roles=()))
    lead = company.as_("hugo")
    lead.roles = frozenset()
    assert wrote(lead, f"/evaluations/{of['maya']}", "delivery", {"rating": 3}).status_code == 200
    assert [lead.get(f"/evaluations/{one}").status_code for one in (earlier, of["nils"])] == [404, 404]


def test_the_release_falls_to_the_present_manager(company: Company) -> None:
    _, of = opened(company)
    company.approve(of["maya"])
    hears(company, "maya", manager="gro")
    assert waiting(company, "gro") == ["automatic release"]
    assert company.as_("erik").post(f"/evaluations/{of['maya']}/release").status_code == 403
    company.as_("gro").done(f"/evaluations/{of['maya']}/release")


def test_the_present_manager_sees_the_state_before_approval_and_the_evaluation_from_then_on(company: Company) -> None:
    _, of = opened(company)
    hears(company, "maya", manager="gro")
    company.submit(of["maya"])
    before = company.as_("gro").read(f"/evaluations/{of['maya']}")
    assert (before["shown"], before["status"], before["revision"]) == ("state", "submitted", None)
    company.as_("hanna").done(f"/evaluations/{of['maya']}/approval")
    after = company.as_("gro").read(f"/evaluations/{of['maya']}")
    assert (after["shown"], [line["rating"] for line in after["revision"]["lines"]]) == ("approved", [3, 3.5, 2])
    assert (after["revision"]["codes"], after["revision"]["returns"]) == (None, None)


def test_the_release_rule_of_a_cycle_is_shown_to_its_participants(company: Company) -> None:
    cycle, _ = opened(company, release="at approval")
    assert company.as_("maya").read(f"/cycles/{cycle}")["release"] == "at approval"
    assert company.as_("maya").read(f"/cycles/{cycle}")["progress"] is None


def test_hr_reopens_also_after_the_cycle_was_closed(company: Company) -> None:
    cycle, of = opened(company)
    company.release(of["maya"])
    hanna = company.as_("hanna")
    hanna.done(f"/cycles/{cycle}/closing")
    hanna.done(f"/evaluations/{of['maya']}/reopening", {"reason": "The wrong project."})
    company.as_("erik").done(f"/evaluations/{of['maya']}/submission")
    hanna.done(f"/evaluations/{of['maya']}/approval")


def test_what_was_recalled_returned_or_reopened_waits_for_its_evaluator_again_with_a_day(company: Company) -> None:
    past = str(now().date())
    days = {"self_due": past, "manager_due": past, "approval_due": past, "ends_on": past}
    evaluation = company.open_for(**days)
    path, erik, hanna = f"/evaluations/{evaluation}", company.as_("erik"), company.as_("hanna")
    company.submit(evaluation)
    assert waiting(company, "erik") == []
    for who, what, body in (
        (erik, "recall", None),
        (hanna, "return", {"comments": {"delivery": "Say which project."}}),
        (hanna, "reopening", {"reason": "The wrong project."}),
    ):
        if what == "reopening":
            hanna.done(f"{path}/approval")
        who.done(f"{path}/{what}", body)
        (again,) = erik.listed("/waiting")
        assert (again["kind"], again["passed"]) == ("evaluation due", False), what
        erik.done(f"{path}/submission")
        assert waiting(company, "erik") == []


def test_cancelling_ends_the_clocks_of_a_cycle(company: Company) -> None:
    cycle, of = opened(company)
    company.submit(of["maya"])
    company.as_("hanna").done(f"/cycles/{cycle}/cancellation", {"reason": "A merger."})
    assert [waiting(company, one) for one in ("maya", "nils", "erik", "hanna")] == [[], [], [], []]
    assert company.as_("maya").read(f"/evaluations/{of['maya']}")["status"] == "cancelled"


def test_a_draft_is_its_evaluators_also_once_it_was_excused_ended_with_its_cycle_or_cancelled(company: Company) -> None:
    hanna = company.as_("hanna")
    for what, body in (
        ("excuse", {"person": "maya", "reason": "leave"}),
        ("closing", None),
        ("cancellation", {"reason": "A merger."}),
    ):
        cycle, of = opened(company)
        company.draft(of["maya"])
        hanna.done(f"/cycles/{cycle}/{what}", body)
        seen = hanna.read(f"/evaluations/{of['maya']}")
        assert (seen["shown"], seen["revision"]) == ("state", None), what
        assert "line-rated" not in str(hanna.read(f"/evaluations/{of['maya']}/history")), what
        assert hanna.get(f"/evaluations/{of['maya']}/revisions/1").status_code == 404, what
        assert company.as_("erik").read(f"/evaluations/{of['maya']}")["revision"]["lines"][0]["rating"] == 3, what


def test_dates_extend_for_one_person(company: Company) -> None:
    cycle, of = opened(company)
    plan = company.plan()
    days = {name: plan[name] for name in ("self_due", "manager_due", "approval_due")}
    body = {"person": "maya", **days, "conversations_by": "2099-01-01", "manager_due": "2098-12-01"}
    hanna = company.as_("hanna")
    assert hanna.post(f"/cycles/{cycle}/extension", body).status_code == 422
    assert hanna.done(f"/cycles/{cycle}/extension", {**body, "approval_due": "2098-12-20"})["ids"] == [of["maya"]]
    assert company.as_("maya").read(f"/evaluations/{of['maya']}")["manager_due"] == "2098-12-01"
    assert company.as_("nils").read(f"/evaluations/{of['nils']}")["manager_due"] == plan["manager_due"]


def test_dates_extend_and_with_them_the_day_by_which_what_was_submitted_is_approved(company: Company) -> None:
    cycle, of = opened(company)
    company.submit(of["maya"])
    hanna = company.as_("hanna")
    (before,) = hanna.listed("/waiting")

    extend(company, cycle, "maya", approval_due=60, conversations_by=90)
    (after,) = hanna.listed("/waiting")

    assert (before["kind"], after["kind"]) == ("approval waiting", "approval waiting")
    assert before["due_at"] < str(now().date() + timedelta(days=22))
    assert after["due_at"] > str(now().date() + timedelta(days=59))


def test_dates_extend_and_approval_waits_at_least_two_working_days_all_the_same(company: Company) -> None:
    past = str(now().date())
    days = {"self_due": past, "manager_due": past, "approval_due": past, "ends_on": past}
    cycle, of = opened(company, **days)
    company.submit(of["maya"])
    (before,) = company.as_("hanna").listed("/waiting")

    extend(company, cycle, "maya", self_due=0, manager_due=0, approval_due=0, conversations_by=90)

    assert company.as_("hanna").listed("/waiting") == [before]


def test_what_was_late_is_so_no_more_once_its_dates_extend(company: Company) -> None:
    cycle, of = opened(company)
    fire(company, of["maya"], "self due", "evaluation due")
    assert late(company, cycle) == {"maya": ["evaluation", "self-assessment"]}
    extend(company, cycle, "maya", manager_due=30, approval_due=60, conversations_by=90)
    assert late(company, cycle) == {}

    company.submit(of["maya"])
    fire(company, of["maya"], "approval waiting")
    assert late(company, cycle) == {"maya": ["approval"]}
    extend(company, cycle, "maya", self_due=20, manager_due=30, approval_due=70, conversations_by=90)
    assert late(company, cycle) == {}


def test_what_was_late_is_so_no_more_once_it_is_handed_in(company: Company) -> None:
    cycle, of = opened(company)
    maya, hanna, evaluation = company.as_("maya"), company.as_("hanna"), of["maya"]
    fire(company, evaluation, "self due")
    assert late(company, cycle) == {"maya": ["self-assessment"]}
    assert wrote(maya, f"/self-assessments/{evaluation}", "delivery", {"rating": 3}).status_code == 200
    maya.done(f"/self-assessments/{evaluation}/submission")
    assert late(company, cycle) == {}

    fire(company, evaluation, "evaluation due")
    company.submit(evaluation)
    assert late(company, cycle) == {}

    fire(company, evaluation, "approval waiting")
    assert late(company, cycle) == {"maya": ["approval"]}
    hanna.done(f"/evaluations/{evaluation}/approval")
    assert late(company, cycle) == {}


def test_an_answer_is_late_until_it_is_given_whatever_became_of_the_others(company: Company) -> None:
    cycle, of = opened(company)
    maya, erik, evaluation = company.as_("maya"), company.as_("erik"), of["maya"]
    company.release(evaluation)
    for competency in ("delivery", "mentoring"):
        reaction = {"reaction": "push back", "reason": "March is missing."}
        maya.done(f"/evaluations/{evaluation}/reactions/{competency}", reaction)
        overdue(company, evaluation, competency)
    assert late(company, cycle) == {"maya": ["answer"]}
    erik.done(f"/evaluations/{evaluation}/answers/delivery", {"text": "It comes into the next one."})
    assert late(company, cycle) == {"maya": ["answer"]}
    erik.done(f"/evaluations/{evaluation}/answers/mentoring", {"text": "It comes into the next one."})
    assert late(company, cycle) == {}


def fire(company: Company, evaluation: str, *kinds: str) -> None:
    """Fire clocks of an evaluation as if their time had come."""
    for kind in kinds:
        company.running.fire(company.workspace, kind, evaluation)


def overdue(company: Company, evaluation: str, competency: str) -> None:
    """Let the five working days pass in which a push-back is answered."""

    def decide(unit: Unit) -> Answer:
        unit.now = unit.now + timedelta(days=10)
        kind = "push-back unanswered"
        due = Due(f"{kind}/{evaluation}/{competency}", kind, evaluation, None, unit.now)
        assert company.running.service.application.when_due(unit, due) is None
        return Answer()

    info = CommandInfo(company.workspace, "clock", f"overdue/{evaluation}/{competency}", correlation_id="test")
    company.running.service.execute(info, Actor.service(company.workspace, "clock"), decide)


def late(company: Company, cycle: str) -> dict[str, list[str]]:
    """What HR is told to be late, by person; the evaluations that the cycle itself names are just those on their way."""
    hanna = company.as_("hanna")
    hanna.done("/examples", {"on": "2026-06-02", "text": "What was fired is awaited with this."})
    rows = [one for one in hanna.listed(f"/cycles/{cycle}/evaluators") if one["late"]]
    on_their_way = ("not started", "draft", "submitted", "returned")
    assert hanna.read(f"/cycles/{cycle}")["late"] == [one["evaluation"] for one in rows if one["status"] in on_their_way]
    return {one["person"]: one["late"] for one in rows}


def extend(company: Company, cycle: str, person: str, **days: int) -> None:
    """Extend dates to so many days from now; those that are not given stay."""
    plan, today = company.plan(), now().date()
    kept = {name: plan[name] for name in ("self_due", "manager_due", "approval_due", "conversations_by")}
    later = {name: str(today + timedelta(days=number)) for name, number in days.items()}
    company.as_("hanna").done(f"/cycles/{cycle}/extension", {"person": person, **kept, **later})


@pytest.mark.parametrize(("who", "what"), [("erik", "evaluations"), ("maya", "self-assessments")])
def test_a_line_is_changed_only_by_whoever_has_read_what_it_stands_in_so_two_tabs_overwrite_nothing(
    company: Company, who: str, what: str
) -> None:
    caller, path = company.as_(who), f"/{what}/{company.open_for()}"
    line, first, second = f"{path}/lines/delivery", {"rating": 3}, {"rating": 4}
    assert caller.put(line, first).status_code == 428
    read_in_both_tabs = caller.get(path).headers["ETag"]
    answer = caller.put(line, first, **{"If-Match": read_in_both_tabs})
    assert answer.status_code == 200
    assert caller.put(line, second, **{"If-Match": read_in_both_tabs}).status_code == 412
    assert caller.get(path).headers["ETag"] == answer.headers["ETag"]
    assert caller.put(line, second, **{"If-Match": answer.headers["ETag"]}).status_code == 200


def test_nobody_extends_their_own_dates_with_those_of_a_team(company: Company) -> None:
    hanna, hugo = company.as_("hanna"), company.as_("hugo")
    cycle = hugo.done("/cycles", company.plan(scope="team", of="gro"))["id"]
    hugo.done(f"/cycles/{cycle}/opening")
    of = {row["person"]: row["evaluation"] for row in hugo.listed(f"/cycles/{cycle}/evaluators")}
    plan = company.plan()
    days = {name: plan[name] for name in ("self_due", "manager_due", "approval_due")}
    moved = hanna.done(f"/cycles/{cycle}/extension", {"team": "gro", **days, "conversations_by": "2099-01-01"})["ids"]
    assert set(moved) == {of["erik"], of["hugo"]}


def test_excusing_is_final_for_the_cycle_and_says_what_to_do_instead(company: Company) -> None:
    cycle, of = opened(company)
    hanna = company.as_("hanna")
    hanna.done(f"/cycles/{cycle}/excuse", {"person": "nils", "reason": "leave"})
    again = hanna.post(f"/cycles/{cycle}/excuse", {"person": "nils", "reason": "left"})
    written = wrote(company.as_("erik"), f"/evaluations/{of['nils']}", "delivery", {"rating": 3})
    for answer in (again, written):
        assert (answer.status_code, answer.json()["detail"].partition("; ")[2]) == (
            409,
            "plan a cycle for this one person.",
        )
    assert company.open_for("nils")


def test_a_self_assessment_is_not_waited_for_once_its_author_has_left(company: Company) -> None:
    evaluation = company.open_for()
    hears(company, "maya", status="left")
    company.running.fire(company.workspace, "self due", evaluation)
    history = company.as_("erik").read(f"/evaluations/{evaluation}/history")
    assert "evaluation.self-assessment-overdue" not in [one["what"] for one in history]


def test_a_push_back_waits_for_whoever_answers_it_the_present_manager_and_not_the_leavers(company: Company) -> None:
    evaluation = company.open_for()
    company.release(evaluation)
    hears(company, "erik", status="left")
    hears(company, "maya", manager="hugo")
    reaction = {"reaction": "push back", "reason": "March is missing."}
    company.as_("maya").done(f"/evaluations/{evaluation}/reactions/delivery", reaction)

    assert (waiting(company, "hugo"), waiting(company, "gro")) == (["push-back unanswered"], [])
    refused = company.as_("gro").post(f"/evaluations/{evaluation}/answers/delivery", {"text": "It comes."})
    assert refused.status_code in (403, 404)
    company.as_("hugo").done(f"/evaluations/{evaluation}/answers/delivery", {"text": "It comes into the next one."})
    assert waiting(company, "hugo") == []


def test_the_present_manager_answers_a_push_back_where_the_evaluator_has_left(company: Company) -> None:
    evaluation = company.open_for()
    company.release(evaluation)
    hears(company, "erik", status="left")
    hears(company, "maya", manager="gro")
    reaction = {"reaction": "push back", "reason": "March is missing."}
    company.as_("maya").done(f"/evaluations/{evaluation}/reactions/delivery", reaction)
    company.as_("gro").done(f"/evaluations/{evaluation}/answers/delivery", {"text": "It comes into the next one."})
    (told,) = company.as_("maya").read(f"/evaluations/{evaluation}")["reactions"]
    assert told["answer"]["text"] == "It comes into the next one."


def test_a_leaver_chooses_which_observations_pass_on_and_only_to_whoever_manages_or_evaluates_the_employee(
    company: Company,
) -> None:
    erik = company.as_("erik")
    notes = [
        erik.done("/observations", {"employee": "maya", "on": "2026-06-02", "text": text})["id"]
        for text in ("Helped Nils.", "Wrote the plan.", "Was late once.")
    ]

    def passes_on(note: str, to: str) -> int:
        return erik.post(f"/observations/{note}/passing-on", {"to": to}).status_code

    assert [passes_on(notes[0], to) for to in ("nils", "hanna", "gro", "maya", "erik")] == [422] * 5
    hears(company, "maya", manager="gro")
    assert passes_on(notes[0], "gro") == 200
    company.as_("hanna").done(
        f"/cycles/{opened(company, scope='person', of='maya')[0]}/evaluators", {"person": "maya", "evaluator": "hugo"}
    )
    assert [passes_on(notes[1], to) for to in ("nils", "hugo")] == [422, 200]
    assert [one["text"]["text"] for one in company.as_("gro").listed("/observations")] == ["Helped Nils."]
    assert [one["text"]["text"] for one in company.as_("hugo").listed("/observations")] == ["Wrote the plan."]
    assert [one["text"]["text"] for one in erik.listed("/observations")] == ["Was late once."]


def test_a_reaction_and_its_answer_are_read_by_employee_evaluator_present_manager_and_hr(company: Company) -> None:
    """Hanna is the only HR admin, so Erik approves hers in her place; Gro manages and evaluates her."""
    company.running.hear(company.workspace, people.RolesChanged(person="hugo", roles=()))
    hanna, gro = company.as_("hanna"), company.as_("gro")
    cycle = hanna.done("/cycles", company.plan(scope="person", of="hanna"))["id"]
    hanna.done(f"/cycles/{cycle}/evaluators", {"person": "hanna", "substitute": "erik"})
    (evaluation,) = hanna.done(f"/cycles/{cycle}/opening")["ids"]
    path = f"/evaluations/{evaluation}"
    company.submit(evaluation, by="gro")
    company.as_("erik").done(f"{path}/approval")
    gro.done(f"{path}/release")
    hanna.done(f"{path}/reactions/delivery", {"reaction": "push back", "reason": "March is missing."})
    gro.done(f"{path}/answers/delivery", {"text": "It comes into the next one."})

    assert [len(one.read(path)["reactions"]) for one in (hanna, gro, company.as_("erik"))] == [1, 1, 0]
    told = {who: str(company.as_(who).read(f"{path}/history")) for who in ("hanna", "gro", "erik")}
    assert {who: "reacted-to" in what or "answered" in what for who, what in told.items()} == {
        "hanna": True,
        "gro": True,
        "erik": False,
    }


def test_one_level_up_and_a_former_manager_hear_nothing_of_reactions_and_know_the_version_they_are_told(
    company: Company,
) -> None:
    _, of = opened(company)
    company.release(of["maya"])
    path = f"/evaluations/{of['maya']}"
    company.as_("maya").done(f"{path}/reactions/delivery", {"reaction": "matches"})
    gro = company.as_("gro")
    assert gro.read(path)["reactions"] == []
    assert "reacted-to" not in str(gro.read(f"{path}/history"))
    hears(company, "maya", manager="hugo")
    erik = company.as_("erik")
    company.as_("hanna").done(f"/cycles/{erik.read(path)['cycle']}/evaluators", {"person": "maya", "evaluator": "hugo"})
    assert erik.read(path)["shown"] == "written"
    assert "reacted-to" not in str(erik.read(f"{path}/history"))
    withdrawal = {"part": "evidence/delivery/2", "reason": "It was Nils."}
    tag = erik.get(path).headers["ETag"]
    assert erik.post(f"{path}/withdrawal", withdrawal, **{"If-Match": tag}).status_code == 200


def test_a_list_holds_all_that_one_may_read_what_one_wrote_as_a_former_evaluator_and_one_level_up(
    company: Company,
) -> None:
    cycle, of = opened(company)
    company.draft(of["maya"])
    hears(company, "maya", manager="hanna")
    company.as_("hanna").done(f"/cycles/{cycle}/evaluators", {"person": "maya", "evaluator": "hugo"})
    company.as_("hugo").done(f"/evaluations/{of['maya']}/submission")
    hr = company.as_("hanna")
    hr.done(f"/evaluations/{of['maya']}/approval")
    company.release(of["nils"])

    def listed(person: str) -> dict[str, str]:
        return {one["employee"]: one["shown"] for one in company.as_(person).listed("/evaluations", limit=1)}

    assert listed("erik") == {"nils": "all"}
    assert listed("gro") == {"nils": "released"}
    hr.done(f"/evaluations/{of['maya']}/release")
    assert listed("erik") == {"nils": "all", "maya": "written"}
    assert listed("gro") == {"nils": "released", "maya": "released"}


def test_an_open_cycle_stays_with_its_framework_version_and_the_next_one_takes_the_new(company: Company) -> None:
    def asked(evaluation: str) -> tuple[int, float | None]:
        view = company.as_("erik").read(f"/evaluations/{evaluation}")
        (line,) = (one for one in view["revision"]["lines"] if one["competency"] == "delivery")
        return view["framework_version"], next(bar["required"] for bar in line["bars"] if bar["level"] == "ic2")

    first = company.open_for()
    company.running.hear(company.workspace, *published(version=2, delivery=4.5))
    company.approve(first)
    assert asked(first) == (1, 3)
    assert asked(company.open_for("nils", framework_version=2)) == (2, 4.5)


@pytest.mark.parametrize(
    ("kind", "acts"),
    [
        ("self due", "maya"),
        ("evaluation due", "erik"),
        ("automatic release", "erik"),
        ("push-back unanswered", "erik"),
    ],
)
def test_every_clock_pauses_on_the_leave_of_whoever_has_to_act(company: Company, kind: str, acts: str) -> None:
    evaluation = company.open_for()
    if kind in ("automatic release", "push-back unanswered"):
        company.approve(evaluation)
    if kind == "push-back unanswered":
        company.as_("erik").done(f"/evaluations/{evaluation}/release")
        body = {"reaction": "push back", "reason": "March is missing."}
        company.as_("maya").done(f"/evaluations/{evaluation}/reactions/delivery", body)
    hears(company, acts, status="leave", until=now().date() + timedelta(days=40))
    again = company.running.service.fire(
        company.workspace, Due(f"{kind}/{evaluation}/delivery", kind, evaluation, None, now())
    )
    assert again is not None
    assert again > now() + timedelta(days=40)


def test_the_clock_of_a_self_assessment_ends_when_the_employee_leaves(company: Company) -> None:
    evaluation = company.open_for()
    hears(company, "maya", status="left")
    assert company.running.fire(company.workspace, "self due", evaluation) is None
    told = company.as_("erik").read(f"/evaluations/{evaluation}/history")
    assert "evaluation.self-assessment-overdue" not in [one["what"] for one in told]
