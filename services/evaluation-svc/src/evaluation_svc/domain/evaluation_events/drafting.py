"""What the evaluator wrote and handed in."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel import Event, Personal
from evaluation_svc.domain.lines import Evidence
from evaluation_svc.domain.precheck import Code


class Begun(Event):
    """The evaluator began the draft."""

    TOPIC = "evaluation.begun"
    by: str
    at: datetime


class LineRated(Event):
    """A competency was rated, or its rating changed (`before`)."""

    TOPIC = "evaluation.line-rated"
    competency: str
    rating: float
    before: float | None
    after_self_assessment: bool
    by: str
    at: datetime


class LineCleared(Event):
    """A rating or a "not seen" was taken away; the line is open again."""

    TOPIC = "evaluation.line-cleared"
    competency: str
    before: float | None
    after_self_assessment: bool
    by: str
    at: datetime


class LineNotSeen(Event):
    """The evaluator did not see this competency, and says why."""

    TOPIC = "evaluation.line-not-seen"
    competency: str
    part: str
    reason: Personal
    before: float | None
    after_self_assessment: bool
    by: str
    at: datetime


class EvidenceAdded(Event):
    """What was seen, where, with what result, was written down for a competency."""

    TOPIC = "evaluation.evidence-added"
    competency: str
    evidence: Evidence
    at: datetime


class EvidenceRemoved(Event):
    """A piece of evidence was taken out of the draft."""

    TOPIC = "evaluation.evidence-removed"
    competency: str
    part: str
    by: str
    at: datetime


class SelfAssessmentOpened(Event):
    """The evaluator opened the self-assessment for the first time."""

    TOPIC = "evaluation.self-assessment-opened"
    by: str
    at: datetime


class Submitted(Event):
    """The evaluator handed it to HR; `codes` are those of the pre-check at this moment."""

    TOPIC = "evaluation.submitted"
    codes: tuple[Code, ...]
    mean: float | None
    approval_due_at: datetime
    by: str
    at: datetime


class Recalled(Event):
    """The evaluator took it back before HR decided."""

    TOPIC = "evaluation.recalled"
    manager_due_at: datetime
    by: str
    at: datetime
