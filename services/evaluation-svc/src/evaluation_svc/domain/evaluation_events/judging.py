"""What whoever approves decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis.kernel import Event, Frozen, Personal


class ReturnComment(Frozen):
    """What the evaluator is to look at again, for one competency."""

    competency: str
    part: str
    text: Personal


class Examined(Event):
    """Somebody who may approve it opened it."""

    TOPIC = "evaluation.examined"
    by: str
    at: datetime


class Returned(Event):
    """HR gave it back with specific feedback per competency."""

    TOPIC = "evaluation.returned"
    comments: tuple[ReturnComment, ...]
    manager_due_at: datetime
    by: str
    at: datetime


class Approved(Event):
    """HR approved this revision; `release_due_at` is when it is released by itself."""

    TOPIC = "evaluation.approved"
    revision: int
    self_ratings: dict[str, float]
    release_due_at: datetime | None
    together: bool
    by: str
    at: datetime


class Held(Event):
    """HR keeps it from being released, with a reason."""

    TOPIC = "evaluation.held"
    part: str
    reason: Personal
    by: str
    at: datetime


class Reopened(Event):
    """HR reopened it: the next revision starts as a draft with the ratings copied; a pending release ends.

    It is to be submitted again by `manager_due_at`; before version 2 there was no such day.
    """

    TOPIC = "evaluation.reopened"
    VERSION = 2
    revision: int
    manager_due_at: datetime | None
    was_released: bool
    part: str
    reason: Personal
    by: str
    at: datetime

    @staticmethod
    def upcast_v1_v2(data: dict[str, Any]) -> dict[str, Any]:
        """Return what was stored before a reopened evaluation had a day to be submitted by."""
        return {**data, "manager_due_at": None}
