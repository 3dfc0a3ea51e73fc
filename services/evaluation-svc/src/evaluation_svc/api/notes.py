"""Self-assessments, observations, examples, and what is waiting, over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Cursor, Limit, Page, Queried, Query, problems
from chassis.kernel import NotFound, Sealed
from chassis.unit import Unit
from evaluation_svc.access import NOTHING, reads_self_assessment
from evaluation_svc.access import decide as permits
from evaluation_svc.api.allowed import REFUSED, allow, application, readable, resource_of
from evaluation_svc.api.shapes import (
    Id,
    LineBody,
    NoteBody,
    NoteView,
    ObservationBody,
    PassOnBody,
    ReasonBody,
    Recorded,
    SelfAssessmentView,
    TextView,
    WaitingItem,
    WithdrawalBody,
)
from evaluation_svc.api.views import history_view, self_assessment_view
from evaluation_svc.application.people import stands_in_for
from evaluation_svc.domain.errors import Forbidden, Invalid
from evaluation_svc.domain.notes import Example, Observation
from evaluation_svc.domain.self_assessment import SelfAssessment

router = APIRouter(tags=["self-assessments and notes"])

_TOLD_OF_SELF = ("self-assessment.submitted", "self-assessment.text-withdrawn")
"""What others are told happened to a self-assessment; what was in its draft stays its author's."""

_HELD = (
    "select * from note_list where workspace = %(workspace)s and kind = %(kind)s and holder = %(me)s"
    " and (%(employee)s::text is null or employee = %(employee)s)"
)
_NEWEST = ("-on_day", "note")

_WAITING = (
    "select d.deadline, d.kind, d.subject, d.due_at, e.employee from deadlines d join evaluation_list e"
    " on e.workspace = d.workspace and e.evaluation = d.subject where d.workspace = %(workspace)s and ("
    "(d.kind = 'self due' and e.employee = %(me)s) or (e.employee <> %(me)s and ("
    "(d.kind in ('evaluation due', 'push-back unanswered') and e.evaluator = any(%(evaluators)s))"
    " or (d.kind = 'automatic release' and e.employee = any(%(team)s))"
    " or (d.kind = 'approval waiting' and e.evaluator <> %(me)s"
    " and (%(hr)s or e.substitute = %(me)s)))))"
)


@router.get("/self-assessments/{evaluation}", responses=problems(403, 404))
def self_assessment(evaluation: Id, query: Queried) -> SelfAssessmentView:
    """Read the self-assessment of an evaluation, if one may; the evaluator opens it first."""
    state, _, of, own = readable(query, evaluation)
    if not reads_self_assessment(query.actor, of):
        raise NotFound(evaluation)
    if of.is_evaluator and query.actor.person not in state.self_opened:
        raise Forbidden("Open the self-assessment first: the record says when an evaluator did.")
    query.record_access(state.employee, "self-assessment", evaluation)
    return self_assessment_view(query, state, own)


@router.get("/self-assessments/{evaluation}/history", responses=problems(403, 404))
def self_assessment_history(evaluation: Id, query: Queried) -> list[Recorded]:
    """Read what the record holds of a self-assessment one may read."""
    own = self_assessment(evaluation, query)
    entries = history_view(query, SelfAssessment, evaluation)
    if own.employee == query.actor.person:
        return entries
    return [one for one in entries if one.what in _TOLD_OF_SELF]


@router.put("/self-assessments/{evaluation}/lines/{competency}", responses=problems(403, 404, 409, 422))
def self_line(evaluation: Id, competency: Id, body: LineBody, command: Commanded) -> Answer:
    """Write one line of the own self-assessment."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "assess self", evaluation)
        application(command).draft_self_line(unit, evaluation, body.typed(competency))
        return Answer(id=evaluation, etag=str(unit.version(SelfAssessment, evaluation)))

    return command.run(decide)


@router.post("/self-assessments/{evaluation}/submission", responses=problems(403, 404, 409))
def submit_self_assessment(evaluation: Id, command: Commanded) -> Answer:
    """Hand the own self-assessment in; a late one is taken until release, and marked."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "assess self", evaluation)
        application(command).submit_self_assessment(unit, evaluation)
        return Answer(id=evaluation)

    return command.run(decide)


@router.post("/self-assessments/{evaluation}/opening", responses=problems(403, 404))
def open_self_assessment(evaluation: Id, command: Commanded) -> Answer:
    """Open the self-assessment as the evaluator; changes of a rating after that are marked for HR."""

    def decide(unit: Unit) -> Answer:
        state = allow(unit, "open self-assessment", evaluation)
        own = unit.find(SelfAssessment, evaluation)
        of = resource_of(unit.directory, unit.actor, state, own, unit.now >= state.due.self_at)
        if not reads_self_assessment(unit.actor, of):
            raise NotFound(evaluation)
        application(command).open_self_assessment(unit, evaluation)
        return Answer(id=evaluation)

    return command.run(decide)


@router.post("/self-assessments/{evaluation}/withdrawal", responses=problems(403, 404, 409, 422))
def withdraw_self_text(evaluation: Id, body: WithdrawalBody, command: Commanded) -> Answer:
    """Withdraw one text of a self-assessment, with a reason: the employee or HR."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "withdraw", evaluation)
        application(command).withdraw_self_text(unit, evaluation, body.part, body.reason)
        return Answer(id=evaluation)

    return command.run(decide)


@router.get("/observations")
def observations(
    query: Queried, employee: str | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[NoteView]:
    """List the observations one holds, newest first."""
    asked = {"kind": "observation", "me": query.actor.person, "employee": employee}
    return query.page(_HELD, asked, sort=_NEWEST, limit=limit, cursor=cursor).map(lambda row: _note_view(query, row))


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
    """Give an observation to another manager."""

    def decide(unit: Unit) -> Answer:
        if unit.get(Observation, note).holder != unit.actor.person:
            raise NotFound(note)
        application(command).pass_on(unit, note, body.to)
        return Answer(id=note)

    return command.run(decide)


@router.post("/observations/{note}/withdrawal", responses=problems(403, 404, 409, 422))
def withdraw_observation(note: Id, body: ReasonBody, command: Commanded) -> Answer:
    """Withdraw an observation, and with it the evidence that cites it."""

    def decide(unit: Unit) -> Answer:
        state = unit.get(Observation, note)
        by_hr = bool(state.cited) and "hr" in unit.actor.roles and unit.actor.person != state.employee
        if unit.actor.person not in (state.author, state.holder) and not by_hr:
            raise NotFound(note)
        application(command).withdraw_observation(unit, note, body.reason)
        return Answer(id=note)

    return command.run(decide)


@router.get("/examples")
def examples(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[NoteView]:
    """List one's own examples, newest first."""
    asked = {"kind": "example", "me": query.actor.person, "employee": None}
    return query.page(_HELD, asked, sort=_NEWEST, limit=limit, cursor=cursor).map(lambda row: _note_view(query, row))


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
        if unit.get(Example, note).employee != unit.actor.person:
            raise NotFound(note)
        application(command).withdraw_example(unit, note, body.reason)
        return Answer(id=note)

    return command.run(decide)


@router.get("/waiting")
def waiting(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[WaitingItem]:
    """List what waits for oneself: own self-assessments, evaluations, releases, answers; for HR also approvals."""
    order = ("due_at", "deadline")
    return query.page(_WAITING, _responsibilities(query), sort=order, limit=limit, cursor=cursor).map(
        lambda row: WaitingItem(
            kind=row["kind"],
            evaluation=row["subject"],
            employee=row["employee"],
            due_at=row["due_at"],
            passed=row["due_at"] <= query.now,
        )
    )


def _responsibilities(query: Query) -> dict[str, Any]:
    """Return for whom the actor acts: as evaluator (also for leavers they managed), as manager, as HR."""
    me, directory = query.actor.person, query.directory
    return {
        "me": me,
        "evaluators": stands_in_for(directory, me),
        "team": directory.managed_by(me),
        "hr": "hr" in query.actor.roles,
    }


def _may_observe(unit: Unit, employee: str) -> None:
    """Refuse whoever neither manages nor evaluates the employee; having evaluated them once gives no right to more."""
    relation = unit.directory.relation(unit.actor.person, employee)
    evaluates = unit.rows(
        "select 1 as found from evaluation_list where workspace = %(workspace)s and employee = %(employee)s"
        " and evaluator = %(me)s and status in ('not started', 'draft', 'returned', 'submitted') limit 1",
        {"employee": employee, "me": unit.actor.person},
    )
    resource = NOTHING.model_copy(update={"relation": relation, "is_evaluator": bool(evaluates)})
    if not permits(unit.actor, "observe", resource):
        raise Forbidden("Observations are noted by whoever manages or evaluates somebody.")


def _note(query: Query, kind: str, note: str) -> NoteView:
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
