"""What reports on an approved revision rest on: where the person sits, and what they may aim for from there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.kernel import DomainError, Invalid
from chassis.unit import Unit
from gap_svc import facts
from gap_svc.domain.levels import Level, LevelRef, main_target, targets
from gap_svc.domain.report import Because, Cause, Inputs, Report
from gap_svc.domain.standing import ApprovedRevision, Standing


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


def standing_of(unit: Unit, person: str) -> Standing:
    """Return where somebody stands, as far as it is known."""
    return unit.find(Standing, person) or Standing()


def released_to(unit: Unit, person: str) -> ApprovedRevision | None:
    """Return the revision the employee reads as the one that counts."""
    approved = facts.released(unit, person)
    return revision_of(approved) if approved else None


def revision_of(approved: facts.Approved) -> ApprovedRevision:
    """Return an approved revision without its lines, as a standing holds it."""
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


def basis_of(unit: Unit, person: str, approved: ApprovedRevision, scores: dict[str, float] | None = None) -> Basis:
    """Return what reports on a revision rest on; its `scores` are read unless they are at hand.

    Somebody sits at today's level for a revision that counts, and for any other at the level it was rated at.
    """
    standing = standing_of(unit, person)
    counts = approved in standing.bases(released_to(unit, person))
    at, version = standing.sits_at(approved) if counts else approved.rated_at, approved.framework_version
    found = level_and_next(unit, at, version, standing.present_version)
    if found is None:
        raise LevelUnknown(f"{person} sits at {at}, which framework version {version} does not have.")
    present, following = found
    chosen = level_of(unit, standing.target, present.version, facts.latest_version(unit)) if standing.target else None
    if scores is None:
        scores = facts.approved(unit, approved.evaluation, approved.revision).scores
    return Basis(person, standing, approved, present, chosen, following, scores, counts)


def present_level(unit: Unit, standing: Standing, released: ApprovedRevision | None) -> Level | None:
    """Return the level somebody sits at, as far as it is known."""
    at = standing.present or (released.rated_at if released else None)
    version = released.framework_version if released else standing.present_version
    return level_of(unit, at, version, standing.present_version) if at else None


def published_level(unit: Unit, approved: ApprovedRevision | None, ref: LevelRef) -> Level:
    """Return a level by the framework version of the evaluation that counts, else by the newest."""
    level = level_of(unit, ref, approved.framework_version if approved else None, facts.latest_version(unit))
    if level is None:
        raise Invalid("level", ref.level, f"choose a published level of the ladder {ref.ladder!r}.")
    return level


def level_of(unit: Unit, ref: LevelRef, *versions: int | None) -> Level | None:
    """Return a level as the first of these framework versions that has it says."""
    found = level_and_next(unit, ref, *versions)
    return found[0] if found else None


def level_and_next(unit: Unit, ref: LevelRef, *versions: int | None) -> tuple[Level, tuple[Level, ...]] | None:
    """Return a level and its next levels as the first of these framework versions that has it says."""
    for version in versions:
        found = facts.level_and_next(unit, version, ref) if version is not None else None
        if found is not None:
            return found
    return None


def inputs_of(
    basis: Basis, target: Level, ladders: dict[tuple[int, str], str], cause: Cause, caused_by: str
) -> Inputs:
    """Return all that the report of a basis about one level is computed from."""
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


def compute(unit: Unit, basis: Basis, levels: Iterable[Level], cause: Cause, caused_by: str) -> None:
    """Compute the reports of a basis about some levels, each unless it has a version for this cause."""
    about, of = tuple(levels), basis.approved
    ladders = facts.ladder_events(unit, [(one.version, one.ladder) for one in (basis.present, *about)])
    for target in about:
        report = Report.id_of(of.evaluation, of.revision, target.ref)
        inputs = inputs_of(basis, target, ladders, cause, caused_by)
        unit.record(Report, report, Report.compute(unit.find(Report, report), inputs, unit.now))
        standing = unit.get(Standing, basis.person)
        unit.record(Standing, basis.person, standing.begin(report, of.evaluation, target.ref))
