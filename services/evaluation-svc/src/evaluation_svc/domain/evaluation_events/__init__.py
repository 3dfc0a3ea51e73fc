"""What can happen to an evaluation."""

from evaluation_svc.domain.evaluation_events.arranging import (
    Assigned,
    EvaluationCancelled,
    EvaluatorKept,
    Excused,
    Extended,
    HandedOver,
    NotFinished,
    SubstituteNamed,
)
from evaluation_svc.domain.evaluation_events.drafting import (
    Begun,
    EvidenceAdded,
    EvidenceRemoved,
    LineCleared,
    LineNotSeen,
    LineRated,
    Recalled,
    SelfAssessmentOpened,
    Submitted,
)
from evaluation_svc.domain.evaluation_events.judging import Approved, Examined, Held, Reopened, ReturnComment, Returned
from evaluation_svc.domain.evaluation_events.lasting import (
    AnswerOverdue,
    ApprovalOverdue,
    EvaluationOverdue,
    SelfAssessmentOverdue,
    Withdrawn,
)
from evaluation_svc.domain.evaluation_events.releasing import Acknowledged, PushBackAnswered, ReactedTo, Released
from evaluation_svc.domain.evaluation_events.terms import DueTimes, ExcuseReason, Reaction, ReleasedHow, Terms

__all__ = [
    "Acknowledged",
    "AnswerOverdue",
    "ApprovalOverdue",
    "Approved",
    "Assigned",
    "Begun",
    "DueTimes",
    "EvaluationCancelled",
    "EvaluationOverdue",
    "EvaluatorKept",
    "EvidenceAdded",
    "EvidenceRemoved",
    "Examined",
    "ExcuseReason",
    "Excused",
    "Extended",
    "HandedOver",
    "Held",
    "LineCleared",
    "LineNotSeen",
    "LineRated",
    "NotFinished",
    "PushBackAnswered",
    "ReactedTo",
    "Reaction",
    "Recalled",
    "Released",
    "ReleasedHow",
    "Reopened",
    "ReturnComment",
    "Returned",
    "SelfAssessmentOpened",
    "SelfAssessmentOverdue",
    "Submitted",
    "SubstituteNamed",
    "Terms",
    "Withdrawn",
]
