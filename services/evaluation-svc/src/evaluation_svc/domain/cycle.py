"""The cycle: who takes part, its opening, closing and cancellation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from chassis.kernel import Event, Frozen, Personal, State, Unsealed
from evaluation_svc.domain.cycle_events import (
    Cancelled,
    Closed,
    CycleSubstituteNamed,
    EvaluatorNamed,
    KeptLine,
    KeptText,
    Opened,
    Participant,
    ParticipantAdded,
    ParticipantEntered,
    ParticipantExcluded,
    Planned,
    Replanned,
    ScorecardBrought,
)
from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid, NotNow, NotPartOfIt, NotReadyToOpen
from evaluation_svc.domain.lines import begun, checked_text
from evaluation_svc.domain.participants import Candidate, data_check
from evaluation_svc.domain.plan import Dates, Plan, ReleaseRule, Scope

__all__ = [
    "Cancelled",
    "Closed",
    "Cycle",
    "CycleStatus",
    "CycleSubstituteNamed",
    "Dates",
    "EvaluatorNamed",
    "KeptLine",
    "KeptText",
    "Opened",
    "Participant",
    "ParticipantAdded",
    "ParticipantEntered",
    "ParticipantExcluded",
    "Plan",
    "Planned",
    "ReleaseRule",
    "Replanned",
    "Scope",
    "Scorecard",
    "ScorecardBrought",
    "checked_evaluator",
    "checked_substitute",
]

CycleStatus = Literal["planned", "open", "closed", "cancelled"]


class Scorecard(Frozen):
    """A scorecard brought before the cycle opened: by whom, and its lines."""

    by: str
    lines: tuple[KeptLine, ...]


class Cycle(State):
    """A round of evaluations: planned → open → closed, or cancelled from the first two."""

    KIND = "cycle"

    plan: Plan
    status: CycleStatus = "planned"
    planned_by: str
    proposed: bool = False
    added: frozenset[str] = frozenset()
    excluded: dict[str, Personal | None] = Field(default_factory=dict[str, Personal | None])
    evaluators: dict[str, str] = Field(default_factory=dict[str, str])
    substitutes: dict[str, str] = Field(default_factory=dict[str, str])
    scorecards: dict[str, Scorecard] = Field(default_factory=dict[str, Scorecard])
    participants: dict[str, str] = Field(default_factory=dict[str, str])

    @staticmethod
    def planning(plan: Plan, by: str, at: datetime, *, proposed: bool = False) -> Planned:
        """Plan a cycle."""
        return Planned(plan=plan.checked(), by=by, at=at, proposed=proposed)

    def replan(self, plan: Plan, by: str, at: datetime) -> Replanned:
        """Change the plan; only before opening."""
        self._must_be("planned", "to change its plan")
        if (plan.scope, plan.of) != (self.plan.scope, self.plan.of):
            raise Invalid("scope", plan.scope, "plan another cycle for other people.")
        return Replanned(plan=plan.checked(), by=by, at=at)

    def add(self, person: str, by: str, at: datetime) -> ParticipantAdded:
        """Add somebody who is no default participant or was excluded; only before opening."""
        self._must_be("planned", "to add people this way")
        if person in self.added:
            raise AlreadyThere("This person is a participant already.")
        return ParticipantAdded(person=person, by=by, at=at)

    def exclude(self, person: str, reason: str, by: str, at: datetime) -> ParticipantExcluded:
        """Leave somebody out with a reason; only before opening (later: excuse the evaluation)."""
        self._must_be("planned", "to leave people out; later an evaluation can be excused")
        words = Unsealed(person=person, part="excluded", text=checked_text("reason", reason))
        return ParticipantExcluded(person=person, reason=words, by=by, at=at)

    def name_evaluator(self, person: str, evaluator: str, by: str, at: datetime) -> EvaluatorNamed:
        """Name who evaluates somebody in place of the line manager; only before opening."""
        self._must_be("planned", "to name evaluators this way; later an evaluation can be handed over")
        return EvaluatorNamed(person=person, evaluator=checked_evaluator(person, evaluator), by=by, at=at)

    def name_substitute(
        self, person: str, substitute: str, evaluator: str | None, admins_left: Iterable[str], by: str, at: datetime
    ) -> CycleSubstituteNamed:
        """Name who approves one evaluation, where no HR admin is left for it."""
        self._must_be("planned", "to name substitutes this way")
        checked_substitute(person, evaluator, substitute, admins_left)
        return CycleSubstituteNamed(person=person, substitute=substitute, by=by, at=at)

    def bring_scorecard(self, person: str, lines: tuple[KeptLine, ...], by: str, at: datetime) -> ScorecardBrought:
        """Keep the lines of a scorecard until the cycle opens; a newer one takes its place."""
        self._must_be("planned", "to bring a scorecard this way")
        if self.plan.of not in (None, person) and self.plan.scope == "person":
            raise Forbidden("This cycle is for one other person.")
        return ScorecardBrought(person=person, lines=lines, by=by, at=at)

    def open(
        self, cycle: str, candidates: tuple[Candidate, ...], evaluations: dict[str, str], by: str, at: datetime
    ) -> Opened:
        """Open the cycle, unless the data check finds something that blocks; `evaluations` maps person to id."""
        self._must_be("planned", "to be opened")
        if not candidates:
            raise NotNow("Nobody takes part in this cycle: add people, or plan another period.")
        if blocking := tuple(finding for finding in data_check(candidates) if finding.blocks):
            raise NotReadyToOpen(blocking)
        people = tuple(Participant(person=one.person, evaluation=evaluations[one.person]) for one in candidates)
        return Opened(cycle=cycle, participants=people, by=by, at=at)

    def enter(self, candidate: Candidate, evaluation: str, by: str, at: datetime) -> ParticipantEntered:
        """Let somebody enter the open cycle later, by the same data check."""
        self._must_be("open", "for somebody to enter it")
        if candidate.person in self.participants:
            raise AlreadyThere("This person is a participant already.")
        if blocking := tuple(finding for finding in data_check((candidate,)) if finding.blocks):
            raise NotReadyToOpen(blocking)
        return ParticipantEntered(person=candidate.person, evaluation=evaluation, by=by, at=at)

    def close(self, cycle: str, not_finished: tuple[str, ...], by: str, at: datetime) -> Closed:
        """Close the cycle; what is not approved ends as not finished."""
        self._must_be("open", "to be closed")
        return Closed(cycle=cycle, not_finished=not_finished, by=by, at=at)

    def cancel(self, cycle: str, reason: str, something_released: bool, by: str, at: datetime) -> Cancelled:
        """Cancel a planned or open cycle with a reason, unless something in it is released."""
        if self.status not in ("planned", "open"):
            raise NotNow(f"This cycle is {self.status}; only a planned or an open one can be cancelled.")
        if something_released:
            raise NotNow("Something in this cycle is released already; close it instead of cancelling it.")
        return Cancelled(cycle=cycle, reason=checked_text("reason", reason), by=by, at=at)

    def evaluation_of(self, person: str) -> str:
        """Return the evaluation of a participant."""
        if person not in self.participants:
            raise NotPartOfIt("This person is no participant of the cycle.")
        return self.participants[person]

    def _must_be(self, status: CycleStatus, purpose: str) -> None:
        if self.status != status:
            raise NotNow(f"This cycle is {self.status}; it has to be {status} {purpose}.")

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case Planned():
                return cls(plan=event.plan, planned_by=event.by, proposed=event.proposed)
            case _:
                cycle = begun(state)
                return cycle.model_copy(update=_changes(cycle, event))


def checked_evaluator(person: str, evaluator: str) -> str:
    """Return the evaluator if they are somebody else than whom they evaluate."""
    if evaluator == person:
        raise Invalid("evaluator", evaluator, "nobody evaluates themselves; there is the self-assessment for that.")
    return evaluator


def checked_substitute(person: str, evaluator: str | None, substitute: str, admins_left: Iterable[str]) -> None:
    """Refuse a substitute who is involved, or where an HR admin is left to approve."""
    if tuple(admins_left):
        raise NotNow("An HR admin is left who may approve this evaluation; no substitute is needed.")
    if substitute in (person, evaluator):
        raise Invalid("substitute", substitute, "name somebody who is neither the employee nor the evaluator.")


def _changes(state: Cycle, event: Event) -> dict[str, object]:  # noqa: C901 (one total match)
    """Return what the event changes in the state of a cycle."""
    match event:
        case Replanned():
            return {"plan": event.plan}
        case ParticipantAdded():
            return {"added": state.added | {event.person}, "excluded": _excluded_but(state, event.person)}
        case ParticipantExcluded():
            return {"added": state.added - {event.person}, "excluded": {**state.excluded, event.person: event.reason}}
        case EvaluatorNamed():
            return {"evaluators": {**state.evaluators, event.person: event.evaluator}}
        case CycleSubstituteNamed():
            return {"substitutes": {**state.substitutes, event.person: event.substitute}}
        case ScorecardBrought():
            return {"scorecards": {**state.scorecards, event.person: Scorecard(by=event.by, lines=event.lines)}}
        case Opened():
            return {"status": "open", "participants": {one.person: one.evaluation for one in event.participants}}
        case ParticipantEntered():
            participants = {**state.participants, event.person: event.evaluation}
            return {"participants": participants, "excluded": _excluded_but(state, event.person)}
        case Closed():
            return {"status": "closed"}
        case Cancelled():
            return {"status": "cancelled"}
        case _:
            return {}


def _excluded_but(state: Cycle, person: str) -> dict[str, Personal | None]:
    """Return who is left out, without somebody who comes to take part after all."""
    return {one: why for one, why in state.excluded.items() if one != person}
