"""What HR arranged around an evaluation, and how it ended without an approval."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis.kernel import Event
from evaluation_svc.domain.evaluation_events.terms import DueTimes, ExcuseReason, Terms


class Assigned(Event):
    """Somebody entered the open cycle: who evaluates them, and by what."""

    TOPIC = "evaluation.assigned"
    evaluation: str
    employee: str
    evaluator: str
    substitute: str | None = None
    terms: Terms
    due: DueTimes
    at: datetime


class HandedOver(Event):
    """HR gave the evaluation to another evaluator; what the former one rated stays theirs.

    `is_open` tells whether it still has to be submitted.
    """

    TOPIC = "evaluation.handed-over"
    before: str
    evaluator: str
    manager_due_at: datetime
    is_open: bool
    by: str
    at: datetime


class EvaluatorKept(Event):
    """The employee has another manager now; HR decided that the evaluator stays."""

    TOPIC = "evaluation.evaluator-kept"
    manager: str | None
    by: str
    at: datetime


class SubstituteNamed(Event):
    """HR named who approves this one, as no HR admin is left for it."""

    TOPIC = "evaluation.substitute-named"
    substitute: str
    by: str
    at: datetime


class Extended(Event):
    """The due dates were moved to later ones; `is_open` tells whether it still has to be submitted.

    What is submitted waits for HR until `approval_due_at`; before version 2 an extension did not move that.
    """

    TOPIC = "evaluation.extended"
    VERSION = 2
    due: DueTimes
    is_open: bool
    awaits_self_assessment: bool
    approval_due_at: datetime | None
    by: str
    at: datetime

    @staticmethod
    def upcast_v1_v2(data: dict[str, Any]) -> dict[str, Any]:
        """Return what was stored before an extension moved the day of an approval."""
        return {**data, "approval_due_at": None}


class Excused(Event):
    """The evaluation need not be finished; what was written is kept, and it leaves the counts."""

    TOPIC = "evaluation.excused"
    reason: ExcuseReason
    by: str
    at: datetime


class NotFinished(Event):
    """The cycle closed before this was approved."""

    TOPIC = "evaluation.not-finished"
    at: datetime


class EvaluationCancelled(Event):
    """The cycle was cancelled."""

    TOPIC = "evaluation.cancelled"
    at: datetime
