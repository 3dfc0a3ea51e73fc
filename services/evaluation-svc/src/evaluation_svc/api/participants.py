"""Who takes part in a cycle, by when, and who evaluates and approves them, over HTTP."""

from __future__ import annotations

from typing import Any, cast

from fastapi import APIRouter

from chassis.http import Answer, Command, Commanded, Cursor, Limit, Page, Queried, Query, problems
from chassis.http.page import Sorting
from chassis.kernel import Invalid, NotFound, Sealed
from chassis.unit import Unit
from evaluation_svc.api.allowed import allow_arranging, allow_reading, application
from evaluation_svc.api.bodies import EvaluatorBody, ExcuseBody, ExtensionBody, Id, ParticipantBody
from evaluation_svc.api.cycles import as_known, done
from evaluation_svc.api.shapes import DataCheckView, ParticipantsView, ParticipantView
from evaluation_svc.application.entering import Participants
from evaluation_svc.application.entering import participants as who_enters
from evaluation_svc.domain.cycle import Cycle, Dates

router = APIRouter(tags=["cycles"])

_IN_CYCLE = (
    "select evaluation, employee, evaluator, status, late, kept_despite from evaluation_list"
    " where workspace = %(workspace)s and cycle = %(cycle)s"
)


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
        page, by_default = _entering(found, limit, cursor), found.left_out
    else:
        page, by_default = _taking_part(query, cycle, limit, cursor), {}
    left_out = {} if cursor else {**by_default, **_excluded(query, state)}
    return ParticipantsView(participants=page.items, next_cursor=page.next_cursor, left_out=left_out)


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
        return done(unit, cycle)

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
        allow_arranging(unit, cycle, body.person)
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


def _excluded(query: Query, state: Cycle) -> dict[str, str | None]:
    """Return whom HR left out, with their reasons as far as they can still be read."""
    reasons = query.opened([one if isinstance(one, Sealed) else None for one in state.excluded.values()])
    return dict(zip(state.excluded, reasons, strict=True))


def _taking_part(query: Query, cycle: str, limit: int, cursor: str | None) -> Page[ParticipantView]:
    """Return a page of who is in an open or ended cycle, with where their evaluation is."""
    query.directory.people()  # one read for everybody, instead of one each
    page = query.page(_IN_CYCLE, {"cycle": cycle}, sort=("employee",), limit=limit, cursor=cursor)
    return page.map(lambda row: _participant(query, as_known(query, row)))


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
        late=sorted({mark.partition("/")[0] for mark in cast("list[str]", row["late"])}),
        decide_evaluator=decides and moved and (manager or "") not in row["kept_despite"],
    )


def _state(query: Query, cycle: str) -> Cycle:
    state, version = query.state(Cycle, cycle)
    if state is None:
        raise NotFound(cycle)
    query.etag(version)
    return state
