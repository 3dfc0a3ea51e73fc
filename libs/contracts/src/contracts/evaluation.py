"""What evaluation-svc publishes: cycles, approvals with their ratings, releases, revisions and withdrawals."""

from datetime import date, datetime
from typing import Literal

from contracts.envelope import Part, Published, Sealed

TOPIC = "evaluation.v1"

Release = Literal["by manager", "on date", "at approval"]
Answer = Literal["matches", "push back", "already knew"]


class RatedLine(Part):
    """One competency as rated: `rating` is None where it was not seen (then `not_seen` says so)."""

    competency: str
    rating: float | None
    not_seen: bool = False
    rests_on_memory: bool = False
    evidence: tuple[Sealed, ...] = ()
    self_rating: float | None = None


class CycleOpened(Published):
    """A cycle runs: its framework version and due dates."""

    TYPE = "careerladder.evaluation.cycle-opened.v1"
    TOPIC = TOPIC

    cycle: str
    name: str
    framework_version: int
    starts_on: date
    ends_on: date
    self_due: date
    manager_due: date
    approval_due: date
    conversations_by: date
    release: Release
    release_on: date | None = None


class CycleClosed(Published):
    """A cycle ended."""

    TYPE = "careerladder.evaluation.cycle-closed.v1"
    TOPIC = TOPIC

    cycle: str


class CycleCancelled(Published):
    """A cycle was cancelled: no report or trend uses it."""

    TYPE = "careerladder.evaluation.cycle-cancelled.v1"
    TOPIC = TOPIC

    cycle: str


class EvaluationApproved(Published):
    """HR approved a revision of an evaluation: everything a gap report is computed from."""

    TYPE = "careerladder.evaluation.approved.v1"
    TOPIC = TOPIC

    evaluation: str
    revision: int
    employee: str
    evaluator: str
    cycle: str
    cycle_name: str
    framework_version: int
    ladder: str
    level: str
    lines: tuple[RatedLine, ...]
    approved_by: str
    approved_at: datetime
    period_ends_on: date


class EvaluationReleased(Published):
    """The employee may read the approved revision."""

    TYPE = "careerladder.evaluation.released.v1"
    TOPIC = TOPIC

    evaluation: str
    revision: int
    employee: str
    cycle: str
    conversations_by: date


class EvaluationAcknowledged(Published):
    """The employee read it (which is not agreeing)."""

    TYPE = "careerladder.evaluation.acknowledged.v1"
    TOPIC = TOPIC

    evaluation: str
    revision: int
    employee: str


class EvaluationReopened(Published):
    """A new revision was started as a draft; until it is approved the old one stays shown."""

    TYPE = "careerladder.evaluation.reopened.v1"
    TOPIC = TOPIC

    evaluation: str
    revision: int
    employee: str
    was_released: bool


class ScoreReactedTo(Published):
    """The employee answered one released score."""

    TYPE = "careerladder.evaluation.score-reacted-to.v1"
    TOPIC = TOPIC

    evaluation: str
    revision: int
    employee: str
    competency: str
    answer: Answer
    reason: Sealed | None = None


class PushBackAnswered(Published):
    """The evaluator (or the present manager) answered a push-back; nothing is overwritten."""

    TYPE = "careerladder.evaluation.push-back-answered.v1"
    TOPIC = TOPIC

    evaluation: str
    revision: int
    employee: str
    competency: str
    text: Sealed


class TextWithdrawn(Published):
    """A text was withdrawn: people-svc destroys the key of this part."""

    TYPE = "careerladder.evaluation.text-withdrawn.v1"
    TOPIC = TOPIC

    person: str
    stream: str
    part: str
    withdrawn_on: date
