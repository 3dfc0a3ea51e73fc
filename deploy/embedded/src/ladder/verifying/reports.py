"""From approval to report: every approval has its one main report, and every report names what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

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
HEARD = (APPROVED, RELEASED, CANCELLED, LADDER, PLACED, PLACEMENT_ENDED)


@dataclass(frozen=True)
class Known:
    """What one workspace's reports are held against: what gap-svc could hear, and what it recorded of it."""

    heard: dict[str, list[Heard]]
    computed: list[Computed]
    withdrawn: set[str]
    choices: set[str]
    shown: set[tuple[str, int]]
    parked: set[str]

    @classmethod
    def read(cls, gap: Service, workspace: str) -> Known:
        """Read all of it once."""
        by_type: dict[str, list[Heard]] = {name: [] for name in HEARD}
        for one in heard(gap, workspace, *HEARD):
            by_type[one.type].append(one)
        events = [entry.event for entry in recorded(gap, workspace)]
        shown = "select evaluation, revision from {s}.evaluations where workspace = %s and released_at is not null"
        parked = "select event_id::text from {s}.parked where workspace = %s and status <> 'replayed'"
        return cls(
            heard=by_type,
            computed=[event for event in events if isinstance(event, Computed)],
            withdrawn={event.report for event in events if isinstance(event, Withdrawn)},
            choices={event.choice for event in events if isinstance(event, TargetChosen)},
            shown={(row["evaluation"], row["revision"]) for row in rows(gap, shown, workspace)},
            parked={row["event_id"] for row in rows(gap, parked, workspace)},
        )


def loop(gap: Service, workspace: str) -> Iterator[Finding]:
    """The loop is closed: approvals, releases and cancellations have become what they have to become here."""
    known = Known.read(gap, workspace)
    for check in (causes, approvals, sources, withdrawals, releases):
        yield from check(known)


def causes(known: Known) -> Iterator[Finding]:
    """There is one version of a report per (evaluation revision, target, cause)."""
    found = Counter((one.report, one.revision, one.cause, one.caused_by) for one in known.computed)
    for (report, revision, cause, by), times in found.items():
        if times > 1:
            detail = f"{report} has {times} versions of revision {revision} because of {cause} {by}"
            yield "one report version per revision, target and cause", detail


def approvals(known: Known) -> Iterator[Finding]:
    """Every approved revision has one main report that was computed because of its approval.

    An approval that was parked is told by `ladder parked`, and has none until it is replayed.
    """
    found = {(one.caused_by, one.report) for one in known.computed if one.is_main and one.cause == "approval"}
    main = Counter(approval for approval, _ in found)
    for approval in known.heard[APPROVED]:
        if main[approval.event] != 1 and approval.event not in known.parked:
            evaluation, revision = _revision(approval)
            detail = f"{evaluation} revision {revision} has {main[approval.event]}"
            yield "every approved revision has its main report", detail


def sources(known: Known) -> Iterator[Finding]:
    """Every report names an approval, ladders, a placement, a choice of target and a cause that are in the records."""
    approved = {(one.event, *_revision(one)) for one in known.heard[APPROVED]}
    ladders = {(one.event, one.said["ladder"]) for one in known.heard[LADDER]}
    moves = {one.event for name in (PLACED, PLACEMENT_ENDED) for one in known.heard[name]}
    # A cancelled cycle lets the evaluation before it count again, so it causes reports as an approval does.
    decided = {one.event for name in (APPROVED, CANCELLED) for one in known.heard[name]}
    causing = {"approval": decided, "placement": moves, "target": known.choices}
    for one in known.computed:
        because = one.because
        named = {
            "approval": (because.approval, one.evaluation, one.revision) in approved,
            "present ladder": (because.present_ladder, one.present.ladder) in ladders,
            "target ladder": (because.target_ladder, one.target.ladder) in ladders,
            "placement": because.placement is None or because.placement in moves,
            "target": because.target is None or because.target in known.choices,
            "cause": one.cause == "request" or one.caused_by in causing[one.cause],
        }
        unknown = [name for name, is_known in named.items() if not is_known]
        if unknown:
            yield "reports name what is there", f"{one.report} version {one.version}: unknown {', '.join(unknown)}"


def withdrawals(known: Known) -> Iterator[Finding]:
    """The reports of a cancelled cycle are withdrawn, and no others."""
    cancelled = {one.said["cycle"] for one in known.heard[CANCELLED]}
    for report, cycle in {one.report: one.cycle for one in known.computed}.items():
        if (cycle in cancelled) != (report in known.withdrawn):
            said = "cancelled" if cycle in cancelled else "not cancelled"
            yield "reports of cancelled cycles are withdrawn", f"{report} rests on {cycle}, which is {said}"


def releases(known: Known) -> Iterator[Finding]:
    """What the employee may read of reports is what was released, no less and no more."""
    released = {_revision(one) for one in known.heard[RELEASED]}
    for evaluation, revision in sorted(known.shown ^ released):
        said = "released" if (evaluation, revision) in released else "not released"
        yield "reports are shown as released", f"{evaluation} revision {revision} is {said}"


def _revision(one: Heard) -> tuple[str, int]:
    return one.said["evaluation"], one.said["revision"]
