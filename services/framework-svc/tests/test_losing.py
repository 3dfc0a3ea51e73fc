"""people-svc is restored to an earlier moment: placements that lost statements led to are taken back, others stay."""

from __future__ import annotations

from datetime import UTC, date, datetime

from chassis.kernel import Event, evolve
from framework_svc.domain.placement_events import (
    PersonPlaced,
    PlacementCountsAgain,
    PlacementPlanned,
    PlacementsOpened,
    PlacementWithdrawn,
    PlanEnded,
    StatementRefused,
    StatementSettled,
)
from framework_svc.domain.placements import Placement, Statement

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
IC1, IC2 = "engineering.ic1", "engineering.ic2"


def placed(placement: str, level: str, day: date = MAY) -> PersonPlaced:
    return PersonPlaced(placement=placement, level=level, effective_on=day, reason="move", version=1)


def planned(placement: str, level: str, day: date = JUNE) -> PlacementPlanned:
    due = datetime(2026, 6, 1, tzinfo=UTC)
    return PlacementPlanned(placement=placement, level=level, effective_on=day, reason="move", due_at=due)


def refused(level: str) -> StatementRefused:
    return StatementRefused(ladder="engineering", track="IC", level=level, effective_on=MAY, why="No such level.")


def after(*events: Event) -> Placement:
    state = evolve(Placement, (PlacementsOpened(person="maya"), *events))
    assert state is not None
    return state


def test_a_placement_nobody_stated_after_all_is_withdrawn_and_the_one_before_counts_again() -> None:
    decided = after(placed("one", IC1), placed("two", IC2)).without({"two"}, None)

    assert decided == (
        PlacementWithdrawn(placement="two", level=IC2, effective_on=MAY),
        PlacementCountsAgain(placement="one"),
    )


def test_of_several_that_are_lost_the_last_is_taken_back_first() -> None:
    decided = after(placed("one", IC1), placed("two", IC2, JUNE)).without({"one", "two"}, None)

    assert [event.placement for event in decided if isinstance(event, PlacementWithdrawn)] == ["two", "one"]


def test_a_plan_nobody_stated_after_all_ends() -> None:
    assert after(planned("one", IC1)).without({"one"}, None) == (PlanEnded(placement="one", why="taken back"),)


def test_a_plan_that_has_begun_since_is_withdrawn() -> None:
    decided = after(planned("one", IC1), placed("one", IC1, JUNE)).without({"one"}, None)

    assert decided == (PlacementWithdrawn(placement="one", level=IC1, effective_on=JUNE),)


def test_what_was_taken_back_already_is_not_taken_back_again() -> None:
    state = after(placed("one", IC1), PlacementWithdrawn(placement="one", level=IC1, effective_on=MAY))

    assert state.without({"one"}, None) == ()


def test_a_refused_statement_that_is_lost_leaves_the_list_and_one_before_it_is_listed_again() -> None:
    first, second = refused(IC1), refused(IC2)
    left = Statement(**first.model_dump())

    assert after(first, second).without((), None) == (StatementSettled(),)
    assert after(first, second).without((), left) == (first,)
    assert after(first).without((), left) == ()
