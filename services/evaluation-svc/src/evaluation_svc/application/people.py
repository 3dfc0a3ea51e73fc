"""Who stands where: acting evaluators, HR admins, and the calendars that due dates are counted in."""

from __future__ import annotations

from datetime import date, datetime

from chassis.identity import Directory
from evaluation_svc.domain.cycle import Dates
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import DueTimes

RELEASE_AFTER = 10
"""Working days after approval until an evaluation is released by itself."""
ANSWER_WITHIN = 5
"""Working days in which a push-back is answered."""
APPROVE_WITHIN = 2
"""Working days HR has at least, where something is submitted after or close to the day approvals are due."""
SUBMIT_AGAIN_WITHIN = 5
"""Working days an evaluator has at least for what was recalled, returned or reopened."""


def acting_evaluator(directory: Directory, evaluator: str) -> str:
    """Return who acts as the evaluator: a leaver's evaluations are with their manager, and so on upwards."""
    seen: set[str] = set()
    while (person := directory.person(evaluator)) and person.status == "left" and person.manager:
        if evaluator in seen:
            break
        seen.add(evaluator)
        evaluator = person.manager
    return evaluator


def acting(directory: Directory, evaluation: Evaluation) -> str:
    """Return who acts as the evaluator of an evaluation today."""
    return acting_evaluator(directory, evaluation.evaluator)


def stands_in_for(directory: Directory, person: str) -> list[str]:
    """Return somebody, and the leavers for whom they act as the evaluator."""
    return [person, *(one for one in leavers(directory) if acting_evaluator(directory, one) == person)]


def leavers(directory: Directory) -> list[str]:
    """Return everybody who has left."""
    return [one.id for one in directory.people() if one.status == "left"]


def hr_admins(directory: Directory) -> tuple[str, ...]:
    """Return the HR admins who are still there."""
    return tuple(one.id for one in directory.people() if "hr" in one.roles and one.status in ("active", "leave"))


def answers_push_back(directory: Directory, evaluation: Evaluation) -> str | None:
    """Return who answers a push-back: the evaluator, or the present manager where the evaluator has left."""
    person = directory.person(evaluation.evaluator)
    if person is not None and person.status != "left":
        return evaluation.evaluator
    employee = directory.person(evaluation.employee)
    return employee.manager if employee else None


def due_times(directory: Directory, dates: Dates, employee: str, evaluator: str) -> DueTimes:
    """Return the moments at which the due days end, each where whoever has to act lives."""
    return DueTimes(
        days=dates,
        self_at=directory.calendar(employee).end_of_day(dates.self_due),
        manager_at=directory.calendar(evaluator).end_of_day(dates.manager_due),
        approval_at=directory.calendar(None).end_of_day(dates.approval_due),
    )


def approval_due(directory: Directory, due: DueTimes, submitted_at: datetime) -> datetime:
    """Return when a submission has waited too long: the cycle's day, or two working days where that is later."""
    return max(due.approval_at, directory.calendar(None).add_working_days(submitted_at, APPROVE_WITHIN))


def submission_due(directory: Directory, evaluation: Evaluation, now: datetime) -> datetime:
    """Return when what came back to its evaluator is due: the cycle's day, or five working days where that is later."""
    calendar = directory.calendar(acting(directory, evaluation))
    return max(evaluation.due.manager_at, calendar.add_working_days(now, SUBMIT_AGAIN_WITHIN))


def release_due(directory: Directory, evaluation: Evaluation, now: datetime) -> datetime | None:
    """Return when an approved evaluation is released by itself; None where that is at once."""
    terms = evaluation.terms
    if terms.release == "at approval":
        return None
    if terms.release_on is not None:
        due = directory.calendar(None).start_of_day(terms.release_on)
        return due if due > now else None
    return directory.calendar(manager_of(directory, evaluation.employee)).add_working_days(now, RELEASE_AFTER)


def manager_of(directory: Directory, employee: str) -> str | None:
    """Return the present manager."""
    person = directory.person(employee)
    return person.manager if person else None


def today(directory: Directory, now: datetime) -> date:
    """Return the present day in the workspace."""
    return directory.calendar(None).local_date(now)
