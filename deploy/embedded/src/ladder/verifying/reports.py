"""From approval to report: every approval has its one main report, and every report names what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chassis.service import Service
from gap_svc.domain.report import Computed, Withdrawn
from gap_svc.domain.standing import TargetChosen
from ladder.verifying.reading import Finding, Heard, heard, recorded, rows

APPROVED = "careerladder.evaluation.approved.v1"
RELEASED = "careerladder.evaluation.released.v1"
CANCELLED = "careerladder.evaluation.cycle-cancelled.v1"
LADDER = "careerladder.framework.ladder-published.v1"
PLACED = "careerladder.framework.person-placed.v1"
PLACEMENT_ENDED = "careerladder.framework.placement-ended.v1"


def causes(gap: Service, workspace: str) -> Iterator[Finding]:
    """There is one version of a report per (evaluation revision, target, cause)."""
    found = Counter((one.report, one.revision, one.cause, one.caused_by) for one in _computed(gap, workspace))
    for (report, revision, cause, by), times in found.items():
        if times > 1:
            detail = f"{report} has {times} versions of revision {revision} because of {cause} {by}"
            yield "one report version per revision, target and cause", detail


def approvals(gap: Service, workspace: str) -> Iterator[Finding]:
    """Every approved revision has one main report that was computed because of its approval.

    An approval that was parked is told by `ladder parked`, and has none until it is replayed.
    """
    found = {(one.caused_by, one.report) for one in _computed(gap, workspace) if one.is_main and one.cause == "approval"}
    main = Counter(approval for approval, _ in found)
    parked = "select event_id::text from {s}.parked where workspace = %s and status <> 'replayed'"
    excused = {row["event_id"] for row in rows(gap, parked, workspace)}
    for approval in heard(gap, workspace, APPROVED):
        if main[approval.event] != 1 and approval.event not in excused:
            evaluation, revision = _revision(approval)
            detail = f"{evaluation} revision {revision} has {main[approval.event]}"
            yield "every approved revision has its main report", detail


def sources(gap: Service, workspace: str) -> Iterator[Finding]:
    """Every report names an approval, ladders, a placement, a choice of target and a cause that are in the records."""
    approved = {(one.event, *_revision(one)) for one in heard(gap, workspace, APPROVED)}
    cancelled = {one.event for one in heard(gap, workspace, CANCELLED)}
    ladders = {(one.event, one.said["ladder"]) for one in heard(gap, workspace, LADDER)}
    moves = {one.event for one in heard(gap, workspace, PLACED, PLACEMENT_ENDED)}
    entries = [entry.event for entry in recorded(gap, workspace)]
    choices = {event.choice for event in entries if isinstance(event, TargetChosen)}
    # A cancelled cycle lets the evaluation before it count again, so it causes reports as an approval does.
    causing = {"approval": {event for event, *_ in approved} | cancelled, "placement": moves, "target": choices}
    for one in (event for event in entries if isinstance(event, Computed)):
        because = one.because
        named = {
            "approval": (because.approval, one.evaluation, one.revision) in approved,
            "present ladder": (because.present_ladder, one.present.ladder) in ladders,
            "target ladder": (because.target_ladder, one.target.ladder) in ladders,
            "placement": because.placement is None or because.placement in moves,
            "target": because.target is None or because.target in choices,
            "cause": one.cause == "request" or one.caused_by in causing[one.cause],
        }
        unknown = [name for name, is_known in named.items() if not is_known]
        if unknown:
            yield "reports name what is there", f"{one.report} version {one.version}: unknown {', '.join(unknown)}"


def withdrawals(gap: Service, workspace: str) -> Iterator[Finding]:
    """The reports of a cancelled cycle are withdrawn, and no others."""
    cancelled = {one.said["cycle"] for one in heard(gap, workspace, CANCELLED)}
    entries = [entry.event for entry in recorded(gap, workspace)]
    withdrawn = {event.report for event in entries if isinstance(event, Withdrawn)}
    reports = {event.report: event.cycle for event in entries if isinstance(event, Computed)}
    for report, cycle in reports.items():
        if (cycle in cancelled) != (report in withdrawn):
            said = "cancelled" if cycle in cancelled else "not cancelled"
            yield "reports of cancelled cycles are withdrawn", f"{report} rests on {cycle}, which is {said}"


def releases(gap: Service, workspace: str) -> Iterator[Finding]:
    """What the employee may read of reports is what was released, no less and no more."""
    sql = "select evaluation, revision from {s}.evaluations where workspace = %s and released_at is not null"
    shown = {(row["evaluation"], row["revision"]) for row in rows(gap, sql, workspace)}
    released = {_revision(one) for one in heard(gap, workspace, RELEASED)}
    for evaluation, revision in sorted(shown ^ released):
        said = "released" if (evaluation, revision) in released else "not released"
        yield "reports are shown as released", f"{evaluation} revision {revision} is {said}"


def _computed(gap: Service, workspace: str) -> Iterator[Computed]:
    for entry in recorded(gap, workspace):
        if isinstance(entry.event, Computed):
            yield entry.event


def _revision(one: Heard) -> tuple[str, int]:
    return one.said["evaluation"], one.said["revision"]
