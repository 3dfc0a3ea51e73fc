"""Self-assessments over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Queried, problems
from chassis.kernel import NotFound
from chassis.unit import Unit
from evaluation_svc.access import decide as permits
from evaluation_svc.api.allowed import allow, application, readable, resource_of
from evaluation_svc.api.bodies import Id, LineBody, WithdrawalBody
from evaluation_svc.api.record import history_view
from evaluation_svc.api.shapes import Recorded, SelfAssessmentView
from evaluation_svc.api.views import self_assessment_view
from evaluation_svc.domain.errors import Forbidden
from evaluation_svc.domain.self_assessment import SelfAssessment

router = APIRouter(tags=["self-assessments"])

_TOLD_OF_SELF = ("self-assessment.submitted", "self-assessment.text-withdrawn")
"""What others are told happened to a self-assessment; what was in its draft stays its author's."""


@router.get("/self-assessments/{evaluation}", responses=problems(403, 404))
def self_assessment(evaluation: Id, query: Queried) -> SelfAssessmentView:
    """Read the self-assessment of an evaluation, if one may; the evaluator opens it first."""
    state, _, of, own = readable(query, evaluation)
    if not permits(query.actor, "read self-assessment", of):
        raise NotFound(evaluation)
    if of.is_evaluator and query.actor.person not in state.self_opened:
        raise Forbidden("Open the self-assessment first: the record says when an evaluator did.")
    query.record_access(state.employee, "self-assessment", evaluation)
    if state.employee == query.actor.person:
        _, version = query.state(SelfAssessment, evaluation)
        query.etag(version)
    return self_assessment_view(query, state, own)


@router.get("/self-assessments/{evaluation}/history", responses=problems(403, 404))
def self_assessment_history(evaluation: Id, query: Queried) -> list[Recorded]:
    """Read what the record holds of a self-assessment one may read."""
    own = self_assessment(evaluation, query)
    entries = history_view(query, SelfAssessment, evaluation)
    if own.employee == query.actor.person:
        return entries
    return [one for one in entries if one.what in _TOLD_OF_SELF]


@router.put("/self-assessments/{evaluation}/lines/{competency}", responses=problems(403, 404, 409, 412, 422, 428))
def self_line(evaluation: Id, competency: Id, body: LineBody, command: Commanded) -> Answer:
    """Write one line of the own self-assessment; If-Match "0" begins it, the ETag answered is the next."""
    version = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        allow(unit, "assess self", evaluation)
        unit.expect(SelfAssessment, evaluation, version)
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
        if not permits(unit.actor, "read self-assessment", of):
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
