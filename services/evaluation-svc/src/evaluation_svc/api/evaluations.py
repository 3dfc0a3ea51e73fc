"""Evaluations over HTTP: the form, HR's decisions, release, and what the employee answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from chassis.http import Answer, Command, Commanded, Cursor, Limit, Page, Queried, Query, problems
from chassis.kernel import NotFound
from chassis.unit import PreconditionFailed, Unit
from evaluation_svc.access import TOLD_OF_RELEASES, Action, reads_reactions, sight
from evaluation_svc.access import decide as permits
from evaluation_svc.api.allowed import allow, allow_reading, application, known_version, readable, seen
from evaluation_svc.api.bodies import (
    Id,
    LineBody,
    ReactionBody,
    ReasonBody,
    ReturnBody,
    TextBody,
    TogetherBody,
    WithdrawalBody,
)
from evaluation_svc.api.record import shown_record
from evaluation_svc.api.shapes import CodeView, EvaluationView, QueueItem, Recorded, RevisionView
from evaluation_svc.api.views import evaluation_view, readable_revisions, revision_view, summary_view
from evaluation_svc.application import Evaluations
from evaluation_svc.application.people import stands_in_for
from evaluation_svc.domain.evaluation import Evaluation

router = APIRouter(tags=["evaluations"])

Act = Callable[[Evaluations, Unit], object]

_QUEUE = (
    "select * from evaluation_list where workspace = %(workspace)s and status = 'submitted'"
    " and employee <> %(me)s and evaluator <> %(me)s and not raters ? %(me)s and (%(hr)s or substitute = %(me)s)"
)
_MINE = (
    "select evaluation, entered_at from evaluation_list where workspace = %(workspace)s and (employee = %(me)s"
    " or evaluator = any(%(evaluators)s) or employee = any(%(team)s) or (released_at is not null"
    " and (raters ? %(me)s or employee = any(%(below)s))))"
)


def _run(command: Command, evaluation: str, action: Action, act: Act) -> Answer:
    """Run one act on an evaluation: allowed, at the version the caller has seen, answered with the new one."""

    def decide(unit: Unit) -> Answer:
        seen = known_version(unit, allow(unit, action, evaluation))
        if command.expected_version not in (None, seen):
            raise PreconditionFailed(command.expected_version, seen)
        before = unit.version(Evaluation, evaluation)
        act(application(command), unit)
        return Answer(id=evaluation, etag=str(seen + unit.version(Evaluation, evaluation) - before))

    return command.run(decide)


@router.get("/evaluations")
def evaluations(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[EvaluationView]:
    """List one's own evaluations, those one evaluates, and those of whom one manages; the newest first, no lines.

    Of what is released also those one rated a line of before, and those one level up may read.
    """
    me, directory = query.actor.person, query.directory
    team = directory.managed_by(me)
    below = [one for lead in team for one in directory.managed_by(lead)]
    whose = {"me": me, "evaluators": stands_in_for(directory, me), "team": team, "below": below}
    page = query.page(_MINE, whose, sort=("-entered_at", "evaluation"), limit=limit, cursor=cursor)
    found = seen(query, [row["evaluation"] for row in page.items])
    return Page(
        items=[summary_view(query, one, state, shown) for one, (state, shown) in found.items()],
        next_cursor=page.next_cursor,
    )


@router.get("/evaluations/{evaluation}", responses=problems(404))
def evaluation(evaluation: Id, query: Queried) -> EvaluationView:
    """Read an evaluation as far as one may: the form with its evidence, codes, feedback and reactions."""
    state, version, of, _ = readable(query, evaluation)
    query.record_access(state.employee, "evaluation", evaluation)
    shown = sight(query.actor, of)
    view = evaluation_view(query, evaluation, state, shown, reads_reactions(query.actor, of))
    view.because = [one.event for one in shown_record(query, evaluation, state, of)]
    query.etag(len(view.because) if shown in TOLD_OF_RELEASES else version)
    return view


@router.put("/evaluations/{evaluation}/lines/{competency}", responses=problems(403, 404, 409, 412, 422, 428))
def line(evaluation: Id, competency: Id, body: LineBody, command: Commanded) -> Answer:
    """Write one line of the draft: its rating or "not seen", and its whole evidence; the ETag answered is the next."""
    command.require_if_match()
    typed = body.typed(competency)
    return _run(command, evaluation, "write", lambda use, unit: use.draft_line(unit, evaluation, typed))


@router.post("/evaluations/{evaluation}/submission", responses=problems(403, 404, 409))
def submit(evaluation: Id, command: Commanded) -> Answer:
    """Hand a draft or a returned evaluation to HR."""
    return _run(command, evaluation, "write", lambda use, unit: use.submit(unit, evaluation))


@router.post("/evaluations/{evaluation}/recall", responses=problems(403, 404, 409))
def recall(evaluation: Id, command: Commanded) -> Answer:
    """Take a submitted evaluation back, until HR approves or returns it."""
    return _run(command, evaluation, "write", lambda use, unit: use.recall(unit, evaluation))


@router.post("/evaluations/{evaluation}/opening", responses=problems(403, 404, 409))
def examine(evaluation: Id, command: Commanded) -> Answer:
    """Open a submitted evaluation to decide on it; only what was opened can be approved together."""
    return _run(command, evaluation, "judge", lambda use, unit: use.examine(unit, evaluation))


@router.post("/evaluations/{evaluation}/approval", responses=problems(403, 404, 409))
def approve(evaluation: Id, command: Commanded) -> Answer:
    """Approve a submitted evaluation."""
    return _run(command, evaluation, "judge", lambda use, unit: use.approve(unit, evaluation))


@router.post("/evaluations/{evaluation}/return", responses=problems(403, 404, 409, 422))
def give_back(evaluation: Id, body: ReturnBody, command: Commanded) -> Answer:
    """Return a submitted evaluation with specific feedback per competency."""
    return _run(command, evaluation, "judge", lambda use, unit: use.give_back(unit, evaluation, body.comments))


@router.post("/evaluations/{evaluation}/release", responses=problems(403, 404, 409))
def release(evaluation: Id, command: Commanded) -> Answer:
    """Show an approved evaluation to the employee."""
    return _run(command, evaluation, "release", lambda use, unit: use.release(unit, evaluation))


@router.post("/evaluations/{evaluation}/hold", responses=problems(403, 404, 409, 422))
def hold(evaluation: Id, body: ReasonBody, command: Commanded) -> Answer:
    """Keep an approved evaluation from being released, with a reason."""
    return _run(command, evaluation, "hold", lambda use, unit: use.hold(unit, evaluation, body.reason))


@router.post("/evaluations/{evaluation}/reopening", responses=problems(403, 404, 409, 422))
def reopen(evaluation: Id, body: ReasonBody, command: Commanded) -> Answer:
    """Start the next revision as a draft with the ratings copied, with a reason."""
    return _run(command, evaluation, "judge", lambda use, unit: use.reopen(unit, evaluation, body.reason))


@router.post("/evaluations/{evaluation}/acknowledgement", responses=problems(403, 404, 409))
def acknowledge(evaluation: Id, command: Commanded) -> Answer:
    """Say that one has read one's evaluation, which is not agreeing."""
    return _run(command, evaluation, "acknowledge", lambda use, unit: use.acknowledge(unit, evaluation))


@router.post("/evaluations/{evaluation}/reactions/{competency}", responses=problems(403, 404, 409, 422))
def react(evaluation: Id, competency: Id, body: ReactionBody, command: Commanded) -> Answer:
    """Answer one released score."""
    return _run(
        command,
        evaluation,
        "react",
        lambda use, unit: use.react(unit, evaluation, competency, body.reaction, body.reason),
    )


@router.post("/evaluations/{evaluation}/answers/{competency}", responses=problems(403, 404, 409, 422))
def answer(evaluation: Id, competency: Id, body: TextBody, command: Commanded) -> Answer:
    """Answer a push-back; nothing is overwritten."""
    return _run(command, evaluation, "answer", lambda use, unit: use.answer(unit, evaluation, competency, body.text))


@router.post("/evaluations/{evaluation}/withdrawal", responses=problems(403, 404, 409, 422))
def withdraw(evaluation: Id, body: WithdrawalBody, command: Commanded) -> Answer:
    """Withdraw one text, with a reason: its author or HR."""
    return _run(
        command, evaluation, "withdraw", lambda use, unit: use.withdraw(unit, evaluation, body.part, body.reason)
    )


@router.get("/evaluations/{evaluation}/revisions/{number}", responses=problems(404))
def revision(evaluation: Id, number: int, query: Queried) -> RevisionView:
    """Read one revision."""
    state, _, of, _ = readable(query, evaluation)
    shown = sight(query.actor, of)
    found = next((one for one in readable_revisions(state, shown) if one.number == number), None)
    if found is None:
        raise NotFound(evaluation)
    query.record_access(state.employee, "evaluation", evaluation)
    return revision_view(query, state, found, shown)


@router.get("/evaluations/{evaluation}/history", responses=problems(404))
def history(evaluation: Id, query: Queried) -> list[Recorded]:
    """Read what the record holds: HR and the evaluator all they may see of it, the employee what was released."""
    state, _, of, _ = readable(query, evaluation)
    query.record_access(state.employee, "evaluation history", evaluation)
    return shown_record(query, evaluation, state, of)


@router.get("/approvals", responses=problems(403))
def approvals(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[QueueItem]:
    """List what waits for approval, most codes first; never one's own."""
    asked = {"me": query.actor.person, "hr": "hr" in query.actor.roles}
    order = ("-code_count", "submitted_at", "evaluation")
    page = query.page(_QUEUE, asked, sort=order, limit=limit, cursor=cursor)
    if not page.items:
        _queue_is_theirs(query)
    return page.map(lambda row: _queue_item(query, row))


@router.post("/approvals", responses=problems(403, 404, 409))
def approve_together(body: TogetherBody, command: Commanded) -> Answer:
    """Approve several without a code, each opened before; all or none."""

    def decide(unit: Unit) -> Answer:
        for one in body.evaluations:
            allow(unit, "judge", one)
        application(command).approve_together(unit, body.evaluations)
        return Answer(ids=body.evaluations)

    return command.run(decide)


def _queue_item(query: Query, row: dict[str, Any]) -> QueueItem:
    return QueueItem(
        evaluation=row["evaluation"],
        employee=row["employee"],
        evaluator=row["evaluator"],
        cycle=row["cycle"],
        codes=[CodeView(**code) for code in row["codes"]],
        submitted_at=row["submitted_at"],
        opened=query.actor.person in row["examined_by"],
        late="approval" in row["late"],
    )


def _queue_is_theirs(query: Query) -> None:
    """Refuse the empty queue to whoever could never have one: neither HR nor a substitute of any evaluation."""
    sql = "select 1 as found from evaluation_list where workspace = %(workspace)s and substitute = %(me)s limit 1"
    if not permits(query.actor, "read queue") and not query.rows(sql, {"me": query.actor.person}):
        allow_reading(query, "read queue")
