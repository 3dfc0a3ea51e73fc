"""What is known of an evaluation to whoever is told of released revisions only: the employee before all others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from chassis.kernel import Event
from evaluation_svc.domain.evaluation import ENDED, Evaluation, Status
from evaluation_svc.domain.evaluation_events import (
    Acknowledged,
    AnswerOverdue,
    Approved,
    Assigned,
    EvaluationCancelled,
    Excused,
    Extended,
    HandedOver,
    NotFinished,
    PushBackAnswered,
    ReactedTo,
    Released,
    Reopened,
    Returned,
    SelfAssessmentOverdue,
    Withdrawn,
)
from evaluation_svc.domain.revisions import Revision

KnownStatus = Status | Literal["not released"]


def known_status(state: Evaluation) -> KnownStatus:
    """Return where the evaluation is; what happens on the way to a release is one and the same."""
    if shown := state.released_revision:
        return "acknowledged" if shown.acknowledged_at else "released"
    return state.status if state.status in ENDED else "not released"


def known_returns(state: Evaluation) -> int | None:
    """Return how often it was returned until what is released was approved; None before any release."""
    shown = state.released_revision
    return sum(len(one.returns) for one in state.revisions if one.number <= shown.number) if shown else None


def known_reopening(state: Evaluation, revision: Revision) -> Revision | None:
    """Return the revision that HR started from this one; it is told of where this one had been released."""
    return next((one for one in state.revisions if one.number == revision.number + 1 and revision.released_at), None)


def known_events(state: Evaluation, events: Iterable[Event]) -> list[bool]:
    """Tell for each event of the stream, oldest first, whether it is known; `state` is the one after all of them."""
    released = {one.number for one in state.revisions if one.released_at}
    last, revision, told, out = max(released, default=0), 1, False, list[bool]()
    for event in events:
        match event:
            case Reopened():
                known, revision = event.was_released, event.revision
            case Approved():
                known = event.revision in released
            case Returned():
                known = revision <= last
            case Withdrawn():
                known = event.part in state.released_parts
            case NotFinished():
                known = not told
            case _:
                known = isinstance(event, _ALWAYS)
        told = told or isinstance(event, Released)
        out.append(known)
    return out


_ALWAYS = (
    Acknowledged,
    AnswerOverdue,
    Assigned,
    EvaluationCancelled,
    Excused,
    Extended,
    HandedOver,
    PushBackAnswered,
    ReactedTo,
    Released,
    SelfAssessmentOverdue,
)
ABOUT_REACTIONS = (AnswerOverdue, PushBackAnswered, ReactedTo)
"""What is known only to whoever reads the reactions."""
