"""Cycles over HTTP: planning, opening, closing, cancelling, and how far one is."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Cursor, Limit, Page, Queried, Query, problems
from chassis.kernel import NotFound
from chassis.unit import Unit
from evaluation_svc.access import decide as permits
from evaluation_svc.api.allowed import allow_arranging, allow_at_all, allow_reading, application
from evaluation_svc.api.bodies import Id, PlanBody, ReasonBody
from evaluation_svc.api.record import history_view
from evaluation_svc.api.shapes import CycleView, Recorded
from evaluation_svc.application.people import stands_in_for
from evaluation_svc.domain.cycle import Cycle, Plan
from evaluation_svc.domain.evaluation import UNFINISHED, Evaluation
from evaluation_svc.domain.known import known_status

router = APIRouter(tags=["cycles"])

ENOUGH = 5
"""An analyst sees figures of so many people or more."""

_VISIBLE = (
    "select * from cycle_list c where c.workspace = %(workspace)s and (%(all)s or c.planned_by = %(me)s or exists ("
    "select 1 from evaluation_list e where e.workspace = c.workspace and e.cycle = c.cycle"
    " and (e.employee = %(me)s or e.evaluator = any(%(evaluators)s) or e.substitute = %(me)s)))"
)


@router.get("/cycles")
def cycles(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[CycleView]:
    """List the cycles, the newest first: HR all of them, anybody else those they take part in or evaluate in."""
    allow_reading(query, "read cycles")
    page = query.page(_VISIBLE, _viewer(query), sort=("-planned_at", "cycle"), limit=limit, cursor=cursor)
    return page.map(_view)


@router.post("/cycles", status_code=201, responses=problems(403, 409, 422))
def plan(body: PlanBody, command: Commanded) -> Answer:
    """Plan a cycle."""

    def decide(unit: Unit) -> Answer:
        allow_at_all(unit, "plan cycles")
        cycle = application(command).plan(unit, body.plan())
        return Answer(status=201, id=cycle, location=f"/cycles/{cycle}", etag=str(unit.version(Cycle, cycle)))

    return command.run(decide)


@router.get("/cycles/{cycle}", responses=problems(404))
def cycle(cycle: Id, query: Queried) -> CycleView:
    """Read a cycle; HR, and an analyst where enough people take part, see how far it is."""
    row = visible(query, cycle)
    view = _view(row)
    _, version = query.state(Cycle, cycle)
    query.etag(version)
    if not permits(query.actor, "read cycle progress"):
        return view
    counts, late = _progress(query, cycle)
    if "hr" in query.actor.roles or sum(counts.values()) >= ENOUGH:
        view.progress = counts
    if "hr" in query.actor.roles:
        view.late = late
    return view


@router.put("/cycles/{cycle}", responses=problems(403, 404, 409, 412, 422, 428))
def replan(cycle: Id, body: PlanBody, command: Commanded) -> Answer:
    """Change the plan of a cycle before it opens."""
    version = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle)
        unit.expect(Cycle, cycle, version)
        application(command).replan(unit, cycle, body.plan())
        return done(unit, cycle)

    return command.run(decide)


@router.get("/cycles/{cycle}/history", responses=problems(403, 404))
def history(cycle: Id, query: Queried) -> list[Recorded]:
    """Read what the record holds of a cycle."""
    allow_reading(query, "arrange")
    return history_view(query, Cycle, cycle)


@router.post("/cycles/{cycle}/opening", responses=problems(403, 404, 409))
def open_cycle(cycle: Id, command: Commanded) -> Answer:
    """Open a cycle, unless the data check finds something that blocks."""

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle)
        state = application(command).open(unit, cycle)
        return done(unit, cycle, tuple(state.participants.values()))

    return command.run(decide)


@router.post("/cycles/{cycle}/closing", responses=problems(403, 404, 409))
def close(cycle: Id, command: Commanded) -> Answer:
    """Close a cycle; what is not approved ends as not finished."""

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle)
        application(command).close(unit, cycle)
        return done(unit, cycle)

    return command.run(decide)


@router.post("/cycles/{cycle}/cancellation", responses=problems(403, 404, 409, 422))
def cancel(cycle: Id, body: ReasonBody, command: Commanded) -> Answer:
    """Cancel a cycle with a reason, unless something in it is released."""

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle)
        application(command).cancel(unit, cycle, body.reason)
        return done(unit, cycle)

    return command.run(decide)


def done(unit: Unit, cycle: str, ids: tuple[str, ...] | None = None) -> Answer:
    """Answer with the cycle and its new version."""
    return Answer(id=cycle, ids=ids, etag=str(unit.version(Cycle, cycle)))


def visible(query: Query, cycle: str) -> dict[str, Any]:
    """Return the row of a cycle the actor may see; any other is not found."""
    allow_reading(query, "read cycles")
    row = query.row(f"{_VISIBLE} and c.cycle = %(cycle)s", {**_viewer(query), "cycle": cycle})
    if row is None:
        raise NotFound(cycle)
    return row


def _viewer(query: Query) -> dict[str, Any]:
    """Return who looks at cycles: whoever may see how far one is sees all of them."""
    me = query.actor.person
    sees_all = permits(query.actor, "read cycle progress")
    return {"me": me, "all": sees_all, "evaluators": stands_in_for(query.directory, me)}


def _progress(query: Query, cycle: str) -> tuple[dict[str, int], list[str]]:
    """Return how many evaluations are in each state (excused ones leave the counts), and which are late."""
    rows = query.rows(
        "select evaluation, employee, status, late from evaluation_list"
        " where workspace = %(workspace)s and cycle = %(cycle)s and status <> 'excused' order by evaluation",
        {"cycle": cycle},
    )
    rows = [as_known(query, row) for row in rows]
    counts = Counter[str](row["status"] for row in rows)
    return dict(counts), [row["evaluation"] for row in rows if row["late"] and row["status"] in UNFINISHED]


def as_known(query: Query, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the list of evaluations; of their own, an HR admin or analyst is told what any employee is."""
    if row["employee"] != query.actor.person:
        return row
    state, _ = query.state(Evaluation, row["evaluation"])
    return {**row, "status": known_status(state) if state else row["status"], "late": []}


def _view(row: dict[str, Any]) -> CycleView:
    plan = Plan.model_validate(row["plan"])
    return CycleView(
        id=row["cycle"],
        status=row["status"],
        proposed=row["proposed"],
        participants=row["participants"],
        cancelled_because=row["reason"],
        **plan.model_dump(),
    )
