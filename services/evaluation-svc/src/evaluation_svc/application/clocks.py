"""What happens when a deadline is due: a consequence is recorded, or it is asked again later."""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis.deadlines import Due
from chassis.kernel import Event
from chassis.unit import Unit
from evaluation_svc.application.people import (
    ANSWER_WITHIN,
    RELEASE_AFTER,
    acting,
    answers_push_back,
    manager_of,
)
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.self_assessment import SelfAssessment

LATE_AFTER = timedelta(hours=1)
"""A clock that fires so long after its time is marked late: the system was down."""


class Clocks:
    """What fired deadlines do."""

    def when_due(self, unit: Unit, deadline: Due) -> datetime | None:
        """Record what a deadline means now; or return when to ask again, where whoever has to act is away."""
        evaluation = unit.get(Evaluation, deadline.subject)
        later = self._later(unit, deadline, evaluation)
        if later is not None and later > unit.now:
            return later
        unit.record(Evaluation, deadline.subject, self._consequence(unit, deadline, evaluation))
        return None

    def _consequence(self, unit: Unit, deadline: Due, evaluation: Evaluation) -> tuple[Event, ...]:
        at, late = unit.now, unit.now - deadline.due_at > LATE_AFTER
        match deadline.kind:
            case "self due" if _has_left(unit, evaluation.employee):
                return ()
            case "self due":
                own = unit.find(SelfAssessment, deadline.subject)
                submitted = own is not None and own.status == "submitted"
                return evaluation.note_self_assessment_overdue(at, submitted=submitted, late=late)
            case "evaluation due":
                return evaluation.note_overdue(deadline.due_at, at, late=late)
            case "approval waiting":
                return evaluation.note_approval_overdue(deadline.due_at, at, late=late)
            case "automatic release":
                return evaluation.release_by_clock(at, late=late)
            case _:
                return evaluation.note_answer_overdue(_competency(deadline), at, late=late)

    def _later(self, unit: Unit, deadline: Due, evaluation: Evaluation) -> datetime | None:
        """Return when the deadline really ends, counted with what is known of leave today."""
        directory = unit.directory
        match deadline.kind:
            case "self due":
                return _after_leave(unit, evaluation.employee)
            case "evaluation due":
                return _after_leave(unit, acting(directory, evaluation))
            case "automatic release" if evaluation.terms.release == "by manager":
                approved = evaluation.revision.approved_at or unit.now
                calendar = directory.calendar(manager_of(directory, evaluation.employee))
                return calendar.add_working_days(approved, RELEASE_AFTER)
            case "push-back unanswered":
                waiting = evaluation.waiting_push_back(_competency(deadline))
                calendar = directory.calendar(answers_push_back(directory, evaluation))
                return calendar.add_working_days(waiting.at, ANSWER_WITHIN) if waiting else None
            case _:
                return None


def _after_leave(unit: Unit, person: str) -> datetime | None:
    """Return the end of the first working day after a leave, or None for somebody who is there."""
    calendar = unit.directory.calendar(person)
    if not calendar.is_away(calendar.local_date(unit.now)):
        return None
    return calendar.end_of_day(calendar.local_date(calendar.add_working_days(unit.now, 1)))


def _has_left(unit: Unit, person: str) -> bool:
    """Tell whether somebody has left: a clock ends on leaving."""
    known = unit.directory.person(person)
    return known is not None and known.status == "left"


def _competency(deadline: Due) -> str:
    return deadline.id.split("/", 2)[2]
