"""Observations and examples over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Cursor, Limit, Page, Queried, Query, problems
from chassis.kernel import NotFound, Sealed
from chassis.unit import Unit
from evaluation_svc.access import NOTHING
from evaluation_svc.access import decide as permits
from evaluation_svc.api.allowed import REFUSED, allow_on_note, allow_reading, application
from evaluation_svc.api.bodies import Id, NoteBody, ObservationBody, PassOnBody, ReasonBody
from evaluation_svc.api.record import history_view
from evaluation_svc.api.shapes import NoteView, Recorded, TextView
from evaluation_svc.application.noting import evaluators_of
from evaluation_svc.domain.errors import Forbidden, Invalid
from evaluation_svc.domain.notes import Example, Observation

router = APIRouter(tags=["notes"])

_HELD = (
    "select * from note_list where workspace = %(workspace)s and kind = %(kind)s and holder = %(me)s"
    " and (%(employee)s::text is null or employee = %(employee)s)"
)

_NEWEST = ("-on_day", "note")


@router.get("/observations")
def observations(
    query: Queried, employee: str | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[NoteView]:
    """List the observations one holds, newest first."""
    return _held(query, "observation", employee, limit, cursor)


@router.post("/observations", status_code=201, responses=problems(403, 422))
def observe(body: ObservationBody, command: Commanded) -> Answer:
    """Note what was seen of an employee."""

    def decide(unit: Unit) -> Answer:
        if unit.directory.person(body.employee) is None:
            raise Invalid("employee", body.employee, "name somebody of this workspace.")
        _may_observe(unit, body.employee)
        note = application(command).observe(unit, body.employee, body.on, body.competencies, body.text)
        return Answer(status=201, id=note, location=f"/observations/{note}")

    return command.run(decide)


@router.get("/observations/{note}", responses=problems(404))
def observation(note: Id, query: Queried) -> NoteView:
    """Read one observation one holds."""
    return _note(query, "observation", note)


@router.get("/observations/{note}/history", responses=problems(404))
def observation_history(note: Id, query: Queried) -> list[Recorded]:
    """Read what the record holds of an observation one holds."""
    _note(query, "observation", note)
    return history_view(query, Observation, note)


@router.post("/observations/{note}/passing-on", responses=problems(403, 404, 409, 422))
def pass_on(note: Id, body: PassOnBody, command: Commanded) -> Answer:
    """Give an observation to whoever manages or evaluates the employee now."""

    def decide(unit: Unit) -> Answer:
        allow_on_note(unit, "pass on", Observation, note)
        application(command).pass_on(unit, note, body.to)
        return Answer(id=note)

    return command.run(decide)


@router.post("/observations/{note}/withdrawal", responses=problems(403, 404, 409, 422))
def withdraw_observation(note: Id, body: ReasonBody, command: Commanded) -> Answer:
    """Withdraw an observation, and with it the evidence that cites it."""

    def decide(unit: Unit) -> Answer:
        allow_on_note(unit, "withdraw note", Observation, note)
        application(command).withdraw_observation(unit, note, body.reason)
        return Answer(id=note)

    return command.run(decide)


@router.get("/examples")
def examples(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[NoteView]:
    """List one's own examples, newest first."""
    return _held(query, "example", None, limit, cursor)


@router.post("/examples", status_code=201, responses=problems(422))
def note_example(body: NoteBody, command: Commanded) -> Answer:
    """Note what one did oneself."""

    def decide(unit: Unit) -> Answer:
        if not permits(unit.actor, "note"):
            raise Forbidden(REFUSED)
        note = application(command).note_example(unit, body.on, body.competencies, body.text)
        return Answer(status=201, id=note, location=f"/examples/{note}")

    return command.run(decide)


@router.get("/examples/{note}", responses=problems(404))
def example(note: Id, query: Queried) -> NoteView:
    """Read one of one's own examples."""
    return _note(query, "example", note)


@router.get("/examples/{note}/history", responses=problems(404))
def example_history(note: Id, query: Queried) -> list[Recorded]:
    """Read what the record holds of one of one's own examples."""
    _note(query, "example", note)
    return history_view(query, Example, note)


@router.post("/examples/{note}/withdrawal", responses=problems(403, 404, 409, 422))
def withdraw_example(note: Id, body: ReasonBody, command: Commanded) -> Answer:
    """Withdraw an example, and with it what cites it."""

    def decide(unit: Unit) -> Answer:
        allow_on_note(unit, "withdraw note", Example, note)
        application(command).withdraw_example(unit, note, body.reason)
        return Answer(id=note)

    return command.run(decide)


def _may_observe(unit: Unit, employee: str) -> None:
    """Refuse whoever neither manages nor evaluates the employee."""
    me = unit.actor.person
    relation, evaluates = unit.directory.relation(me, employee), me in evaluators_of(unit, employee)
    resource = NOTHING.model_copy(update={"relation": relation, "is_evaluator": evaluates})
    if not permits(unit.actor, "observe", resource):
        raise Forbidden("Observations are noted by whoever manages or evaluates somebody.")


def _held(query: Query, kind: str, employee: str | None, limit: int, cursor: str | None) -> Page[NoteView]:
    allow_reading(query, "read own notes")
    asked = {"kind": kind, "me": query.actor.person, "employee": employee}
    return query.page(_HELD, asked, sort=_NEWEST, limit=limit, cursor=cursor).map(lambda row: _note_view(query, row))


def _note(query: Query, kind: str, note: str) -> NoteView:
    allow_reading(query, "read own notes")
    row = query.row(
        "select * from note_list where workspace = %(workspace)s and kind = %(kind)s and note = %(note)s"
        " and holder = %(me)s",
        {"kind": kind, "me": query.actor.person, "note": note},
    )
    if row is None:
        raise NotFound(note)
    return _note_view(query, row)


def _note_view(query: Query, row: dict[str, Any]) -> NoteView:
    withdrawn = row["withdrawn_on"]
    text = None if withdrawn else query.open(Sealed.model_validate(row["text"]))
    return NoteView(
        id=row["note"],
        author=row["author"],
        employee=row["employee"],
        on=row["on_day"],
        competencies=row["competencies"],
        text=TextView(text=text, withdrawn_on=withdrawn),
        cited_in=row["cited_in"],
    )
