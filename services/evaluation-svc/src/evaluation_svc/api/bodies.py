"""What comes in over the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

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


def _example(**fields: Any) -> ConfigDict:
    """Return what the OpenAPI document shows of a body."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class PlanBody(Body):
    """A cycle as HR plans it."""

    model_config = _example(
        name="Autumn 2026",
        starts_on="2026-04-01",
        ends_on="2026-09-30",
        framework_version=3,
        self_due="2026-10-09",
        manager_due="2026-10-23",
        approval_due="2026-10-30",
        conversations_by="2026-11-20",
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

    model_config = _example(reason="The evaluation rests on the wrong project.")

    reason: Text


class ParticipantBody(Body):
    """Add somebody; with `excluded` leave them out, for that reason."""

    model_config = _example(person="p_7f3a", excluded="On sabbatical for most of the period.")

    person: Identifier
    excluded: Text | None = None


class ExtensionBody(Body):
    """Later days for one person, or for everybody one evaluator evaluates."""

    model_config = _example(
        team="p_21c8",
        self_due="2026-10-16",
        manager_due="2026-10-30",
        approval_due="2026-11-06",
        conversations_by="2026-11-27",
    )

    person: Identifier | None = None
    team: Identifier | None = None
    self_due: date
    manager_due: date
    approval_due: date
    conversations_by: date


class ExcuseBody(Body):
    """Excuse a participant."""

    model_config = _example(person="p_7f3a", reason="leave")

    person: Identifier
    reason: ExcuseReason


class EvaluatorBody(Body):
    """Who evaluates a participant (`evaluator`), that the present one stays (`keep`), who approves (`substitute`)."""

    model_config = _example(person="p_7f3a", evaluator="p_21c8")

    person: Identifier
    evaluator: Identifier | None = None
    keep: bool = False
    substitute: Identifier | None = None


class LineBody(Body):
    """A line with its whole evidence; what is left out is taken away."""

    model_config = _example(
        rating=3.5, evidence=["Led the billing migration; no invoice was late."], cites=["observation_19bd"]
    )

    rating: Annotated[float, Field(ge=1, le=5, multiple_of=0.5)] | None = None
    not_seen: Text | None = None
    evidence: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    cites: Annotated[tuple[Identifier, ...], Field(max_length=20)] = ()

    def typed(self, competency: str) -> TypedLine:
        """Return the line as typed."""
        return TypedLine(competency=competency, **self.model_dump())


class ReturnBody(Body):
    """What to look at again, by competency."""

    model_config = _example(comments={"delivery": "Say which project, and what came of it."})

    comments: Annotated[dict[Identifier, Text], Field(min_length=1)]


class TogetherBody(Body):
    """Evaluations without a code to approve together."""

    model_config = _example(evaluations=["evaluation_5e21", "evaluation_88d0"])

    evaluations: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=200)]


class ReactionBody(Body):
    """The employee's answer to a score."""

    model_config = _example(reaction="push back", reason="The launch in March is missing.")

    reaction: Reaction
    reason: Text | None = None


class TextBody(Body):
    """A text."""

    model_config = _example(text="March belongs to the next period; it is noted for it.")

    text: Text


class WithdrawalBody(Body):
    """Which text to withdraw, and why."""

    model_config = _example(part="evidence/delivery/2", reason="This was about somebody else.")

    part: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Text


class NoteBody(Body):
    """A dated note tied to competencies."""

    model_config = _example(on="2026-06-02", competencies=["delivery"], text="Wrote the plan that the team still uses.")

    on: date
    competencies: Annotated[tuple[Identifier, ...], Field(max_length=20)] = ()
    text: Text


class ObservationBody(NoteBody):
    """What was seen of an employee."""

    model_config = _example(
        employee="p_7f3a", on="2026-06-02", competencies=["delivery"], text="Shipped on the day she had said."
    )

    employee: Identifier


class PassOnBody(Body):
    """Who the observation passes on to."""

    model_config = _example(to="p_21c8")

    to: Identifier
