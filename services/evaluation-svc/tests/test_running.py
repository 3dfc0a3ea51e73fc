"""Evaluation running on PostgreSQL: over HTTP, with its clocks, its published events and its rebuilt views."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chassis.deadlines import Due
from chassis.identity import Actor
from chassis.testing import assert_live_equals_rebuilt, now
from chassis.unit import Answer, CommandInfo, Unit
from contracts import people

from .conftest import Company, wrote


def line(view: dict[str, Any], competency: str) -> dict[str, Any]:
    return next(one for one in view["revision"]["lines"] if one["competency"] == competency)


def test_the_union_of_the_present_and_the_next_level_is_rated_and_the_form_shows_both_bars(company: Company) -> None:
    evaluation = company.open_for()
    view = company.as_("erik").read(f"/evaluations/{evaluation}")
    assert [one["competency"] for one in view["revision"]["lines"]] == ["communication", "delivery", "mentoring"]
    assert [(bar["code"], bar["required"]) for bar in line(view, "communication")["bars"]] == [("IC2", 3), ("IC3", 4)]


def test_from_draft_to_acknowledgement(company: Company) -> None:
    evaluation = company.open_for()
    company.release(evaluation)
    maya = company.as_("maya")
    view = maya.read(f"/evaluations/{evaluation}")
    assert (view["status"], view["shown"], line(view, "delivery")["rating"]) == ("released", "own", 3.5)
    assert line(view, "delivery")["evidence"][0]["text"].startswith("Led the billing")
    assert view["revision"]["codes"] is None
    maya.done(f"/evaluations/{evaluation}/acknowledgement")
    assert maya.read(f"/evaluations/{evaluation}")["status"] == "acknowledged"


def test_the_employee_sees_no_rating_before_release_and_then_returned_once_and_approved_on(company: Company) -> None:
    evaluation = company.open_for()
    company.submit(evaluation)
    hanna, maya = company.as_("hanna"), company.as_("maya")
    hanna.done(f"/evaluations/{evaluation}/return", {"comments": {"delivery": "Say which project."}})
    erik = company.as_("erik")
    assert (
        erik.read(f"/evaluations/{evaluation}")["revision"]["returns"][0]["comments"]["delivery"]["text"]
        == "Say which project."
    )
    erik.done(f"/evaluations/{evaluation}/submission")
    hanna.done(f"/evaluations/{evaluation}/approval")
    before = maya.read(f"/evaluations/{evaluation}")
    assert (before["revision"], before["returned"], before["approved_on"]) == (None, None, None)
    erik.done(f"/evaluations/{evaluation}/release")
    view = maya.read(f"/evaluations/{evaluation}")
    assert (view["returned"], view["approved_on"] is not None) == (1, True)
    assert (view["revision"]["returns"], view["revision"]["codes"]) == (None, None)
    history = maya.read(f"/evaluations/{evaluation}/history")
    assert [one["what"] for one in history] == [
        "evaluation.assigned",
        "evaluation.returned",
        "evaluation.approved",
        "evaluation.released",
    ]
    assert not any("rating" in entry["details"] for entry in history)


def test_hr_sees_the_state_only_of_a_draft(company: Company) -> None:
    evaluation = company.open_for()
    company.draft(evaluation)
    view = company.as_("hanna").read(f"/evaluations/{evaluation}")
    assert (view["status"], view["shown"], view["revision"]) == ("draft", "state", None)


def test_what_one_may_not_see_answers_like_what_does_not_exist(company: Company) -> None:
    evaluation = company.open_for()
    hidden, absent = company.as_("nils").get(f"/evaluations/{evaluation}"), company.as_("nils").get("/evaluations/none")
    assert (hidden.status_code, hidden.json()["type"]) == (absent.status_code, absent.json()["type"])
    assert hidden.status_code == 404


def test_self_outranks_every_role_in_the_queue_and_at_the_door(company: Company) -> None:
    evaluation = company.open_for("hanna")
    company.submit(evaluation, by="gro")
    assert company.as_("hanna").listed("/approvals") == []
    assert company.as_("hanna").post(f"/evaluations/{evaluation}/approval").status_code == 403
    assert company.as_("hanna").read(f"/evaluations/{evaluation}")["shown"] == "own"
    assert [one["evaluation"] for one in company.as_("hugo").listed("/approvals")] == [evaluation]
    company.as_("hugo").done(f"/evaluations/{evaluation}/approval")


def test_the_queue_is_ordered_by_codes_and_those_without_are_approved_together(company: Company) -> None:
    clean, coded = company.open_for("maya"), company.open_for("nils")
    company.submit(clean)
    company.draft(coded, text="good with people")
    company.as_("erik").done(f"/evaluations/{coded}/submission")
    hanna = company.as_("hanna")
    queue = hanna.listed("/approvals")
    assert [one["evaluation"] for one in queue] == [coded, clean]
    assert {code["reason"] for code in queue[0]["codes"]} == {"thin evidence", "vague evidence"}
    assert hanna.post("/approvals", {"evaluations": [clean]}).status_code == 409
    hanna.done(f"/evaluations/{clean}/opening")
    hanna.done("/approvals", {"evaluations": [clean]})
    assert hanna.read(f"/evaluations/{clean}")["revision"]["approved_together"]


def test_the_self_assessment_is_read_by_the_evaluator_once_both_are_submitted_and_opened(company: Company) -> None:
    evaluation = company.open_for()
    maya, erik = company.as_("maya"), company.as_("erik")
    assert wrote(maya, f"/self-assessments/{evaluation}", "delivery", {"rating": 5}).status_code == 200
    maya.done(f"/self-assessments/{evaluation}/submission")
    assert erik.post(f"/self-assessments/{evaluation}/opening").status_code == 404
    company.submit(evaluation)
    assert erik.get(f"/self-assessments/{evaluation}").status_code == 403
    erik.done(f"/self-assessments/{evaluation}/opening")
    view = erik.read(f"/self-assessments/{evaluation}")
    assert [one["rating"] for one in view["lines"]] == [None, 5, None]


def test_an_observation_is_its_authors_until_cited_and_then_withdrawn_with_its_evidence(company: Company) -> None:
    evaluation = company.open_for()
    erik, maya = company.as_("erik"), company.as_("maya")
    note = erik.done(
        "/observations",
        {"employee": "maya", "on": "2026-06-02", "competencies": ["delivery"], "text": "Shipped on the day she said."},
    )["id"]
    assert [one["text"]["text"] for one in erik.listed("/observations")] == ["Shipped on the day she said."]
    assert company.as_("hanna").get(f"/observations/{note}").status_code == 404
    assert maya.post("/observations", {"employee": "erik", "on": "2026-06-02", "text": "No."}).status_code == 403
    assert wrote(erik, f"/evaluations/{evaluation}", "delivery", {"rating": 4, "cites": [note]}).status_code == 200
    evidence = line(erik.read(f"/evaluations/{evaluation}"), "delivery")["evidence"]
    assert [(one["text"], one["cites"]) for one in evidence] == [("Shipped on the day she said.", note)]
    erik.done(f"/observations/{note}/withdrawal", {"reason": "This was about Mia."})
    (gone,) = line(erik.read(f"/evaluations/{evaluation}"), "delivery")["evidence"]
    assert (gone["text"], gone["withdrawn_on"] is not None) == (None, True)


def test_an_evaluator_who_is_not_the_manager_notes_observations_only_while_they_evaluate(company: Company) -> None:
    evaluation = company.open_for()
    gro, hanna = company.as_("gro"), company.as_("hanna")
    seen = {"employee": "maya", "on": "2026-06-02", "text": "Ran the stand-up while I was away."}
    assert gro.post("/observations", seen).status_code == 403
    cycle = hanna.read(f"/evaluations/{evaluation}")["cycle"]
    hanna.done(f"/cycles/{cycle}/evaluators", {"person": "maya", "evaluator": "gro"})
    gro.done("/observations", seen)
    company.submit(evaluation, by="gro")
    hanna.done(f"/evaluations/{evaluation}/approval")
    assert gro.post("/observations", seen).status_code == 403


def test_saving_the_same_line_again_records_nothing(company: Company) -> None:
    evaluation = company.open_for()
    company.draft(evaluation)
    before = company.as_("erik").get(f"/evaluations/{evaluation}").headers["ETag"]
    company.draft(evaluation)
    assert company.as_("erik").get(f"/evaluations/{evaluation}").headers["ETag"] == before


def test_reopening_keeps_the_released_revision_shown_until_the_next_is_released(company: Company) -> None:
    evaluation = company.open_for()
    company.release(evaluation)
    company.as_("hanna").done(f"/evaluations/{evaluation}/reopening", {"reason": "The wrong project."})
    maya, erik = company.as_("maya"), company.as_("erik")
    assert maya.read(f"/evaluations/{evaluation}")["revision"]["number"] == 1
    wrote(erik, f"/evaluations/{evaluation}", "delivery", {"rating": 4.5, "evidence": ["It was the search project."]})
    erik.done(f"/evaluations/{evaluation}/submission")
    company.as_("hanna").done(f"/evaluations/{evaluation}/approval")
    assert line(maya.read(f"/evaluations/{evaluation}"), "delivery")["rating"] == 3.5
    assert line(company.as_("erik").read(f"/evaluations/{evaluation}"), "delivery")["rating"] == 4.5
    erik.done(f"/evaluations/{evaluation}/release")
    view = maya.read(f"/evaluations/{evaluation}")
    assert (view["revision"]["number"], view["revision"]["because"]["text"]) == (2, "The wrong project.")
    assert maya.read(f"/evaluations/{evaluation}/revisions/1")["corrected_on"] is not None


def test_a_push_back_waits_for_the_evaluator_and_is_answered(company: Company) -> None:
    evaluation = company.open_for()
    company.release(evaluation)
    company.as_("maya").done(
        f"/evaluations/{evaluation}/reactions/delivery", {"reaction": "push back", "reason": "March is missing."}
    )
    erik = company.as_("erik")
    assert [one["kind"] for one in erik.listed("/waiting")] == ["push-back unanswered"]
    erik.done(f"/evaluations/{evaluation}/answers/delivery", {"text": "March comes into the next one."})
    (reaction,) = company.as_("maya").read(f"/evaluations/{evaluation}")["reactions"]
    assert reaction["answer"]["text"] == "March comes into the next one."
    assert erik.listed("/waiting") == []


def test_waiting_shows_each_person_what_they_have_to_do(company: Company) -> None:
    evaluation = company.open_for()
    assert [one["kind"] for one in company.as_("maya").listed("/waiting")] == ["self due"]
    assert [one["kind"] for one in company.as_("erik").listed("/waiting")] == ["evaluation due"]
    company.submit(evaluation)
    assert [one["kind"] for one in company.as_("hanna").listed("/waiting")] == ["approval waiting"]
    company.as_("hanna").done(f"/evaluations/{evaluation}/approval")
    assert [one["kind"] for one in company.as_("erik").listed("/waiting")] == ["automatic release"]


def test_an_automatic_release_that_is_asked_too_early_is_asked_again_after_ten_working_days(company: Company) -> None:
    evaluation = company.open_for()
    company.approve(evaluation)
    later = company.running.fire(company.workspace, "automatic release", evaluation)
    assert later is not None
    assert company.as_("hanna").read(f"/evaluations/{evaluation}")["status"] == "approved"


def test_an_overdue_evaluation_is_an_event_and_shown_to_hr(company: Company) -> None:
    evaluation = company.open_for()
    company.running.fire(company.workspace, "evaluation due", evaluation)
    cycle = company.as_("erik").read(f"/evaluations/{evaluation}")["cycle"]
    company.as_("hanna").done("/examples", {"on": "2026-06-02", "text": "Wrote the handbook."})
    assert company.as_("hanna").read(f"/cycles/{cycle}")["late"] == [evaluation]


def test_the_data_check_keeps_a_cycle_from_opening_until_somebody_may_be_evaluated(company: Company) -> None:
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan())["id"]
    check = hanna.read(f"/cycles/{cycle}/data-check")
    assert (check["can_open"], check["findings"]) == (
        False,
        [{"person": "gro", "lacks": "manager", "blocks": True}],
    )
    assert hanna.post(f"/cycles/{cycle}/opening").status_code == 409
    hanna.done(f"/cycles/{cycle}/participants", {"person": "gro", "excluded": "Answers to the board."})
    assert len(hanna.done(f"/cycles/{cycle}/opening")["ids"]) == 5


def test_closing_ends_what_is_not_approved_and_cancelling_is_refused_after_a_release(company: Company) -> None:
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan(scope="team", of="erik"))["id"]
    evaluations = hanna.done(f"/cycles/{cycle}/opening")["ids"]
    people = {one["person"]: one["evaluation"] for one in hanna.read(f"/cycles/{cycle}/participants")["participants"]}
    assert sorted(people.values()) == sorted(evaluations)
    company.release(people["maya"])
    assert hanna.post(f"/cycles/{cycle}/cancellation", {"reason": "A merger."}).status_code == 409
    hanna.done(f"/cycles/{cycle}/closing")
    assert hanna.read(f"/cycles/{cycle}")["progress"] == {"released": 1, "not finished": 1}


def test_excused_people_leave_the_counts_and_dates_extend(company: Company) -> None:
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan(scope="team", of="erik"))["id"]
    hanna.done(f"/cycles/{cycle}/opening")
    hanna.done(f"/cycles/{cycle}/excuse", {"person": "nils", "reason": "leave"})
    later = company.plan()
    days = {name: later[name] for name in ("self_due", "manager_due", "approval_due")}
    hanna.done(f"/cycles/{cycle}/extension", {"team": "erik", **days, "conversations_by": "2099-01-01"})
    assert hanna.read(f"/cycles/{cycle}")["progress"] == {"not started": 1}


def test_hr_hands_an_evaluation_over_and_the_ratings_stay_those_of_the_former_evaluator(company: Company) -> None:
    hanna = company.as_("hanna")
    evaluation = company.open_for()
    company.draft(evaluation)
    cycle = company.as_("erik").read(f"/evaluations/{evaluation}")["cycle"]
    hanna.done(f"/cycles/{cycle}/evaluators", {"person": "maya", "evaluator": "gro"})
    assert line(company.as_("gro").read(f"/evaluations/{evaluation}"), "delivery")["by"] == "erik"
    assert wrote(company.as_("erik"), f"/evaluations/{evaluation}", "delivery", {"rating": 1}).status_code == 403


def test_live_views_equal_rebuilt_ones(company: Company) -> None:
    company.release(company.open_for())
    assert_live_equals_rebuilt(company.running.service, company.workspace)


def test_approval_and_release_are_published(company: Company) -> None:
    company.release(company.open_for())
    service = company.running.service
    with service.reader(company.workspace) as reader:
        rows = reader.rows("select type from published where workspace = %(workspace)s order by sequence")
    assert [row["type"].split(".")[-2] for row in rows] == ["cycle-opened", "approved", "released"]


def fire_at(company: Company, kind: str, evaluation: str, days: int) -> Any:
    """Ask a deadline as if `days` had passed."""
    service, later = company.running.service, [None]

    def decide(unit: Unit) -> Answer:
        unit.now = unit.now + timedelta(days=days)
        due = Due(f"{kind}/{evaluation}", kind, evaluation, None, unit.now)
        later[0] = service.application.when_due(unit, due)
        return Answer()

    info = CommandInfo(company.workspace, "clock", f"{kind}/{evaluation}/{days}", correlation_id="test")
    service.execute(info, Actor.service(company.workspace, "clock"), decide)
    return later[0]


def test_it_is_released_by_itself_ten_working_days_after_approval(company: Company) -> None:
    evaluation = company.open_for()
    company.approve(evaluation)
    assert fire_at(company, "automatic release", evaluation, 9) is not None
    assert fire_at(company, "automatic release", evaluation, 20) is None
    view = company.as_("maya").read(f"/evaluations/{evaluation}")
    assert (view["status"], view["revision"]["released_how"]) == ("released", "by itself")


def test_a_clock_pauses_while_whoever_has_to_act_is_on_leave(company: Company) -> None:
    evaluation = company.open_for()
    today = now().date()
    leave = people.StatusChanged(person="erik", status="leave", effective_on=today, until=today + timedelta(days=9))
    company.running.hear(company.workspace, leave)
    assert company.running.fire(company.workspace, "evaluation due", evaluation) is not None
    history = company.as_("erik").read(f"/evaluations/{evaluation}/history")
    assert "evaluation.overdue" not in [one["what"] for one in history]


def test_a_manager_change_moves_nothing_by_itself_and_hr_keeps_or_hands_over(company: Company) -> None:
    evaluation, hanna = company.open_for(), company.as_("hanna")
    moved = people.ManagerChanged(person="maya", manager="gro", effective_on=now().date())
    company.running.hear(company.workspace, moved)
    cycle = company.as_("erik").read(f"/evaluations/{evaluation}")["cycle"]
    (row,) = hanna.listed(f"/cycles/{cycle}/evaluators")
    assert (row["evaluator"], row["manager"], row["decide_evaluator"]) == ("erik", "gro", True)
    hanna.done(f"/cycles/{cycle}/evaluators", {"person": "maya", "keep": True})
    (row,) = hanna.listed(f"/cycles/{cycle}/evaluators")
    assert (row["evaluator"], row["decide_evaluator"]) == ("erik", False)


def test_a_leavers_evaluations_go_to_their_manager_meanwhile(company: Company) -> None:
    evaluation = company.open_for()
    gone = people.StatusChanged(person="erik", status="left", effective_on=now().date())
    company.running.hear(company.workspace, gone)
    company.submit(evaluation, by="gro")
    assert wrote(company.as_("erik"), f"/evaluations/{evaluation}", "delivery", {"rating": 1}).status_code == 403


def test_one_level_up_reads_what_is_released_where_the_workspace_lets_it(company: Company) -> None:
    evaluation = company.open_for()
    company.approve(evaluation)
    assert company.as_("gro").get(f"/evaluations/{evaluation}").status_code == 404
    company.as_("erik").done(f"/evaluations/{evaluation}/release")
    assert company.as_("gro").read(f"/evaluations/{evaluation}")["shown"] == "released"


def test_every_read_of_an_evaluation_by_somebody_else_is_recorded(company: Company) -> None:
    evaluation = company.open_for()
    company.as_("erik").read(f"/evaluations/{evaluation}")
    company.as_("maya").read(f"/evaluations/{evaluation}")
    with company.running.service.reader(company.workspace) as reader:
        rows = reader.rows("select actor, subject, id from access where workspace = %(workspace)s")
    assert rows == [{"actor": "erik", "subject": "maya", "id": evaluation}]


def test_the_only_hr_admins_evaluation_is_approved_by_a_recorded_substitute(company: Company) -> None:
    roles = people.RolesChanged(person="hugo", roles=())
    company.running.hear(company.workspace, roles)
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan(scope="person", of="hanna"))["id"]
    assert hanna.post(f"/cycles/{cycle}/opening").status_code == 409
    hanna.done(f"/cycles/{cycle}/evaluators", {"person": "hanna", "substitute": "erik"})
    (evaluation,) = hanna.done(f"/cycles/{cycle}/opening")["ids"]
    company.submit(evaluation, by="gro")
    assert hanna.post(f"/evaluations/{evaluation}/approval").status_code == 403
    assert hanna.post(f"/cycles/{cycle}/excuse", {"person": "hanna", "reason": "leave"}).status_code == 403
    assert [one["evaluation"] for one in company.as_("erik").listed("/approvals")] == [evaluation]
    company.as_("erik").done(f"/evaluations/{evaluation}/approval")


def test_the_history_of_an_evaluation_and_a_note_comes_from_the_record_without_texts(company: Company) -> None:
    evaluation, erik = company.open_for(), company.as_("erik")
    company.draft(evaluation)
    history = erik.read(f"/evaluations/{evaluation}/history")
    assert [one["what"] for one in history[:3]] == ["evaluation.assigned", "evaluation.begun", "evaluation.line-rated"]
    assert "'enc'" not in str(history)
    note = erik.done("/observations", {"employee": "maya", "on": "2026-06-02", "text": "Helped Nils."})["id"]
    assert [one["what"] for one in erik.read(f"/observations/{note}/history")] == ["observation.noted"]
    assert company.as_("maya").get(f"/observations/{note}/history").status_code == 404


def test_a_change_made_after_opening_the_self_assessment_is_told_to_hr(company: Company) -> None:
    evaluation = company.open_for()
    maya, erik = company.as_("maya"), company.as_("erik")
    wrote(maya, f"/self-assessments/{evaluation}", "delivery", {"rating": 5})
    maya.done(f"/self-assessments/{evaluation}/submission")
    company.submit(evaluation)
    erik.done(f"/self-assessments/{evaluation}/opening")
    erik.done(f"/evaluations/{evaluation}/recall")
    wrote(erik, f"/evaluations/{evaluation}", "delivery", {"rating": 4.5, "evidence": ["Kept the launch on its day."]})
    erik.done(f"/evaluations/{evaluation}/submission")
    (change,) = line(company.as_("hanna").read(f"/evaluations/{evaluation}"), "delivery")["changes"]
    assert (change["before"], change["after"], change["after_self_assessment"]) == (3.5, 4.5, True)


def test_before_submitting_the_evaluator_sees_only_the_codes_about_their_own_text_and_ratings(company: Company) -> None:
    evaluation = company.open_for()
    maya, erik = company.as_("maya"), company.as_("erik")
    wrote(maya, f"/self-assessments/{evaluation}", "mentoring", {"rating": 5})
    maya.done(f"/self-assessments/{evaluation}/submission")
    company.draft(evaluation)
    assert erik.read(f"/evaluations/{evaluation}")["revision"]["codes"] == []
    erik.done(f"/evaluations/{evaluation}/submission")
    after = erik.read(f"/evaluations/{evaluation}")["revision"]["codes"]
    assert after == [{"reason": "far from the self-assessment", "competency": "mentoring"}]


def test_all_on_one_date_releases_when_the_date_has_come(company: Company) -> None:
    day = str(now().date() + timedelta(days=30))
    evaluation = company.open_for(release="on date", release_on=day)
    company.approve(evaluation)
    assert company.as_("erik").post(f"/evaluations/{evaluation}/release").status_code == 409
    assert fire_at(company, "automatic release", evaluation, 31) is None
    assert company.as_("maya").read(f"/evaluations/{evaluation}")["revision"]["released_how"] == "on the date"


def test_at_approval_the_employee_reads_it_at_once(company: Company) -> None:
    evaluation = company.open_for(release="at approval")
    company.approve(evaluation)
    assert company.as_("maya").read(f"/evaluations/{evaluation}")["status"] == "released"


def test_a_held_evaluation_waits_for_hr(company: Company) -> None:
    evaluation = company.open_for()
    company.approve(evaluation)
    hanna = company.as_("hanna")
    hanna.done(f"/evaluations/{evaluation}/hold", {"reason": "A complaint is looked into."})
    assert company.as_("erik").post(f"/evaluations/{evaluation}/release").status_code == 409
    assert company.as_("erik").listed("/waiting") == []
    hanna.done(f"/evaluations/{evaluation}/release")
    assert company.as_("maya").read(f"/evaluations/{evaluation}")["revision"]["released_how"] == "by HR"


def test_a_plan_is_changed_only_by_whoever_has_read_it(company: Company) -> None:
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan())["id"]
    changed = company.plan(name="Autumn 2026")
    assert hanna.put(f"/cycles/{cycle}", changed).status_code == 428
    tag = hanna.get(f"/cycles/{cycle}").headers["ETag"]
    assert hanna.put(f"/cycles/{cycle}", changed, **{"If-Match": tag}).status_code == 200
    assert hanna.put(f"/cycles/{cycle}", changed, **{"If-Match": tag}).status_code == 412


def test_a_cycle_needs_a_published_framework_version(company: Company) -> None:
    assert company.as_("hanna").post("/cycles", company.plan(framework_version=9)).status_code == 422


def test_somebody_may_enter_an_open_cycle_later_with_the_placement_of_that_day(company: Company) -> None:
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan(scope="person", of="maya"))["id"]
    hanna.done(f"/cycles/{cycle}/opening")
    hanna.done(f"/cycles/{cycle}/participants", {"person": "nils"})
    people_in = {one["person"]: one["status"] for one in hanna.read(f"/cycles/{cycle}/participants")["participants"]}
    assert people_in == {"maya": "not started", "nils": "not started"}


def test_what_a_leaver_had_to_do_waits_for_their_manager(company: Company) -> None:
    evaluation = company.open_for()
    gone = people.StatusChanged(person="erik", status="left", effective_on=now().date())
    company.running.hear(company.workspace, gone)
    waiting = company.as_("gro").listed("/waiting")
    assert [(one["kind"], one["evaluation"]) for one in waiting] == [("evaluation due", evaluation)]


def test_ratings_a_point_above_the_evaluators_other_ones_in_the_cycle_are_told_to_hr(company: Company) -> None:
    hanna, erik = company.as_("hanna"), company.as_("erik")
    cycle = hanna.done("/cycles", company.plan())["id"]
    for person in ("gro", "hanna", "hugo"):
        hanna.done(f"/cycles/{cycle}/evaluators", {"person": person, "evaluator": "erik"})
    hanna.done(f"/cycles/{cycle}/evaluators", {"person": "erik", "evaluator": "gro"})
    hanna.done(f"/cycles/{cycle}/opening")
    by_erik = {one["employee"]: one["id"] for one in erik.listed("/evaluations") if one["evaluator"] == "erik"}
    high, usual = by_erik.pop("maya"), by_erik.values()
    for evaluation in usual:
        company.submit(evaluation)
    company.draft(high)
    for competency, rating in (("communication", 5), ("delivery", 4.5), ("mentoring", 4.5)):
        words = {"rating": rating, "evidence": ["Led the billing migration in May; no invoice was late since then."]}
        assert wrote(erik, f"/evaluations/{high}", competency, words).status_code == 200
    erik.done(f"/evaluations/{high}/submission")
    queue = company.as_("hugo").listed("/approvals")
    codes = {one["evaluation"]: [code["reason"] for code in one["codes"]] for one in queue}
    assert {one for one, reasons in codes.items() if "far from the evaluator's mean" in reasons} == {high}


def test_hr_withdraws_an_example_only_once_it_is_cited_in_what_was_handed_in(company: Company) -> None:
    evaluation, maya, hanna = company.open_for("maya"), company.as_("maya"), company.as_("hanna")
    note = maya.done("/examples", {"on": "2026-06-02", "text": "Nils was ill for a month; I took his shifts."})["id"]
    withdraw, why = f"/examples/{note}/withdrawal", {"reason": "It tells of somebody else's health."}
    assert hanna.post(withdraw, why).status_code == 404
    line = {"rating": 4, "cites": [note]}
    assert wrote(maya, f"/self-assessments/{evaluation}", "delivery", line).status_code == 200
    assert hanna.post(withdraw, why).status_code == 404
    maya.done(f"/self-assessments/{evaluation}/submission")
    hanna.done(withdraw, why)
    assert maya.read(f"/examples/{note}")["text"]["withdrawn_on"] is not None
