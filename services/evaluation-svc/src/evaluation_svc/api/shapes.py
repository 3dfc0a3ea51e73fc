"""What goes over the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from evaluation_svc.application.drafts import TypedLine
from evaluation_svc.domain.cycle import Dates, Plan, ReleaseRule, Scope
from evaluation_svc.domain.evaluation_events import ExcuseReason, Reaction

Id = Annotated[str, Path(pattern="^[A-Za-z0-9_.-]{1,80}$")]
Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Identifier = Annotated[str, Field(min_length=1, max_length=80)]


class Body(BaseModel):
    """Base of every request body: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class PlanBody(Body):
    """A cycle as HR plans it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Autumn 2026",
                    "starts_on": "2026-04-01",
                    "ends_on": "2026-09-30",
                    "framework_version": 3,
                    "self_due": "2026-10-09",
                    "manager_due": "2026-10-23",
                    "approval_due": "2026-10-30",
                    "conversations_by": "2026-11-20",
                }
            ]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=200)]
    starts_on: date
    ends_on: date
    framework_version: Annotated[int, Field(ge=1)]
    self_due: date
    manager_due: date
    approval_due: date
    conversations_by: date
    release: ReleaseRule = "by manager"
    release_on: date | None = None
    evidence_required: bool = False
    scope: Scope = "company"
    of: Identifier | None = None

    def plan(self) -> Plan:
        """Return the plan."""
        given = self.model_dump(exclude={"self_due", "manager_due", "approval_due", "conversations_by"})
        return Plan(**given, dates=self.dates())

    def dates(self) -> Dates:
        """Return the due days."""
        return Dates(
            self_due=self.self_due,
            manager_due=self.manager_due,
            approval_due=self.approval_due,
            conversations_by=self.conversations_by,
        )


class ReasonBody(Body):
    """Why."""

    reason: Text


class ParticipantBody(Body):
    """Add somebody; with `excluded` leave them out, for that reason."""

    person: Identifier
    excluded: Text | None = None


class ExtensionBody(Body):
    """Later days for one person, or for everybody one evaluator evaluates."""

    person: Identifier | None = None
    team: Identifier | None = None
    self_due: date
    manager_due: date
    approval_due: date
    conversations_by: date


class ExcuseBody(Body):
    """Excuse a participant."""

    person: Identifier
    reason: ExcuseReason


class EvaluatorBody(Body):
    """Who evaluates a participant (`evaluator`), that the present one stays (`keep`), who approves (`substitute`)."""

    person: Identifier
    evaluator: Identifier | None = None
    keep: bool = False
    substitute: Identifier | None = None


class LineBody(Body):
    """A line with its whole evidence; what is left out is taken away."""

    rating: Annotated[float, Field(ge=1, le=5, multiple_of=0.5)] | None = None
    not_seen: Text | None = None
    evidence: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    cites: Annotated[tuple[Identifier, ...], Field(max_length=20)] = ()

    def typed(self, competency: str) -> TypedLine:
        """Return the line as typed."""
        return TypedLine(competency=competency, **self.model_dump())


class ReturnBody(Body):
    """What to look at again, by competency."""

    comments: Annotated[dict[Identifier, Text], Field(min_length=1)]


class TogetherBody(Body):
    """Evaluations without a code to approve together."""

    evaluations: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=200)]


class ReactionBody(Body):
    """The employee's answer to a score."""

    reaction: Reaction
    reason: Text | None = None


class TextBody(Body):
    """A text."""

    text: Text


class WithdrawalBody(Body):
    """Which text to withdraw, and why."""

    part: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Text


class NoteBody(Body):
    """A dated note tied to competencies."""

    on: date
    competencies: Annotated[tuple[Identifier, ...], Field(max_length=20)] = ()
    text: Text


class ObservationBody(NoteBody):
    """What was seen of an employee."""

    employee: Identifier


class PassOnBody(Body):
    """Who the observation passes on to."""

    to: Identifier


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
    """Who takes part, who does not and why."""

    participants: list[ParticipantView]
    left_out: dict[str, str]
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
