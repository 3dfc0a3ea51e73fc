"""The cycle: its plan, who takes part, its opening, closing and cancellation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field

from chassis.kernel import Event, Frozen, Personal, State
from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid, NotFound, NotNow, NotReadyToOpen
from evaluation_svc.domain.lines import begun, checked_text
from evaluation_svc.domain.participants import Candidate, data_check

Scope = Literal["company", "team", "person"]
ReleaseRule = Literal["by manager", "on date", "at approval"]
CycleStatus = Literal["planned", "open", "closed", "cancelled"]


class Dates(Frozen):
    """When the parts of a cycle are due; each day counts to its end where whoever has to act lives."""

    self_due: date
    manager_due: date
    approval_due: date
    conversations_by: date

    def checked(self, starts_on: date) -> Self:
        """Return the dates if they follow one another and none is before the period starts."""
        ordered = (starts_on, self.self_due, self.manager_due, self.approval_due, self.conversations_by)
        names = ("starts_on", "self_due", "manager_due", "approval_due", "conversations_by")
        for name, before, day in zip(names[1:], ordered, ordered[1:], strict=False):
            if day < before:
                raise Invalid(name, day.isoformat(), f"give a day on or after {before.isoformat()}.")
        return self


class Plan(Frozen):
    """What HR plans: period, framework version, dates, release rule and whom it is for.

    `of` is the manager whose team it is (scope team) or the one person (scope person).
    """

    name: str
    starts_on: date
    ends_on: date
    framework_version: int
    dates: Dates
    release: ReleaseRule = "by manager"
    release_on: date | None = None
    evidence_required: bool = False
    scope: Scope = "company"
    of: str | None = None

    def checked(self) -> Self:
        """Return the plan if it can be kept."""
        checked_text("name", self.name)
        if self.ends_on < self.starts_on:
            raise Invalid("ends_on", self.ends_on.isoformat(), "end the period on or after the day it starts.")
        self.dates.checked(self.starts_on)
        self._checked_release()
        if (self.of is None) != (self.scope == "company"):
            raise Invalid("of", self.of, "name the manager of the team, or the one person; nobody for a whole company.")
        return self

    def _checked_release(self) -> None:
        if (self.release == "on date") != (self.release_on is not None):
            raise Invalid("release_on", self.release_on, "give a day where (and only where) all is released on one.")
        if self.release_on is not None and self.release_on < self.dates.approval_due:
            raise Invalid("release_on", self.release_on.isoformat(), "release on or after the day approvals are due.")


class KeptText(Frozen):
    """A sealed text with its measure."""

    text: Personal
    length: int
    vague: bool


class KeptLine(Frozen):
    """A line of a scorecard that waits for its cycle to open."""

    competency: str
    rating: float | None
    not_seen: KeptText | None = None
    evidence: tuple[KeptText, ...] = ()


class Scorecard(Frozen):
    """A scorecard brought before the cycle opened: by whom, and its lines."""

    by: str
    lines: tuple[KeptLine, ...]


class Participant(Frozen):
    """Somebody in an open cycle, and their evaluation."""

    person: str
    evaluation: str


class Planned(Event):
    """HR planned a cycle, or a scorecard was brought for one person (`proposed`: HR has not consented yet)."""

    TOPIC = "cycle.planned"
    plan: Plan
    by: str
    at: datetime
    proposed: bool = False


class Replanned(Event):
    """The plan was changed before opening."""

    TOPIC = "cycle.replanned"
    plan: Plan
    by: str
    at: datetime


class ParticipantAdded(Event):
    """HR added somebody who is no default participant, or had been excluded."""

    TOPIC = "cycle.participant-added"
    person: str
    by: str
    at: datetime


class ParticipantExcluded(Event):
    """HR left somebody out, with a reason about nobody's work."""

    TOPIC = "cycle.participant-excluded"
    person: str
    reason: str
    by: str
    at: datetime


class EvaluatorNamed(Event):
    """HR named who evaluates somebody (before opening)."""

    TOPIC = "cycle.evaluator-named"
    person: str
    evaluator: str
    by: str
    at: datetime


class CycleSubstituteNamed(Event):
    """HR named who approves somebody's evaluation where no HR admin is left."""

    TOPIC = "cycle.substitute-named"
    person: str
    substitute: str
    by: str
    at: datetime


class ScorecardBrought(Event):
    """Somebody brought a filled scorecard; its lines become a draft when the cycle opens."""

    TOPIC = "cycle.scorecard-brought"
    person: str
    lines: tuple[KeptLine, ...]
    by: str
    at: datetime


class Opened(Event):
    """The cycle runs; every participant has an evaluation."""

    TOPIC = "cycle.opened"
    cycle: str
    participants: tuple[Participant, ...]
    by: str
    at: datetime


class ParticipantEntered(Event):
    """Somebody entered the open cycle later."""

    TOPIC = "cycle.participant-entered"
    person: str
    evaluation: str
    by: str
    at: datetime


class Closed(Event):
    """The cycle ended; `not_finished` are the evaluations that were not approved by then."""

    TOPIC = "cycle.closed"
    cycle: str
    not_finished: tuple[str, ...]
    by: str
    at: datetime


class Cancelled(Event):
    """The cycle was cancelled; nothing is deleted, its clocks end, no report or trend uses it."""

    TOPIC = "cycle.cancelled"
    cycle: str
    reason: str
    by: str
    at: datetime


class Cycle(State):
    """A round of evaluations: planned → open → closed, or cancelled from the first two."""

    KIND = "cycle"

    plan: Plan
    status: CycleStatus = "planned"
    planned_by: str
    proposed: bool = False
    added: frozenset[str] = frozenset()
    excluded: dict[str, str] = Field(default_factory=dict[str, str])
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
        return ParticipantExcluded(person=person, reason=checked_text("reason", reason), by=by, at=at)

    def name_evaluator(self, person: str, evaluator: str, by: str, at: datetime) -> EvaluatorNamed:
        """Name who evaluates somebody in place of the line manager; only before opening."""
        self._must_be("planned", "to name evaluators this way; later an evaluation can be handed over")
        if evaluator == person:
            raise Invalid("evaluator", evaluator, "nobody evaluates themselves; there is the self-assessment for that.")
        return EvaluatorNamed(person=person, evaluator=evaluator, by=by, at=at)

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
            raise NotFound("This person is no participant of the cycle.")
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
            rest = {person: why for person, why in state.excluded.items() if person != event.person}
            return {"added": state.added | {event.person}, "excluded": rest}
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
            return {"participants": {**state.participants, event.person: event.evaluation}}
        case Closed():
            return {"status": "closed"}
        case Cancelled():
            return {"status": "cancelled"}
        case _:
            return {}
