"""A file of people: CSV bytes to rows, and rows to CSV bytes that read back unchanged."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from documents import csv as table
from people_svc.domain import COLUMNS, Problem, Row, Sheet

MAX_BYTES = 10_000_000
MAX_ROWS = 20_000
MAX_CELL = 500

_IDENTIFYING = frozenset({"person", "employee_number", "work_email"})
_ALIASES = {
    "person": ("person id", "id"),
    "employee_number": ("employee id", "external id", "number", "staff number", "personnel number"),
    "given_name": ("first name", "forename", "vorname"),
    "family_name": ("last name", "surname", "nachname"),
    "work_email": ("email", "email address", "mail"),
    "job_title": ("title", "position", "role"),
    "department": ("team", "org unit"),
    "location": ("office", "site", "city"),
    "manager": ("manager email", "manager number", "manager id", "reports to", "supervisor", "line manager"),
    "status": ("employment status",),
    "start_date": ("hire date", "first day", "joined"),
    "end_date": ("termination date", "last day"),
    "leave_until": ("leave ends",),
    "time_zone": (),
    "locale": ("language",),
    "family": ("job family", "ladder"),
    "track": (),
    "level": ("grade",),
}


def read_people(content: bytes) -> Sheet:
    """Return the rows of a CSV file; what cannot be read is a problem with its line."""
    try:
        found = table.read_table(content, _ALIASES, max_bytes=MAX_BYTES, max_rows=MAX_ROWS)
    except table.Unreadable as refused:
        return Sheet(columns=(), rows=(), problems=(_problem(refused.line, str(refused)),))
    return Sheet(
        columns=tuple(column for column in found.columns if column in COLUMNS),
        rows=tuple(Row(line=row.line, values=_known(row)) for row in found.rows),
        unknown=tuple(column for column in found.columns if column and column not in COLUMNS),
        problems=tuple(_problems(found)),
    )


def write_people(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return rows (values by column of `COLUMNS`) as a CSV file, cells that a spreadsheet might run made harmless."""
    return table.write(COLUMNS, rows)


def _known(row: table.Row) -> dict[str, str]:
    return {column: value for column, value in row.cells.items() if column in COLUMNS}


def _problems(found: table.Table) -> Iterator[Problem]:
    if not _IDENTIFYING & set(found.columns):
        yield _problem(1, "the first line needs headings, with employee_number or work_email among them")
    for row in found.rows:
        yield from _row_problems(row, found.columns)


def _row_problems(row: table.Row, columns: Sequence[str]) -> Iterator[Problem]:
    missing = next((column for column in columns if column not in row.cells), None)
    if missing is not None:
        yield _problem(row.line, f"this row ends before the column {missing!r} of the first line")
    for column, value in _known(row).items():
        if len(value) > MAX_CELL:
            yield _problem(row.line, f"no cell is longer than {MAX_CELL} characters", column, value[:40])


def _problem(line: int, remedy: str, column: str = "", value: str = "") -> Problem:
    return Problem(line=line, column=column, value=value, remedy=remedy)
