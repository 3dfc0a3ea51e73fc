"""The evaluation: every rule, given events, when one call, then exact events."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chassis.kernel import Unsealed
from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid, NotFound, NotNow, OwnCase, Unfinished
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import (
    Acknowledged,
    Approved,
    Begun,
    EvaluationCancelled,
    EvidenceAdded,
    EvidenceRemoved,
    Excused,
    HandedOver,
    Held,
    LineCleared,
    LineNotSeen,
    LineRated,
    NotFinished,
    PushBackAnswered,
    ReactedTo,
    Recalled,
    Released,
    Reopened,
    Returned,
    SelfAssessmentOpened,
    Submitted,
    Withdrawn,
)
from evaluation_svc.domain.lines import Evidence, Kept, LineDraft, Written

from .given import (
    AT,
    DUE,
    DUE_TIMES,
    EMPLOYEE,
    EVALUATOR,
    HR,
    LATER,
    LONG,
    OTHER,
    after,
    approved,
    assigned,
    drafted,
    rated,
    released,
    submitted,
)


def text(part: str, words: str) -> Unsealed:
    return Unsealed(person=EMPLOYEE, part=part, text=words)


def test_the_first_line_begins_the_draft() -> None:
    events = assigned().draft_line(rated("delivery", 3.5, LONG), EVALUATOR, AT)
    assert events == (
        Begun(by=EVALUATOR, at=AT),
        LineRated(competency="delivery", rating=3.5, before=None, after_self_assessment=False, by=EVALUATOR, at=AT),
        EvidenceAdded(
            competency="delivery",
            evidence=Evidence(
                part="evidence/delivery/1",
                text=text("evidence/delivery/1", LONG),
                length=len(LONG),
                vague=False,
                by=EVALUATOR,
            ),
            at=AT,
        ),
    )


def test_a_line_saved_unchanged_records_nothing() -> None:
    state = drafted()
    draft = LineDraft(competency="delivery", rating=3.5, evidence=(Kept(part="evidence/delivery/2"),))
    assert state.draft_line(draft, EVALUATOR, AT) == ()


def test_every_change_of_a_rating_keeps_the_value_before() -> None:
    state = drafted()
    (event,) = state.draft_line(
        LineDraft(competency="delivery", rating=4, evidence=(Kept(part="evidence/delivery/2"),)), EVALUATOR, LATER
    )
    assert event == LineRated(
        competency="delivery", rating=4, before=3.5, after_self_assessment=False, by=EVALUATOR, at=LATER
    )


def test_a_change_after_the_evaluator_first_opened_the_self_assessment_says_so() -> None:
    state = submitted()
    state = after(state, state.open_self_assessment(EVALUATOR, AT), state.recall(EVALUATOR, AT))
    state = after(state, state.draft_line(rated("delivery", 5), EVALUATOR, LATER))
    (change,) = state.revision.lines["delivery"].changes
    assert (change.before, change.after, change.after_self_assessment) == (3.5, 5, True)


def test_opening_the_self_assessment_is_recorded_once_per_evaluator() -> None:
    state = submitted()
    opened = state.open_self_assessment(EVALUATOR, AT)
    assert opened == (SelfAssessmentOpened(by=EVALUATOR, at=AT),)
    assert after(state, opened).open_self_assessment(EVALUATOR, LATER) == ()


def test_not_seen_takes_the_place_of_a_rating_and_gives_a_reason() -> None:
    (event, *removed) = drafted().draft_line(
        LineDraft(competency="mentoring", not_seen=Written(text="There was nobody to mentor.")), EVALUATOR, AT
    )
    part = "not-seen/mentoring/5"
    assert event == LineNotSeen(
        competency="mentoring",
        part=part,
        reason=text(part, "There was nobody to mentor."),
        before=2,
        after_self_assessment=False,
        by=EVALUATOR,
        at=AT,
    )
    assert removed == [EvidenceRemoved(competency="mentoring", part="evidence/mentoring/3", by=EVALUATOR, at=AT)]


def test_a_rating_can_be_taken_away_again() -> None:
    event = drafted().draft_line(rated("design", None), EVALUATOR, AT)[0]
    assert event == LineCleared(competency="design", before=4, after_self_assessment=False, by=EVALUATOR, at=AT)


@pytest.mark.parametrize("rating", [0.5, 3.3, 5.5])
def test_a_rating_is_a_half_point_from_one_to_five(rating: float) -> None:
    with pytest.raises(Invalid, match="half point"):
        assigned().draft_line(rated("design", rating), EVALUATOR, AT)


def test_only_what_the_present_and_the_next_levels_ask_is_rated() -> None:
    with pytest.raises(NotFound):
        assigned().draft_line(rated("negotiation", 3), EVALUATOR, AT)


def test_a_rating_and_not_seen_exclude_each_other() -> None:
    with pytest.raises(Invalid, match="not both"):
        assigned().draft_line(
            LineDraft(competency="design", rating=3, not_seen=Written(text="Why not.")), EVALUATOR, AT
        )


def test_only_a_line_without_rating_and_without_not_seen_blocks_the_submission() -> None:
    state = after(assigned(), assigned().draft_line(rated("delivery", 3), EVALUATOR, AT))
    with pytest.raises(Unfinished) as refused:
        state.submit(EVALUATOR, AT, DUE)
    assert refused.value.competencies == ("communication", "mentoring", "design")


def test_a_cycle_may_require_evidence_with_every_rating() -> None:
    state = assigned(evidence_required=True)
    for competency in state.terms.competencies:
        state = after(state, state.draft_line(rated(competency, 3), EVALUATOR, AT))
    with pytest.raises(Unfinished, match="asks for evidence"):
        state.submit(EVALUATOR, AT, DUE)


def test_a_complete_draft_can_be_submitted() -> None:
    event = drafted().submit(EVALUATOR, AT, DUE)
    assert event == Submitted(codes=(), mean=3.125, approval_due_at=DUE, by=EVALUATOR, at=AT)


def test_a_submitted_evaluation_cannot_be_changed() -> None:
    with pytest.raises(NotNow, match="submitted"):
        submitted().draft_line(rated("design", 3), EVALUATOR, AT)


def test_the_evaluator_recalls_until_hr_approves_or_returns() -> None:
    assert submitted().recall(EVALUATOR, AT) == Recalled(manager_due_at=DUE_TIMES.manager_at, by=EVALUATOR, at=AT)
    with pytest.raises(NotNow):
        approved().recall(EVALUATOR, AT)
    returned = after(submitted(), submitted().give_back({"design": "Say where."}, HR, AT))
    with pytest.raises(NotNow):
        returned.recall(EVALUATOR, AT)


def test_a_recalled_evaluation_is_a_draft_again() -> None:
    state = submitted()
    assert after(state, state.recall(EVALUATOR, AT)).status == "draft"


def test_hr_returns_with_specific_feedback_per_competency() -> None:
    event = submitted().give_back({"design": "Say where this was seen."}, HR, AT)
    assert isinstance(event, Returned)
    assert [(one.competency, one.part, one.text) for one in event.comments] == [
        ("design", "return/design/5", text("return/design/5", "Say where this was seen."))
    ]


def test_a_return_without_feedback_is_refused() -> None:
    with pytest.raises(Invalid):
        submitted().give_back({}, HR, AT)


def test_a_returned_evaluation_is_changed_and_submitted_again() -> None:
    state = after(submitted(), submitted().give_back({"design": "Say where."}, HR, AT))
    state = after(state, state.draft_line(rated("design", 3.5, LONG), EVALUATOR, LATER))
    assert after(state, state.submit(EVALUATOR, LATER, DUE)).status == "submitted"


def test_hr_approves_a_submitted_evaluation() -> None:
    events = submitted().approve(HR, AT, DUE, {"design": 4.5})
    assert events == (
        Approved(revision=1, self_ratings={"design": 4.5}, release_due_at=DUE, together=False, by=HR, at=AT),
    )


@pytest.mark.parametrize("person", [EMPLOYEE, EVALUATOR])
def test_nobody_approves_returns_or_excuses_an_evaluation_of_which_they_are_employee_or_evaluator(person: str) -> None:
    state = submitted()
    for act in (
        lambda: state.approve(person, AT, DUE),
        lambda: state.give_back({"design": "Say where."}, person, AT),
        lambda: state.excuse("leave", person, AT),
        lambda: state.examine(person, AT),
    ):
        with pytest.raises(OwnCase):
            act()


@pytest.mark.parametrize("person", [EMPLOYEE, EVALUATOR])
def test_nobody_reopens_or_holds_an_evaluation_of_which_they_are_employee_or_evaluator(person: str) -> None:
    state = approved()
    with pytest.raises(OwnCase):
        state.reopen("A wrong score.", person, AT)
    with pytest.raises(OwnCase):
        state.hold_back("Wait.", person, AT)


def test_whoever_rated_it_does_not_approve_it_after_handing_it_over() -> None:
    state = submitted()
    state = after(state, state.hand_over(OTHER, DUE, HR, AT))
    with pytest.raises(OwnCase):
        state.approve(EVALUATOR, AT, DUE)


def test_whoever_acts_for_an_evaluator_who_left_does_not_approve() -> None:
    with pytest.raises(OwnCase):
        submitted().approve(HR, AT, DUE, acting=HR)


def test_evaluations_without_a_code_once_opened_can_be_approved_together() -> None:
    state = after(submitted(), submitted().examine(HR, AT))
    (event,) = state.approve_together(HR, AT, DUE)
    assert isinstance(event, Approved)
    assert event.together


def test_an_evaluation_that_was_not_opened_is_not_approved_together() -> None:
    with pytest.raises(NotNow, match="Open the evaluation"):
        submitted().approve_together(HR, AT, DUE)


def test_an_evaluation_with_a_code_is_approved_by_itself() -> None:
    state = submitted(drafted(ratings=(3, 3, 3, 3)))
    state = after(state, state.examine(HR, AT))
    with pytest.raises(NotNow, match="reason code"):
        state.approve_together(HR, AT, DUE)


def test_an_evaluation_submitted_again_has_to_be_opened_again() -> None:
    state = after(submitted(), submitted().examine(HR, AT))
    state = after(state, state.recall(EVALUATOR, AT))
    assert submitted(state).examined_by == frozenset()


def test_the_manager_releases_any_time_after_approval() -> None:
    event = approved().release(EVALUATOR, LATER, is_hr=False)
    assert event == Released(revision=1, how="by the manager", by=EVALUATOR, at=LATER)
    with pytest.raises(NotNow):
        submitted().release(EVALUATOR, LATER, is_hr=False)


def test_hr_releases_for_a_manager() -> None:
    assert approved().release(HR, LATER, is_hr=True).how == "by HR"


def test_it_is_released_by_itself_when_its_time_has_come() -> None:
    assert approved().release_by_clock(DUE, late=False) == (Released(revision=1, how="by itself", by=None, at=DUE),)


def test_a_clock_that_fires_after_downtime_is_marked_late() -> None:
    assert approved().release_by_clock(DUE, late=True)[0].late


def test_a_held_evaluation_is_released_by_hr_only() -> None:
    state = after(approved(), approved().hold_back("A complaint is looked into.", HR, AT))
    assert state.release_by_clock(DUE, late=False) == ()
    with pytest.raises(NotNow, match="holds"):
        state.release(EVALUATOR, AT, is_hr=False)
    assert state.release(HR, AT, is_hr=True).how == "by HR"


def test_hr_holds_with_a_reason() -> None:
    event = approved().hold_back("A complaint is looked into.", HR, AT)
    assert event == Held(part="hold/5", reason=text("hold/5", "A complaint is looked into."), by=HR, at=AT)


def test_all_on_one_date_leaves_the_manager_no_earlier_release() -> None:
    state = approved(submitted(drafted(assigned(release="on date", release_on=date(2026, 11, 2)))))
    with pytest.raises(NotNow, match="one date"):
        state.release(EVALUATOR, AT, is_hr=False)
    assert state.release_by_clock(DUE, late=False)[0].how == "on the date"


def test_at_approval_the_employee_may_read_it_at_once() -> None:
    state = submitted(drafted(assigned(release="at approval")))
    approved_event, released_event = state.approve(HR, AT, None, release_now=True)
    assert isinstance(approved_event, Approved)
    assert released_event == Released(revision=1, how="at approval", by=None, at=AT)


def test_hr_reopens_an_approved_released_or_acknowledged_one_with_a_reason() -> None:
    state = released()
    acknowledged = after(state, state.acknowledge(EMPLOYEE, AT))
    for one in (approved(), state, acknowledged):
        event = one.reopen("The wrong project.", HR, LATER)
        assert isinstance(event, Reopened)
        assert (event.revision, event.was_released) == (2, one.status != "approved")
    with pytest.raises(NotNow):
        submitted().reopen("The wrong project.", HR, LATER)


def test_the_next_revision_starts_as_a_draft_with_the_ratings_copied() -> None:
    state = after(released(), released().reopen("The wrong project.", HR, LATER))
    assert state.status == "draft"
    assert state.revision.number == 2
    assert {name: line.rating for name, line in state.revision.lines.items()} == {
        "communication": 3,
        "delivery": 3.5,
        "mentoring": 2,
        "design": 4,
    }


def test_a_pending_release_ends_when_it_is_reopened() -> None:
    state = after(approved(), approved().reopen("The wrong project.", HR, LATER))
    assert state.release_by_clock(DUE, late=False) == ()


def test_until_the_new_revision_is_released_the_employee_is_shown_the_old_one() -> None:
    state = after(released(), released().reopen("The wrong project.", HR, LATER))
    state = after(state, state.draft_line(rated("delivery", 4.5, LONG), EVALUATOR, LATER))
    state = approved(submitted(state))
    assert state.released_revision is not None
    assert state.released_revision.number == 1
    assert state.approved_revision is not None
    assert state.approved_revision.number == 2
    assert [one.number for one in released(state).revisions] == [1, 2]


def test_acknowledging_is_an_act_of_the_employee() -> None:
    assert released().acknowledge(EMPLOYEE, AT) == Acknowledged(revision=1, by=EMPLOYEE, at=AT)
    with pytest.raises(Forbidden):
        released().acknowledge(HR, AT)


def test_a_missing_acknowledgement_blocks_nothing() -> None:
    assert isinstance(released().react("design", "matches", None, EMPLOYEE, AT, DUE), ReactedTo)
    assert isinstance(released().reopen("The wrong project.", HR, AT), Reopened)


def test_the_employee_reacts_to_each_released_score() -> None:
    event = released().react("design", "already knew", None, EMPLOYEE, AT, DUE)
    assert event == ReactedTo(
        revision=1,
        competency="design",
        reaction="already knew",
        part=None,
        reason=None,
        answer_due_at=None,
        answer_by=None,
        at=AT,
    )


def test_there_is_no_reaction_before_release() -> None:
    with pytest.raises(NotNow):
        approved().react("design", "matches", None, EMPLOYEE, AT, DUE)


def test_a_push_back_needs_a_reason() -> None:
    with pytest.raises(Invalid):
        released().react("design", "push back", " ", EMPLOYEE, AT, DUE)


def test_a_push_back_is_answered_and_nothing_is_overwritten() -> None:
    state = released()
    state = after(state, state.react("design", "push back", "The review missed March.", EMPLOYEE, AT, DUE))
    event = state.answer("design", "I will add March to the next one.", EVALUATOR, LATER)
    assert isinstance(event, PushBackAnswered)
    state = after(state, event)
    (kept,) = state.reactions["design"]
    assert (kept.reaction, kept.answered_by, kept.waits) == ("push back", EVALUATOR, False)
    assert state.revision.lines["design"].rating == 4
    with pytest.raises(NotNow):
        state.answer("design", "Again.", EVALUATOR, LATER)


def test_an_unanswered_push_back_is_recorded_when_its_time_is_over() -> None:
    state = released()
    state = after(state, state.react("design", "push back", "The review missed March.", EMPLOYEE, AT, DUE))
    (event,) = state.note_answer_overdue("design", LATER, late=False)
    assert (event.competency, event.due_at) == ("design", DUE)


def test_what_was_not_seen_has_no_score_to_react_to() -> None:
    state = assigned()
    for competency in state.terms.competencies:
        draft = LineDraft(competency=competency, not_seen=Written(text="New in the team."))
        state = after(state, state.draft_line(draft, EVALUATOR, AT))
    with pytest.raises(NotFound):
        released(approved(submitted(state))).react("design", "matches", None, EMPLOYEE, AT, DUE)


def test_only_hr_hands_over_and_the_former_evaluators_ratings_stay_theirs() -> None:
    state = drafted()
    event = state.hand_over(OTHER, DUE, HR, AT)
    assert event == HandedOver(before=EVALUATOR, evaluator=OTHER, manager_due_at=DUE, is_open=True, by=HR, at=AT)
    state = after(state, event)
    assert {line.by for line in state.revision.lines.values()} == {EVALUATOR}


def test_nobody_evaluates_themselves() -> None:
    with pytest.raises(Invalid):
        drafted().hand_over(EMPLOYEE, DUE, HR, AT)


def test_a_substitute_is_named_only_where_no_hr_admin_is_left() -> None:
    with pytest.raises(NotNow):
        submitted().name_substitute(OTHER, (HR,), HR, AT)
    with pytest.raises(Invalid):
        submitted().name_substitute(EVALUATOR, (), HR, AT)
    state = after(submitted(), submitted().name_substitute(OTHER, (), HR, AT))
    assert state.substitute == OTHER


def test_excused_keeps_what_was_written() -> None:
    event = drafted().excuse("leave", HR, AT)
    assert event == Excused(reason="leave", by=HR, at=AT)
    state = after(drafted(), event)
    assert state.revision.lines["delivery"].rating == 3.5
    with pytest.raises(NotNow):
        state.draft_line(rated("delivery", 4), EVALUATOR, AT)


def test_an_approved_evaluation_is_not_excused() -> None:
    with pytest.raises(NotNow):
        approved().excuse("left", HR, AT)


def test_what_is_not_approved_ends_as_not_finished_and_approved_ones_still_go_to_release() -> None:
    assert submitted().end_unfinished(AT) == (NotFinished(at=AT),)
    assert approved().end_unfinished(AT) == ()


def test_what_was_reopened_is_neither_ended_by_closing_nor_excused_since_a_revision_of_it_is_approved() -> None:
    reopened = after(released(), released().reopen("One score was about somebody else.", HR, AT))
    assert reopened.end_unfinished(AT) == ()
    with pytest.raises(NotNow, match="being corrected"):
        reopened.excuse("leave", HR, AT)


def test_cancelling_ends_what_is_not_released() -> None:
    assert approved().end_cancelled(AT) == (EvaluationCancelled(at=AT),)
    with pytest.raises(NotNow, match="released"):
        released().end_cancelled(AT)


def test_dates_only_extend() -> None:
    state = drafted()
    earlier = DUE_TIMES.model_copy(
        update={"days": DUE_TIMES.days.model_copy(update={"manager_due": date(2026, 10, 22)})}
    )
    with pytest.raises(Invalid, match="only extend"):
        state.extend(earlier, DUE, True, HR, AT)
    later = DUE_TIMES.model_copy(update={"manager_at": DUE + timedelta(days=7)})
    assert after(state, state.extend(later, DUE, True, HR, AT)).due.manager_at == DUE + timedelta(days=7)


def test_an_evaluation_not_submitted_in_time_is_recorded_as_late() -> None:
    assert drafted().note_overdue(DUE, DUE, late=False)[0].due_at == DUE
    assert submitted().note_overdue(DUE, DUE, late=False) == ()


def test_a_submission_that_waits_too_long_is_recorded() -> None:
    assert len(submitted().note_approval_overdue(DUE, DUE, late=False)) == 1
    assert approved().note_approval_overdue(DUE, DUE, late=False) == ()


def test_a_missing_self_assessment_is_recorded_when_its_day_is_over() -> None:
    assert len(drafted().note_self_assessment_overdue(DUE, submitted=False, late=False)) == 1
    assert drafted().note_self_assessment_overdue(DUE, submitted=True, late=False) == ()


def test_a_text_is_withdrawn_by_its_author_or_hr_with_a_reason() -> None:
    state = drafted()
    event = state.withdraw("evidence/delivery/2", "This was about Mia.", EVALUATOR, AT.date(), is_hr=False)
    assert event == Withdrawn(
        part="evidence/delivery/2",
        reason=text("withdrawal/5", "This was about Mia."),
        by=EVALUATOR,
        on=AT.date(),
    )
    with pytest.raises(Forbidden):
        released().withdraw("evidence/delivery/2", "No.", OTHER, AT.date(), is_hr=False)
    with pytest.raises(AlreadyThere):
        after(state, event).withdraw("evidence/delivery/2", "Again.", HR, AT.date(), is_hr=True)


def test_hr_cannot_withdraw_what_was_written_about_themselves() -> None:
    with pytest.raises(Forbidden):
        released().withdraw("evidence/delivery/2", "I do not like it.", EMPLOYEE, AT.date(), is_hr=True)


@pytest.mark.parametrize(("by", "is_hr"), [(EMPLOYEE, False), (EMPLOYEE, True), (OTHER, False)])
def test_whoever_may_not_see_a_text_learns_nothing_of_it_by_withdrawing_it(by: str, is_hr: bool) -> None:
    state = drafted()
    gone = after(state, state.withdraw("evidence/delivery/2", "About Mia.", EVALUATOR, AT.date(), is_hr=False))
    for one in (state, gone):
        with pytest.raises(NotFound):
            one.withdraw("evidence/delivery/2", "Is there anything?", by, AT.date(), is_hr=is_hr)


def test_the_employee_acknowledges_the_revision_they_are_shown_also_once_it_is_reopened() -> None:
    state = released()
    state = after(state, state.reopen("The wrong project.", HR, AT))
    state = after(state, state.acknowledge(EMPLOYEE, LATER))
    assert (state.status, state.earlier[0].acknowledged_at, state.revision.acknowledged_at) == ("draft", LATER, None)
    with pytest.raises(AlreadyThere):
        state.acknowledge(EMPLOYEE, LATER)


@pytest.mark.parametrize("state", [drafted(), submitted(), approved()])
def test_what_is_not_released_cannot_be_acknowledged_and_the_refusal_tells_no_more(state: Evaluation) -> None:
    with pytest.raises(NotNow, match=r"^Nothing of this evaluation is released yet; acknowledge it once you can read"):
        state.acknowledge(EMPLOYEE, AT)


def test_a_rating_whose_evidence_was_withdrawn_rests_on_memory() -> None:
    state = drafted()
    state = after(state, state.withdraw("evidence/delivery/2", "About Mia.", EVALUATOR, AT.date(), is_hr=False))
    assert [(code.reason, code.competency) for code in state.own_codes()] == [("rests on memory", "delivery")]


def test_the_state_can_be_folded_from_the_record_alone() -> None:
    state = released()
    assert isinstance(state, Evaluation)
    assert state.revision.released_how == "by the manager"
