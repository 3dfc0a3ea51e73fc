"""A ladder out as a matrix, CSV or a workbook to be read and printed."""

import io
from collections.abc import Iterator
from typing import Any

from documents import csv as table
from documents import xlsx
from framework_svc.documents.matrix.layout import AREA, CREDIT, IDENTIFIER, NAME, cell_text, heading
from framework_svc.domain.texts import Competency, Ladder


def write_csv(ladder: Ladder, competencies: tuple[Competency, ...]) -> bytes:
    """Return the matrix of `ladder` as CSV; the rows are its competencies in the order of `competencies`."""
    return table.write(_columns(ladder), _rows(ladder, competencies))


def write_xlsx(ladder: Ladder, competencies: tuple[Competency, ...]) -> bytes:
    """Return the matrix of `ladder` as a workbook of one sheet, laid out to be read and printed."""
    out = io.BytesIO()
    with xlsx.workbook(out) as book:
        sheet = xlsx.add_sheet(book, "Matrix")
        _lay_out(book, sheet, len(_columns(ladder)))
        for row, cells in enumerate(_rows(ladder, competencies), 1):
            for place, column in enumerate(_columns(ladder)):
                if text := cells.get(column):
                    sheet.write_string(row, place, text)
        for place, column in enumerate(_columns(ladder)):
            sheet.write_string(0, place, column)
    return out.getvalue()


def _lay_out(book: Any, sheet: Any, columns: int) -> None:
    body = book.add_format({"text_wrap": True, "valign": "top"})
    head = book.add_format({"text_wrap": True, "valign": "top", "bold": True, "bottom": 1})
    for place, width in enumerate([18, 20, 24, *[44] * (columns - 3)]):
        sheet.set_column(place, place, width, body)
    sheet.set_row(0, None, head)
    sheet.freeze_panes(1, 3)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _columns(ladder: Ladder) -> list[str]:
    return [AREA, IDENTIFIER, NAME, *(heading(level) for level in ladder.levels())]


def _rows(ladder: Ladder, competencies: tuple[Competency, ...]) -> Iterator[dict[str, str]]:
    used = set(ladder.competency_ids())
    for competency in competencies:
        if competency.id in used:
            cells = {heading(level): cell_text(level.expectations.get(competency.id)) for level in ladder.levels()}
            yield {AREA: competency.area, IDENTIFIER: competency.id, NAME: competency.name} | cells
    for credit in ladder.credits:
        yield {AREA: CREDIT, NAME: credit}
