"""The read model of evaluations: people, state, codes and marks of lateness."""

from __future__ import annotations

from typing import ClassVar

from chassis.projection import RecordedEvent, Rows, View
from evaluation_svc.domain import evaluation_events as events
from evaluation_svc.domain.self_assessment import SelfSubmitted
from evaluation_svc.projections.columns import texts
from evaluation_svc.projections.deadlines import extended

_IN_TIME_AGAIN = {"self due": "self-assessment", "evaluation due": "evaluation", "approval waiting": "approval"}
"""What is late no more once the clock of that kind runs anew."""

_STATUS: dict[type, str] = {
    events.Begun: "draft",
    events.Recalled: "draft",
    events.Returned: "returned",
    events.Excused: "excused",
    events.NotFinished: "not finished",
    events.EvaluationCancelled: "cancelled",
}
"""The status that an event brings, where it brings nothing else."""


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
                row = rows.get((entry.id,)) or {}
                rows.update((entry.id,), self_status="submitted", self_late=event.late, **_lateness(event, row))
            case event if entry.kind == "evaluation":
                row = rows.get((entry.id,)) or {}
                rows.update((entry.id,), **_status_change(event, row), **_lateness(event, row))
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


def _status_change(event: object, row: dict[str, object]) -> dict[str, object]:
    """Return the columns an event of an evaluation changes."""
    match event:
        case _ if status := _STATUS.get(type(event)):
            return {"status": status}
        case events.LineRated() | events.LineNotSeen():
            return {"raters": sorted({*texts(row, "raters"), event.by})}
        case events.Submitted():
            codes = [code.model_dump(mode="json") for code in event.codes]
            marks = {"codes": codes, "code_count": len(codes), "mean": event.mean, "examined_by": []}
            return {"status": "submitted", "submitted_at": event.at, **marks}
        case events.Examined():
            return {"examined_by": sorted({*texts(row, "examined_by"), event.by})}
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


def _arrangement(event: object, row: dict[str, object]) -> dict[str, object]:
    """Return the columns HR's arrangements and fired clocks change."""
    match event:
        case events.HandedOver():
            return {"evaluator": event.evaluator}
        case events.EvaluatorKept():
            return {"kept_despite": [*texts(row, "kept_despite"), event.manager or ""]}
        case events.SubstituteNamed():
            return {"substitute": event.substitute}
        case events.Extended():
            return {"manager_due": event.due.days.manager_due}
        case _:
            return {}


def _lateness(event: object, row: dict[str, object]) -> dict[str, object]:
    """Return what is late after an event, where it changes that: a clock fired, or what it waited for was done."""
    before = set(texts(row, "late"))
    after = (before | _late_from(event)) - _done_with(event)
    return {} if after == before else {"late": sorted(after)}


def _late_from(event: object) -> set[str]:
    match event:
        case events.SelfAssessmentOverdue():
            return {"self-assessment"}
        case events.EvaluationOverdue():
            return {"evaluation"}
        case events.ApprovalOverdue():
            return {"approval"}
        case events.AnswerOverdue():
            return {f"answer/{event.competency}"}
        case _:
            return set()


def _done_with(event: object) -> set[str]:
    match event:
        case SelfSubmitted():
            return {"self-assessment"}
        case events.Submitted():
            return {"evaluation"}
        case events.Approved() | events.Returned() | events.Recalled():
            return {"approval"}
        case events.ReactedTo() | events.PushBackAnswered():
            return {f"answer/{event.competency}"}
        case events.HandedOver() if event.manager_due_at > event.at:
            return {"evaluation"}
        case events.Extended():
            return {_IN_TIME_AGAIN[kind] for kind in extended(event)}
        case _:
            return set()
