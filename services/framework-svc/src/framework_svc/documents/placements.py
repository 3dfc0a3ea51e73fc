"""Placements as a CSV file: one person a line, with everything that is wrong told by line and column."""

from collections.abc import Iterator
from datetime import date
from typing import get_args

from documents import csv as table
from framework_svc.domain.errors import LineProblem, NotPlaceable
from framework_svc.domain.placement_events import Reason
from framework_svc.domain.placements import Line

COLUMNS = ("person", "level", "effective_on", "reason")
ALIASES = {
    "person": ("person id", "email", "work email"),
    "level": (),
    "effective_on": ("from", "date", "effective"),
    "reason": (),
}
REASONS: tuple[Reason, ...] = get_args(Reason)
MOST_ROWS = 10_000


def read(data: bytes) -> tuple[Line, ...]:
    """Return the lines of a CSV file; raises `NotPlaceable` with every problem of it."""
    try:
        found = table.read(data, ALIASES, max_rows=MOST_ROWS)
    except table.Unreadable as error:
        raise NotPlaceable((LineProblem(field="file", value="", remedy=str(error)),)) from None
    missing = [name for name in COLUMNS if not found or name not in found[0].cells]
    if missing:
        remedy = f"Name the columns {', '.join(COLUMNS)} in the first line, and give each person a line."
        raise NotPlaceable((LineProblem(field="line 1", value="", remedy=remedy),))
    problems = [*_problems(found)]
    if problems:
        raise NotPlaceable(tuple(problems))
    return tuple(Line.model_validate({"number": row.line, **_cells(row)}) for row in found)


def _problems(rows: list[table.Row]) -> Iterator[LineProblem]:
    seen: dict[str, int] = {}
    for row in rows:
        cells = _cells(row)
        remedies = {
            "person": _remedy_of_person(cells["person"], seen),
            "level": None if cells["level"] else "Name a level as ladder.level: engineering.ic2.",
            "effective_on": None if _is_day(cells["effective_on"]) else "Write a day as 2026-03-31.",
            "reason": None if cells["reason"] in REASONS else f"Use one of {', '.join(REASONS)}.",
        }
        for column, remedy in remedies.items():
            if remedy:
                yield LineProblem(field=f"line {row.line}, {column}", value=cells[column][:80], remedy=remedy)
        seen.setdefault(cells["person"], row.line)


def _cells(row: table.Row) -> dict[str, str]:
    return {name: row.cells.get(name, "").strip() for name in COLUMNS}


def _remedy_of_person(person: str, seen: dict[str, int]) -> str | None:
    if not person:
        return "Give the id or the work e-mail address of a person."
    return f"Line {seen[person]} places this person already; keep one of the two." if person in seen else None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
