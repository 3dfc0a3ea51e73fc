"""Who sits at which level from when."""

from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest

from chassis.kernel import Event, Invalid, evolve
from framework_svc.domain.errors import NoSuchPlacement
from framework_svc.domain.placement_events import (
    PersonPlaced,
    PlacementCountsAgain,
    PlacementPlanned,
    PlacementWithdrawn,
    PlanEnded,
    Reason,
    SeatsVacated,
)
from framework_svc.domain.placements import Placement, Statement

TODAY = date(2026, 3, 3)
DUE = datetime(2026, 6, 1, tzinfo=UTC)
IC1, IC2, IC3 = "engineering.ic1", "engineering.ic2", "engineering.ic3"


def placing(
    now: Placement,
    placement: str,
    level: str,
    day: date,
    reason: Reason = "move",
    evaluation: str | None = None,
    criteria: tuple[str, ...] = (),
) -> PersonPlaced | PlacementPlanned | tuple[()]:
    return now.place(
        placement,
        level,
        day,
        reason,
        today=TODAY,
        due_at=DUE,
        version=4,
        evaluation=evaluation,
        criteria=criteria,
    )


def after(now: Placement, *decided: Event | tuple[Event, ...]) -> Placement:
    events = [event for each in decided for event in (each if isinstance(each, tuple) else (each,))]
    return cast(Placement, evolve(Placement, events, now))


def placed(*steps: tuple[str, str, date]) -> Placement:
    now = Placement()
    for placement, level, day in steps:
        now = after(now, placing(now, placement, level, day))
    return now


# --- placing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["hire", "promotion", "move", "correction"])
def test_somebody_is_placed_from_a_day_on_for_a_reason(reason: Reason) -> None:
    assert placing(Placement(), "pl_1", IC1, TODAY, reason) == PersonPlaced(
        placement="pl_1", level=IC1, effective_on=TODAY, reason=reason, version=4
    )


def test_where_was_somebody_on_a_day_has_an_answer() -> None:
    now = placed(("pl_1", IC1, date(2024, 1, 1)), ("pl_2", IC2, date(2025, 7, 1)))

    assert now.on(date(2023, 12, 31)) is None
    assert [seat.level for day in (date(2025, 6, 30), date(2025, 7, 1)) if (seat := now.on(day))] == [IC1, IC2]


def test_an_older_placement_recorded_late_does_not_move_the_present_one() -> None:
    now = placed(("pl_1", IC2, date(2025, 7, 1)), ("pl_2", IC1, date(2024, 1, 1)))

    present = now.present()
    assert present is not None
    assert present.level == IC2


def test_of_one_day_the_last_recorded_placement_counts() -> None:
    now = placed(("pl_1", IC1, TODAY), ("pl_2", IC2, TODAY))

    present = now.present()
    assert present is not None
    assert present.placement == "pl_2"


def test_stating_what_is_so_already_records_nothing() -> None:
    now = placed(("pl_1", IC1, date(2024, 1, 1)))

    assert placing(now, "pl_2", IC1, TODAY) == ()


def test_a_promotion_may_name_the_evaluation_and_criteria_it_rests_on() -> None:
    promoted = placing(Placement(), "pl_1", IC2, TODAY, "promotion", "ev_1", ("cr_1", "cr_2"))

    assert isinstance(promoted, PersonPlaced)
    assert (promoted.evaluation, promoted.criteria) == ("ev_1", ("cr_1", "cr_2"))


@pytest.mark.parametrize("reason", ["hire", "move", "correction"])
def test_nothing_but_a_promotion_rests_on_an_evaluation_or_criteria(reason: Reason) -> None:
    with pytest.raises(Invalid, match="Only a promotion"):
        placing(Placement(), "pl_1", IC2, TODAY, reason, evaluation="ev_1")
    with pytest.raises(Invalid, match="Only a promotion"):
        placing(Placement(), "pl_1", IC2, TODAY, reason, criteria=("cr_1",))


def test_a_stated_placement_is_a_hire_only_from_the_first_day_on_and_else_a_correction_or_a_move() -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert Placement().reason_for(TODAY, first_day=TODAY) == "hire"
    assert Placement().reason_for(tomorrow, first_day=tomorrow) == "hire"
    assert Placement().reason_for(TODAY, first_day=date(2019, 3, 4)) == "correction"
    assert placed(("pl_1", IC1, TODAY)).reason_for(tomorrow, first_day=TODAY) == "move"


# --- future days ------------------------------------------------------------------------------------------------------


def test_a_future_day_is_planned_and_changes_nothing_yet() -> None:
    now = placed(("pl_1", IC1, date(2024, 1, 1)), ("pl_2", IC2, date(2026, 6, 1)))

    present, on_the_day = now.present(), now.on(date(2026, 6, 1))
    assert present is not None
    assert present == on_the_day
    assert present.level == IC1
    assert [(seat.level, seat.due_at) for seat in now.planned()] == [(IC2, DUE)]


def test_a_plan_begins_when_its_day_comes_with_the_version_of_that_day() -> None:
    now = placed(("pl_1", IC1, date(2024, 1, 1)), ("pl_2", IC2, date(2026, 6, 1)))

    begun = now.begin("pl_2", version=5)
    now = after(now, begun)

    assert begun == PersonPlaced(placement="pl_2", level=IC2, effective_on=date(2026, 6, 1), reason="move", version=5)
    assert now.planned() == ()
    present = now.present()
    assert present is not None
    assert (present.level, present.version) == (IC2, 5)


def test_a_planned_promotion_begins_with_what_it_rests_on() -> None:
    now = after(Placement(), placing(Placement(), "pl_1", IC2, date(2026, 6, 1), "promotion", "ev_1", ("cr_1",)))

    begun = now.begin("pl_1", version=4)

    assert isinstance(begun, PersonPlaced)
    assert (begun.reason, begun.evaluation, begun.criteria) == ("promotion", "ev_1", ("cr_1",))


def test_a_plan_begins_once() -> None:
    now = placed(("pl_1", IC2, date(2026, 6, 1)))
    now = after(now, now.begin("pl_1", version=4))

    assert now.begin("pl_1", version=4) == ()


def test_a_plan_that_was_taken_back_does_not_begin() -> None:
    now = placed(("pl_1", IC2, date(2026, 6, 1)))
    now = after(now, now.take_back("pl_1"))

    assert now.begin("pl_1", version=4) == ()


def test_planning_what_is_planned_already_records_nothing() -> None:
    now = placed(("pl_1", IC1, TODAY), ("pl_2", IC2, date(2026, 6, 1)))

    assert placing(now, "pl_3", IC2, date(2026, 6, 1)) == ()
    assert placing(now, "pl_3", IC2, date(2026, 7, 1)) == ()


def test_a_return_to_the_present_level_after_a_plan_is_a_plan_of_its_own() -> None:
    now = placed(("pl_1", IC1, TODAY), ("pl_2", IC2, date(2026, 6, 1)))

    assert isinstance(placing(now, "pl_3", IC1, date(2026, 9, 1)), PlacementPlanned)


def test_of_two_plans_for_one_day_the_last_decided_counts_whichever_begins_first() -> None:
    now = placed(("pl_1", IC2, date(2026, 6, 1)), ("pl_2", IC3, date(2026, 6, 1)))

    for order in (("pl_1", "pl_2"), ("pl_2", "pl_1")):
        begun = now
        for placement in order:
            begun = after(begun, begun.begin(placement, version=4))
        present = begun.present()
        assert present is not None
        assert present.level == IC3


# --- taking back, leaving, erasing ------------------------------------------------------------------------------------


def test_a_plan_is_taken_back_and_a_mistaken_placement_is_withdrawn() -> None:
    now = placed(("pl_1", IC1, date(2024, 1, 1)), ("pl_2", IC2, TODAY), ("pl_3", IC3, date(2026, 6, 1)))

    assert now.take_back("pl_3") == (PlanEnded(placement="pl_3", why="taken back"),)
    withdrawn = now.take_back("pl_2")
    assert withdrawn == (PlacementWithdrawn(placement="pl_2", level=IC2, effective_on=TODAY),)
    present = after(now, withdrawn).present()
    assert present is not None
    assert present.level == IC1


def test_where_two_were_placed_for_one_day_the_earlier_counts_again_once_the_later_is_withdrawn() -> None:
    now = placed(("pl_1", IC1, TODAY), ("pl_2", IC2, TODAY))

    withdrawn = now.take_back("pl_2")

    assert withdrawn == (
        PlacementWithdrawn(placement="pl_2", level=IC2, effective_on=TODAY),
        PlacementCountsAgain(placement="pl_1"),
    )
    present = after(now, withdrawn).present()
    assert present is not None
    assert present.placement == "pl_1"


def test_withdrawing_the_earlier_of_two_of_one_day_changes_nothing_that_counts() -> None:
    now = placed(("pl_1", IC1, TODAY), ("pl_2", IC2, TODAY))

    assert now.take_back("pl_1") == (PlacementWithdrawn(placement="pl_1", level=IC1, effective_on=TODAY),)


def test_a_placement_that_is_not_there_cannot_be_taken_back() -> None:
    with pytest.raises(NoSuchPlacement):
        Placement().take_back("pl_1")


def test_somebody_who_leaves_keeps_the_level_and_loses_the_plans() -> None:
    now = placed(("pl_1", IC1, TODAY), ("pl_2", IC2, date(2026, 6, 1)), ("pl_3", IC3, date(2026, 9, 1)))

    ended = now.end_plans("left")

    assert ended == (PlanEnded(placement="pl_2", why="left"), PlanEnded(placement="pl_3", why="left"))
    assert after(now, ended).held() == {IC1}


def test_the_levels_one_sits_at_and_will_sit_at_are_held_and_those_one_has_left_are_not() -> None:
    now = placed(("pl_1", IC1, date(2024, 1, 1)), ("pl_2", IC2, TODAY), ("pl_3", IC3, date(2026, 6, 1)))

    assert now.held() == {IC2, IC3}


def test_an_erased_person_counts_at_no_level_and_keeps_the_dates_and_levels_of_the_history() -> None:
    now = placed(("pl_1", IC1, TODAY), ("pl_2", IC2, date(2026, 6, 1)))

    vacated = now.vacate()
    erased = after(now, vacated)

    assert vacated == (PlanEnded(placement="pl_2", why="erased"), SeatsVacated())
    assert erased.held() == frozenset()
    assert [seat.level for seat in erased.seats] == [IC1]
    assert erased.vacate() == ()


# --- statements of an import ------------------------------------------------------------------------------------------


def test_a_statement_that_cannot_be_placed_is_listed_in_its_own_words_once() -> None:
    refused = Placement().refuse("Engineering", "IC", "Wizard", TODAY, "No such level.")
    now = after(Placement(), refused)

    assert now.statement == Statement(
        ladder="Engineering", track="IC", level="Wizard", effective_on=TODAY, why="No such level."
    )
    assert now.refuse("Engineering", "IC", "Wizard", TODAY, "No such level.") == ()


def test_a_statement_is_settled_by_the_next_placement() -> None:
    now = after(Placement(), Placement().refuse("Engineering", "IC", "Wizard", TODAY, "No such level."))

    assert after(now, placing(now, "pl_1", IC1, TODAY)).statement is None


def test_a_statement_is_settled_when_what_is_stated_next_is_so_already() -> None:
    now = placed(("pl_1", IC1, TODAY))
    now = after(now, now.refuse("Engineering", "IC", "Wizard", TODAY, "No such level."))

    assert after(now, now.settle()).statement is None
    assert placed(("pl_1", IC1, TODAY)).settle() == ()
