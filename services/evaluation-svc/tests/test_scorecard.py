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

SHEET = "1 Maya Okonkwo"


def filled(data: bytes, **cells: Any) -> bytes:
    """The workbook after somebody typed into its first sheet and another program saved it."""
    book: Any = load_workbook(io.BytesIO(data))
    for cell, value in cells.items():
        book.worksheets[0][cell] = value
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
            SHEET,
            (
                FilledLine("writing", 3.5, None, ("Wrote the depot guide.", "Taught the team."), "F6"),
                FilledLine("mentoring", 2.5, None, ("Helped Kofi.",), "F7"),
            ),
        ),
    )


def test_a_line_not_seen_keeps_its_reason_and_an_empty_one_is_left_out() -> None:
    assert read(filled(write((CARD,)), G7="No mentee this cycle"))[0] == (
        Filled("ev_maya", SHEET, (FilledLine("mentoring", None, "No mentee this cycle", (), "F7"),)),
    )


def test_errors_name_sheet_cell_value_and_remedy() -> None:
    _, problems = read(filled(write((CARD,)), F6=3.3, F7=4, G7="away"))

    assert problems == (
        Problem(SHEET, "F6", "3.3", "Give a rating from 1 to 5 in half points, such as 3.5."),
        Problem(SHEET, "G7", "away", "Give a rating or a reason why it was not seen, not both."),
    )


def test_an_evidence_of_several_lines_comes_back_as_one() -> None:
    line = CardLine("writing", "Writing", rating=3, evidence=("First.\n\nThen this.", "Second."))
    ((card,), _) = read(write((Card("ev_maya", "Maya", "", (line,)),)))

    assert card.lines[0].evidence == ("First. Then this.", "Second.")


def test_a_sheet_is_named_after_its_person_without_the_signs_that_no_sheet_may_have() -> None:
    long = Card("ev_x", "[=Anna/Maria]: O'Neill-Papadopoulos the Third", "", CARD.lines)
    book: Any = load_workbook(io.BytesIO(write((CARD, long))))

    assert book.sheetnames == ["1 Maya Okonkwo", "2 =AnnaMaria ONeill-Papadopoulo", "ladder"]


def test_a_sheet_that_lost_its_name_is_an_error_and_one_taken_out_is_none() -> None:
    book: Any = load_workbook(io.BytesIO(write((CARD, Card("ev_tom", "Tom", "", CARD.lines)))))
    book.create_sheet("Notes")
    taken_out, renamed = io.BytesIO(), io.BytesIO()
    book["2 Tom"].title = "Tom"
    book.save(renamed)
    del book["Tom"], book["Notes"]
    book.save(taken_out)

    assert read(renamed.getvalue())[1] == (
        Problem("Notes", "A1", "Notes", "Give this sheet its name back: 2 Tom."),
        Problem("Tom", "A1", "Tom", "Give this sheet its name back: 2 Tom."),
    )
    assert read(taken_out.getvalue()) == ((Filled("ev_maya", SHEET, ()), Filled("ev_tom", "2 Tom", ())), ())


def test_more_evidence_than_a_line_takes_is_refused_at_its_cell() -> None:
    _, problems = read(filled(write((CARD,)), H6="Seen.\n" * 21))

    assert problems == (Problem(SHEET, "H6", "21 lines", "At most 20 evidences."),)


def test_a_team_has_one_sheet_each() -> None:
    other = Card("ev_tom", "Tom Becker", "", CARD.lines)

    assert [card.subject for card in read(write((CARD, other)))[0]] == ["ev_maya", "ev_tom"]


def test_only_ratings_reasons_and_evidence_can_be_typed_into() -> None:
    book: Any = load_workbook(io.BytesIO(write((CARD,))))
    sheet = book.worksheets[0]

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
