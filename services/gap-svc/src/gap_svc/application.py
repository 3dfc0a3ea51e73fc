"""The use cases of gap: hear an approval, a placement or a cancelled cycle, choose a target, ask for a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from chassis.deadlines import Due
from chassis.kernel import DomainError, Invalid
from chassis.unit import Unit
from gap_svc import facts
from gap_svc.domain.levels import Level, LevelRef, main_target, targets
from gap_svc.domain.report import Because, Cause, Inputs, Report
from gap_svc.domain.standing import Placement, Standing, Taken

CYCLE_CANCELLED = "the cycle was cancelled"


class LevelUnknown(DomainError):
    """A level is named that no framework version heard here has."""


@dataclass(frozen=True)
class Seat:
    """Where somebody sits, seen from one approved evaluation, and what they may aim for from there."""

    person: str
    standing: Standing
    basis: Taken
    present: Level
    chosen: Level | None
    following: tuple[Level, ...]
    scores: dict[str, float]
    is_basis: bool

    @property
    def main(self) -> Level:
        """The level of the main report."""
        return main_target(self.present, self.chosen, self.following)

    @property
    def targets(self) -> tuple[Level, ...]:
        """The levels a report is due about: the main target first, then each other next level."""
        return targets(self.present, self.chosen, self.following)

    @property
    def has_new_bar(self) -> bool:
        """Whether the person moved to another level after the approval."""
        return self.is_basis and self.standing.has_new_bar(self.basis)


class Reports:
    """Standings and the reports that follow from them; `fonts` is a folder of fonts for printing them."""

    def __init__(self, fonts: Path | None = None) -> None:
        self.fonts = fonts

    def take_approval(self, unit: Unit, approved: facts.Approved) -> None:
        """Keep an approved revision, and compute the report about the main target and each other next level."""
        facts.copy_approval(unit, approved)
        basis = _taken(approved)
        taken = _standing(unit, approved.employee).take(basis)
        if not taken:
            return
        unit.record(Standing, approved.employee, taken)
        seat = _seat(unit, approved.employee, basis)
        self._compute(unit, seat, seat.targets, "approval", approved.approval)

    def place(
        self, unit: Unit, person: str, at: LevelRef, framework_version: int, effective_on: date, heard: str
    ) -> None:
        """Learn that somebody sits at a level from a day on; what begins later waits for its day."""
        begins = unit.directory.calendar().start_of_day(effective_on)
        placement = Placement(
            at=at,
            framework_version=framework_version,
            effective_on=effective_on,
            in_force_from=max(unit.now, begins),
            heard=heard,
        )
        unit.record(Standing, person, _standing(unit, person).place(person, placement))
        self._settle(unit, person)

    def take_placement_back(self, unit: Unit, person: str, level: str, effective_on: date, heard: str) -> None:
        """Learn that a placement does not hold."""
        taken_back = _standing(unit, person).take_back(person, level, effective_on)
        if taken_back:
            unit.record(Standing, person, taken_back)
            self._settle(unit, person, heard)

    def cancel_cycle(self, unit: Unit, cycle: str, at: datetime, heard: str) -> None:
        """Rest on no evaluation of a cycle any more, and withdraw its reports."""
        for evaluation, person in facts.evaluations_in(unit, cycle):
            self._drop(unit, person, evaluation, heard)
        facts.cancel_cycle(unit, cycle, at)

    def choose_target(self, unit: Unit, person: str, target: LevelRef | None) -> Standing:
        """Aim for a level that is not reached yet, or (None) go back to the default; the main report follows.

        Invalid where no such level is published or it is reached.
        """
        standing = _standing(unit, person)
        chosen = _published(unit, standing, target) if target else None
        choice = unit.new_id("target")
        event = standing.choose(person, chosen, _present(unit, standing), choice, unit.actor.person)
        if not event:
            return standing
        standing = unit.record(Standing, person, event)
        if standing.basis is not None:
            seat = _seat(unit, person, standing.basis)
            self._compute(unit, seat, (seat.main,), "target", choice)
        return unit.get(Standing, person)

    def request_report(self, unit: Unit, person: str, target: LevelRef) -> str:
        """Return the id of the report about any level, computed where this revision has none with the present bar.

        NothingApproved where nobody evaluated the person; Invalid where no such level is published.
        """
        standing = _standing(unit, person)
        seat = _seat(unit, person, standing.needs_basis())
        level = _published(unit, standing, target)
        self._compute(unit, seat, (level,), "request", unit.new_id("request"))
        return Report.id_of(seat.basis.evaluation, level.ref)

    def when_due(self, unit: Unit, deadline: Due) -> datetime | None:
        """Let a placement begin whose day has come."""
        self._settle(unit, deadline.subject)
        return None

    def _settle(self, unit: Unit, person: str, heard: str | None = None) -> None:
        """Let the placement in force be the present level; where that moves the bar, set the scores against it."""
        before = _standing(unit, person)
        changed = before.settle(unit.now, heard)
        if not changed:
            return
        after = unit.record(Standing, person, changed)
        basis = after.basis
        if basis is not None and after.sits_at(basis) != before.sits_at(basis):
            seat = _seat(unit, person, basis)
            self._compute(unit, seat, seat.targets, "placement", changed.heard)

    def _drop(self, unit: Unit, person: str, evaluation: str, heard: str) -> None:
        before = _standing(unit, person)
        dropped = before.drop(evaluation)
        if not dropped:
            return
        after = unit.record(Standing, person, dropped)
        for report in before.reports.get(evaluation, ()):
            unit.record(Report, report, unit.get(Report, report).withdraw(CYCLE_CANCELLED, heard))
        if after.basis is not None and after.basis != before.basis:
            # Level and target may have changed while the dropped one counted, so what is there may be out of date.
            seat = _seat(unit, person, after.basis)
            self._compute(unit, seat, (seat.main,), "approval", heard)

    def _compute(self, unit: Unit, seat: Seat, levels: Iterable[Level], cause: Cause, caused_by: str) -> None:
        for target in levels:
            report = Report.id_of(seat.basis.evaluation, target.ref)
            inputs = _inputs(unit, seat, target, cause, caused_by)
            unit.record(Report, report, Report.compute(unit.find(Report, report), inputs, unit.now))
            standing = unit.get(Standing, seat.person)
            unit.record(Standing, seat.person, standing.begin(report, seat.basis.evaluation, target.ref))


def _standing(unit: Unit, person: str) -> Standing:
    return unit.find(Standing, person) or Standing()


def _taken(approved: facts.Approved) -> Taken:
    return Taken(
        evaluation=approved.evaluation,
        revision=approved.revision,
        cycle=approved.cycle,
        framework_version=approved.framework_version,
        rated_at=approved.rated_at,
        approved_at=approved.approved_at,
        period_ends_on=approved.period_ends_on,
        heard=approved.approval,
    )


def _seat(unit: Unit, person: str, basis: Taken) -> Seat:
    """Return where somebody sits: today's level for the evaluation that counts, else the level it was rated at."""
    standing = _standing(unit, person)
    is_basis = standing.basis is not None and standing.basis.evaluation == basis.evaluation
    at = standing.sits_at(basis) if is_basis else basis.rated_at
    present = _level(unit, at, basis.framework_version, standing.present_version)
    if present is None:
        raise LevelUnknown(f"{person} sits at {at}, which framework version {basis.framework_version} does not have.")
    chosen = _level(unit, standing.target, present.version, facts.latest_version(unit)) if standing.target else None
    following = tuple(facts.levels(unit, present.version, present.next))
    scores = facts.approved(unit, basis.evaluation, basis.revision).scores
    return Seat(person, standing, basis, present, chosen, following, scores, is_basis)


def _present(unit: Unit, standing: Standing) -> Level | None:
    """Return the level somebody sits at, as far as it is known."""
    at = standing.present or (standing.basis.rated_at if standing.basis else None)
    version = standing.basis.framework_version if standing.basis else standing.present_version
    return _level(unit, at, version, standing.present_version) if at else None


def _published(unit: Unit, standing: Standing, ref: LevelRef) -> Level:
    """Return a level by the framework version of the evaluation that counts, else by the newest."""
    version = standing.basis.framework_version if standing.basis else None
    level = _level(unit, ref, version, facts.latest_version(unit))
    if level is None:
        raise Invalid("level", ref.level, f"choose a published level of the ladder {ref.ladder!r}.")
    return level


def _level(unit: Unit, ref: LevelRef, *versions: int | None) -> Level | None:
    """Return a level as the first of these framework versions that has it says."""
    for version in versions:
        found = facts.level(unit, version, ref) if version is not None else None
        if found is not None:
            return found
    return None


def _inputs(unit: Unit, seat: Seat, target: Level, cause: Cause, caused_by: str) -> Inputs:
    standing, basis, present = seat.standing, seat.basis, seat.present
    as_placed = seat.is_basis and present.ref == standing.present
    return Inputs(
        employee=seat.person,
        basis=basis,
        scores=seat.scores,
        present=present,
        target=target,
        is_main=target.ref == seat.main.ref,
        cause=cause,
        caused_by=caused_by,
        new_bar_old_scores=seat.has_new_bar,
        because=Because(
            approval=basis.heard,
            present_ladder=facts.ladder_event(unit, present.version, present.ladder),
            target_ladder=facts.ladder_event(unit, target.version, target.ladder),
            placement=standing.present_heard if as_placed else None,
            target=standing.target_choice if target.ref == standing.target else None,
        ),
    )
