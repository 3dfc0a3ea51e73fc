"""A file of people: CSV bytes to rows, and rows to CSV bytes that read back unchanged (RFC 4180, UTF-8)."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from people_svc.domain import COLUMNS, Problem, Row, Sheet

MAX_BYTES = 10_000_000
MAX_ROWS = 20_000
MAX_CELL = 500

_ALIASES = {
    "person": ("person id", "id"),
    "employee_number": ("employee number", "employee id", "external id", "number", "staff number", "personnel number"),
    "given_name": ("given name", "first name", "forename", "vorname"),
    "family_name": ("family name", "last name", "surname", "nachname"),
    "work_email": ("work email", "work e mail", "email", "e mail", "email address", "mail"),
    "job_title": ("job title", "title", "position", "role"),
    "department": ("department", "team", "org unit"),
    "location": ("location", "office", "site", "city"),
    "manager": ("manager", "manager email", "manager number", "manager id", "reports to", "supervisor", "line manager"),
    "status": ("status", "employment status"),
    "start_date": ("start date", "hire date", "first day", "joined"),
    "end_date": ("end date", "termination date", "last day"),
    "leave_until": ("leave until", "leave ends"),
    "time_zone": ("time zone", "timezone"),
    "locale": ("locale", "language"),
    "family": ("family", "job family", "ladder"),
    "track": ("track",),
    "level": ("level", "grade"),
}
_COLUMN = {alias: column for column, aliases in _ALIASES.items() for alias in (column.replace("_", " "), *aliases)}

# What a spreadsheet may take for a formula, also behind blanks, a byte order mark or in full width.
_HOSTILE = re.compile(r"'*[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]")
_NEUTRALISED = re.compile(r"'(?=" + _HOSTILE.pattern + ")")


def read_people(content: bytes) -> Sheet:
    """Return the rows of a CSV file; what cannot be read is a problem with its line.

    Takes UTF-8 with or without a byte order mark (and UTF-16 with one), separated by comma, semicolon or tab.
    """
    try:
        lines = list(io.StringIO(_decoded(content), newline=""))
        return _sheet(lines, _delimiter(lines[0] if lines else ""))
    except UnicodeDecodeError:
        return _refused(1, "save the file as CSV in UTF-8")
    except _TooMuch as limit:
        return _refused(1, str(limit))


def write_people(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return rows (values by column of `COLUMNS`) as CSV: UTF-8 with a byte order mark, cells made harmless."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([neutral(row[column]) for column in COLUMNS] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `plain` gives the cell back."""
    cell = cell.replace("\0", "")
    return f"'{cell}" if _HOSTILE.match(cell) else cell


def plain(cell: str) -> str:
    """Return a cell as it was before `neutral`."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


class _TooMuch(Exception):
    """A limit that no honest file comes near."""


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _TooMuch(f"the file is larger than {MAX_BYTES // 1_000_000} MB; split it")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content.decode(encoding)
    if "\0" in text:
        raise _TooMuch("this is not a text file; save it as CSV in UTF-8")
    return text


def _delimiter(heading: str) -> str:
    """Return the separator with which the first line has most known headings."""

    def known(separator: str) -> int:
        return sum(_column(cell) is not None for cell in _first(csv.reader([heading], delimiter=separator)))

    return max(",;\t", key=known)


def _first(reader: Iterable[list[str]]) -> list[str]:
    return next(iter(reader), list[str]())


def _column(heading: str) -> str | None:
    words = re.sub(r"[\s_\-./]+", " ", heading.strip().casefold()).strip()
    return _COLUMN.get(words)


def _sheet(lines: Sequence[str], delimiter: str) -> Sheet:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        headings = _first(reader)
    except csv.Error:
        return _refused(1, "a quotation mark is not closed")
    columns = [_column(heading) for heading in headings]
    problems = _heading_problems(headings, columns)
    rows: list[Row] = []
    line = reader.line_num + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(line, columns, cells, problems))
            if len(rows) > MAX_ROWS:
                raise _TooMuch(f"the file has more than {MAX_ROWS} rows; split it")
            line = reader.line_num + 1
    except csv.Error:
        problems.append(Problem(line=line, column="", value="", remedy="a quotation mark is not closed"))
    return Sheet(
        columns=tuple(column for column in columns if column),
        rows=tuple(rows),
        unknown=tuple(heading for heading, column in zip(headings, columns, strict=True) if not column),
        problems=tuple(problems),
    )


def _heading_problems(headings: Sequence[str], columns: Sequence[str | None]) -> list[Problem]:
    known = [column for column in columns if column]
    problems = [
        Problem(line=1, column=column, value=heading, remedy="two headings mean the same; remove one column")
        for n, (heading, column) in enumerate(zip(headings, columns, strict=True))
        if column and column in columns[:n]
    ]
    if not {"person", "employee_number", "work_email"} & set(known):
        remedy = "the first line needs headings, with employee_number or work_email among them"
        problems.append(Problem(line=1, column="", value="", remedy=remedy))
    return problems


def _row(line: int, columns: Sequence[str | None], cells: Sequence[str], problems: list[Problem]) -> Row:
    if len(cells) != len(columns):
        remedy = f"this row has {len(cells)} cells, the first line {len(columns)}"
        problems.append(Problem(line=line, column="", value="", remedy=remedy))
    values = {column: plain(cell.strip()) for column, cell in zip(columns, cells, strict=False) if column}
    problems.extend(
        Problem(line=line, column=column, value=value[:40], remedy=f"no cell is longer than {MAX_CELL} characters")
        for column, value in values.items()
        if len(value) > MAX_CELL
    )
    return Row(line=line, values=values)


def _refused(line: int, remedy: str) -> Sheet:
    return Sheet(columns=(), rows=(), problems=(Problem(line=line, column="", value="", remedy=remedy),))
