from datetime import UTC, date, datetime

import pytest

from chassis.kernel import Event, Invalid, evolve
from gap_svc.domain.levels import Expectation, Level, LevelRef, main_target, targets
from gap_svc.domain.report import Because, Cause, Computed, Inputs, Report
from gap_svc.domain.standing import ApprovedRevision, Placement, Standing

NOVEMBER = datetime(2026, 11, 12, 9, tzinfo=UTC)
JANUARY = datetime(2027, 1, 1, tzinfo=UTC)


def level(name: str, position: int, track: str = "ic", /, **required: float) -> Level:
    asked = {key: Expectation(competency=key, required=value) for key, value in required.items()}
    return Level(
        version=1,
        ladder="engineering",
        level=f"engineering.{name}",
        track=track,
        position=position,
        code=name.upper(),
        title=name,
        expectations=asked,
    )


IC2, IC3, IC4 = (
    level("ic2", 1, code=3.0, design=2.0),
    level("ic3", 2, code=4.0, design=3.0),
    level("ic4", 3, code=4.5, design=4.0),
)
M1 = level("m1", 0, "management", leading=3.0)


def taken(evaluation: str = "ev_1", revision: int = 1, ends: date = date(2026, 10, 31)) -> ApprovedRevision:
    return ApprovedRevision(
        evaluation=evaluation,
        revision=revision,
        cycle="cy_1",
        framework_version=1,
        rated_at=IC2.ref,
        approved_at=NOVEMBER,
        period_ends_on=ends,
        heard=f"approval of {evaluation}",
    )


def placement(at: LevelRef, effective_on: date, in_force_from: datetime, heard: str = "placed") -> Placement:
    return Placement(at=at, framework_version=1, effective_on=effective_on, in_force_from=in_force_from, heard=heard)


def after(*events: Event | tuple[()], state: Standing | None = None) -> Standing:
    found = evolve(Standing, [event for event in events if isinstance(event, Event)], state)
    assert found
    return found


# --- main target ------------------------------------------------------------------------------------------------------


def test_the_main_target_is_what_the_employee_chose_if_it_is_not_yet_reached() -> None:
    assert main_target(IC2, M1, (IC3, M1)) == M1


def test_a_chosen_level_that_is_reached_gives_way_to_the_next_level_of_the_same_track() -> None:
    assert main_target(IC3, IC3, (IC4, M1)) == IC4
    assert main_target(IC3, IC2, (IC4, M1)) == IC4


def test_without_a_choice_the_main_target_is_the_next_level_of_the_same_track() -> None:
    assert main_target(IC2, None, (M1, IC3)) == IC3


def test_without_a_next_level_of_the_same_track_the_main_target_is_the_present_level() -> None:
    assert main_target(IC4, None, (M1,)) == IC4


def test_an_approval_is_due_one_report_for_the_main_target_and_one_for_each_other_next_level() -> None:
    assert targets(IC2, None, (IC3, M1)) == (IC3, M1)
    assert targets(IC2, IC4, (IC3, M1)) == (IC4, IC3, M1)


def test_a_level_that_is_reached_cannot_be_chosen() -> None:
    with pytest.raises(Invalid, match="reached already"):
        Standing().choose("maya", IC2, IC3, "choice", "maya")


def test_choosing_the_same_target_again_is_no_new_fact() -> None:
    standing = after(Standing().choose("maya", IC3, IC2, "first", "maya"))

    assert standing.choose("maya", IC3, IC2, "second", "maya") == ()


# --- what a report rests on -------------------------------------------------------------------------------------------


def test_reports_rest_on_the_approved_evaluation_of_the_latest_period() -> None:
    later, earlier = taken("ev_2", ends=date(2026, 10, 31)), taken("ev_1", ends=date(2026, 4, 30))

    standing = after(Standing().take(later), Standing().take(earlier))

    assert standing.basis == later


def test_an_older_revision_that_is_heard_again_changes_nothing() -> None:
    standing = after(Standing().take(taken(revision=2)))

    assert standing.take(taken(revision=1)) == standing.take(taken(revision=2)) == ()


def test_a_cancelled_cycle_gives_the_word_back_to_the_evaluation_before() -> None:
    standing = after(Standing().take(taken("ev_1", ends=date(2026, 4, 30))), Standing().take(taken("ev_2")))

    standing = after(standing.drop("ev_2"), state=standing)

    assert standing.basis == taken("ev_1", ends=date(2026, 4, 30))


def test_until_a_release_everything_approved_may_become_what_the_employee_reads() -> None:
    earlier, later = taken("ev_1", ends=date(2026, 4, 30)), taken("ev_2")

    standing = after(Standing().take(later), Standing().take(earlier))

    assert standing.bases(None) == (earlier, later)


def test_what_ranks_below_the_released_revision_does_not_count_any_more() -> None:
    earlier, later, revised = taken("ev_1", ends=date(2026, 4, 30)), taken("ev_2"), taken("ev_2", revision=2)

    standing = after(Standing().take(earlier), Standing().take(later), Standing().take(revised))

    assert standing.bases(later) == (later, revised)
    assert standing.bases(revised) == (revised,)


# --- placements -------------------------------------------------------------------------------------------------------


def test_a_placement_from_a_future_date_counts_from_that_day_on() -> None:
    standing = after(Standing().place("maya", placement(IC3.ref, date(2027, 1, 1), JANUARY)))

    assert standing.settle(NOVEMBER) == ()
    assert after(standing.settle(JANUARY), state=standing).present == IC3.ref


def test_of_two_placements_from_one_day_the_one_heard_last_counts() -> None:
    day = date(2026, 11, 1)
    standing = after(
        Standing().place("maya", placement(IC3.ref, day, NOVEMBER)),
        Standing().place("maya", placement(M1.ref, day, NOVEMBER, "corrected")),
    )

    assert standing.in_force(NOVEMBER) == placement(M1.ref, day, NOVEMBER, "corrected")


def test_a_placement_that_is_taken_back_gives_way_to_the_one_before() -> None:
    standing = after(
        Standing().place("maya", placement(IC2.ref, date(2025, 1, 1), datetime(2025, 1, 1, tzinfo=UTC))),
        Standing().place("maya", placement(IC3.ref, date(2026, 11, 1), NOVEMBER)),
    )
    standing = after(standing.settle(NOVEMBER), state=standing)

    standing = after(standing.take_back("maya", IC3.level, date(2026, 11, 1)), state=standing)
    standing = after(standing.settle(JANUARY, "taken back"), state=standing)

    assert (standing.present, standing.present_heard) == (IC2.ref, "taken back")


def test_a_promotion_after_the_approval_means_a_new_bar_for_old_scores() -> None:
    standing = after(
        Standing().take(taken()),
        Standing().place("maya", placement(IC3.ref, date(2027, 1, 1), JANUARY)),
    )

    assert not standing.has_new_bar(taken())
    assert after(standing.settle(JANUARY), state=standing).has_new_bar(taken())


# --- versions of a report ---------------------------------------------------------------------------------------------


def inputs(cause: Cause = "approval", caused_by: str = "approval of ev_1", revision: int = 1) -> Inputs:
    return Inputs(
        employee="maya",
        basis=taken(revision=revision),
        scores={"code": 3.5, "design": 3.0},
        present=IC2,
        target=IC3,
        is_main=True,
        cause=cause,
        caused_by=caused_by,
        new_bar_old_scores=cause == "placement",
        because=Because(approval="approval of ev_1", present_ladder="ladder", target_ladder="ladder"),
    )


def report(*given: Inputs) -> Report:
    state: Report | None = None
    for one in given:
        event = Report.compute(state, one, NOVEMBER)
        state = evolve(Report, [event], state) if isinstance(event, Event) else state
    assert state
    return state


def test_a_report_names_everything_it_was_computed_from() -> None:
    computed = Report.compute(None, inputs(), NOVEMBER)

    assert isinstance(computed, Event)
    assert (computed.version, computed.revision, computed.present, computed.target) == (1, 1, IC2.ref, IC3.ref)
    assert computed.because == inputs().because
    assert (computed.calculation.met, computed.calculation.rated) == (1, 2)
    assert computed.calculation.readiness.figure == 0.75


def test_there_is_exactly_one_version_per_revision_target_and_cause() -> None:
    assert len(report(inputs(), inputs()).versions) == 1
    assert len(report(inputs(), inputs("target", "choice")).versions) == 2


def test_a_report_on_request_is_stored_once_per_revision_and_target() -> None:
    assert len(report(inputs("request", "first"), inputs("request", "second")).versions) == 1
    assert len(report(inputs(), inputs("request", "first")).versions) == 1


def test_the_id_of_a_report_follows_from_evaluation_revision_and_target() -> None:
    named = [("ev_1", 1, IC3), ("ev_1", 1, M1), ("ev_1", 2, IC3), ("ev_2", 1, IC3)]

    assert len({Report.id_of(evaluation, revision, at.ref) for evaluation, revision, at in [*named, *named]}) == 4


def test_the_versions_of_a_revision_are_numbered_apart_from_those_of_another() -> None:
    first = Report.compute(None, inputs(), NOVEMBER)
    second = Report.compute(None, inputs(revision=2), NOVEMBER)

    assert isinstance(first, Computed)
    assert isinstance(second, Computed)
    assert (first.version, second.version) == (1, 1)
    assert first.report != second.report


def test_a_report_is_withdrawn_once() -> None:
    known = report(inputs())
    withdrawn = known.withdraw("The cycle was cancelled.", "cancelled")

    assert isinstance(withdrawn, Event)
    assert Report.evolve(known, withdrawn).withdraw("The cycle was cancelled.", "cancelled") == ()
