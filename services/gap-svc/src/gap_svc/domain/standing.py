"""Where one person stands: the level they sit at, the approved evaluations about them, and the level they aim for.

One stream per person. It is the guard of the person's reports too: whatever computes one records here or has read
here, so a target chosen while an approval arrives is decided again and never lost.
"""

from collections.abc import Container, Iterable
from datetime import date, datetime
from typing import Self

from pydantic import Field

from chassis.kernel import DomainError, Event, Frozen, Invalid, State
from gap_svc.domain.levels import Level, LevelRef, is_reached


class NothingApproved(DomainError):
    """No report without an approved evaluation that the reader may see."""

    def __init__(self) -> None:
        super().__init__("There is no report yet: nothing was approved that you may read.")


class ApprovedRevision(Frozen):
    """An approved revision that reports rest on; `heard` is the event of the approval."""

    evaluation: str
    revision: int
    cycle: str
    framework_version: int
    rated_at: LevelRef
    approved_at: datetime
    period_ends_on: date
    heard: str

    @property
    def rank(self) -> tuple[date, datetime, str, int]:
        """What it is compared by with others: the latest period counts, of the same one the latest approval."""
        return self.period_ends_on, self.approved_at, self.evaluation, self.revision


class Placement(Frozen):
    """A level from a day on; `in_force_from` is the moment it counts here: that day's start, or when it was heard."""

    at: LevelRef
    framework_version: int
    effective_on: date
    in_force_from: datetime
    heard: str


class EvaluationTaken(Event):
    """An approved revision is what the person's reports rest on."""

    TOPIC = "standing.evaluation-taken"
    taken: ApprovedRevision


class EvaluationDropped(Event):
    """The cycle of an evaluation was cancelled, or its approval is no more: no report or trend uses it."""

    TOPIC = "standing.evaluation-dropped"
    evaluation: str


class PlacementKnown(Event):
    """A placement was made, now or for a day to come."""

    TOPIC = "standing.placement-known"
    person: str
    placement: Placement


class PlacementTakenBack(Event):
    """A placement was taken back or corrected away."""

    TOPIC = "standing.placement-taken-back"
    person: str
    level: str
    effective_on: date


class PresentLevelChanged(Event):
    """The level the person sits at is another one now; `heard` is the event that says so."""

    TOPIC = "standing.present-level-changed"
    at: LevelRef | None
    framework_version: int | None
    since: datetime
    heard: str


class TargetChosen(Event):
    """The person aims for a level (None: back to the default); `choice` is the id of this choice."""

    TOPIC = "standing.target-chosen"
    person: str
    target: LevelRef | None
    choice: str
    by: str


class ReportBegun(Event):
    """The first version of a report about the person exists."""

    TOPIC = "standing.report-begun"
    report: str
    evaluation: str
    target: LevelRef


class Standing(State):
    """What is known of one person."""

    KIND = "standing"

    taken: dict[str, ApprovedRevision] = Field(default={})
    placements: tuple[Placement, ...] = ()
    present: LevelRef | None = None
    present_version: int | None = None
    present_since: datetime | None = None
    present_heard: str | None = None
    target: LevelRef | None = None
    target_choice: str | None = None
    choices: int = 0
    reports: dict[str, tuple[str, ...]] = Field(default={})

    @property
    def basis(self) -> ApprovedRevision | None:
        """The approved evaluation of the latest period (of the same period: the one approved last)."""
        return max(self.taken.values(), key=lambda taken: taken.rank, default=None)

    def all_reports(self) -> tuple[str, ...]:
        """Return every report about the person, evaluation by evaluation."""
        return tuple(report for reports in self.reports.values() for report in reports)

    def bases(self, released: ApprovedRevision | None) -> tuple[ApprovedRevision, ...]:
        """Return every revision that somebody reads as the one that counts, or will once it is released.

        The employee reads the last `released` one. Whatever ranks above it may take its place any day, so the reports
        on all of these follow target and placement, and what waits for its release shows in none of the others.
        """
        waiting = [taken for taken in self.taken.values() if released is None or taken.rank > released.rank]
        return tuple(sorted([*([released] if released else []), *waiting], key=lambda taken: taken.rank))

    def sits_at(self, basis: ApprovedRevision) -> LevelRef:
        """Return the present level: as placed, else the level that the evaluation was rated at."""
        return self.present or basis.rated_at

    def has_new_bar(self, basis: ApprovedRevision) -> bool:
        """Tell whether the person moved to another level after the approval: new bar, old scores."""
        moved = self.present is not None and self.present != basis.rated_at
        return moved and self.present_since is not None and self.present_since > basis.approved_at

    def take(self, approved: ApprovedRevision) -> EvaluationTaken | tuple[()]:
        """Rest on an approved revision, unless the same or a later one is known."""
        known = self.taken.get(approved.evaluation)
        if known is not None and known.revision >= approved.revision:
            return ()
        return EvaluationTaken(taken=approved)

    def drop(self, evaluation: str) -> EvaluationDropped | tuple[()]:
        """Forget an evaluation whose cycle was cancelled."""
        return EvaluationDropped(evaluation=evaluation) if evaluation in self.taken else ()

    def place(self, person: str, placement: Placement) -> PlacementKnown:
        """Learn of a placement."""
        return PlacementKnown(person=person, placement=placement)

    def take_back(self, person: str, level: str, effective_on: date) -> PlacementTakenBack | tuple[()]:
        """Learn that a placement does not hold."""
        if not any(_is(placement, level, effective_on) for placement in self.placements):
            return ()
        return PlacementTakenBack(person=person, level=level, effective_on=effective_on)

    def in_force(self, now: datetime) -> Placement | None:
        """Return the placement that counts at `now`: of those that began, the one from the latest day, heard last."""
        begun = [placement for placement in reversed(self.placements) if placement.in_force_from <= now]
        return max(begun, key=lambda placement: placement.effective_on, default=None)

    def settle(
        self, now: datetime, heard: str | None = None, lost: Container[str | None] = ()
    ) -> PresentLevelChanged | tuple[()]:
        """Let the placement in force at `now` be the present level.

        `heard` names the event behind it where that is not the placement itself (one was taken back); what one of
        the `lost` events said is said anew by what is left.
        """
        placement = self.in_force(now)
        at = placement.at if placement else None
        if at == self.present and self.present_heard not in lost:
            return ()
        return PresentLevelChanged(
            at=at,
            framework_version=placement.framework_version if placement else None,
            since=placement.in_force_from if placement else now,
            heard=heard or (placement.heard if placement else ""),
        )

    def stand_as(self, person: str, meant: Self) -> tuple[Event, ...]:
        """Rest on the approvals and placements of `meant`: where one would stand had what is lost never been heard."""
        dropped = [EvaluationDropped(evaluation=one) for one in self.taken if one not in meant.taken]
        taken = [EvaluationTaken(taken=one) for key, one in meant.taken.items() if self.taken.get(key) != one]
        days = sorted({one.effective_on for one in (*self.placements, *meant.placements)})
        moved = [event for day in days for event in self._placements_as(person, meant, day)]
        return (*dropped, *taken, *moved)

    def _placements_as(self, person: str, meant: Self, day: date) -> Iterable[Event]:
        """Of one day the placement heard last counts, so where a day differs all of it is taken back and made again."""
        ours, theirs = self._from(day), meant._from(day)
        if ours == theirs:
            return
        for level in dict.fromkeys(placement.at.level for placement in ours):
            yield PlacementTakenBack(person=person, level=level, effective_on=day)
        for placement in theirs:
            yield PlacementKnown(person=person, placement=placement)

    def _from(self, day: date) -> tuple[Placement, ...]:
        return tuple(placement for placement in self.placements if placement.effective_on == day)

    def choose(
        self, person: str, chosen: Level | None, present: Level | None, choice: str, by: str
    ) -> TargetChosen | tuple[()]:
        """Aim for a level that is not yet reached, or (None) go back to the default."""
        if chosen is not None and present is not None and is_reached(chosen, present):
            raise Invalid("level", chosen.level, f"choose a level above {present.code}; this one is reached already.")
        target = chosen.ref if chosen else None
        if target == self.target:
            return ()
        return TargetChosen(person=person, target=target, choice=choice, by=by)

    def begin(self, report: str, evaluation: str, target: LevelRef) -> ReportBegun | tuple[()]:
        """Note that a report about the person exists."""
        if report in self.reports.get(evaluation, ()):
            return ()
        return ReportBegun(report=report, evaluation=evaluation, target=target)

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Return the standing after `event`."""
        state = state or cls()
        return state.model_copy(update=state._after(event))

    def _after(self, event: Event) -> dict[str, object]:
        match event:
            case EvaluationTaken(taken=taken):
                return {"taken": {**self.taken, taken.evaluation: taken}}
            case EvaluationDropped():
                return {"taken": {key: taken for key, taken in self.taken.items() if key != event.evaluation}}
            case PlacementKnown():
                return {"placements": (*self.placements, event.placement)}
            case PlacementTakenBack():
                return {"placements": _without(self.placements, event.level, event.effective_on)}
            case PresentLevelChanged():
                return {
                    "present": event.at,
                    "present_version": event.framework_version,
                    "present_since": event.since,
                    "present_heard": event.heard,
                }
            case TargetChosen():
                return {"target": event.target, "target_choice": event.choice, "choices": self.choices + 1}
            case ReportBegun():
                known = self.reports.get(event.evaluation, ())
                return {"reports": {**self.reports, event.evaluation: (*known, event.report)}}
            case _:
                return {}


def _is(placement: Placement, level: str, effective_on: date) -> bool:
    return placement.at.level == level and placement.effective_on == effective_on


def _without(placements: Iterable[Placement], level: str, effective_on: date) -> tuple[Placement, ...]:
    return tuple(placement for placement in placements if not _is(placement, level, effective_on))
