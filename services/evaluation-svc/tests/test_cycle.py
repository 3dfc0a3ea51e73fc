"""The cycle: plan, participants, data check, opening, closing, cancellation."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chassis.kernel import Unsealed
from evaluation_svc.domain.cycle import Cancelled, Closed, Cycle, KeptLine, Opened, Participant, ParticipantEntered
from evaluation_svc.domain.errors import AlreadyThere, Invalid, NotNow, NotReadyToOpen
from evaluation_svc.domain.participants import (
    Candidate,
    Finding,
    Member,
    data_check,
    default_participants,
    possible_approvers,
)

from .given import AT, DATES, EMPLOYEE, EVALUATOR, HR, OTHER, after, plan, planned

MAYA = Candidate(person=EMPLOYEE, evaluator=EVALUATOR, approvers=(HR,))


def maya(**changes: Any) -> Candidate:
    return MAYA.model_copy(update=changes)


def opened() -> Cycle:
    state = planned()
    cycle: Cycle = after(state, state.open("autumn", (MAYA,), {EMPLOYEE: "e1"}, HR, AT))
    return cycle


def test_due_dates_follow_one_another() -> None:
    with pytest.raises(Invalid, match="manager_due"):
        Cycle.planning(plan(dates=DATES.model_copy(update={"manager_due": date(2026, 10, 1)})), HR, AT)


def test_a_release_on_one_date_names_it_on_or_after_the_approvals() -> None:
    with pytest.raises(Invalid, match="release_on"):
        Cycle.planning(plan(release="on date"), HR, AT)
    with pytest.raises(Invalid, match="release_on"):
        Cycle.planning(plan(release="on date", release_on=date(2026, 10, 1)), HR, AT)


def test_a_cycle_may_be_one_team_or_one_person() -> None:
    assert planned(scope="team", of=EVALUATOR).plan.of == EVALUATOR
    assert planned(scope="person", of=EMPLOYEE).plan.scope == "person"
    with pytest.raises(Invalid):
        Cycle.planning(plan(scope="person"), HR, AT)


def test_default_participants_are_active_and_at_least_ninety_days_in_the_period() -> None:
    start = date(2020, 1, 1)
    members = (
        Member(person="long", status="active", starts_on=start),
        Member(person="ninety", status="active", starts_on=date(2026, 7, 3)),
        Member(person="new", status="active", starts_on=date(2026, 7, 4)),
        Member(person="away", status="leave", starts_on=start),
        Member(person="gone", status="left", starts_on=start),
    )
    found = default_participants(members, date(2026, 4, 1), date(2026, 9, 30))
    assert found.chosen == ("long", "ninety")
    assert found.left_out == {
        "new": "89 days in the period, 90 are needed",
        "away": "on leave",
        "gone": "has left",
    }


def test_in_a_period_under_ninety_days_all_of_it_counts() -> None:
    member = Member(person="maya", status="active", starts_on=date(2026, 4, 1))
    assert default_participants((member,), date(2026, 4, 1), date(2026, 4, 30)).chosen == ("maya",)


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"evaluator": None}, "manager"),
        ({"placed": False}, "placement"),
        ({"published": False}, "published ladder"),
        ({"has_email": False}, "e-mail"),
        ({"invited": False}, "invitation"),
        ({"approvers": ()}, "approver"),
    ],
)
def test_the_data_check_lists_people_without(changes: dict[str, Any], lacks: Any) -> None:
    assert data_check((maya(**changes),)) == (Finding(person=EMPLOYEE, lacks=lacks),)


def test_a_cycle_opens_with_an_evaluation_for_everybody() -> None:
    event = planned().open("autumn", (MAYA,), {EMPLOYEE: "e1"}, HR, AT)
    assert event == Opened(cycle="autumn", participants=(Participant(person=EMPLOYEE, evaluation="e1"),), by=HR, at=AT)


@pytest.mark.parametrize("changes", [{"evaluator": None}, {"placed": False}, {"published": False}, {"approvers": ()}])
def test_opening_waits_until_everybody_can_be_evaluated_and_approved(changes: dict[str, Any]) -> None:
    with pytest.raises(NotReadyToOpen):
        planned().open("autumn", (maya(**changes),), {EMPLOYEE: "e1"}, HR, AT)


def test_somebody_without_e_mail_or_invitation_does_not_keep_it_from_opening() -> None:
    event = planned().open("autumn", (maya(has_email=False, invited=False),), {EMPLOYEE: "e1"}, HR, AT)
    assert isinstance(event, Opened)


def test_a_cycle_without_participants_does_not_open() -> None:
    with pytest.raises(NotNow):
        planned().open("autumn", (), {}, HR, AT)


def test_hr_admins_who_are_employee_or_evaluator_do_not_count_as_approvers() -> None:
    assert possible_approvers((HR, EVALUATOR), EMPLOYEE, (EVALUATOR,)) == (HR,)
    assert possible_approvers((HR,), HR, (EVALUATOR,)) == ()


def test_a_substitute_counts_only_where_no_hr_admin_is_left() -> None:
    assert possible_approvers((HR,), HR, (EVALUATOR,), OTHER) == (OTHER,)
    assert possible_approvers((HR,), EMPLOYEE, (EVALUATOR,), OTHER) == (HR,)


def test_the_cycle_names_a_recorded_substitute_for_exactly_that_evaluation() -> None:
    state = planned()
    state = after(state, state.name_substitute(HR, OTHER, EVALUATOR, (), HR, AT))
    assert state.substitutes == {HR: OTHER}
    with pytest.raises(NotNow):
        state.name_substitute(EMPLOYEE, OTHER, EVALUATOR, (HR,), HR, AT)


def test_people_are_left_out_with_a_reason_or_given_an_evaluator() -> None:
    state = planned()
    state = after(state, state.exclude("ceo", "Answers to the board.", HR, AT))
    state = after(state, state.name_evaluator("cfo", OTHER, HR, AT))
    assert (set(state.excluded), state.evaluators) == ({"ceo"}, {"cfo": OTHER})
    with pytest.raises(Invalid):
        state.exclude("cto", " ", HR, AT)


def test_why_somebody_is_left_out_is_a_text_about_them() -> None:
    event = planned().exclude("ceo", "On sabbatical.", HR, AT)
    assert event.reason == Unsealed(person="ceo", part="excluded", text="On sabbatical.")


def test_somebody_left_out_can_be_added_again() -> None:
    state = planned()
    state = after(state, state.exclude("ceo", "Answers to the board.", HR, AT))
    state = after(state, state.add("ceo", HR, AT))
    assert (state.excluded, state.added) == ({}, frozenset({"ceo"}))


def test_somebody_may_enter_an_open_cycle_later_but_once() -> None:
    event = opened().enter(Candidate(person="nils", evaluator=EVALUATOR, approvers=(HR,)), "e2", HR, AT)
    assert event == ParticipantEntered(person="nils", evaluation="e2", by=HR, at=AT)
    with pytest.raises(AlreadyThere):
        opened().enter(MAYA, "e3", HR, AT)


def test_closing_lists_what_was_not_finished() -> None:
    assert opened().close("autumn", ("e1",), HR, AT) == Closed(cycle="autumn", not_finished=("e1",), by=HR, at=AT)
    with pytest.raises(NotNow):
        planned().close("autumn", (), HR, AT)


def test_a_planned_or_open_cycle_is_cancelled_with_a_reason() -> None:
    for state in (planned(), opened()):
        event = state.cancel("autumn", "A merger.", False, HR, AT)
        assert event == Cancelled(cycle="autumn", reason="A merger.", by=HR, at=AT)
    with pytest.raises(NotNow):
        after(opened(), opened().close("autumn", (), HR, AT)).cancel("autumn", "Late.", False, HR, AT)


def test_a_cycle_is_not_cancelled_once_something_in_it_is_released() -> None:
    with pytest.raises(NotNow, match="released"):
        opened().cancel("autumn", "A merger.", True, HR, AT)


def test_the_plan_changes_only_before_opening() -> None:
    state = planned()
    assert after(state, state.replan(plan(name="Autumn"), HR, AT)).plan.name == "Autumn"
    with pytest.raises(NotNow):
        opened().replan(plan(name="Autumn"), HR, AT)


def test_a_scorecard_waits_in_a_planned_cycle_until_hr_opens_it() -> None:
    state = planned(scope="person", of=EMPLOYEE)
    lines = (KeptLine(competency="delivery", rating=3),)
    state = after(state, state.bring_scorecard(EMPLOYEE, lines, EVALUATOR, AT))
    assert state.status == "planned"
    assert state.scorecards[EMPLOYEE].by == EVALUATOR
