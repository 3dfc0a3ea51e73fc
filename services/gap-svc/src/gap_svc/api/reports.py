"""Gap reports over HTTP: read, printed, asked for, and what the record holds of one."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import APIRouter, Response

from chassis.http import Answer, Commanded, Queried, problems
from chassis.kernel import NotFound
from chassis.projection import RecordedEvent
from chassis.unit import Unit
from gap_svc import facts
from gap_svc.api.allowed import allow, application
from gap_svc.api.changes import changed
from gap_svc.api.seen import Seen, present_of, seen, target_of
from gap_svc.api.shapes import Asked, Id, LevelBody, NewerFrameworkView, Recorded, ReportItem, ReportView
from gap_svc.api.telling import Telling
from gap_svc.api.views import item, recorded, report_view
from gap_svc.documents import render
from gap_svc.domain.report import Computed, Report

router = APIRouter(tags=["reports"])
_log = structlog.stdlib.get_logger(__name__)

PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The printed report."}}


@router.get("/people/{person}/report", responses=problems(404))
def report(person: Id, query: Queried, which: Asked) -> ReportView:
    """Read somebody's gap report: the main one, the one about a level, or any one they have had; by version too."""
    shown = seen(query, person, "read reports")
    row = shown.report(which)
    query.record_access(person, "gap report", row["report"])
    return report_view(Telling(shown, row))


@router.get("/people/{person}/report.pdf", responses=PDF | problems(404), response_class=Response)
def printed(person: Id, query: Queried, which: Asked) -> Response:
    """Read the same as a PDF to print; equal data give equal bytes."""
    shown = seen(query, person, "read reports")
    row = shown.report(which)
    query.record_access(person, "gap report", row["report"])
    typeset = render(Telling(shown, row).document(), application(query).fonts)
    if typeset.note:
        _log.warning("report typeset", report=row["report"], reason=typeset.note)
    name = f"gap-report-{row['report']}-{row['version']}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(typeset.pdf, media_type="application/pdf", headers=headers)


@router.get("/people/{person}/reports", responses=problems(404))
def reports(person: Id, query: Queried) -> list[ReportItem]:
    """List every version of every report about somebody that one may read, the newest first."""
    shown = seen(query, person, "read reports")
    query.record_access(person, "gap reports", person)
    return [item(shown, row) for row in reversed(shown.versions)]


@router.post("/people/{person}/reports", status_code=201, responses=problems(403, 404, 409, 422))
def ask(person: Id, body: LevelBody, command: Commanded) -> Answer:
    """Ask for the report about any level; it is stored once per revision and target."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "ask for report", person)
        identifier = application(command).request_report(unit, person, body.ref())
        return Answer(status=201, id=identifier, location=f"/people/{person}/report?target={body.level}")

    return command.run(decide)


@router.get("/people/{person}/report/newer-framework", responses=problems(404))
def newer(person: Id, query: Queried, which: Asked) -> NewerFrameworkView:
    """Tell what the newest framework version would change: the same scores against its levels. Nothing is stored."""
    shown = seen(query, person, "read reports")
    row = shown.report(which)
    newest = facts.latest_version(query)
    if newest is None:
        raise NotFound(person)
    query.record_access(person, "gap report", row["report"])
    bars = {level.ref: level for level in facts.levels(query, newest, (present_of(row), target_of(row)))}
    scores = facts.approved(query, row["evaluation"], row["revision"]).scores
    ladders = dict.fromkeys(ref.ladder for ref in bars)
    return NewerFrameworkView(
        person=person,
        report=row["report"],
        version=row["version"],
        framework_version=row["framework_version"],
        newest_version=newest,
        change=changed(row, scores, bars),
        because=[row["event_id"], *(facts.ladder_event(query, newest, ladder) for ladder in ladders)],
    )


@router.get("/people/{person}/report/history", responses=problems(404))
def history(person: Id, query: Queried, which: Asked) -> list[Recorded]:
    """Read what the record holds of a report: each version one may read, and what each was computed from."""
    shown = seen(query, person, "read reports")
    row = shown.report_ever(which)
    query.record_access(person, "gap report history", row["report"])
    return [recorded(one) for one in query.history(Report, row["report"]) if _is_shown(shown, one)]


def _is_shown(shown: Seen, entry: RecordedEvent) -> bool:
    event = entry.event
    return not isinstance(event, Computed) or shown.is_one_of({"report": event.report, "version": event.version})
