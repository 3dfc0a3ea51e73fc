"""The self-assessment: the employee's own ratings and examples for one evaluation, in a stream of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field

from chassis.kernel import Event, Personal, State, Unsealed
from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid, NotFound, NotNow, NotPartOfIt, Unfinished
from evaluation_svc.domain.lines import (
    Evidence,
    Line,
    LineDraft,
    Said,
    begun,
    checked_rating,
    checked_text,
    evidence_changes,
)

SelfStatus = Literal["draft", "submitted"]


class SelfBegun(Event):
    """The employee began the self-assessment of an evaluation."""

    TOPIC = "self-assessment.begun"
    evaluation: str
    employee: str
    competencies: tuple[str, ...]
    at: datetime


class SelfRated(Event):
    """The employee rated themselves for a competency (None: took the rating away)."""

    TOPIC = "self-assessment.rated"
    competency: str
    rating: float | None
    before: float | None
    at: datetime


class SelfExampleAdded(Event):
    """The employee wrote down an example for a competency."""

    TOPIC = "self-assessment.example-added"
    competency: str
    example: Evidence
    at: datetime


class SelfExampleRemoved(Event):
    """The employee took an example out."""

    TOPIC = "self-assessment.example-removed"
    competency: str
    part: str
    at: datetime


class SelfSubmitted(Event):
    """The employee handed it in; `late` where the day for it had passed."""

    TOPIC = "self-assessment.submitted"
    late: bool
    at: datetime


class SelfTextWithdrawn(Event):
    """A text of it was withdrawn by the employee or HR; readers see when."""

    TOPIC = "self-assessment.text-withdrawn"
    part: str
    reason: Personal
    by: str
    on: date


class SelfAssessment(State):
    """draft → submitted; taken until the evaluation is released."""

    KIND = "self-assessment"

    evaluation: str
    employee: str
    competencies: tuple[str, ...]
    status: SelfStatus = "draft"
    lines: dict[str, Line] = Field(default_factory=dict[str, Line])
    submitted_at: datetime | None = None
    late: bool = False
    texts: dict[str, Said] = Field(default_factory=dict[str, Said])
    texts_written: int = 0
    withdrawn: dict[str, date] = Field(default_factory=dict[str, date])

    @property
    def ratings(self) -> dict[str, float]:
        """The own ratings by competency."""
        return {name: line.rating for name, line in self.lines.items() if line.rating is not None}

    @property
    def submitted_ratings(self) -> dict[str, float]:
        """The own ratings once they are handed in; a draft is nobody else's."""
        return self.ratings if self.status == "submitted" else {}

    @staticmethod
    def begin(evaluation: str, employee: str, competencies: tuple[str, ...], at: datetime) -> SelfBegun:
        """Begin the self-assessment of an evaluation."""
        return SelfBegun(evaluation=evaluation, employee=employee, competencies=competencies, at=at)

    def draft_line(self, draft: LineDraft, at: datetime) -> tuple[Event, ...]:
        """Return what the draft of one line changes."""
        if self.status != "draft":
            raise NotNow("This self-assessment is submitted; it cannot be changed any more.")
        if draft.competency not in self.competencies:
            raise NotPartOfIt(f"{draft.competency!r} is not rated in this evaluation.")
        if draft.not_seen is not None:
            raise Invalid("not_seen", True, "leave the line empty where you have nothing to say.")
        line = self.lines.get(draft.competency) or Line(competency=draft.competency)
        rating = checked_rating(draft.rating)
        rated = (
            (SelfRated(competency=line.competency, rating=rating, before=line.rating, at=at),)
            if rating != line.rating
            else ()
        )
        changes = evidence_changes(self.employee, "self", line.evidence, draft, self.texts_written, self.employee)
        return (
            *rated,
            *(SelfExampleRemoved(competency=line.competency, part=part, at=at) for part in changes.removed),
            *(SelfExampleAdded(competency=line.competency, example=one, at=at) for one in changes.added),
        )

    def submit(self, at: datetime, due_at: datetime, *, released: bool) -> SelfSubmitted:
        """Hand it in; taken until release, and marked late after `due_at`."""
        if self.status != "draft":
            raise AlreadyThere("This self-assessment is submitted already.")
        if released:
            raise NotNow("The evaluation is released; a self-assessment is taken only until then.")
        if not self.ratings:
            raise Unfinished("Rate yourself for at least one competency.", self.competencies)
        return SelfSubmitted(late=at > due_at, at=at)

    def withdraw(self, part: str, reason: str, by: str, on: date, *, is_hr: bool) -> SelfTextWithdrawn:
        """Withdraw one text, with a reason: the employee or HR."""
        if by != self.employee and not is_hr:
            raise Forbidden("A text is withdrawn by its author or by HR.")
        if part not in self.texts or (by != self.employee and self.status == "draft"):
            raise NotFound(f"There is no text {part!r} in this self-assessment.")
        if part in self.withdrawn:
            raise AlreadyThere("This text is withdrawn already.")
        words = checked_text("reason", reason)
        sealed = Unsealed(person=self.employee, part=f"withdrawal/{self.texts_written + 1}", text=words)
        return SelfTextWithdrawn(part=part, reason=sealed, by=by, on=on)

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case SelfBegun():
                return cls(evaluation=event.evaluation, employee=event.employee, competencies=event.competencies)
            case _:
                assessment = begun(state)
                return assessment.model_copy(update=_changes(assessment, event))


def _changes(state: SelfAssessment, event: Event) -> dict[str, object]:
    """Return what the event changes in the state of a self-assessment."""
    match event:
        case SelfRated():
            return _with_line(state, event.competency, rating=event.rating)
        case SelfExampleAdded():
            evidence = (*_line(state, event.competency).evidence, event.example)
            said = Said(author=state.employee, text=event.example.text)
            return {
                **_with_line(state, event.competency, evidence=evidence),
                "texts": {**state.texts, event.example.part: said},
                "texts_written": state.texts_written + 1,
            }
        case SelfExampleRemoved():
            left = tuple(one for one in _line(state, event.competency).evidence if one.part != event.part)
            return _with_line(state, event.competency, evidence=left)
        case SelfSubmitted():
            return {"status": "submitted", "submitted_at": event.at, "late": event.late}
        case SelfTextWithdrawn():
            withdrawn = {**state.withdrawn, event.part: event.on}
            return {"withdrawn": withdrawn, "texts_written": state.texts_written + 1}
        case _:
            return {}


def _line(state: SelfAssessment, competency: str) -> Line:
    return state.lines.get(competency) or Line(competency=competency)


def _with_line(state: SelfAssessment, competency: str, **changes: object) -> dict[str, object]:
    line = _line(state, competency).model_copy(update=changes)
    return {"lines": {**state.lines, competency: line}}
