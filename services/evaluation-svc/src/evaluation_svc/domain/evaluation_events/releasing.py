"""The release, and what the employee and the evaluator said from then on."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel import Event, Personal
from evaluation_svc.domain.evaluation_events.terms import Reaction, ReleasedHow


class Released(Event):
    """The employee may read the approved revision; `late` where the clock fired after its time."""

    TOPIC = "evaluation.released"
    revision: int
    how: ReleasedHow
    by: str | None
    at: datetime
    late: bool = False


class Acknowledged(Event):
    """The employee read it, which is not agreeing."""

    TOPIC = "evaluation.acknowledged"
    revision: int
    by: str
    at: datetime


class ReactedTo(Event):
    """The employee answered one released score; a push-back waits for an answer until `answer_due_at`."""

    TOPIC = "evaluation.reacted-to"
    revision: int
    competency: str
    reaction: Reaction
    part: str | None
    reason: Personal | None
    answer_due_at: datetime | None
    answer_by: str | None
    at: datetime


class PushBackAnswered(Event):
    """The evaluator, or the present manager of a leaver's evaluation, answered a push-back."""

    TOPIC = "evaluation.push-back-answered"
    revision: int
    competency: str
    part: str
    text: Personal
    by: str
    at: datetime
