"""The deadlines that the events of evaluations start and end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chassis.deadlines import Due, Ended
from chassis.kernel import Event
from chassis.projection import RecordedEvent
from evaluation_svc.domain import evaluation_events as events
from evaluation_svc.domain.self_assessment import SelfSubmitted

KINDS = ("self due", "evaluation due", "approval waiting", "automatic release")
"""What an evaluation waits for, each once; a push-back waits for each score by itself."""


def deadlines(entry: RecordedEvent) -> Iterable[Due | Ended]:
    """Return the deadlines an event starts and ends."""
    subject, event = entry.id, entry.event
    yield from _of_the_way(subject, event)
    yield from _of_a_release(subject, event)
    yield from _of_arrangements(subject, event)
    yield from _of_reactions(subject, event)


def _of_the_way(subject: str, event: Event) -> Iterable[Due | Ended]:
    """From the draft to its approval, and back."""
    match event:
        case events.Assigned():
            yield _due("self due", subject, event.due.self_at, event.employee)
            yield _due("evaluation due", subject, event.due.manager_at, event.evaluator)
        case SelfSubmitted():
            yield _ended("self due", subject)
        case events.Submitted():
            yield _ended("evaluation due", subject)
            yield _due("approval waiting", subject, event.approval_due_at)
        case events.Recalled() | events.Returned():
            yield _ended("approval waiting", subject)
            yield from _due_again(subject, event.manager_due_at, event.at)
        case events.Reopened():
            yield from _due_again(subject, event.manager_due_at, event.at)
        case events.Approved():
            yield _ended("approval waiting", subject)
        case _:
            pass


def _of_a_release(subject: str, event: Event) -> Iterable[Due | Ended]:
    match event:
        case events.Approved() if event.release_due_at is not None:
            yield _due("automatic release", subject, event.release_due_at)
        case events.Released():
            yield _ended("automatic release", subject)
            yield _ended("self due", subject)
        case events.Held() | events.Reopened():
            yield _ended("automatic release", subject)
        case _:
            pass


def _of_arrangements(subject: str, event: Event) -> Iterable[Due | Ended]:
    match event:
        case events.Extended():
            yield from (_due(kind, subject, due_at) for kind, due_at in extended(event).items())
        case events.HandedOver() if event.is_open:
            yield from _due_again(subject, event.manager_due_at, event.at, event.evaluator)
        case events.Excused() | events.NotFinished() | events.EvaluationCancelled():
            yield from (_ended(kind, subject) for kind in KINDS)
        case _:
            pass


def extended(event: events.Extended) -> dict[str, datetime]:
    """Return the clocks that an extension moves, with their new time; one that has passed all the same stays."""
    moved = {
        "self due": event.due.self_at if event.awaits_self_assessment else None,
        "evaluation due": event.due.manager_at if event.is_open else None,
        "approval waiting": event.approval_due_at,
    }
    return {kind: due_at for kind, due_at in moved.items() if due_at is not None and due_at > event.at}


def _of_reactions(subject: str, event: Event) -> Iterable[Due | Ended]:
    match event:
        case events.ReactedTo() | events.PushBackAnswered():
            kind = "push-back unanswered"
            identifier = f"{kind}/{subject}/{event.competency}"
            if isinstance(event, events.ReactedTo) and event.answer_due_at is not None:
                yield Due(identifier, kind, subject, event.answer_by, event.answer_due_at)
            else:
                yield Ended(identifier)
        case _:
            pass


def _due_again(subject: str, due_at: datetime | None, at: datetime, person: str | None = None) -> Iterable[Due]:
    """An evaluation that is with its evaluator again; a day that has passed is none."""
    if due_at is not None and due_at > at:
        yield _due("evaluation due", subject, due_at, person)


def _due(kind: str, subject: str, due_at: datetime, person: str | None = None) -> Due:
    return Due(f"{kind}/{subject}", kind, subject, person, due_at)


def _ended(kind: str, subject: str) -> Ended:
    return Ended(f"{kind}/{subject}")
