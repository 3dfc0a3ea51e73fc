"""The use cases of gap: hear an approval, a placement or a cancelled cycle, choose a target, ask for a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from chassis.deadlines import Due
from chassis.kernel import DomainError, Invalid
from chassis.unit import PreconditionFailed, Unit
from gap_svc import facts
from gap_svc.domain.levels import Level, LevelRef, main_target, targets
from gap_svc.domain.report import Because, Cause, Inputs, Report
from gap_svc.domain.standing import ApprovedRevision, NothingApproved, Placement, Standing

CYCLE_CANCELLED = "the cycle was cancelled"


class LevelUnknown(DomainError):
    """A level is named that no framework version heard here has."""


@dataclass(frozen=True)
class Basis:
    """What reports on one approved revision rest on: where the person sits, and what they may aim for from there."""

    person: str
    standing: Standing
    approved: ApprovedRevision
    present: Level
    chosen: Level | None
    following: tuple[Level, ...]
    scores: dict[str, float]
    counts: bool

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
        return self.counts and self.standing.has_new_bar(self.approved)


class Reports:
    """Standings and the reports that follow from them; `fonts` is a folder of fonts for printing them."""

    def __init__(self, fonts: Path | None = None) -> None:
        self.fonts = fonts

    def take_approval(self, unit: Unit, approved: facts.Approved) -> None:
        """Keep an approved revision, and compute the report about the main target and each other next level."""
        facts.copy_approval(unit, approved)
        revision = _revision(approved)
        taken = _standing(unit, approved.employee).take(revision)
        if not taken:
            return
        unit.record(Standing, approved.employee, taken)
        basis = _basis(unit, approved.employee, revision, approved.scores)
        self._compute(unit, basis, basis.targets, "approval", approved.approval)

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

    def choose_target(self, unit: Unit, person: str, target: LevelRef | None, seen: int | None = None) -> Standing:
        """Aim for a level that is not reached yet, or (None) go back to the default; the main reports follow.

        Invalid where no such level is published or it is reached; `seen` is how many choices the caller has read of.
        Only the employee chooses, so what is published and reached is told by what was released to them.
        """
        standing = _standing(unit, person)
        if seen not in (None, standing.choices):
            raise PreconditionFailed(seen, standing.choices)
        released = _released(unit, person)
        chosen = _published(unit, released, target) if target else None
        choice = unit.new_id("target")
        event = standing.choose(person, chosen, _present(unit, standing, released), choice, unit.actor.person)
        if not event:
            return standing
        standing = unit.record(Standing, person, event)
        for revision in standing.bases(released):
            basis = _basis(unit, person, revision)
            self._compute(unit, basis, (basis.main,), "target", choice)
        return unit.get(Standing, person)

    def request_report(self, unit: Unit, person: str, target: LevelRef) -> str:
        """Return the id of the report about any level, computed where this revision has none with the present bar.

        It rests on what the asker may read: the employee's on what was released to them.
        NothingApproved where that is nothing; Invalid where no such level is published.
        """
        revision = _released(unit, person) if unit.actor.person == person else _standing(unit, person).basis
        if revision is None:
            raise NothingApproved
        level = _published(unit, revision, target)
        self._compute(unit, _basis(unit, person, revision), (level,), "request", unit.new_id("request"))
        return Report.id_of(revision.evaluation, revision.revision, level.ref)

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
        for revision in after.bases(_released(unit, person)):
            if after.sits_at(revision) != before.sits_at(revision):
                basis = _basis(unit, person, revision)
                self._compute(unit, basis, basis.targets, "placement", changed.heard)

    def _drop(self, unit: Unit, person: str, evaluation: str, heard: str) -> None:
        """Rest on an evaluation no more; the reports on the one before have followed target and placement all along."""
        standing = _standing(unit, person)
        dropped = standing.drop(evaluation)
        if not dropped:
            return
        unit.record(Standing, person, dropped)
        for report in standing.reports.get(evaluation, ()):
            unit.record(Report, report, unit.get(Report, report).withdraw(CYCLE_CANCELLED, heard))

    def _compute(self, unit: Unit, basis: Basis, levels: Iterable[Level], cause: Cause, caused_by: str) -> None:
        about, of = tuple(levels), basis.approved
        ladders = facts.ladder_events(unit, [(one.version, one.ladder) for one in (basis.present, *about)])
        for target in about:
            report = Report.id_of(of.evaluation, of.revision, target.ref)
            inputs = _inputs(basis, target, ladders, cause, caused_by)
            unit.record(Report, report, Report.compute(unit.find(Report, report), inputs, unit.now))
            standing = unit.get(Standing, basis.person)
            unit.record(Standing, basis.person, standing.begin(report, of.evaluation, target.ref))


def _standing(unit: Unit, person: str) -> Standing:
    return unit.find(Standing, person) or Standing()


def _released(unit: Unit, person: str) -> ApprovedRevision | None:
    """Return the revision the employee reads as the one that counts."""
    approved = facts.released(unit, person)
    return _revision(approved) if approved else None


def _revision(approved: facts.Approved) -> ApprovedRevision:
    return ApprovedRevision(
        evaluation=approved.evaluation,
        revision=approved.revision,
        cycle=approved.cycle,
        framework_version=approved.framework_version,
        rated_at=approved.rated_at,
        approved_at=approved.approved_at,
        period_ends_on=approved.period_ends_on,
        heard=approved.approval,
    )


def _basis(unit: Unit, person: str, approved: ApprovedRevision, scores: dict[str, float] | None = None) -> Basis:
    """Return what reports on a revision rest on; its `scores` are read unless they are at hand.

    Somebody sits at today's level for a revision that counts, and for any other at the level it was rated at.
    """
    standing = _standing(unit, person)
    counts = approved in standing.bases(_released(unit, person))
    at, version = standing.sits_at(approved) if counts else approved.rated_at, approved.framework_version
    found = _level_and_next(unit, at, version, standing.present_version)
    if found is None:
        raise LevelUnknown(f"{person} sits at {at}, which framework version {version} does not have.")
    present, following = found
    chosen = _level(unit, standing.target, present.version, facts.latest_version(unit)) if standing.target else None
    if scores is None:
        scores = facts.approved(unit, approved.evaluation, approved.revision).scores
    return Basis(person, standing, approved, present, chosen, following, scores, counts)


def _present(unit: Unit, standing: Standing, released: ApprovedRevision | None) -> Level | None:
    """Return the level somebody sits at, as far as it is known."""
    at = standing.present or (released.rated_at if released else None)
    version = released.framework_version if released else standing.present_version
    return _level(unit, at, version, standing.present_version) if at else None


def _published(unit: Unit, approved: ApprovedRevision | None, ref: LevelRef) -> Level:
    """Return a level by the framework version of the evaluation that counts, else by the newest."""
    level = _level(unit, ref, approved.framework_version if approved else None, facts.latest_version(unit))
    if level is None:
        raise Invalid("level", ref.level, f"choose a published level of the ladder {ref.ladder!r}.")
    return level


def _level(unit: Unit, ref: LevelRef, *versions: int | None) -> Level | None:
    """Return a level as the first of these framework versions that has it says."""
    found = _level_and_next(unit, ref, *versions)
    return found[0] if found else None


def _level_and_next(unit: Unit, ref: LevelRef, *versions: int | None) -> tuple[Level, tuple[Level, ...]] | None:
    """Return a level and its next levels as the first of these framework versions that has it says."""
    for version in versions:
        found = facts.level_and_next(unit, version, ref) if version is not None else None
        if found is not None:
            return found
    return None


def _inputs(
    basis: Basis, target: Level, ladders: dict[tuple[int, str], str], cause: Cause, caused_by: str
) -> Inputs:
    standing, present = basis.standing, basis.present
    as_placed = basis.counts and present.ref == standing.present
    return Inputs(
        employee=basis.person,
        basis=basis.approved,
        scores=basis.scores,
        present=present,
        target=target,
        is_main=target.ref == basis.main.ref,
        cause=cause,
        caused_by=caused_by,
        new_bar_old_scores=basis.has_new_bar,
        because=Because(
            approval=basis.approved.heard,
            present_ladder=ladders[present.version, present.ladder],
            target_ladder=ladders[target.version, target.ladder],
            placement=standing.present_heard if as_placed else None,
            target=standing.target_choice if target.ref == standing.target else None,
        ),
    )
