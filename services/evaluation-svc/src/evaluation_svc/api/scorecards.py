"""Scorecards over HTTP: download one or a team's, fill it in offline, upload it as drafts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi import Query as QueryParameter
from pydantic import Json

from chassis.http import Answer, Command, Commanded, Queried, Query, problems
from chassis.http.problems import problem
from chassis.identity import Relation
from chassis.kernel import DomainError, Forbidden, Invalid, NotFound, Sealed
from chassis.unit import Unit
from documents.xlsx import MAX_BYTES, Unreadable
from evaluation_svc import facts
from evaluation_svc.access import Resource
from evaluation_svc.access import decide as permits
from evaluation_svc.api.allowed import REFUSED, allow, allow_at_all, application, readable
from evaluation_svc.api.bodies import Id, PlanBody
from evaluation_svc.api.files import WORKBOOK, download, name_of
from evaluation_svc.api.shapes import BarView, LineView
from evaluation_svc.api.views import evaluation_view
from evaluation_svc.application.drafts import TypedLine
from evaluation_svc.application.people import stands_in_for, today
from evaluation_svc.documents import Card, CardLine, Filled, FilledLine, Problem, on_one_line, read, write
from evaluation_svc.documents.blank import next_levels
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.lines import Line

router = APIRouter(tags=["scorecards"])

_MULTIPART = 64 * 1024
"""What a form needs around its file."""

_TO_WRITE = (
    "select evaluation from evaluation_list where workspace = %(workspace)s and cycle = %(cycle)s"
    " and employee <> %(me)s and evaluator = any(%(evaluators)s) and status in ('not started', 'draft', 'returned')"
)

_EVALUATED = (
    "select 1 as found from evaluation_list where workspace = %(workspace)s and evaluator = any(%(evaluators)s) limit 1"
)

PlanOfOne = Annotated[
    Json[PlanBody] | None,
    Form(description="For a scorecard without a cycle: the plan (JSON) of an ad hoc one for one person."),
]


class NotTaken(DomainError):
    """A scorecard cannot be taken; `problems` says which cells and why."""

    def __init__(self, found: Sequence[Problem]) -> None:
        cells = "one cell" if len(found) == 1 else f"{len(found)} cells"
        super().__init__(f"Nothing was changed: mend {cells} and upload the scorecard again.")
        self.problems = tuple(found)


@router.get(
    "/evaluations/{evaluation}/scorecard.xlsx", response_class=Response, responses={**WORKBOOK, **problems(403, 404)}
)
def scorecard(evaluation: Id, query: Queried) -> Response:
    """Download the scorecard of an evaluation one writes, with what is in its draft."""
    return download(write((_card(query, evaluation),)), f"scorecard-{evaluation}.xlsx")


@router.get("/scorecards.xlsx", response_class=Response, responses={**WORKBOOK, **problems(404)})
def scorecards(cycle: Annotated[str, QueryParameter(pattern="^[A-Za-z0-9_.-]{1,80}$")], query: Queried) -> Response:
    """Download the scorecards of everybody one has still to evaluate in a cycle, a sheet each."""
    me = query.actor.person
    rows = query.rows(_TO_WRITE, {"cycle": cycle, "me": me, "evaluators": stands_in_for(query.directory, me)})
    if not rows:
        raise NotFound(cycle)
    cards = sorted((_card(query, row["evaluation"]) for row in rows), key=lambda card: (card.title, card.subject))
    return download(write(tuple(cards)), f"scorecards-{cycle}.xlsx")


@router.post(
    "/scorecards", max_body_size=MAX_BYTES + _MULTIPART, response_model=Answer, responses=problems(403, 404, 409, 422)
)
def upload(request: Request, file: UploadFile, command: Commanded, plan: PlanOfOne = None) -> Answer | Response:
    """Upload a filled scorecard as drafts, all of it or nothing; with a plan as a proposed cycle for one person."""
    _must_bring_some(command, plan)
    try:
        filled, found = read(file.file.read())
        return command.run(lambda unit: _take(unit, command, filled, found, plan))
    except Unreadable as error:
        return problem(request, 422, "scorecard-unreadable", str(error))
    except NotTaken as error:
        return problem(request, 422, "scorecard-not-taken", str(error), errors=[asdict(one) for one in error.problems])


def _must_bring_some(command: Command, plan: PlanBody | None) -> None:
    """Refuse whoever could bring no scorecard at all, before their file is read: nobody's evaluator, manager or HR."""
    me = command.actor.person
    with command.service.reader(command.workspace) as reader:
        directory = reader.directory()
        if plan is None:
            relation = frozenset[Relation](["manager"] if directory.managed_by(me) else [])
            evaluates = bool(reader.rows(_EVALUATED, {"evaluators": stands_in_for(directory, me)}))
        else:
            relation, evaluates = directory.relation(me, plan.of) if plan.of else frozenset[Relation](), False
    if not evaluates and not permits(command.actor, "bring scorecard", Resource(relation=relation)):
        raise Forbidden(REFUSED)


def _take(
    unit: Unit, command: Command, filled: tuple[Filled, ...], found: tuple[Problem, ...], plan: PlanBody | None
) -> Answer:
    if plan is not None:
        return _bring(unit, command, filled, found, plan)
    nameless = [
        Problem(one.sheet, "A1", "", "Give a plan: this scorecard is blank.") for one in filled if not one.subject
    ]
    if nameless:
        raise NotTaken((*nameless, *found))
    drafts = [(one, allow(unit, "write", one.subject)) for one in filled if one.lines]
    if wrong := [*found, *(each for one, state in drafts for each in _misfits(one, state))]:
        raise NotTaken(wrong)
    for one, state in drafts:
        application(command).draft_lines(unit, one.subject, tuple(_typed(unit, state, line) for line in one.lines))
    return Answer(ids=tuple(one.subject for one, _ in drafts))


def _bring(
    unit: Unit, command: Command, filled: tuple[Filled, ...], found: tuple[Problem, ...], plan: PlanBody
) -> Answer:
    """Plan an ad hoc cycle for one person, with the lines as the draft it opens with."""
    allow_at_all(unit, "bring scorecard", plan.of)
    if len(filled) != 1:
        raise Invalid("file", len(filled), "a scorecard without a cycle is for one person: upload one sheet.")
    card = filled[0]
    empty = [] if card.lines or found else [Problem(card.sheet, "F6", "", "Rate something first.")]
    if wrong := [*found, *empty, *_unasked(card, _asked(unit, plan))]:
        raise NotTaken(wrong)
    lines = tuple(_typed_as(line, line.evidence) for line in card.lines)
    cycle = application(command).bring_scorecard(unit, plan.plan(), lines)
    return Answer(status=201, id=cycle, location=f"/cycles/{cycle}")


def _misfits(filled: Filled, state: Evaluation) -> list[Problem]:
    """Return what keeps a sheet from becoming the draft of its evaluation."""
    if not state.is_writable:
        return [Problem(filled.sheet, "A1", state.status, "Delete this sheet: only a draft can be written.")]
    return _unasked(filled, state.terms.competencies)


def _unasked(filled: Filled, asked: Iterable[str]) -> list[Problem]:
    known = set(asked)
    remedy = "This is not rated here: leave the line empty, or download the scorecard again."
    return [
        Problem(filled.sheet, one.cell, one.competency, remedy) for one in filled.lines if one.competency not in known
    ]


def _asked(unit: Unit, plan: PlanBody) -> tuple[str, ...]:
    """Return what is rated of the person a plan is for; the data check tells HR where that is nothing yet."""
    if plan.of is None:
        return ()
    placed = facts.placements_on(unit, (plan.of,), today(unit.directory, unit.now))
    form = facts.form(unit, plan.framework_version, placed[plan.of]) if plan.of in placed else None
    return form.competencies if form else ()


def _typed(unit: Unit, state: Evaluation, filled: FilledLine) -> TypedLine:
    """Return a line as typed: what stood in the scorecard already is the evidence it was made from."""
    known = _known(unit, state.line(filled.competency))
    return _typed_as(filled, tuple(known.get(one, one) for one in filled.evidence))


def _known(unit: Unit, line: Line) -> dict[str, str]:
    texts = (unit.open(one.text) for one in line.evidence if isinstance(one.text, Sealed))
    return {on_one_line(text): text for text in texts if text}


def _typed_as(line: FilledLine, evidence: tuple[str, ...]) -> TypedLine:
    return TypedLine(competency=line.competency, rating=line.rating, not_seen=line.not_seen, evidence=evidence)


def _card(query: Query, evaluation: str) -> Card:
    state, _, of, _ = readable(query, evaluation)
    if not permits(query.actor, "write", of):
        raise Forbidden(REFUSED)
    query.record_access(state.employee, "scorecard", evaluation)
    view = evaluation_view(query, evaluation, state, "all", reactions=False)
    lines = (view.revision.lines if view.revision else None) or []
    bars = [bar for line in lines for bar in line.bars if bar.level == state.terms.level]
    level = f"{bars[0].code} {bars[0].title}" if bars else state.terms.level
    about = f"{state.terms.cycle_name}, {level}"
    cards = tuple(_card_line(line, state.terms.level) for line in lines)
    owed = tuple(view.revision.credits) if view.revision else ()
    return Card(evaluation, name_of(query, state.employee), about, cards, owed)


def _card_line(line: LineView, level: str) -> CardLine:
    present = next((bar for bar in line.bars if bar.level == level), None)
    following, required = next_levels([_asks(bar) for bar in line.bars if bar.level != level and bar.required])
    return CardLine(
        competency=line.competency,
        name=line.name or line.competency,
        present=tuple(present.behaviours) if present else (),
        present_required=present.required if present else None,
        next=following,
        next_required=required,
        rating=line.rating,
        not_seen=(line.not_seen.text if line.not_seen else None) or "",
        evidence=tuple(one.text for one in line.evidence if one.text),
    )


def _asks(bar: BarView) -> tuple[str, float, tuple[str, ...]]:
    return bar.code, bar.required or 0.0, tuple(bar.behaviours)
