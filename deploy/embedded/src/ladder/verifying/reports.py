"""From approval to report: every approval has its one main report, and every report names what is there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from chassis.service import Service
from gap_svc.domain.report import Computed, Withdrawn
from gap_svc.domain.standing import TargetChosen
from ladder.verifying.reading import Finding, Heard, heard, recorded, rows

APPROVED = "careerladder.evaluation.approved.v1"
RELEASED = "careerladder.evaluation.released.v1"
CANCELLED = "careerladder.evaluation.cycle-cancelled.v1"
FRAMEWORK = "careerladder.framework.framework-published.v1"
LADDER = "careerladder.framework.ladder-published.v1"
PLACED = "careerladder.framework.person-placed.v1"
PLACEMENT_ENDED = "careerladder.framework.placement-ended.v1"
HEARD = (APPROVED, RELEASED, CANCELLED, FRAMEWORK, LADDER, PLACED, PLACEMENT_ENDED)


@dataclass(frozen=True)
class Known:
    """What one workspace's reports are held against: what gap-svc could hear, and what it recorded of it.

    `ever` are all versions of reports, `computed` those that count, `withdrawn` the last withdrawal by report.
    """

    heard: dict[str, list[Heard]]
    ever: list[Computed]
    computed: list[Computed]
    withdrawn: dict[str, Withdrawn]
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
        withdrawn = {event.report: event for event in events if isinstance(event, Withdrawn)}
        ever = [event for event in events if isinstance(event, Computed)]
        return cls(
            heard=by_type,
            ever=ever,
            computed=[one for one in ever if one.report not in withdrawn or one.version > withdrawn[one.report].version],
            withdrawn=withdrawn,
            choices={event.choice for event in events if isinstance(event, TargetChosen)},
            shown={(row["evaluation"], row["revision"]) for row in rows(gap, shown, workspace)},
            parked={row["event_id"] for row in rows(gap, parked, workspace)},
        )


    @property
    def renewed(self) -> set[str]:
        """The evaluations a report of which was withdrawn."""
        return {one.evaluation for one in self.withdrawn.values()}

    @property
    def cancelled(self) -> set[str]:
        """The cycles that were cancelled."""
        return {one.said["cycle"] for one in self.heard[CANCELLED]}

    @property
    def there(self) -> set[str]:
        """The ids of everything gap-svc could hear of these types."""
        return {one.event for found in self.heard.values() for one in found}


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

    An approval that was parked is told by `ladder parked`, and has none until it is replayed; one by a framework version
    that was lost has none until that is published again. One whose first main report was withdrawn may have it for
    another cause.
    """
    found = {(one.caused_by, one.report) for one in known.computed if one.is_main and one.cause == "approval"}
    main = Counter(approval for approval, _ in found)
    versions = {one.said["version"] for one in known.heard[FRAMEWORK]}
    again = {one.because.approval for one in known.computed if one.is_main and one.evaluation in known.renewed}
    for approval in known.heard[APPROVED]:
        if approval.event in known.parked or approval.said["framework_version"] not in versions:
            continue
        if approval.said["cycle"] in known.cancelled:
            continue
        if main[approval.event] != 1 and approval.event not in again:
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
    """The reports of a cancelled cycle are withdrawn, and no others but those whose source is nowhere any more."""
    counting = {one.report for one in known.computed}
    rested_on = defaultdict[str, set[str | None]](set)
    for one in known.ever:
        because = one.because
        rested_on[one.report] |= {because.approval, because.present_ladder, because.target_ladder, because.placement}
        rested_on[one.report].add(one.caused_by)
    for report, cycle in {one.report: one.cycle for one in known.ever}.items():
        if cycle in known.cancelled:
            wrong, said = report in counting, "cancelled"
        else:
            lost = rested_on[report] - known.there
            wrong, said = report not in counting and known.withdrawn[report].heard not in lost, "not cancelled"
        if wrong:
            yield "reports of cancelled cycles are withdrawn", f"{report} rests on {cycle}, which is {said}"


def releases(known: Known) -> Iterator[Finding]:
    """What the employee may read of reports is what was released, no less and no more."""
    released = {_revision(one) for one in known.heard[RELEASED]}
    for evaluation, revision in sorted(known.shown ^ released):
        said = "released" if (evaluation, revision) in released else "not released"
        yield "reports are shown as released", f"{evaluation} revision {revision} is {said}"


def _revision(one: Heard) -> tuple[str, int]:
    return one.said["evaluation"], one.said["revision"]
