"""Cells of a file of people in the form in which they are compared and stored."""

from datetime import date
from typing import Literal

from chassis.kernel import Invalid
from people_svc.domain.history import Status
from people_svc.domain.stated import checked_text, normal_email
from people_svc.domain.workspace import checked_locale, checked_time_zone

DateOrder = Literal["iso", "day first", "month first"]

_STATUSES: dict[str, Status] = {
    "preboarding": "preboarding",
    "active": "active",
    "leave": "leave",
    "on leave": "leave",
    "left": "left",
    "inactive": "left",
    "terminated": "left",
}
_EXAMPLES = {"iso": "2026-03-31", "day first": "31.03.2026", "month first": "03/31/2026"}
_YEARS = range(1900, 2200)


def normal(column: str, value: str, dates: DateOrder) -> str:
    """Return a cell in the form in which it is compared and stored; Invalid with the remedy."""
    value = value.strip()
    if not value:
        return ""
    match column:
        case "work_email":
            return normal_email(value)
        case "status":
            return _status(value)
        case "start_date" | "end_date" | "leave_until":
            return _date(value, dates).isoformat()
        case "time_zone":
            return checked_time_zone(value)
        case "locale":
            return checked_locale(value)
        case _:
            return checked_text(column, value)


def _status(value: str) -> Status:
    status = _STATUSES.get(value.casefold())
    if status is None:
        raise Invalid("status", value, "write preboarding, active, leave or left")
    return status


def _date(value: str, order: DateOrder) -> date:
    """Read an ISO date, or one in the chosen order with dots, slashes or dashes; a year has four digits."""
    found = _iso(value) or _ordered(value, order)
    if found is None or found.year not in _YEARS:
        raise Invalid("date", value, f"write the date as {_EXAMPLES[order]}")
    return found


def _iso(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _ordered(value: str, order: DateOrder) -> date | None:
    parts = value.replace("/", ".").replace("-", ".").split(".")
    try:
        first, second, year = (int(part) for part in parts if order != "iso")
        return date(year, second, first) if order == "day first" else date(year, first, second)
    except ValueError:
        return None
