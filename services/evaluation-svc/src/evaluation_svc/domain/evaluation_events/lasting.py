"""Days that passed, and texts that were withdrawn."""

from __future__ import annotations

from datetime import date, datetime

from chassis.kernel import Event, Personal


class Withdrawn(Event):
    """A text of this evaluation was withdrawn by its author or HR; readers see when."""

    TOPIC = "evaluation.text-withdrawn"
    part: str
    reason: Personal
    by: str
    on: date


class SelfAssessmentOverdue(Event):
    """The day for the self-assessment passed without one."""

    TOPIC = "evaluation.self-assessment-overdue"
    due_at: datetime
    at: datetime
    late: bool


class EvaluationOverdue(Event):
    """The day for the evaluation passed and it is not submitted."""

    TOPIC = "evaluation.overdue"
    due_at: datetime
    at: datetime
    late: bool


class ApprovalOverdue(Event):
    """A submitted evaluation has waited for HR past its time."""

    TOPIC = "evaluation.approval-overdue"
    due_at: datetime
    at: datetime
    late: bool


class AnswerOverdue(Event):
    """A push-back has waited for its answer past five working days."""

    TOPIC = "evaluation.answer-overdue"
    competency: str
    due_at: datetime
    at: datetime
    late: bool
