"""The results of a cycle as XLSX: one row per person and competency, and one per person."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from documents.cells import neutralised
from documents.xlsx import add_sheet, workbook

SCORES = ("Person", "Level", "Area", "Competency", "Rating", "Not seen", "Rests on memory", "State", "Revision")
PEOPLE = ("Person", "Level", "Evaluator", "State", "Revision", "Rated", "Not seen", "Mean", "Approved", "Released")
WIDTHS = (26, 22, 22, 26, 12, 12, 16, 16, 12, 12)

Value = str | float | None


@dataclass(frozen=True)
class Rated:
    """One competency of one person: rated, not seen, or neither yet."""

    competency: str
    area: str
    rating: float | None
    not_seen: bool
    rests_on_memory: bool


@dataclass(frozen=True)
class PersonResult:
    """One evaluation as its reader may see it; no lines and no revision where only its state is shown.

    Days are ISO dates.
    """

    person: str
    level: str
    evaluator: str
    state: str
    revision: int | None = None
    lines: tuple[Rated, ...] = ()
    approved_on: str | None = None
    released_on: str | None = None

    @property
    def ratings(self) -> list[float]:
        """The ratings given."""
        return [line.rating for line in self.lines if line.rating is not None]


def write_results(people: Iterable[PersonResult], credit_lines: Iterable[str] = ()) -> bytes:
    """Return a workbook of two sheets, “Scores” and “People”; texts a spreadsheet could run are made harmless.

    A third, “Credits”, holds the sentences that the licence of the competencies' names asks for, where there are any.
    """
    everybody = tuple(people)
    out = io.BytesIO()
    with workbook(out) as book:
        head = book.add_format({"bold": True, "bg_color": "#0e5a4c", "font_color": "white"})  # pyright: ignore[reportUnknownMemberType] - xlsxwriter ships no types
        _table(add_sheet(book, "Scores"), head, SCORES, (row for one in everybody for row in _scores(one)))
        _table(add_sheet(book, "People"), head, PEOPLE, (_person(one) for one in everybody))
        if owed := [(credit,) for credit in credit_lines]:
            _table(add_sheet(book, "Credits"), head, ("Credits",), owed)
    return out.getvalue()


def _scores(one: PersonResult) -> Iterable[tuple[Value, ...]]:
    for line in one.lines:
        marks = _yes(line.not_seen), _yes(line.rests_on_memory)
        yield one.person, one.level, line.area, line.competency, line.rating, *marks, one.state, one.revision


def _person(one: PersonResult) -> tuple[Value, ...]:
    ratings = one.ratings
    mean = round(sum(ratings) / len(ratings), 2) if ratings else None
    counts = (len(ratings), sum(line.not_seen for line in one.lines)) if one.lines else (None, None)
    days = one.approved_on, one.released_on
    return one.person, one.level, one.evaluator, one.state, one.revision, *counts, mean, *days


def _yes(value: bool) -> str:
    return "yes" if value else ""


def _table(sheet: Any, head: Any, columns: tuple[str, ...], rows: Iterable[tuple[Value, ...]]) -> None:
    last = 0
    sheet.write_row(0, 0, columns, head)
    for last, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if value is not None and value != "":
                sheet.write(last, column, neutralised(value) if isinstance(value, str) else value)
    for column, width in enumerate(WIDTHS[: len(columns)]):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(columns) - 1)
