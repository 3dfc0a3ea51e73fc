"""What can happen to an evaluation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from chassis.kernel import Event, Frozen, Personal
from evaluation_svc.domain.cycle import Dates, ReleaseRule
from evaluation_svc.domain.lines import Evidence
from evaluation_svc.domain.precheck import Code

ReleasedHow = Literal["by the manager", "by HR", "on the date", "at approval", "by itself"]
Reaction = Literal["matches", "push back", "already knew"]
ExcuseReason = Literal["leave", "joined", "left"]


class DueTimes(Frozen):
    """The due days and the moments (UTC) at which they end for the employee, the evaluator and HR."""

    days: Dates
    self_at: datetime
    manager_at: datetime
    approval_at: datetime


class Terms(Frozen):
    """What the cycle sets for one evaluation; recorded on the day the person enters it."""

    cycle: str
    cycle_name: str
    framework_version: int
    ends_on: date
    release: ReleaseRule
    release_on: date | None = None
    evidence_required: bool = False
    ladder: str
    level: str
    next_levels: tuple[str, ...] = ()
    competencies: tuple[str, ...]


class ReturnComment(Frozen):
    """What the evaluator is to look at again, for one competency."""

    competency: str
    part: str
    text: Personal


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


class Examined(Event):
    """Somebody who may approve it opened it."""

    TOPIC = "evaluation.examined"
    by: str
    at: datetime


class Returned(Event):
    """HR gave it back with specific feedback per competency."""

    TOPIC = "evaluation.returned"
    comments: tuple[ReturnComment, ...]
    manager_due_at: datetime
    by: str
    at: datetime


class Approved(Event):
    """HR approved this revision; `release_due_at` is when it is released by itself."""

    TOPIC = "evaluation.approved"
    revision: int
    self_ratings: dict[str, float]
    release_due_at: datetime | None
    together: bool
    by: str
    at: datetime


class Released(Event):
    """The employee may read the approved revision; `late` where the clock fired after its time."""

    TOPIC = "evaluation.released"
    revision: int
    how: ReleasedHow
    by: str | None
    at: datetime
    late: bool = False


class Held(Event):
    """HR keeps it from being released, with a reason."""

    TOPIC = "evaluation.held"
    part: str
    reason: Personal
    by: str
    at: datetime


class Reopened(Event):
    """HR reopened it: the next revision starts as a draft with the ratings copied; a pending release ends.

    It is to be submitted again by `manager_due_at`; before version 2 there was no such day.
    """

    TOPIC = "evaluation.reopened"
    VERSION = 2
    revision: int
    manager_due_at: datetime | None
    was_released: bool
    part: str
    reason: Personal
    by: str
    at: datetime

    @staticmethod
    def upcast_v1_v2(data: dict[str, Any]) -> dict[str, Any]:
        """Return what was stored before a reopened evaluation had a day to be submitted by."""
        return {**data, "manager_due_at": None}


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
    """The due dates were moved to later ones; `is_open` tells whether it still has to be submitted."""

    TOPIC = "evaluation.extended"
    due: DueTimes
    is_open: bool
    awaits_self_assessment: bool
    by: str
    at: datetime


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
