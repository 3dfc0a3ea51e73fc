"""The XLSX scorecard: what is filled in comes back by evaluation and competency, and what is wrong by cell."""

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from documents.xlsx import Unreadable, add_sheet, workbook
from evaluation_svc.documents import Card, CardLine, Filled, FilledLine, Problem, read, write

CARD = Card(
    "ev_maya",
    "Maya Okonkwo",
    "H2 2026, IC2 Software Engineer II",
    (
        CardLine("writing", "Writing", ("Writes so that others can act.",), 3, ("Writes for readers outside.",), 4),
        CardLine("mentoring", "=Mentoring()", (), None, ("Has a named mentee.",), 4),
    ),
)


def filled(data: bytes, **cells: Any) -> bytes:
    """The workbook after somebody typed into its first sheet and another program saved it."""
    book: Any = load_workbook(io.BytesIO(data))
    for cell, value in cells.items():
        book["1"][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_filled_scorecard_comes_back_by_evaluation_and_competency() -> None:
    data = filled(write((CARD,)), F6=3.5, H6="Wrote the depot guide.\nTaught the team.", F7="2,5", H7="Helped Kofi.")
    lines, problems = read(filled(data))

    assert problems == ()
    assert lines == (
        Filled(
            "ev_maya",
            "1",
            (
                FilledLine("writing", 3.5, None, ("Wrote the depot guide.", "Taught the team."), "F6"),
                FilledLine("mentoring", 2.5, None, ("Helped Kofi.",), "F7"),
            ),
        ),
    )


def test_a_line_not_seen_keeps_its_reason_and_an_empty_one_is_left_out() -> None:
    assert read(filled(write((CARD,)), G7="No mentee this cycle"))[0] == (
        Filled("ev_maya", "1", (FilledLine("mentoring", None, "No mentee this cycle", (), "F7"),)),
    )


def test_errors_name_sheet_cell_value_and_remedy() -> None:
    _, problems = read(filled(write((CARD,)), F6=3.3, F7=4, G7="away"))

    assert problems == (
        Problem("1", "F6", "3.3", "Give a rating from 1 to 5 in half points, such as 3.5."),
        Problem("1", "G7", "away", "Give a rating or a reason why it was not seen, not both."),
    )


def test_an_evidence_of_several_lines_comes_back_as_one() -> None:
    line = CardLine("writing", "Writing", rating=3, evidence=("First.\n\nThen this.", "Second."))
    ((card,), _) = read(write((Card("ev_maya", "Maya", "", (line,)),)))

    assert card.lines[0].evidence == ("First. Then this.", "Second.")


def test_more_evidence_than_a_line_takes_is_refused_at_its_cell() -> None:
    _, problems = read(filled(write((CARD,)), H6="Seen.\n" * 21))

    assert problems == (Problem("1", "H6", "21 lines", "At most 20 evidences."),)


def test_a_team_has_one_sheet_each() -> None:
    other = Card("ev_tom", "Tom Becker", "", CARD.lines)

    assert [card.subject for card in read(write((CARD, other)))[0]] == ["ev_maya", "ev_tom"]


def test_only_ratings_reasons_and_evidence_can_be_typed_into() -> None:
    book: Any = load_workbook(io.BytesIO(write((CARD,))))
    sheet = book["1"]

    assert sheet.protection.sheet
    assert [sheet[cell].protection.locked for cell in ("A6", "B6", "E6", "F6", "G6", "H6")] == [True] * 3 + [False] * 3
    assert book["ladder"].sheet_state == "veryHidden"
    assert sheet["A7"].data_type == "s"


def test_another_workbook_is_refused() -> None:
    with pytest.raises(Unreadable, match="no scorecard"):
        read(_other())


def _other() -> bytes:
    out = io.BytesIO()
    with workbook(out) as book:
        add_sheet(book, "ladder").write(0, 0, "something")
    return out.getvalue()
