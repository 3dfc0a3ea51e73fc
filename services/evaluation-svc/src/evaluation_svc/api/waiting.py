"""What is waiting for somebody, over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from chassis.http import Cursor, Limit, Page, Queried, Query
from evaluation_svc.api.allowed import allow_reading
from evaluation_svc.api.shapes import WaitingItem
from evaluation_svc.application.people import leavers, stands_in_for

router = APIRouter(tags=["waiting"])

_WAITING = (
    "select d.deadline, d.kind, d.subject, d.due_at, e.employee from deadlines d join evaluation_list e"
    " on e.workspace = d.workspace and e.evaluation = d.subject where d.workspace = %(workspace)s and ("
    "(d.kind = 'self due' and e.employee = %(me)s) or (e.employee <> %(me)s and ("
    "(d.kind = 'evaluation due' and e.evaluator = any(%(evaluators)s))"
    " or (d.kind = 'push-back unanswered'"
    " and (e.evaluator = %(me)s or (e.evaluator = any(%(leavers)s) and e.employee = any(%(team)s))))"
    " or (d.kind = 'automatic release' and e.employee = any(%(team)s))"
    " or (d.kind = 'approval waiting' and e.evaluator <> %(me)s"
    " and (%(hr)s or e.substitute = %(me)s)))))"
)


@router.get("/waiting")
def waiting(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[WaitingItem]:
    """List what waits for oneself: own self-assessments, evaluations, releases, answers; for HR also approvals."""
    allow_reading(query, "read waiting")
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
    """Return for whom the actor acts: as evaluator (also for leavers they managed), as manager, as HR.

    A push-back on what a leaver wrote is answered by the employee's present manager, whoever acts for the leaver.
    """
    me, directory = query.actor.person, query.directory
    return {
        "me": me,
        "evaluators": stands_in_for(directory, me),
        "leavers": leavers(directory),
        "team": directory.managed_by(me),
        "hr": "hr" in query.actor.roles,
    }
