"""The read models: reports with every version, where people stand, and placements to come."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

from chassis.deadlines import Due, Ended
from chassis.projection import RecordedEvent, Rows, View
from gap_svc.domain import standing
from gap_svc.domain.report import Computed, Withdrawn
from gap_svc.domain.standing import Placement

PLACEMENT_BEGINS = "placement begins"
_A_DAY = timedelta(days=1)

_REPORT_COLUMNS = {
    "report": "text",
    "version": "int",
    "employee": "text",
    "evaluation": "text",
    "revision": "int",
    "cycle": "text",
    "framework_version": "int",
    "present_ladder": "text",
    "present_level": "text",
    "target_ladder": "text",
    "target_level": "text",
    "is_main": "boolean",
    "cause": "text",
    "caused_by": "text",
    "new_bar_old_scores": "boolean",
    "lines": "jsonb",
    "readiness": "jsonb",
    "below_present": "jsonb",
    "because": "jsonb",
    "met": "int",
    "rated": "int",
    "figure": "double precision",
    "computed_at": "timestamptz",
    "event_id": "text",
    "sequence": "bigint",
}


class ReportList(View):
    """One row per report: its latest version; `is_main` says whether that version was computed as the main report.

    `lines`, `readiness` (with its terms), `below_present` and `because` are the values of the domain; `event_id` is
    the event of the computation, `sequence` its place in the record. Which report is the main one now is told by
    `standings`.
    """

    NAME = "report_list"
    COLUMNS: ClassVar[dict[str, str]] = {**_REPORT_COLUMNS, "withdrawn": "boolean", "withdrawn_at": "timestamptz"}
    KEY = ("report",)
    INDEXES = (("employee",), ("evaluation",), ("cycle",))

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        match entry.event:
            case Computed() as event:
                rows.put({**_report(event, entry), "withdrawn": False, "withdrawn_at": None})
            case Withdrawn() as event:
                rows.update((event.report,), withdrawn=True, withdrawn_at=entry.recorded_at)
            case _:
                pass


class ReportVersions(View):
    """Every version of every report, as it was computed, and whether it was withdrawn since."""

    NAME = "report_versions"
    COLUMNS: ClassVar[dict[str, str]] = {**_REPORT_COLUMNS, "withdrawn": "boolean"}
    KEY = ("report", "version")
    INDEXES = (("evaluation", "revision"), ("employee",))

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        match entry.event:
            case Computed() as event:
                rows.put({**_report(event, entry), "withdrawn": False})
            case Withdrawn() as event:
                for version in range(1, event.version + 1):
                    rows.update((event.report, version), withdrawn=True)
            case _:
                pass


class Standings(View):
    """One row per person: present level, chosen target, approved evaluations, and the main report of each.

    `approved` maps evaluation → the values of `ApprovedRevision`, `main_reports` evaluation → revision → those that
    count, each {report, version}, in the order of their computation; `evaluation` is the one reports rest on now,
    `main_report` and `main_version` its last main report.
    """

    NAME = "standings"
    COLUMNS: ClassVar[dict[str, str]] = {
        "person": "text",
        "present_ladder": "text",
        "present_level": "text",
        "present_since": "timestamptz",
        "present_version": "int",
        "target_ladder": "text",
        "target_level": "text",
        "target_by": "text",
        "target_event": "text",
        "approved": "jsonb",
        "main_reports": "jsonb",
        "evaluation": "text",
        "main_report": "text",
        "main_version": "int",
        "updated_at": "timestamptz",
    }
    KEY = ("person",)
    INDEXES = (("main_report",), ("evaluation",))

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        person = entry.event.employee if isinstance(entry.event, Computed | Withdrawn) else entry.id
        if entry.kind not in (standing.Standing.KIND, "report"):
            return
        row = rows.get((person,)) or {"person": person, "approved": {}, "main_reports": {}}
        changes = _standing(entry, row)
        if changes:
            rows.put(_with_basis({**row, **changes, "updated_at": entry.recorded_at}))


def deadlines(entry: RecordedEvent) -> Iterable[Due | Ended]:
    """Return the days on which a placement begins, and those that were taken back."""
    match entry.event:
        case standing.PlacementKnown(person=person, placement=placement) if _may_begin_later(placement, entry):
            begins = _begins(person, placement.at.level, placement.effective_on)
            yield Due(begins, PLACEMENT_BEGINS, person, None, placement.in_force_from)
        case standing.PlacementTakenBack() as event:
            yield Ended(_begins(event.person, event.level, event.effective_on))
        case _:
            pass


def _may_begin_later(placement: Placement, entry: RecordedEvent) -> bool:
    """Tell whether the placement begins about now or later; firing for one that counts already changes nothing.

    The record's time is a little after the decision's, so a day that began between the two must not be missed.
    """
    return placement.effective_on >= (entry.recorded_at - _A_DAY).date()


def _begins(person: str, level: str, effective_on: date) -> str:
    return f"{PLACEMENT_BEGINS}/{person}/{effective_on.isoformat()}/{level}"


def _report(event: Computed, entry: RecordedEvent) -> dict[str, Any]:
    calculation = event.calculation.model_dump(mode="json")
    return {
        "report": event.report,
        "version": event.version,
        "employee": event.employee,
        "evaluation": event.evaluation,
        "revision": event.revision,
        "cycle": event.cycle,
        "framework_version": event.framework_version,
        "present_ladder": event.present.ladder,
        "present_level": event.present.level,
        "target_ladder": event.target.ladder,
        "target_level": event.target.level,
        "is_main": event.is_main,
        "cause": event.cause,
        "caused_by": event.caused_by,
        "new_bar_old_scores": event.new_bar_old_scores,
        "lines": calculation["lines"],
        "readiness": calculation["readiness"],
        "below_present": calculation["below_present"],
        "because": event.because.model_dump(),
        "met": event.calculation.met,
        "rated": event.calculation.rated,
        "figure": event.calculation.readiness.figure,
        "computed_at": event.at,
        "event_id": str(entry.event_id),
        "sequence": entry.sequence,
    }


def _standing(entry: RecordedEvent, row: dict[str, Any]) -> dict[str, Any]:
    match entry.event:
        case standing.EvaluationTaken(taken=taken):
            return {"approved": {**row["approved"], taken.evaluation: taken.model_dump(mode="json")}}
        case standing.EvaluationDropped() as event:
            return {name: _without(row[name], event.evaluation) for name in ("approved", "main_reports")}
        case standing.PresentLevelChanged() as event:
            return {
                "present_ladder": event.at.ladder if event.at else None,
                "present_level": event.at.level if event.at else None,
                "present_since": event.since,
                "present_version": event.framework_version,
            }
        case standing.TargetChosen() as event:
            return {
                "target_ladder": event.target.ladder if event.target else None,
                "target_level": event.target.level if event.target else None,
                "target_by": event.by,
                "target_event": str(entry.event_id),
            }
        case Computed(is_main=True) as event:
            main = {"report": event.report, "version": event.version}
            known: dict[str, Any] = row["main_reports"].get(event.evaluation, {})
            mains = {**known, str(event.revision): [*known.get(str(event.revision), ()), main]}
            return {"main_reports": {**row["main_reports"], event.evaluation: mains}}
        case Withdrawn() as event if event.evaluation in row["main_reports"]:
            left = {
                revision: [one for one in mains if one["report"] != event.report]
                for revision, mains in row["main_reports"][event.evaluation].items()
            }
            return {"main_reports": {**row["main_reports"], event.evaluation: left}}
        case _:
            return {}


def _with_basis(row: dict[str, Any]) -> dict[str, Any]:
    approved = [standing.ApprovedRevision.model_validate_json(json.dumps(taken)) for taken in row["approved"].values()]
    basis = standing.Standing(taken={taken.evaluation: taken for taken in approved}).basis
    mains: dict[str, Any] = row["main_reports"].get(basis.evaluation, {}) if basis else {}
    last: list[dict[str, Any]] = mains.get(str(basis.revision), []) if basis else []
    main: dict[str, Any] = last[-1] if last else {}
    return {
        **row,
        "evaluation": basis.evaluation if basis else None,
        "main_report": main.get("report"),
        "main_version": main.get("version"),
    }


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}
