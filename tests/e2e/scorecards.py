"""Scorecards as a manager fills them in: a workbook, typed into and sent."""

from __future__ import annotations

import io
from typing import Any

import openpyxl


def fill_in(card: bytes, lines: dict[str, tuple[Any, str]]) -> bytes:
    """Type a rating and its evidence beside the names of competencies, on the first sheet."""
    book = openpyxl.load_workbook(io.BytesIO(card))
    sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
    for number, (name, *_) in enumerate(sheet.iter_rows(min_row=6, values_only=True), 6):
        if name in lines:
            rating, evidence = lines[str(name)]
            sheet.cell(number, 6, rating)
            sheet.cell(number, 8, evidence)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_file(card: bytes) -> dict[str, Any]:
    """Return a workbook as a form sends it."""
    return {"files": {"file": ("scorecard.xlsx", card, "application/octet-stream")}}


def shown(card: bytes) -> dict[str, tuple[Any, ...]]:
    """Return the rows of a scorecard's first sheet by the name of their competency."""
    book = openpyxl.load_workbook(io.BytesIO(card))
    sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
    return {str(row[0]): row for row in sheet.iter_rows(min_row=6, values_only=True) if row[0]}


def cells(book: bytes) -> list[tuple[Any, ...]]:
    """Return every row of every sheet of a workbook."""
    sheets = openpyxl.load_workbook(io.BytesIO(book)).worksheets
    return [row for sheet in sheets for row in sheet.iter_rows(values_only=True)]
