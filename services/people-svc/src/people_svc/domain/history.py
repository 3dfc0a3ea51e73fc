"""What holds from a day on: status, manager and job, and the latest word about a day."""

from datetime import date
from typing import Literal, TypeVar

from chassis.kernel import Frozen, Personal

Status = Literal["preboarding", "active", "leave", "left"]


class StatusFrom(Frozen):
    """A status from a day on; `until` is the last day of a leave, after which the person is active again."""

    effective_on: date
    status: Status
    until: date | None = None


class ManagerFrom(Frozen):
    """The manager (None: nobody) from a day on."""

    effective_on: date
    manager: str | None


class Job(Frozen):
    """Job title and department from a day on; `title_group` is equal for equal titles."""

    effective_on: date
    title: Personal | None = None
    department: Personal | None = None
    title_group: str | None = None


E = TypeVar("E", StatusFrom, ManagerFrom, Job)


def status_on(statuses: tuple[StatusFrom, ...], starts_on: date, day: date) -> Status:
    """Return the status on a day from what was stated: preboarding before the first day, active after a leave."""
    if day < starts_on:
        return "preboarding"
    entry = latest(statuses, day)
    if entry is None or (entry.until is not None and day > entry.until):
        return "active"
    return entry.status


def manager_on(managers: tuple[ManagerFrom, ...], day: date) -> str | None:
    """Return the manager on a day from a timeline."""
    entry = latest(managers, day)
    return entry.manager if entry else None


def latest(entries: tuple[E, ...], day: date) -> E | None:
    """Return the entry that holds on a day."""
    return next((entry for entry in reversed(entries) if entry.effective_on <= day), None)


def with_entry(entries: tuple[E, ...], entry: E) -> tuple[E, ...]:
    """Return a timeline with one more entry; the latest word about its day."""
    others = (one for one in entries if one.effective_on != entry.effective_on)
    return tuple(sorted((*others, entry), key=lambda one: one.effective_on))
