"""Cycles over HTTP."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from fastapi import APIRouter

from chassis.http import Answer, Command, Commanded, Cursor, Limit, Page, Queried, Query, problems
from chassis.http.page import Sorting
from chassis.kernel import Invalid, NotFound
from chassis.unit import Unit
from evaluation_svc.access import decide as permits
from evaluation_svc.api.allowed import allow_arranging, allow_at_all, allow_reading, application
from evaluation_svc.api.shapes import (
    CycleView,
    DataCheckView,
    EvaluatorBody,
    ExcuseBody,
    ExtensionBody,
    Id,
    ParticipantBody,
    ParticipantsView,
    ParticipantView,
    PlanBody,
    ReasonBody,
    Recorded,
)
from evaluation_svc.api.views import history_view
from evaluation_svc.application.cycles import Participants
from evaluation_svc.application.cycles import participants as who_enters
from evaluation_svc.application.people import stands_in_for
from evaluation_svc.domain.cycle import Cycle, Dates, Plan
from evaluation_svc.domain.evaluation import UNFINISHED, Evaluation
from evaluation_svc.domain.known import known_status

router = APIRouter(tags=["cycles"])

ENOUGH = 5
"""An analyst sees figures of so many people or more."""


_IN_CYCLE = (
    "select evaluation, employee, evaluator, status, late, kept_despite from evaluation_list"
    " where workspace = %(workspace)s and cycle = %(cycle)s"
)
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
        return _done(unit, cycle)

    return command.run(decide)


@router.get("/cycles/{cycle}/history", responses=problems(403, 404))
def history(cycle: Id, query: Queried) -> list[Recorded]:
    """Read what the record holds of a cycle."""
    allow_reading(query, "arrange")
    return history_view(query, Cycle, cycle)


@router.get("/cycles/{cycle}/data-check", responses=problems(403, 404))
def data_check(cycle: Id, query: Queried) -> DataCheckView:
    """List who lacks what before a cycle opens."""
    allow_reading(query, "arrange")
    found = who_enters(query, query.directory, _state(query, cycle), query.now)
    findings: list[dict[str, Any]] = [
        {"person": one.person, "lacks": one.lacks, "blocks": one.blocks} for one in found.findings
    ]
    can_open = bool(found.entrants) and not any(one.blocks for one in found.findings)
    return DataCheckView(can_open=can_open, findings=findings)


@router.get("/cycles/{cycle}/participants", responses=problems(403, 404))
def participants(cycle: Id, query: Queried, limit: Limit = 50, cursor: Cursor = None) -> ParticipantsView:
    """List who takes part; on the first page also who does not, and why."""
    allow_reading(query, "arrange")
    state = _state(query, cycle)
    if state.status == "planned":
        found = who_enters(query, query.directory, state, query.now)
        page, left_out = _entering(found, limit, cursor), found.left_out
    else:
        page, left_out = _taking_part(query, cycle, limit, cursor), state.excluded
    return ParticipantsView(participants=page.items, next_cursor=page.next_cursor, left_out={} if cursor else left_out)


@router.post("/cycles/{cycle}/participants", responses=problems(403, 404, 409, 422))
def change_participants(cycle: Id, body: ParticipantBody, command: Commanded) -> Answer:
    """Add somebody, or leave somebody out with a reason."""

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle, body.person)
        if unit.directory.person(body.person) is None:
            raise Invalid("person", body.person, "name somebody of this workspace.")
        if body.excluded is None:
            application(command).add_participant(unit, cycle, body.person)
        else:
            application(command).exclude_participant(unit, cycle, body.person, body.excluded)
        return _done(unit, cycle)

    return command.run(decide)


@router.post("/cycles/{cycle}/opening", responses=problems(403, 404, 409))
def open_cycle(cycle: Id, command: Commanded) -> Answer:
    """Open a cycle, unless the data check finds something that blocks."""

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle)
        state = application(command).open(unit, cycle)
        return _done(unit, cycle, tuple(state.participants.values()))

    return command.run(decide)


@router.post("/cycles/{cycle}/closing", responses=problems(403, 404, 409))
def close(cycle: Id, command: Commanded) -> Answer:
    """Close a cycle; what is not approved ends as not finished."""

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle)
        application(command).close(unit, cycle)
        return _done(unit, cycle)

    return command.run(decide)


@router.post("/cycles/{cycle}/cancellation", responses=problems(403, 404, 409, 422))
def cancel(cycle: Id, body: ReasonBody, command: Commanded) -> Answer:
    """Cancel a cycle with a reason, unless something in it is released."""

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle)
        application(command).cancel(unit, cycle, body.reason)
        return _done(unit, cycle)

    return command.run(decide)


@router.post("/cycles/{cycle}/extension", responses=problems(403, 404, 409, 422))
def extend(cycle: Id, body: ExtensionBody, command: Commanded) -> Answer:
    """Move due dates to later days, for a person or a team."""
    if (body.person is None) == (body.team is None):
        raise Invalid("person", body.person, "name one person, or the evaluator of a team.")
    dates = Dates(**body.model_dump(exclude={"person", "team"}))

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle, body.person)
        moved = application(command).extend(unit, cycle, dates, body.person, body.team)
        return Answer(id=cycle, ids=moved)

    return command.run(decide)


@router.post("/cycles/{cycle}/excuse", responses=problems(403, 404, 409, 422))
def excuse(cycle: Id, body: ExcuseBody, command: Commanded) -> Answer:
    """Excuse a participant; what was written is kept."""

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle, body.person, "arrange")
        application(command).excuse(unit, cycle, body.person, body.reason)
        return Answer(id=cycle)

    return command.run(decide)


@router.get("/cycles/{cycle}/evaluators", responses=problems(403, 404))
def evaluators(cycle: Id, query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[ParticipantView]:
    """List who evaluates whom, and where HR has to decide because the manager changed or the evaluator left."""
    found = participants(cycle, query, limit, cursor)
    return Page(items=found.participants, next_cursor=found.next_cursor)


@router.post("/cycles/{cycle}/evaluators", responses=problems(403, 404, 409, 422))
def change_evaluator(cycle: Id, body: EvaluatorBody, command: Commanded) -> Answer:
    """Name an evaluator (in an open cycle: hand over), keep the present one, or name a substitute to approve."""
    if sum((body.evaluator is not None, body.keep, body.substitute is not None)) != 1:
        raise Invalid("evaluator", body.evaluator, "give one of evaluator, keep and substitute.")

    def decide(unit: Unit) -> Answer:
        allow_arranging(unit, cycle, body.person)
        _arrange(unit, command, cycle, body)
        return Answer(id=cycle)

    return command.run(decide)


def _arrange(unit: Unit, command: Command, cycle: str, body: EvaluatorBody) -> None:
    use = application(command)
    if body.evaluator is not None:
        use.name_evaluator(unit, cycle, body.person, body.evaluator)
    elif body.substitute is not None:
        use.name_substitute(unit, cycle, body.person, body.substitute)
    else:
        use.keep_evaluator(unit, cycle, body.person)


def _done(unit: Unit, cycle: str, ids: tuple[str, ...] | None = None) -> Answer:
    return Answer(id=cycle, ids=ids, etag=str(unit.version(Cycle, cycle)))


def visible(query: Query, cycle: str) -> dict[str, Any]:
    """Return the row of a cycle the actor may see; any other is not found."""
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
    rows = [_as_known(query, row) for row in rows]
    counts = Counter[str](row["status"] for row in rows)
    return dict(counts), [row["evaluation"] for row in rows if row["late"] and row["status"] in UNFINISHED]


def _as_known(query: Query, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the list of evaluations; of their own, an HR admin or analyst is told what any employee is."""
    if row["employee"] != query.actor.person:
        return row
    state, _ = query.state(Evaluation, row["evaluation"])
    return {**row, "status": known_status(state) if state else row["status"], "late": []}


def _entering(found: Participants, limit: int, cursor: str | None) -> Page[ParticipantView]:
    """Return a page of who would enter a planned cycle, with what each lacks."""
    sorting = Sorting(("person",))
    after = sorting.read(cursor)[0] if cursor else ""
    people = [one.candidate for one in found.entrants if one.candidate.person > after]
    lacks: dict[str, list[str]] = {}
    for one in found.findings:
        lacks.setdefault(one.person, []).append(one.lacks)
    views = [
        ParticipantView(person=one.person, evaluator=one.evaluator, lacks=lacks.get(one.person, []))
        for one in people[:limit]
    ]
    more = sorting.cursor({"person": views[-1].person}) if len(people) > limit else None
    return Page(items=views, next_cursor=more)


def _taking_part(query: Query, cycle: str, limit: int, cursor: str | None) -> Page[ParticipantView]:
    """Return a page of who is in an open or ended cycle, with where their evaluation is."""
    query.directory.people()  # one read for everybody, instead of one each
    page = query.page(_IN_CYCLE, {"cycle": cycle}, sort=("employee",), limit=limit, cursor=cursor)
    return page.map(lambda row: _participant(query, _as_known(query, row)))


def _participant(query: Query, row: dict[str, Any]) -> ParticipantView:
    employee = query.directory.person(row["employee"])
    evaluator = query.directory.person(row["evaluator"])
    manager = employee.manager if employee else None
    moved = manager != row["evaluator"] or evaluator is None or evaluator.status == "left"
    decides = row["employee"] != query.actor.person
    return ParticipantView(
        person=row["employee"],
        evaluator=row["evaluator"],
        manager=manager,
        evaluation=row["evaluation"],
        status=row["status"],
        late=cast("list[str]", row["late"]),
        decide_evaluator=decides and moved and (manager or "") not in row["kept_despite"],
    )


def _state(query: Query, cycle: str) -> Cycle:
    state, version = query.state(Cycle, cycle)
    if state is None:
        raise NotFound(cycle)
    query.etag(version)
    return state


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
