"""Who takes part in a cycle, who evaluates and approves whom, and what the data check finds before it opens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from chassis.kernel import Frozen

DAYS_IN_PERIOD = 90
"""So many days in the period make somebody a participant by default (in a shorter period: all of it)."""

PersonStatus = Literal["preboarding", "active", "leave", "left"]
Lack = Literal["manager", "placement", "published ladder", "e-mail", "invitation", "approver"]
BLOCKING: frozenset[Lack] = frozenset({"manager", "placement", "published ladder", "approver"})
"""Without these an evaluation cannot be made or approved; the others are listed and keep no cycle from opening."""


class Member(Frozen):
    """Somebody as the directory knows them on the day a cycle is planned or opened."""

    person: str
    status: PersonStatus
    starts_on: date
    ends_on: date | None = None


class Selection(Frozen):
    """The default participants, and everybody else with why they are none."""

    chosen: tuple[str, ...]
    left_out: dict[str, str]


class Candidate(Frozen):
    """Somebody who is to enter a cycle, with all that an evaluation needs.

    `approvers` are the HR admins and the substitute who may approve it.
    """

    person: str
    evaluator: str | None
    placed: bool = True
    published: bool = True
    has_email: bool = True
    invited: bool = True
    approvers: tuple[str, ...] = ()


class Finding(Frozen):
    """One thing the data check misses about a person."""

    person: str
    lacks: Lack

    @property
    def blocks(self) -> bool:
        """Tell whether the cycle cannot open while this is so."""
        return self.lacks in BLOCKING


def default_participants(members: Iterable[Member], starts_on: date, ends_on: date) -> Selection:
    """Choose whoever is active and at least 90 days in the period; list the rest with the reason."""
    reasons = {member.person: _left_out_because(member, starts_on, ends_on) for member in members}
    chosen = tuple(person for person, reason in reasons.items() if reason is None)
    return Selection(chosen=chosen, left_out={person: why for person, why in reasons.items() if why is not None})


def data_check(candidates: Iterable[Candidate]) -> tuple[Finding, ...]:
    """List who lacks manager, placement, published ladder, e-mail, invitation or a possible approver."""
    return tuple(Finding(person=one.person, lacks=lack) for one in candidates for lack in _lacking(one))


def possible_approvers(
    hr_admins: Iterable[str], employee: str, evaluators: Iterable[str], substitute: str | None = None
) -> tuple[str, ...]:
    """Return the HR admins who are neither employee nor evaluator; the substitute where none of them is left."""
    involved = {employee, *evaluators}
    admins = tuple(sorted(set(hr_admins) - involved))
    if admins:
        return admins
    return (substitute,) if substitute is not None and substitute not in involved else ()


def _left_out_because(member: Member, starts_on: date, ends_on: date) -> str | None:
    if member.status != "active":
        return {"preboarding": "has not started", "leave": "on leave", "left": "has left"}[member.status]
    needed = min(DAYS_IN_PERIOD, _days(starts_on, ends_on))
    present = _days(max(starts_on, member.starts_on), min(ends_on, member.ends_on or ends_on))
    return None if present >= needed else f"{max(present, 0)} days in the period, {needed} are needed"


def _days(first: date, last: date) -> int:
    """Count the days from the first to the last, both included."""
    return (last - first).days + 1


def _lacking(one: Candidate) -> Iterable[Lack]:
    """Yield what the candidate lacks; a ladder is asked for only where there is a placement."""
    if one.evaluator is None:
        yield "manager"
    if not one.placed:
        yield "placement"
    elif not one.published:
        yield "published ladder"
    if not one.has_email:
        yield "e-mail"
    if not one.invited:
        yield "invitation"
    if not one.approvers:
        yield "approver"
