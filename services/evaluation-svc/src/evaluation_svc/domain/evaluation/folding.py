"""What each event changes in the state of an evaluation: folding only, no rule."""

from __future__ import annotations

from chassis.kernel import Event
from evaluation_svc.domain.evaluation.standing import Standing
from evaluation_svc.domain.evaluation_events import (
    Acknowledged,
    Approved,
    Begun,
    EvaluationCancelled,
    EvaluatorKept,
    EvidenceAdded,
    EvidenceRemoved,
    Examined,
    Excused,
    Extended,
    HandedOver,
    Held,
    LineCleared,
    LineNotSeen,
    LineRated,
    NotFinished,
    PushBackAnswered,
    ReactedTo,
    Recalled,
    Released,
    Reopened,
    Returned,
    SelfAssessmentOpened,
    Submitted,
    SubstituteNamed,
    Withdrawn,
)
from evaluation_svc.domain.lines import (
    Change,
    Line,
    Said,
)
from evaluation_svc.domain.revisions import Hold, Reacted, Return, Revision


def changes(state: Standing, event: Event) -> dict[str, object]:
    """Return what the event changes in the state of an evaluation."""
    match event:
        case Begun():
            return {"status": "draft"}
        case LineRated() | LineCleared() | LineNotSeen() | EvidenceAdded() | EvidenceRemoved():
            return _line_changes(state, event)
        case Submitted():
            submitted = {"submitted_at": event.at, "codes": event.codes}
            since = {"status": "submitted", "is_handed_in": True, "examined_by": frozenset[str]()}
            return {**since, **_revised(state, **submitted)}
        case Recalled():
            return {"status": "draft", "is_handed_in": False}
        case Returned():
            texts = {one.part: Said(author=event.by, text=one.text) for one in event.comments}
            feedback = Return(by=event.by, at=event.at, comments=event.comments)
            return {
                "status": "returned",
                "is_handed_in": False,
                **_revised(state, returns=(*state.revision.returns, feedback)),
                **_wrote(state, texts),
            }
        case Approved() | Released() | Held() | Reopened() | Acknowledged():
            return _decided(state, event)
        case ReactedTo() | PushBackAnswered():
            return _answered(state, event)
        case Withdrawn():
            return {
                "withdrawn": {**state.withdrawn, event.part: event.on},
                "texts_written": state.texts_written + 1,
            }
        case _:
            return _arranged(state, event)


def _line_changes(
    state: Standing, event: LineRated | LineCleared | LineNotSeen | EvidenceAdded | EvidenceRemoved
) -> dict[str, object]:
    """Return what the event changes in one line of the present revision."""
    line = state.revision.lines.get(event.competency) or Line(competency=event.competency)
    written: dict[str, Said] = {}
    match event:
        case LineRated() | LineCleared() | LineNotSeen():
            verdict = {"rating": event.rating if isinstance(event, LineRated) else None}
            reason = {"reason": None, "reason_part": None}
            if isinstance(event, LineNotSeen):
                reason = {"reason": event.reason, "reason_part": event.part}
                written = {event.part: Said(author=event.by, text=event.reason)}
            line = line.model_copy(update={**verdict, **reason, "by": event.by, "changes": _with_change(line, event)})
        case EvidenceAdded():
            line = line.model_copy(update={"evidence": (*line.evidence, event.evidence)})
            written = {event.evidence.part: Said(author=event.evidence.by, text=event.evidence.text)}
        case EvidenceRemoved():
            left = tuple(one for one in line.evidence if one.part != event.part)
            line = line.model_copy(update={"evidence": left})
    return {**_revised(state, lines={**state.revision.lines, event.competency: line}), **_wrote(state, written)}


def _with_change(line: Line, event: LineRated | LineCleared | LineNotSeen) -> tuple[Change, ...]:
    """Return the changes of a line with this one; a first rating is none."""
    if event.before is None:
        return line.changes
    change = Change(
        before=event.before,
        after=event.rating if isinstance(event, LineRated) else None,
        by=event.by,
        at=event.at,
        after_self_assessment=event.after_self_assessment,
    )
    return (*line.changes, change)


def _decided(state: Standing, event: Approved | Released | Held | Reopened | Acknowledged) -> dict[str, object]:
    """Return what HR's, the manager's or the employee's act changes."""
    match event:
        case Approved():
            revised = _revised(
                state,
                approved_at=event.at,
                approved_by=event.by,
                together=event.together,
                self_ratings=event.self_ratings,
                release_due_at=event.release_due_at,
            )
            return {"status": "approved", **revised}
        case Released():
            return {"status": "released", "hold": None, **_revised(state, released_at=event.at, released_how=event.how)}
        case Held():
            texts = {event.part: Said(author=event.by, text=event.reason)}
            return {"hold": Hold(by=event.by, at=event.at, reason=event.reason), **_wrote(state, texts)}
        case Reopened():
            fresh = {name: line.model_copy(update={"changes": ()}) for name, line in state.revision.lines.items()}
            revision = Revision(number=event.revision, lines=fresh, because=event.reason, started_at=event.at)
            texts = {event.part: Said(author=event.by, text=event.reason)}
            return {
                "status": "draft",
                "is_handed_in": False,
                "hold": None,
                "earlier": state.revisions,
                "revision": revision,
                **_wrote(state, texts),
            }
        case Acknowledged():
            return _acknowledged(state, event)


def _acknowledged(state: Standing, event: Acknowledged) -> dict[str, object]:
    """Return what the employee's acknowledgement changes: of the present revision, or of the one it corrects."""
    if event.revision == state.revision.number:
        return {"status": "acknowledged", **_revised(state, acknowledged_at=event.at)}
    read = {"acknowledged_at": event.at}
    return {
        "earlier": tuple(one.model_copy(update=read) if one.number == event.revision else one for one in state.earlier)
    }


def _answered(state: Standing, event: ReactedTo | PushBackAnswered) -> dict[str, object]:
    """Return what a reaction, or the answer to a push-back, adds."""
    before = state.reactions.get(event.competency, ())
    match event:
        case ReactedTo():
            texts = {event.part: Said(author=state.employee, text=event.reason)} if event.part and event.reason else {}
            reacted = Reacted(
                revision=event.revision,
                competency=event.competency,
                reaction=event.reaction,
                reason=event.reason,
                part=event.part,
                at=event.at,
                answer_due_at=event.answer_due_at,
            )
            after = (*before, reacted)
        case PushBackAnswered():
            texts = {event.part: Said(author=event.by, text=event.text)}
            answer = {"answer": event.text, "answer_part": event.part, "answered_by": event.by, "answered_at": event.at}
            after = (*before[:-1], before[-1].model_copy(update=answer))
    return {"reactions": {**state.reactions, event.competency: after}, **_wrote(state, texts)}


def _arranged(state: Standing, event: Event) -> dict[str, object]:
    """Return what HR's arrangements, an opening or a clock change."""
    match event:
        case SelfAssessmentOpened():
            return {"self_opened": {**state.self_opened, event.by: event.at}}
        case Examined():
            return {"examined_by": state.examined_by | {event.by}}
        case HandedOver():
            return {"evaluator": event.evaluator, "former_evaluators": (*state.former_evaluators, event.before)}
        case EvaluatorKept():
            return {"kept_despite": (*state.kept_despite, event.manager)}
        case SubstituteNamed():
            return {"substitute": event.substitute}
        case Extended():
            return {"due": event.due}
        case Excused():
            return {"status": "excused", "excused": event.reason}
        case NotFinished():
            return {"status": "not finished"}
        case EvaluationCancelled():
            return {"status": "cancelled"}
        case _:
            return {}


def _revised(state: Standing, **changes: object) -> dict[str, object]:
    return {"revision": state.revision.model_copy(update=changes)}


def _wrote(state: Standing, texts: dict[str, Said]) -> dict[str, object]:
    return {"texts": {**state.texts, **texts}, "texts_written": state.texts_written + len(texts)}
