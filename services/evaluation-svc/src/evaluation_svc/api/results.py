"""The results of a cycle for HR, as a workbook; whoever is in it hears who read it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response

from chassis.http import Queried, Query, problems
from evaluation_svc.access import TOLD_OF_RELEASES, Sight
from evaluation_svc.api.allowed import allow_reading, seen
from evaluation_svc.api.bodies import Id
from evaluation_svc.api.cycles import visible
from evaluation_svc.api.files import WORKBOOK, download, names_of
from evaluation_svc.api.forms import Form, Forms
from evaluation_svc.api.views import revision_for, summary_view
from evaluation_svc.documents import PersonResult, Rated, write_results
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.lines import Line
from evaluation_svc.domain.revisions import Revision

router = APIRouter(tags=["cycles"])


@router.get("/cycles/{cycle}/results.xlsx", response_class=Response, responses={**WORKBOOK, **problems(403, 404)})
def results(cycle: Id, query: Queried) -> Response:
    """Download the results of a cycle: what HR may see of each, of oneself what any employee sees."""
    allow_reading(query, "read results")
    codes = _codes(query, visible(query, cycle)["plan"]["framework_version"])
    sql = "select evaluation from evaluation_list where workspace = %(workspace)s and cycle = %(cycle)s"
    rows = query.rows(f"{sql} order by employee", {"cycle": cycle})
    found = seen(query, [row["evaluation"] for row in rows])
    people = {one for state, _ in found.values() for one in (state.employee, state.evaluator)}
    names, forms = names_of(query, people), Forms(query)
    for evaluation, (state, _) in found.items():
        query.record_access(state.employee, "cycle results", evaluation)
    everybody = (_result(query, state, shown, names, codes, forms) for state, shown in found.values())
    owed = dict.fromkeys(credit for state, _ in found.values() for credit in forms.credits_of(state))
    return download(write_results(everybody, owed), f"results-{cycle}.xlsx")


def _codes(query: Query, version: int) -> dict[str, str]:
    """Return what the levels of a framework version are called, `IC2`, by id."""
    sql = "select level, code from framework_levels where workspace = %(workspace)s and version = %(version)s"
    return {row["level"]: row["code"] for row in query.rows(sql, {"version": version})}


def _result(
    query: Query, state: Evaluation, shown: Sight, names: dict[str, str], codes: dict[str, str], forms: Forms
) -> PersonResult:
    view, revision = summary_view(query, state.evaluation, state, shown), revision_for(state, shown)
    number = revision or (None if shown in TOLD_OF_RELEASES else state.revision)
    return PersonResult(
        person=names[state.employee],
        level=codes.get(state.terms.level, state.terms.level),
        evaluator=names[state.evaluator],
        state=view.status,
        revision=number.number if number else None,
        lines=_lines(state, revision, forms.of(state)) if revision else (),
        approved_on=_day(query, revision.approved_at) if revision else None,
        released_on=_day(query, revision.released_at) if revision else None,
    )


def _lines(state: Evaluation, revision: Revision, form: Form) -> tuple[Rated, ...]:
    written = {line.competency: line for line in state.standing_lines(revision)}
    lines = (written.get(one, Line(competency=one)) for one in state.terms.competencies)
    return tuple(
        Rated(
            competency=form[line.competency][0].name if line.competency in form else line.competency,
            area=form[line.competency][0].area if line.competency in form else "",
            rating=line.rating,
            not_seen=line.not_seen,
            rests_on_memory=line.rating is not None and not line.evidence,
        )
        for line in lines
    )


def _day(query: Query, at: datetime | None) -> str | None:
    return query.directory.calendar(None).local_date(at).isoformat() if at else None
