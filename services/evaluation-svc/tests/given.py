"""Named histories of cycles and evaluations for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from chassis.kernel import Event, Sealed, State, evolve, sealed_event
from evaluation_svc.domain.cycle import Cycle, Dates, Plan
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import DueTimes, Terms
from evaluation_svc.domain.lines import LineDraft, Written

S = TypeVar("S", bound=State)

AT = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(days=1)
DUE = AT + timedelta(days=14)
EMPLOYEE, EVALUATOR, HR, OTHER = "maya", "erik", "hanna", "olga"
COMPETENCIES = ("communication", "delivery", "mentoring", "design")
LONG = "Led the billing migration in May; no invoice was late and support calls fell by half."

DATES = Dates(
    self_due=date(2026, 10, 9),
    manager_due=date(2026, 10, 23),
    approval_due=date(2026, 10, 30),
    conversations_by=date(2026, 11, 20),
)
PLAN = Plan(
    name="Autumn 2026",
    starts_on=date(2026, 4, 1),
    ends_on=date(2026, 9, 30),
    framework_version=3,
    dates=DATES,
)
DUE_TIMES = DueTimes(days=DATES, self_at=AT + timedelta(days=4), manager_at=DUE, approval_at=AT + timedelta(days=25))


def plan(**changes: Any) -> Plan:
    """Return the plan of the autumn cycle with changes."""
    return PLAN.model_copy(update=changes)


def terms(**changes: Any) -> Terms:
    """Return the terms of the autumn cycle with changes."""
    given = Terms(
        cycle="autumn",
        cycle_name="Autumn 2026",
        framework_version=3,
        ends_on=date(2026, 9, 30),
        release="by manager",
        ladder="engineering",
        level="ic2",
        next_levels=("ic3", "m1"),
        competencies=COMPETENCIES,
    )
    return given.model_copy(update=changes)


def sealed(event: Event) -> Event:
    """Return the event as it is once stored: its texts sealed."""
    return sealed_event(
        event,
        lambda text: Sealed(person=text.person, stream="w/evaluation/e1", part=text.part, key="k", enc=text.text),
    )


def after(state: S, *events: Event | Sequence[Event]) -> S:
    """Return the state after events, each as stored; tuples of events are taken apart."""
    for item in events:
        for one in [item] if isinstance(item, Event) else item:
            state = type(state).evolve(state, sealed(one))
    return state


def assigned(**changes: Any) -> Evaluation:
    """Return an evaluation that somebody has just been given."""
    event = Evaluation.assign("e1", EMPLOYEE, EVALUATOR, terms(**changes), DUE_TIMES, AT)
    state = evolve(Evaluation, [event])
    assert state is not None
    return state


def rated(competency: str, rating: float | None, *evidence: str) -> LineDraft:
    """Return a line with its whole evidence."""
    return LineDraft(competency=competency, rating=rating, evidence=tuple(Written(text=one) for one in evidence))


def drafted(state: Evaluation | None = None, ratings: tuple[float, ...] = (3, 3.5, 2, 4)) -> Evaluation:
    """Return an evaluation with every line rated and evidenced."""
    state = state or assigned()
    for competency, rating in zip(COMPETENCIES, ratings, strict=True):
        state = after(state, state.draft_line(rated(competency, rating, LONG), EVALUATOR, AT))
    return state


def submitted(state: Evaluation | None = None) -> Evaluation:
    """Return an evaluation that waits for HR."""
    state = state or drafted()
    return after(state, state.submit(EVALUATOR, AT, DUE))


def approved(state: Evaluation | None = None) -> Evaluation:
    """Return an evaluation that HR approved."""
    state = state or submitted()
    return after(state, state.approve(HR, AT, DUE))


def released(state: Evaluation | None = None) -> Evaluation:
    """Return an evaluation that the employee may read."""
    state = state or approved()
    return after(state, state.release(EVALUATOR, AT, is_hr=False))


def planned(**changes: Any) -> Cycle:
    """Return a planned cycle."""
    state = evolve(Cycle, [Cycle.planning(plan(**changes), HR, AT)])
    assert state is not None
    return state
