"""What goes out over the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

from evaluation_svc.domain.cycle import Dates, ReleaseRule, Scope
from evaluation_svc.domain.evaluation_events import Reaction


class CycleView(BaseModel):
    """A cycle."""

    id: str
    name: str
    status: str
    starts_on: date
    ends_on: date
    framework_version: int
    dates: Dates
    release: ReleaseRule
    release_on: date | None
    evidence_required: bool
    scope: Scope
    of: str | None
    proposed: bool
    participants: int
    cancelled_because: str | None = None
    progress: dict[str, int] | None = None
    late: list[str] = []


class ParticipantView(BaseModel):
    """Somebody in a cycle, or about to enter it."""

    person: str
    evaluator: str | None
    manager: str | None = None
    evaluation: str | None = None
    status: str | None = None
    late: list[str] = []
    lacks: list[str] = []
    decide_evaluator: bool = False


class ParticipantsView(BaseModel):
    """Who takes part, who does not and why; no reason is left of somebody who was erased."""

    participants: list[ParticipantView]
    left_out: dict[str, str | None]
    next_cursor: str | None = None


class DataCheckView(BaseModel):
    """What the data check finds; it can open when nothing blocks."""

    can_open: bool
    findings: list[dict[str, Any]]


class TextView(BaseModel):
    """A text, or since when it is withdrawn; both empty where its person was erased."""

    part: str | None = None
    text: str | None = None
    withdrawn_on: date | None = None
    by: str | None = None
    cites: str | None = None


class BarView(BaseModel):
    """Where a level sits on the scale."""

    level: str
    code: str
    title: str
    required: float | None
    behaviours: list[str]


class CodeView(BaseModel):
    """A reason code."""

    reason: str
    competency: str | None = None


class LineView(BaseModel):
    """A line of the form."""

    competency: str
    name: str | None = None
    area: str | None = None
    rating: float | None = None
    not_seen: TextView | None = None
    evidence: list[TextView] = []
    rests_on_memory: bool = False
    by: str | None = None
    changes: list[dict[str, Any]] = []
    bars: list[BarView] = []


class ReturnView(BaseModel):
    """What HR said at a return."""

    at: datetime
    by: str
    comments: dict[str, TextView]


class RevisionView(BaseModel):
    """A revision as far as the reader may see it."""

    number: int
    lines: list[LineView] | None = None
    codes: list[CodeView] | None = None
    returns: list[ReturnView] | None = None
    because: TextView | None = None
    submitted_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str | None = None
    approved_together: bool = False
    released_at: datetime | None = None
    released_how: str | None = None
    acknowledged_at: datetime | None = None
    corrected_on: datetime | None = None
    reopened_at: datetime | None = None
    reopened_because: TextView | None = None
    credits: list[str] = []


class ReactionView(BaseModel):
    """A reaction and its answer."""

    competency: str
    revision: int
    reaction: Reaction
    at: datetime
    reason: TextView | None = None
    answer: TextView | None = None
    answered_at: datetime | None = None


class EvaluationView(BaseModel):
    """An evaluation as far as the reader may see it: `shown` says how far."""

    id: str
    employee: str
    evaluator: str
    cycle: str
    cycle_name: str
    ladder: str
    level: str
    framework_version: int
    status: str
    shown: str
    returned: int | None
    approved_on: date | None = None
    self_due: date
    manager_due: date
    hold: TextView | None = None
    revision: RevisionView | None = None
    earlier: list[int] = []
    reactions: list[ReactionView] = []
    because: list[str] = []


class SelfAssessmentView(BaseModel):
    """A self-assessment."""

    evaluation: str
    employee: str
    status: Literal["not started", "draft", "submitted"]
    late: bool = False
    submitted_at: datetime | None = None
    lines: list[LineView] = []
    credits: list[str] = []


class QueueItem(BaseModel):
    """An evaluation that waits for approval."""

    evaluation: str
    employee: str
    evaluator: str
    cycle: str
    codes: list[CodeView]
    submitted_at: datetime
    opened: bool
    late: bool


class NoteView(BaseModel):
    """An observation or an example."""

    id: str
    author: str
    employee: str
    on: date
    competencies: list[str]
    text: TextView
    cited_in: list[str]


class WaitingItem(BaseModel):
    """A deadline that stands."""

    kind: str
    evaluation: str
    employee: str
    due_at: datetime
    passed: bool


class Recorded(BaseModel):
    """One event of the record, without its texts."""

    event: str
    what: str
    by: str
    at: datetime
    details: dict[str, Any]
