"""The use cases of gap: hear an approval, a placement or a cancelled cycle, choose a target, ask for a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from chassis.deadlines import Due
from chassis.unit import PreconditionFailed, Unit
from gap_svc import facts
from gap_svc.application.basis import (
    basis_of,
    compute,
    present_level,
    published_level,
    released_to,
    revision_of,
    standing_of,
)
from gap_svc.application.losing import Losing
from gap_svc.domain.levels import LevelRef
from gap_svc.domain.report import Report
from gap_svc.domain.standing import ApprovedRevision, NothingApproved, Placement, Standing

CYCLE_CANCELLED = "the cycle was cancelled"


class Reports(Losing):
    """Standings and the reports that follow from them; `fonts` is a folder of fonts for printing them."""

    def __init__(self, fonts: Path | None = None) -> None:
        self.fonts = fonts

    def take_approval(self, unit: Unit, approved: facts.Approved) -> None:
        """Rest on an approved revision, and compute the report about the main target and each other next level."""
        revision = revision_of(approved)
        taken = standing_of(unit, approved.employee).take(revision)
        if not taken:
            return
        unit.record(Standing, approved.employee, taken)
        basis = basis_of(unit, approved.employee, revision, approved.scores)
        compute(unit, basis, basis.targets, "approval", approved.approval)

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
        unit.record(Standing, person, standing_of(unit, person).place(person, placement))
        self._settle(unit, person)

    def take_placement_back(self, unit: Unit, person: str, level: str, effective_on: date, heard: str) -> None:
        """Learn that a placement does not hold."""
        taken_back = standing_of(unit, person).take_back(person, level, effective_on)
        if taken_back:
            unit.record(Standing, person, taken_back)
            self._settle(unit, person, heard)

    def cancel_cycle(self, unit: Unit, cycle: str, heard: str) -> None:
        """Rest on no evaluation of a cycle any more, and withdraw its reports."""
        for evaluation, person in facts.evaluations_in(unit, cycle):
            self._drop(unit, person, evaluation, heard)

    def choose_target(self, unit: Unit, person: str, target: LevelRef | None, seen: int | None = None) -> Standing:
        """Aim for a level that is not reached yet, or (None) go back to the default; the main reports follow.

        Invalid where no such level is published or it is reached; `seen` is how many choices the caller has read of.
        Only the employee chooses, so what is published and reached is told by what was released to them.
        """
        standing = standing_of(unit, person)
        if seen not in (None, standing.choices):
            raise PreconditionFailed(seen, standing.choices)
        released = released_to(unit, person)
        chosen = published_level(unit, released, target) if target else None
        choice = unit.new_id("target")
        event = standing.choose(person, chosen, present_level(unit, standing, released), choice, unit.actor.person)
        if not event:
            return standing
        standing = unit.record(Standing, person, event)
        for revision in _readable(unit, standing.bases(released)):
            basis = basis_of(unit, person, revision)
            compute(unit, basis, (basis.main,), "target", choice)
        return unit.get(Standing, person)

    def request_report(self, unit: Unit, person: str, target: LevelRef) -> str:
        """Return the id of the report about any level, computed where this revision has none with the present bar.

        It rests on what the asker may read: the employee's on what was released to them.
        NothingApproved where that is nothing; Invalid where no such level is published.
        """
        revision = released_to(unit, person) if unit.actor.person == person else standing_of(unit, person).basis
        if revision is None:
            raise NothingApproved
        level = published_level(unit, revision, target)
        compute(unit, basis_of(unit, person, revision), (level,), "request", unit.new_id("request"))
        return Report.id_of(revision.evaluation, revision.revision, level.ref)

    def when_due(self, unit: Unit, deadline: Due) -> datetime | None:
        """Let a placement begin whose day has come."""
        self._settle(unit, deadline.subject)
        return None

    def _settle(self, unit: Unit, person: str, heard: str | None = None) -> None:
        """Let the placement in force be the present level; where that moves the bar, set the scores against it."""
        before = standing_of(unit, person)
        changed = before.settle(unit.now, heard)
        if not changed:
            return
        after = unit.record(Standing, person, changed)
        for revision in _readable(unit, after.bases(released_to(unit, person))):
            if after.sits_at(revision) != before.sits_at(revision):
                basis = basis_of(unit, person, revision)
                compute(unit, basis, basis.targets, "placement", changed.heard)

    def _drop(self, unit: Unit, person: str, evaluation: str, heard: str) -> None:
        """Rest on an evaluation no more; the reports on the one before have followed target and placement all along."""
        standing = standing_of(unit, person)
        dropped = standing.drop(evaluation)
        if not dropped:
            return
        unit.record(Standing, person, dropped)
        for report in standing.reports.get(evaluation, ()):
            unit.record(Report, report, unit.get(Report, report).withdraw(CYCLE_CANCELLED, heard))


def _readable(unit: Unit, revisions: Iterable[ApprovedRevision]) -> Iterator[ApprovedRevision]:
    """Yield those whose framework version is there.

    Of others nothing can be said until it is published again, and a refusal would tell of an unreleased approval.
    """
    return (one for one in revisions if facts.has_version(unit, one.framework_version))
