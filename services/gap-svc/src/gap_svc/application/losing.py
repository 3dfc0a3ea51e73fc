"""When another service was restored to an earlier moment: what rested on lost events is withdrawn, the rest stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chassis.loss import Loss
from chassis.unit import Unit
from gap_svc import facts
from gap_svc.application.basis import Basis, basis_of, compute, released_to, revision_of
from gap_svc.domain.levels import Level
from gap_svc.domain.report import Report, Version
from gap_svc.domain.standing import ApprovedRevision, Standing

SOURCE_LOST = "what it was computed from was lost when a service was restored"
OVERTAKEN = "what it follows was lost when a service was restored"


class Losing:
    """What follows when events that were heard are no more."""

    def withdraw(self, unit: Unit, loss: Loss) -> None:
        """Rest on nothing that was lost: withdraw the reports that name it, and compute what is due by what is left."""
        there = facts.sources(unit)
        for person in unit.ids(Standing):
            unit.because(loss.first_on(Standing, person))
            _stand_as_left(unit, person, loss)
            for report in unit.get(Standing, person).all_reports():
                known = unit.get(Report, report)
                missing = next(_missing(known.standing, there, loss), None)
                if missing is not None:
                    unit.record(Report, report, known.withdraw(SOURCE_LOST, missing))
            _bring_up_to_date(unit, person)

    def complete_version(self, unit: Unit, version: int) -> None:
        """Compute what waited for a framework version: one that was lost may be published after its evaluations."""
        for person in facts.rated_by(unit, version):
            _bring_up_to_date(unit, person)


def _stand_as_left(unit: Unit, person: str, loss: Loss) -> None:
    """Let somebody stand where they would, had what is lost never been heard."""
    left = unit.find_without(Standing, person, loss.commands) or Standing()
    after = unit.record(Standing, person, unit.get(Standing, person).stand_as(person, left))
    unit.record(Standing, person, after.settle(unit.now, lost=loss.events))


def _missing(versions: Iterable[Version], there: frozenset[str], loss: Loss) -> Iterator[str]:
    """Yield the sources that report versions name and nobody has any more."""
    for version in versions:
        because = version.because
        yield from (one for one in (because.approval, because.present_ladder, because.target_ladder) if one not in there)
        yield from (one for one in (because.placement, version.caused_by) if one in loss.events)


def _bring_up_to_date(unit: Unit, person: str) -> None:
    """See that every approved revision has its reports, and that those somebody reads say what counts now.

    Where the framework version was lost nothing can be said; `complete_version` comes back to it.
    """
    bases = unit.get(Standing, person).bases(released_to(unit, person))
    for approved in facts.approved_about(unit, person):
        revision = revision_of(approved)
        if facts.has_version(unit, revision.framework_version):
            _renew(unit, basis_of(unit, person, revision), followed=revision in bases)


def _renew(unit: Unit, basis: Basis, *, followed: bool) -> None:
    if followed:
        for target in basis.targets:
            _renew_about(unit, basis, target)
    elif not any(_is_main_of(unit, report, basis.approved) for report in basis.standing.all_reports()):
        compute(unit, basis, basis.targets, "approval", basis.approved.heard)


def _renew_about(unit: Unit, basis: Basis, target: Level) -> None:
    """Compute a report anew, unless its last version says what it would say now."""
    report = Report.id_of(basis.approved.evaluation, basis.approved.revision, target.ref)
    known = unit.find(Report, report)
    if known and known.standing:
        if _is_current(known.standing[-1], basis, target):
            return
        unit.record(Report, report, known.withdraw(OVERTAKEN, basis.approved.heard))
    choice = basis.standing.target_choice if target.ref == basis.standing.target else None
    compute(unit, basis, (target,), "target" if choice else "approval", choice or basis.approved.heard)


def _is_current(last: Version, basis: Basis, target: Level) -> bool:
    return last.present == basis.present.ref and (last.is_main or target.ref != basis.main.ref)


def _is_main_of(unit: Unit, report: str, approved: ApprovedRevision) -> bool:
    return any(one.is_main and one.because.approval == approved.heard for one in unit.get(Report, report).standing)
