"""The XLSX scorecard: a sheet for each person to fill in offline, and what was filled in, cell by cell."""

import io
from dataclasses import dataclass
from typing import Any

from documents.xlsx import Cell, Unreadable, add_sheet, workbook
from documents.xlsx import read as read_workbook

FORMAT = "scorecard/v1"
IDS = "ladder"
"""The hidden sheet: the format and a blank one's level, then one row per line: sheet, row, subject, competency."""
HEAD_ROW = 4
COLUMNS = ("Competency", "Present level", "Asked", "Next level", "Asked", "Rating 1–5", "Not seen because", "Evidence")
WIDTHS = (24, 44, 8, 44, 8, 11, 26, 60)
RATING, NOT_SEEN, EVIDENCE = 5, 6, 7
MAX_TEXT = 30_000
"""A spreadsheet's cell holds 32,767 characters."""
MAX_EVIDENCE = 20


@dataclass(frozen=True)
class CardLine:
    """One competency to rate, and what the present and the next level ask (None: nothing; a text for several)."""

    competency: str
    name: str
    present: tuple[str, ...] = ()
    present_required: float | None = None
    next: tuple[str, ...] = ()
    next_required: float | str | None = None
    rating: float | None = None
    not_seen: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """One person's scorecard; `subject` is the evaluation it fills, empty on a blank one.

    `credits` are the sentences that the licence of a text asks for; `level` is the full id a blank one was made for.
    """

    subject: str
    title: str
    about: str
    lines: tuple[CardLine, ...]
    credits: tuple[str, ...] = ()
    level: str = ""


@dataclass(frozen=True)
class FilledLine:
    """One line as filled in: `rating` and `not_seen` exclude each other; a line of the cell is one evidence.

    `cell` is where its rating stands, such as `F6`.
    """

    competency: str
    rating: float | None
    not_seen: str | None
    evidence: tuple[str, ...]
    cell: str


@dataclass(frozen=True)
class Filled:
    """One person's scorecard as filled in; `subject` and `level` as in `Card`."""

    subject: str
    sheet: str
    lines: tuple[FilledLine, ...]
    level: str = ""


@dataclass(frozen=True)
class Problem:
    """What cannot be taken: sheet, cell (`F7`), the value found, and the remedy."""

    sheet: str
    cell: str
    value: str
    remedy: str


def write(cards: tuple[Card, ...]) -> bytes:
    """Return a workbook of `cards`, one sheet each: only rating, reason and evidence can be typed into."""
    out = io.BytesIO()
    with workbook(out) as book:
        styles = _styles(book)
        ids: list[tuple[str, int, str, str]] = []
        for number, card in enumerate(cards, 1):
            name = _sheet_name(number, card)
            _sheet(add_sheet(book, name), card, styles)
            ids += [(name, HEAD_ROW + 1 + i, card.subject, line.competency) for i, line in enumerate(card.lines)]
        hidden = add_sheet(book, IDS)
        hidden.write_row(0, 0, (FORMAT, *(card.level for card in cards[:1])))
        for row, each in enumerate(ids, 1):
            hidden.write_row(row, 0, each)
        hidden.protect()
        hidden.very_hidden()
    return out.getvalue()


def _sheet_name(number: int, card: Card) -> str:
    """Return a name that no other sheet has and every spreadsheet takes: at most 31 signs, none of them forbidden."""
    title = (
        "".join(sign for sign in card.title if sign.isprintable() and sign not in "[]:*?/\\'") if card.subject else ""
    )
    return f"{number} {title}"[:31].strip()


def _styles(book: Any) -> dict[str, Any]:
    wrapped = {"text_wrap": True, "valign": "top"}
    return {
        "title": book.add_format({"bold": True, "font_size": 16}),
        "head": book.add_format({"bold": True, "bg_color": "#0e5a4c", "font_color": "white", **wrapped}),
        "text": book.add_format(wrapped),
        "typed": book.add_format(
            {"locked": False, "bg_color": "#fcefd6", "border": 1, "border_color": "#ddd8cc", **wrapped}
        ),
    }


def _sheet(sheet: Any, card: Card, styles: dict[str, Any]) -> None:
    sheet.write_string(0, 0, card.title, styles["title"])
    sheet.write_string(1, 0, card.about)
    sheet.write_string(2, 0, "Rate in half points, or say why it was not seen. One evidence to a line (Alt+Enter).")
    for column, (head, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
        sheet.write_string(HEAD_ROW, column, head, styles["head"])
        sheet.set_column(column, column, width)
    for row, line in enumerate(card.lines, HEAD_ROW + 1):
        _line(sheet, row, line, styles)
    for row, credit in enumerate(card.credits, HEAD_ROW + 2 + len(card.lines)):
        sheet.write_string(row, 0, credit)
    sheet.freeze_panes(HEAD_ROW + 1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.protect("", {"format_rows": True, "format_columns": True})


def _line(sheet: Any, row: int, line: CardLine, styles: dict[str, Any]) -> None:
    shown = (line.name, "\n".join(line.present), line.present_required, "\n".join(line.next), line.next_required)
    typed = (line.rating, line.not_seen, "\n".join(on_one_line(one) for one in line.evidence))
    for column, value in enumerate((*shown, *typed)):
        style = styles["typed" if column >= RATING else "text"]
        if value is None or value == "":
            sheet.write_blank(row, column, None, style)
        else:
            sheet.write(row, column, value, style)
    cell = f"F{row + 1}"
    rule = f"=AND(ISNUMBER({cell}),{cell}>=1,{cell}<=5,MOD({cell}*2,1)=0)"
    message = {"error_title": "Rating", "error_message": "1 to 5 in half points."}
    sheet.data_validation(row, RATING, row, RATING, {"validate": "custom", "value": rule, **message})


def read(data: bytes) -> tuple[tuple[Filled, ...], tuple[Problem, ...]]:
    """Return what was filled in, and what cannot be taken; lines with nothing typed are left out.

    A person whose sheet was taken out has no lines. Raises documents.xlsx.Unreadable for what is no scorecard of this
    format.
    """
    sheets = read_workbook(data)
    ids = sheets.get(IDS, [])
    if not ids or ids[0][:1] != [FORMAT]:
        raise Unreadable(f"This is no scorecard of the format {FORMAT}; save a downloaded one as .xlsx.")
    places = [_place(each) for each in ids[1:]]
    problems = _renamed(set(sheets) - {IDS}, {place[0] for place in places})
    filled: dict[tuple[str, str], list[FilledLine]] = {}
    for sheet, row, subject, competency in places:
        cells = sheets.get(sheet, [])
        found = _typed(sheet, row, competency, cells[row] if row < len(cells) else [], problems)
        lines = filled.setdefault((subject, sheet), [])
        if found:
            lines.append(found)
    level = str(ids[0][1] or "") if len(ids[0]) > 1 else ""
    return tuple(Filled(*key, tuple(lines), level) for key, lines in filled.items()), tuple(problems)


def _renamed(there: set[str], expected: set[str]) -> list[Problem]:
    """Return a problem for each sheet that lost its name; a sheet may be taken out, and others be added."""
    lost = ", ".join(sorted(expected - there))
    remedy = f"Give this sheet its name back: {lost}."
    return [Problem(sheet, "A1", sheet, remedy) for sheet in sorted(there - expected)] if lost else []


def on_one_line(text: str) -> str:
    """Return an evidence as it stands in a cell, where each line is another one."""
    return " ".join(text.split())


def _place(cells: list[Cell]) -> tuple[str, int, str, str]:
    match cells:
        case [sheet, float(row), subject, str(competency)] if row >= 0:
            return str(sheet or ""), int(row), str(subject or ""), competency
        case _:
            raise Unreadable("The hidden sheet of this scorecard was changed; download it again.")


def _typed(sheet: str, row: int, competency: str, cells: list[Cell], problems: list[Problem]) -> FilledLine | None:
    cells = cells + [None] * (len(COLUMNS) - len(cells))
    before = len(problems)
    rating = _rating(sheet, row, cells[RATING], problems)
    reason, evidence = (_text(sheet, row, column, cells[column], problems) for column in (NOT_SEEN, EVIDENCE))
    if rating is not None and reason:
        problems.append(
            Problem(sheet, f"G{row + 1}", reason, "Give a rating or a reason why it was not seen, not both.")
        )
    pieces = tuple(piece.strip() for piece in evidence.splitlines() if piece.strip())
    if len(pieces) > MAX_EVIDENCE:
        problems.append(Problem(sheet, f"H{row + 1}", f"{len(pieces)} lines", f"At most {MAX_EVIDENCE} evidences."))
    if len(problems) > before or not (rating is not None or reason or evidence):
        return None
    return FilledLine(competency, rating, reason or None, pieces, f"F{row + 1}")


def _rating(sheet: str, row: int, cell: Cell, problems: list[Problem]) -> float | None:
    """A rating as a number, or as the text that some programs save it as (`3,5`)."""
    text = str(cell if cell is not None else "").strip()
    if not text:
        return None
    try:
        rating = float(text.replace(",", "."))
    except ValueError:
        rating = 0.0
    if 1 <= rating <= 5 and (rating * 2).is_integer():
        return rating
    problems.append(Problem(sheet, f"F{row + 1}", text, "Give a rating from 1 to 5 in half points, such as 3.5."))
    return None


def _text(sheet: str, row: int, column: int, cell: Cell, problems: list[Problem]) -> str:
    text = str(cell if cell is not None else "").strip()
    if len(text) > MAX_TEXT:
        problems.append(
            Problem(sheet, f"{'ABCDEFGH'[column]}{row + 1}", f"{text[:40]}…", f"At most {MAX_TEXT} characters.")
        )
    return text
