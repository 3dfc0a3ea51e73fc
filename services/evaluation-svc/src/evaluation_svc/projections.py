"""The read models: cycles, evaluations with their states and codes, notes, reactions, and the deadlines that stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from chassis.deadlines import Due, Ended
from chassis.projection import RecordedEvent, Rows, View
from evaluation_svc.domain import cycle as cycles
from evaluation_svc.domain import evaluation_events as events
from evaluation_svc.domain import notes
from evaluation_svc.domain.self_assessment import SelfSubmitted


class CycleList(View):
    """Every cycle with its plan and status."""

    NAME = "cycle_list"
    COLUMNS: ClassVar[dict[str, str]] = {
        "cycle": "text",
        "name": "text",
        "status": "text",
        "plan": "jsonb",
        "proposed": "boolean",
        "participants": "int",
        "reason": "text",
        "planned_by": "text",
        "planned_at": "timestamptz",
    }
    KEY = ("cycle",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        key = (entry.id,)
        match entry.event:
            case cycles.Planned() as event:
                plan = event.plan.model_dump(mode="json")
                rows.put(
                    {
                        "cycle": entry.id,
                        "name": event.plan.name,
                        "status": "planned",
                        "plan": plan,
                        "proposed": event.proposed,
                        "participants": 0,
                        "planned_by": event.by,
                        "planned_at": event.at,
                    }
                )
            case cycles.Replanned() as event:
                rows.update(key, name=event.plan.name, plan=event.plan.model_dump(mode="json"))
            case cycles.Opened() as event:
                rows.update(key, status="open", participants=len(event.participants))
            case cycles.ParticipantEntered():
                rows.update(key, participants=((rows.get(key) or {}).get("participants") or 0) + 1)
            case cycles.Closed():
                rows.update(key, status="closed")
            case cycles.Cancelled() as event:
                rows.update(key, status="cancelled", reason=event.reason)
            case _:
                pass


class EvaluationList(View):
    """Every evaluation with its people, state, codes and marks of lateness."""

    NAME = "evaluation_list"
    COLUMNS: ClassVar[dict[str, str]] = {
        "evaluation": "text",
        "cycle": "text",
        "employee": "text",
        "evaluator": "text",
        "substitute": "text",
        "status": "text",
        "revision": "int",
        "codes": "jsonb",
        "code_count": "int",
        "mean": "double precision",
        "raters": "jsonb",
        "examined_by": "jsonb",
        "kept_despite": "jsonb",
        "held": "boolean",
        "self_status": "text",
        "self_late": "boolean",
        "late": "jsonb",
        "manager_due": "date",
        "submitted_at": "timestamptz",
        "approved_at": "timestamptz",
        "released_at": "timestamptz",
        "entered_at": "timestamptz",
    }
    KEY = ("evaluation",)
    INDEXES = (("cycle",), ("employee",), ("evaluator",), ("status",))

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        match entry.event:
            case events.Assigned() as event:
                rows.put(_assigned(entry.id, event))
            case SelfSubmitted() as event:
                rows.update((entry.id,), self_status="submitted", self_late=event.late)
            case event if entry.kind == "evaluation":
                row = rows.get((entry.id,)) or {}
                rows.update((entry.id,), **_status_change(event, row))
            case _:
                pass


def _assigned(identifier: str, event: events.Assigned) -> dict[str, object]:
    return {
        "evaluation": identifier,
        "cycle": event.terms.cycle,
        "employee": event.employee,
        "evaluator": event.evaluator,
        "substitute": event.substitute,
        "status": "not started",
        "revision": 1,
        "codes": [],
        "code_count": 0,
        "raters": [],
        "examined_by": [],
        "kept_despite": [],
        "held": False,
        "late": [],
        "manager_due": event.due.days.manager_due,
        "entered_at": event.at,
    }


def _status_change(event: object, row: dict[str, object]) -> dict[str, object]:  # noqa: C901 (one match)
    """Return the columns an event of an evaluation changes."""
    match event:
        case events.Begun() | events.Recalled():
            return {"status": "draft"}
        case events.LineRated() | events.LineNotSeen():
            return {"raters": sorted({*_texts(row, "raters"), event.by})}
        case events.Submitted():
            codes = [code.model_dump(mode="json") for code in event.codes]
            marks = {"codes": codes, "code_count": len(codes), "mean": event.mean, "examined_by": []}
            return {"status": "submitted", "submitted_at": event.at, **marks}
        case events.Examined():
            return {"examined_by": sorted({*_texts(row, "examined_by"), event.by})}
        case events.Returned():
            return {"status": "returned"}
        case events.Approved():
            return {"status": "approved", "approved_at": event.at}
        case events.Released():
            return {"status": "released", "released_at": event.at, "held": False}
        case events.Held():
            return {"held": True}
        case events.Acknowledged():
            return {"status": "acknowledged"} if event.revision == row["revision"] else {}
        case events.Reopened():
            return {"status": "draft", "revision": event.revision, "held": False}
        case _:
            return _arrangement(event, row)


def _arrangement(event: object, row: dict[str, object]) -> dict[str, object]:  # noqa: C901 (one match)
    """Return the columns HR's arrangements and fired clocks change."""
    match event:
        case events.HandedOver():
            return {"evaluator": event.evaluator}
        case events.EvaluatorKept():
            return {"kept_despite": [*_texts(row, "kept_despite"), event.manager or ""]}
        case events.SubstituteNamed():
            return {"substitute": event.substitute}
        case events.Extended():
            return {"manager_due": event.due.days.manager_due}
        case events.Excused():
            return {"status": "excused"}
        case events.NotFinished():
            return {"status": "not finished"}
        case events.EvaluationCancelled():
            return {"status": "cancelled"}
        case events.SelfAssessmentOverdue():
            return {"late": sorted({*_texts(row, "late"), "self-assessment"})}
        case events.EvaluationOverdue():
            return {"late": sorted({*_texts(row, "late"), "evaluation"})}
        case events.ApprovalOverdue():
            return {"late": sorted({*_texts(row, "late"), "approval"})}
        case events.AnswerOverdue():
            return {"late": sorted({*_texts(row, "late"), "answer"})}
        case _:
            return {}


def _texts(row: dict[str, object], column: str) -> list[str]:
    found = row.get(column)
    return [str(one) for one in found] if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


class NoteList(View):
    """Observations and examples, by who holds them."""

    NAME = "note_list"
    COLUMNS: ClassVar[dict[str, str]] = {
        "note": "text",
        "kind": "text",
        "holder": "text",
        "author": "text",
        "employee": "text",
        "on_day": "date",
        "competencies": "jsonb",
        "text": "jsonb",
        "cited_in": "jsonb",
        "withdrawn_on": "date",
    }
    KEY = ("note",)
    INDEXES = (("holder",), ("employee",))

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        key = (entry.id,)
        match entry.event:
            case notes.Observed() as event:
                rows.put(_noted(entry, event, event.author))
            case notes.ExampleNoted() as event:
                rows.put(_noted(entry, event, event.employee))
            case notes.ObservationCited() | notes.ExampleCited() as event:
                cited = _texts(rows.get(key) or {}, "cited_in")
                rows.update(key, cited_in=sorted({*cited, event.citation.evaluation}))
            case notes.ObservationPassedOn() as event:
                rows.update(key, holder=event.to)
            case notes.ObservationWithdrawn() | notes.ExampleWithdrawn() as event:
                rows.update(key, withdrawn_on=event.on)
            case _:
                pass


def _noted(entry: RecordedEvent, event: notes.Observed | notes.ExampleNoted, author: str) -> dict[str, object]:
    return {
        "note": entry.id,
        "kind": entry.kind,
        "holder": author,
        "author": author,
        "employee": event.employee,
        "on_day": event.on,
        "competencies": list(event.competencies),
        "text": event.text.model_dump(),
        "cited_in": [],
    }


class ReactionList(View):
    """The newest reaction to each released score, and whether a push-back waits for its answer."""

    NAME = "reaction_list"
    COLUMNS: ClassVar[dict[str, str]] = {
        "evaluation": "text",
        "competency": "text",
        "revision": "int",
        "reaction": "text",
        "waits": "boolean",
        "reacted_at": "timestamptz",
        "answered_at": "timestamptz",
    }
    KEY = ("evaluation", "competency")

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        match entry.event:
            case events.ReactedTo() as event:
                rows.put(
                    {
                        "evaluation": entry.id,
                        "competency": event.competency,
                        "revision": event.revision,
                        "reaction": event.reaction,
                        "waits": event.reaction == "push back",
                        "reacted_at": event.at,
                    }
                )
            case events.PushBackAnswered() as event:
                rows.update((entry.id, event.competency), waits=False, answered_at=event.at)
            case _:
                pass


def deadlines(entry: RecordedEvent) -> Iterable[Due | Ended]:  # noqa: C901 (one match)
    """Return the deadlines an event starts and ends."""
    subject = entry.id
    match entry.event:
        case events.Assigned() as event:
            yield _due("self due", subject, event.employee, event.due.self_at)
            yield _due("evaluation due", subject, event.evaluator, event.due.manager_at)
        case SelfSubmitted():
            yield Ended(f"self due/{subject}")
        case events.Submitted() as event:
            yield Ended(f"evaluation due/{subject}")
            yield _due("approval waiting", subject, None, event.approval_due_at)
        case events.Recalled() | events.Returned() as event:
            yield Ended(f"approval waiting/{subject}")
            if event.manager_due_at > event.at:
                yield _due("evaluation due", subject, None, event.manager_due_at)
        case events.Approved() as event:
            yield Ended(f"approval waiting/{subject}")
            if event.release_due_at is not None:
                yield _due("automatic release", subject, None, event.release_due_at)
        case events.Released():
            yield Ended(f"automatic release/{subject}")
            yield Ended(f"self due/{subject}")
        case events.Held():
            yield Ended(f"automatic release/{subject}")
        case events.Reopened() as event:
            yield Ended(f"automatic release/{subject}")
            if event.manager_due_at is not None and event.manager_due_at > event.at:
                yield _due("evaluation due", subject, None, event.manager_due_at)
        case events.Extended() as event:
            if event.awaits_self_assessment:
                yield _due("self due", subject, None, event.due.self_at)
            if event.is_open:
                yield _due("evaluation due", subject, None, event.due.manager_at)
        case events.HandedOver() as event:
            if event.is_open and event.manager_due_at > event.at:
                yield _due("evaluation due", subject, event.evaluator, event.manager_due_at)
        case events.ReactedTo() as event:
            identifier = f"push-back unanswered/{subject}/{event.competency}"
            if event.answer_due_at is None:
                yield Ended(identifier)
            else:
                yield Due(identifier, "push-back unanswered", subject, event.answer_by, event.answer_due_at)
        case events.PushBackAnswered() as event:
            yield Ended(f"push-back unanswered/{subject}/{event.competency}")
        case events.Excused() | events.NotFinished() | events.EvaluationCancelled():
            kinds = ("self due", "evaluation due", "approval waiting", "automatic release")
            yield from (Ended(f"{kind}/{subject}") for kind in kinds)
        case _:
            pass


def _due(kind: str, subject: str, person: str | None, due_at: datetime) -> Due:
    return Due(f"{kind}/{subject}", kind, subject, person, due_at)
