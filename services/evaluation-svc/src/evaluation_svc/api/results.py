"""The results of a cycle for HR, as a workbook; whoever is in it hears who read it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response

from chassis.http import Queried, Query, problems
from evaluation_svc.access import TOLD_OF_RELEASES, sight
from evaluation_svc.api.allowed import allow_reading, readable
from evaluation_svc.api.cycles import visible
from evaluation_svc.api.files import WORKBOOK, download, name_of
from evaluation_svc.api.shapes import Id, RevisionView
from evaluation_svc.api.views import evaluation_view
from evaluation_svc.documents import PersonResult, Rated, write_results

router = APIRouter(tags=["cycles"])


@router.get("/cycles/{cycle}/results.xlsx", response_class=Response, responses={**WORKBOOK, **problems(403, 404)})
def results(cycle: Id, query: Queried) -> Response:
    """Download the results of a cycle: what HR may see of each, of oneself what any employee sees."""
    allow_reading(query, "read results")
    codes = _codes(query, visible(query, cycle)["plan"]["framework_version"])
    rows = query.rows(
        "select evaluation from evaluation_list where workspace = %(workspace)s and cycle = %(cycle)s"
        " order by employee",
        {"cycle": cycle},
    )
    query.directory.people()  # one read for everybody, instead of one each
    return download(write_results(_result(query, row["evaluation"], codes) for row in rows), f"results-{cycle}.xlsx")


def _codes(query: Query, version: int) -> dict[str, str]:
    """Return what the levels of a framework version are called, `IC2`, by id."""
    sql = "select level, code from framework_levels where workspace = %(workspace)s and version = %(version)s"
    return {row["level"]: row["code"] for row in query.rows(sql, {"version": version})}


def _result(query: Query, evaluation: str, codes: dict[str, str]) -> PersonResult:
    state, _, of, _ = readable(query, evaluation)
    query.record_access(state.employee, "cycle results", evaluation)
    view = evaluation_view(query, evaluation, state, sight(query.actor, of))
    shown = view.revision
    return PersonResult(
        person=name_of(query, state.employee),
        level=codes.get(state.terms.level, state.terms.level),
        evaluator=name_of(query, state.evaluator),
        state=view.status,
        revision=shown.number if shown else None if view.shown in TOLD_OF_RELEASES else state.revision.number,
        lines=_lines(shown) if shown else (),
        approved_on=_day(query, shown.approved_at) if shown else None,
        released_on=_day(query, shown.released_at) if shown else None,
    )


def _lines(shown: RevisionView) -> tuple[Rated, ...]:
    return tuple(
        Rated(
            competency=line.name or line.competency,
            area=line.area or "",
            rating=line.rating,
            not_seen=line.not_seen is not None,
            rests_on_memory=line.rests_on_memory,
        )
        for line in shown.lines or ()
    )


def _day(query: Query, at: datetime | None) -> str | None:
    return query.directory.calendar(None).local_date(at).isoformat() if at else None
