"""From state to what one reader may see of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from chassis.http import Query
from chassis.kernel import Sealed
from evaluation_svc import facts
from evaluation_svc.access import TOLD_OF_RELEASES, Sight
from evaluation_svc.api.forms import Form, Forms
from evaluation_svc.api.shapes import (
    BarView,
    CodeView,
    EvaluationView,
    LineView,
    ReactionView,
    ReturnView,
    RevisionView,
    SelfAssessmentView,
    TextView,
)
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.known import known_reopening, known_returns, known_status
from evaluation_svc.domain.lines import Line
from evaluation_svc.domain.revisions import Reacted, Return, Revision
from evaluation_svc.domain.self_assessment import SelfAssessment

SEES_FEEDBACK: frozenset[Sight] = frozenset({"all", "judged", "state"})

SEES_CODES: frozenset[Sight] = frozenset({"all", "judged"})


def revision_for(state: Evaluation, shown: Sight) -> Revision | None:
    """Return the revision whose lines a reader sees, or None for none of them."""
    match shown:
        case _ if shown in TOLD_OF_RELEASES:
            return state.released_revision
        case "approved":
            return state.approved_revision
        case "all":
            return state.revision
        case "judged":
            return state.revision if state.is_handed_in else state.approved_revision
        case _:
            return None


def readable_revisions(state: Evaluation, shown: Sight) -> list[Revision]:
    """Return the revisions a reader may open."""
    match shown:
        case _ if shown in TOLD_OF_RELEASES:
            return [one for one in state.revisions if one.released_at]
        case "approved":
            return [one for one in state.revisions if one.approved_at]
        case "judged":
            return [one for one in state.revisions if one.approved_at or (state.is_handed_in and one is state.revision)]
        case "all":
            return list(state.revisions)
        case _:
            return []


def summary_view(query: Query, identifier: str, state: Evaluation, shown: Sight) -> EvaluationView:
    """Return where an evaluation is as one reader may know it, without anything that was written."""
    terms, told = state.terms, shown in TOLD_OF_RELEASES
    current = state.released_revision if told else state.revision
    approved = current.approved_at if current else None
    return EvaluationView(
        id=identifier,
        employee=state.employee,
        evaluator=state.evaluator,
        cycle=terms.cycle,
        cycle_name=terms.cycle_name,
        ladder=terms.ladder,
        level=terms.level,
        framework_version=terms.framework_version,
        status=known_status(state) if told else state.status,
        shown=shown,
        returned=known_returns(state) if told else sum(len(one.returns) for one in state.revisions),
        approved_on=query.directory.calendar(None).local_date(approved) if approved else None,
        self_due=state.due.days.self_due,
        manager_due=state.due.days.manager_due,
        earlier=[one.number for one in readable_revisions(state, shown) if one is not revision_for(state, shown)],
    )


def evaluation_view(query: Query, identifier: str, state: Evaluation, shown: Sight, reactions: bool) -> EvaluationView:
    """Return an evaluation as one reader may see it, with the `reactions` to its scores where these are theirs to read."""
    view, revision = summary_view(query, identifier, state, shown), revision_for(state, shown)
    view.revision = revision_view(query, state, revision, shown) if revision else _feedback_only(query, state, shown)
    if state.hold and shown in ("all", "judged", "approved"):
        view.hold = _text(query, state, state.hold.reason)
    if reactions:
        view.reactions = [_reaction(query, state, one) for one in _latest(state)]
    return view


def revision_view(query: Query, state: Evaluation, revision: Revision, shown: Sight) -> RevisionView:
    """Return a revision as one reader may see it."""
    forms = Forms(query)
    codes = revision.codes if state.is_handed_in else state.own_codes()
    if revision is not state.revision:
        codes = revision.codes
    before = next((one for one in state.revisions if one.number == revision.number - 1), None)
    tells_why = shown in SEES_FEEDBACK or (shown == "own" and before is not None and before.released_at is not None)
    reopened = known_reopening(state, revision) if shown == "own" else None
    return RevisionView(
        number=revision.number,
        lines=_lines(query, state, revision, shown, forms.of(state)),
        codes=[CodeView(**code.model_dump()) for code in codes] if shown in SEES_CODES else None,
        returns=[_return(query, state, one) for one in revision.returns] if shown in SEES_FEEDBACK else None,
        because=_text(query, state, revision.because) if revision.because and tells_why else None,
        submitted_at=revision.submitted_at,
        approved_at=revision.approved_at,
        approved_by=revision.approved_by,
        approved_together=revision.together,
        released_at=revision.released_at,
        released_how=revision.released_how,
        acknowledged_at=revision.acknowledged_at,
        corrected_on=_corrected_on(state, revision, shown),
        credits=list(forms.credits_of(state)),
        reopened_at=reopened.started_at if reopened else None,
        reopened_because=_text(query, state, reopened.because) if reopened and reopened.because else None,
    )


def self_assessment_view(query: Query, about: Evaluation, own: SelfAssessment | None) -> SelfAssessmentView:
    """Return a self-assessment with the bars of the form."""
    forms = Forms(query)
    form = forms.of(about)
    lines = {} if own is None else own.lines
    withdrawn = {} if own is None else own.withdrawn
    return SelfAssessmentView(
        evaluation=about.evaluation,
        employee=about.employee,
        status="not started" if own is None else own.status,
        late=own is not None and own.late,
        submitted_at=own.submitted_at if own else None,
        credits=list(forms.credits_of(about)),
        lines=[
            _line(query, lines.get(one, Line(competency=one)), withdrawn, form.get(one, []))
            for one in about.terms.competencies
        ],
    )


def _lines(query: Query, state: Evaluation, revision: Revision, shown: Sight, form: Form) -> list[LineView]:
    competencies: Iterable[str] = state.terms.competencies
    lines = [revision.lines.get(one, Line(competency=one)) for one in competencies]
    if shown == "written":
        lines = [line for line in lines if line.by == query.actor.person]
    views = [_line(query, line, state.withdrawn, form.get(line.competency, [])) for line in lines]
    if shown == "judged":
        for view, line in zip(views, lines, strict=True):
            view.changes = [change.model_dump(mode="json") for change in line.changes]
    return views


def _line(query: Query, line: Line, withdrawn: Mapping[str, date], bars: list[facts.Bar]) -> LineView:
    texts = query.opened([one.text if isinstance(one.text, Sealed) else None for one in line.evidence])
    evidence = [
        TextView(
            part=one.part,
            text=None if one.part in withdrawn else text,
            withdrawn_on=withdrawn.get(one.part),
            by=one.by,
            cites=one.cites,
        )
        for one, text in zip(line.evidence, texts, strict=True)
    ]
    standing = [one for one in line.evidence if one.part not in withdrawn]
    return LineView(
        competency=line.competency,
        name=bars[0].name if bars else None,
        area=bars[0].area if bars else None,
        rating=line.rating,
        not_seen=_opened(query, line.reason, line.reason_part, withdrawn) if line.reason else None,
        evidence=evidence,
        rests_on_memory=line.rating is not None and not standing,
        by=line.by,
        bars=[
            BarView(
                level=bar.level,
                code=bar.code,
                title=bar.title,
                required=bar.required,
                behaviours=list(bar.behaviours),
            )
            for bar in bars
        ],
    )


def _feedback_only(query: Query, state: Evaluation, shown: Sight) -> RevisionView | None:
    """Return HR's own feedback on a draft of which HR sees the state only."""
    if shown != "state" or "hr" not in query.actor.roles or not state.revision.returns:
        return None
    returns = [_return(query, state, one) for one in state.revision.returns]
    return RevisionView(number=state.revision.number, returns=returns)


def _return(query: Query, state: Evaluation, one: Return) -> ReturnView:
    comments = {
        comment.competency: _opened(query, comment.text, comment.part, state.withdrawn) for comment in one.comments
    }
    return ReturnView(at=one.at, by=one.by, comments=comments)


def _latest(state: Evaluation) -> list[Reacted]:
    return [reactions[-1] for reactions in state.reactions.values() if reactions]


def _reaction(query: Query, state: Evaluation, one: Reacted) -> ReactionView:
    return ReactionView(
        competency=one.competency,
        revision=one.revision,
        reaction=one.reaction,
        at=one.at,
        reason=_opened(query, one.reason, one.part, state.withdrawn) if one.reason else None,
        answer=_opened(query, one.answer, one.answer_part, state.withdrawn) if one.answer else None,
        answered_at=one.answered_at,
    )


def _corrected_on(state: Evaluation, revision: Revision, shown: Sight) -> datetime | None:
    """Return when a later revision took the place of this one for the reader."""
    later = [one for one in state.revisions if one.number > revision.number]
    moments = (one.released_at if shown in TOLD_OF_RELEASES else one.approved_at for one in later)
    return next((at for at in moments if at), None)


def _text(query: Query, state: Evaluation, text: object) -> TextView:
    part = next((name for name, said in state.texts.items() if said.text == text), None)
    return _opened(query, text, part, state.withdrawn)


def _opened(query: Query, text: object, part: str | None, withdrawn: Mapping[str, date]) -> TextView:
    on = withdrawn.get(part) if part else None
    opened = query.open(text) if on is None and isinstance(text, Sealed) else None
    return TextView(part=part, text=opened, withdrawn_on=on)
