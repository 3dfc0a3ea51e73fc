"""The matrix HR people keep: out and in again without loss, and every problem said with its cell."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from documents import csv as table
from documents import xlsx
from framework_svc import templates
from framework_svc.documents import exchange, matrix
from framework_svc.documents.matrix import Matrix, NotAMatrix, Problem
from framework_svc.domain.texts import NOT_EXPECTED, Competency, Expectation, Ladder, Level, Provenance, Track

COMMUNICATION = Competency(id="communication", name="Communication", area="Collaboration", description="Understood.")
OWNERSHIP = Competency(id="ownership", name="Ownership", area="Delivery")
KNOWN = {competency.id: competency for competency in (COMMUNICATION, OWNERSHIP)}
ONET = Provenance(source="O*NET", release="30.1", element="2.A.1.d", licence="CC BY 4.0")

WRITES = Expectation(
    required=2.5, weight=2, behaviours=("Writes a note.", "Asks early."), examples=("The Q3 note.",), provenance=ONET
)
IC1 = Level(id="ic1", code="IC1", title="Engineer", scope="Own tasks.", next=("engineering.ic2",))
IC2 = Level(id="ic2", code="IC2", title="Senior engineer", scope="Own features.")
LADDER = Ladder(
    id="engineering",
    name="Engineering",
    credits=("O*NET 30.1, CC BY 4.0",),
    tracks=(
        Track(
            id="ic",
            name="Individual",
            levels=(
                IC1.model_copy(update={"expectations": {"communication": WRITES, "ownership": NOT_EXPECTED}}),
                IC2.model_copy(
                    update={"expectations": {"communication": Expectation(required=3), "ownership": WRITES}}
                ),
            ),
        ),
    ),
)
EMPTY = Ladder(id="finance", name="Finance")
HEAD = "Area,Competency id,Competency,IC1: Engineer,IC2: Senior engineer\r\n"


def sheet(data: bytes) -> list[list[xlsx.Cell]]:
    return xlsx.read(data)["Matrix"]


def read(text: str, onto: Ladder = LADDER) -> Matrix:
    return matrix.read_csv(text.encode(), onto, KNOWN)


def problems(attempt: Callable[[], object]) -> list[Problem]:
    with pytest.raises(NotAMatrix) as refused:
        attempt()
    return list(refused.value.problems)


def book(*rows: tuple[Any, ...]) -> bytes:
    out = io.BytesIO()
    with xlsx.workbook(out) as made:
        page = xlsx.add_sheet(made, "Any name")
        for number, cells in enumerate(rows):
            page.write_row(number, 0, cells)
    return out.getvalue()


def cell(found: Matrix, level: str, competency: str) -> object:
    held = found.ladder.level(level)
    assert held is not None
    return held.expectations.get(competency)


# --- out --------------------------------------------------------------------------------------------------------------


def test_a_row_is_a_competency_and_a_column_is_a_level_with_code_and_title() -> None:
    rows = sheet(matrix.write_xlsx(LADDER, tuple(KNOWN.values())))

    assert rows[0] == ["Area", "Competency id", "Competency", "IC1: Engineer", "IC2: Senior engineer"]
    assert [row[:3] for row in rows[1:3]] == [
        ["Collaboration", "communication", "Communication"],
        ["Delivery", "ownership", "Ownership"],
    ]


def test_a_cell_holds_the_required_rating_and_the_behaviours_on_lines() -> None:
    rows = sheet(matrix.write_xlsx(LADDER, tuple(KNOWN.values())))

    assert rows[1][3:] == ["2.5, weight 2\nWrites a note.\nAsks early.", "3"]
    assert rows[2][3:] == ["not expected", "2.5, weight 2\nWrites a note.\nAsks early."]


def test_csv_and_xlsx_hold_the_same() -> None:
    from_csv = matrix.read_csv(matrix.write_csv(LADDER, tuple(KNOWN.values())), LADDER, KNOWN)
    from_xlsx = matrix.read_xlsx(matrix.write_xlsx(LADDER, tuple(KNOWN.values())), LADDER, KNOWN)

    assert from_csv == from_xlsx


def test_the_credit_of_others_texts_goes_out_with_the_matrix_and_is_no_competency() -> None:
    rows = sheet(matrix.write_xlsx(LADDER, tuple(KNOWN.values())))

    assert rows[-1] == ["Credit", None, "O*NET 30.1, CC BY 4.0"]
    assert b"CC BY 4.0" in matrix.write_csv(LADDER, tuple(KNOWN.values()))


HOSTILE = '=HYPERLINK("http://evil.example","x")'


def test_a_hostile_text_is_no_formula_in_a_csv_and_comes_back_unchanged() -> None:
    hostile = OWNERSHIP.model_copy(update={"name": HOSTILE})
    written = matrix.write_csv(LADDER, (COMMUNICATION, hostile))

    found = matrix.read_csv(written, LADDER, KNOWN)

    assert b"\"'=HYPERLINK(" in written
    assert found.competencies[1].name == HOSTILE


def test_a_hostile_text_is_a_text_in_a_workbook() -> None:
    level = IC1.model_copy(update={"title": HOSTILE[:40], "expectations": {"ownership": WRITES}})
    ladder = LADDER.model_copy(update={"tracks": (Track(id="ic", name="IC", levels=(level,)),)})
    hostile = OWNERSHIP.model_copy(update={"name": HOSTILE, "area": "+cmd|' /C calc'!A0"})

    made = load_workbook(io.BytesIO(matrix.write_xlsx(ladder, (hostile,))))

    assert {entry.data_type for row in made["Matrix"].iter_rows() for entry in row if entry.value} == {"s"}


# --- round trip -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", templates.NAMES)
def test_a_template_written_as_a_matrix_and_read_onto_itself_is_the_same_ladder(name: str) -> None:
    document = exchange.read(templates.text(name))
    (ladder,) = document.ladders
    known = {competency.id: competency for competency in document.competencies}

    by_csv = matrix.read_csv(matrix.write_csv(ladder, document.competencies), ladder, known)
    by_xlsx = matrix.read_xlsx(matrix.write_xlsx(ladder, document.competencies), ladder, known)

    assert by_csv == by_xlsx == Matrix(ladder=ladder, competencies=document.competencies)


def test_a_draft_with_holes_comes_back_with_its_holes() -> None:
    unfinished = Expectation(weight=3, behaviours=("Writes.",))
    ladder = LADDER.model_copy(
        update={
            "tracks": (
                Track(id="ic", name="IC", levels=(IC1.model_copy(update={"expectations": {"ownership": unfinished}}),)),
            )
        }
    )

    found = matrix.read_csv(matrix.write_csv(ladder, (OWNERSHIP,)), ladder, KNOWN)

    assert found.ladder == ladder


def test_what_a_matrix_has_no_room_for_stays_as_it_was() -> None:
    found = read(HEAD + 'Collaboration,communication,Being clear,"3\nWrites two notes.",3\r\n')

    assert cell(found, "ic1", "communication") == Expectation(
        required=3, behaviours=("Writes two notes.",), examples=("The Q3 note.",)
    )
    level = found.ladder.level("ic1")
    assert level is not None
    assert (level.scope, level.next) == ("Own tasks.", ("engineering.ic2",))
    assert found.competencies == (COMMUNICATION.model_copy(update={"name": "Being clear"}),)
    assert found.ladder.credits == LADDER.credits


def test_an_untouched_cell_keeps_its_provenance() -> None:
    found = matrix.read_csv(matrix.write_csv(LADDER, tuple(KNOWN.values())), LADDER, KNOWN)

    assert cell(found, "ic1", "communication") == WRITES


# --- in ---------------------------------------------------------------------------------------------------------------


def test_a_spreadsheet_without_ids_becomes_a_ladder_whose_levels_lead_on() -> None:
    found = matrix.read_xlsx(
        book(
            ("Category", "Competency", "F1 Analyst", "F2: Senior analyst"),
            ("Craft", "Closing the books", 2, "- Closes alone."),
            ("Collaboration", "communication", "Not expected", 3.5),
        ),
        EMPTY,
        KNOWN,
    )

    assert [competency.id for competency in found.competencies] == ["closing-the-books", "communication"]
    assert [(level.id, level.code, level.title, level.next) for level in found.ladder.levels()] == [
        ("f1", "F1", "Analyst", ("finance.f2",)),
        ("f2", "F2", "Senior analyst", ()),
    ]
    assert cell(found, "f1", "closing-the-books") == Expectation(required=2)
    assert cell(found, "f2", "closing-the-books") == Expectation(behaviours=("Closes alone.",))
    assert cell(found, "f1", "communication") == NOT_EXPECTED
    assert cell(found, "f2", "communication") == Expectation(required=3.5)


def test_a_new_column_is_a_new_level_beside_its_left_neighbour_and_a_missing_one_is_taken_out() -> None:
    found = read("Area,Competency id,Competency,IC1,IC9: Fellow\r\nCollaboration,communication,Communication,2,5\r\n")

    assert [(level.id, level.title) for level in found.ladder.levels()] == [("ic1", "Engineer"), ("ic9", "Fellow")]
    assert [track.id for track in found.ladder.tracks] == ["ic"]


def test_a_level_is_known_by_its_code_when_its_title_changes() -> None:
    found = read("Competency id,IC1: Maker,IC2: Senior engineer\r\ncommunication,2,3\r\n")

    assert [(level.id, level.title) for level in found.ladder.levels()] == [
        ("ic1", "Maker"),
        ("ic2", "Senior engineer"),
    ]


def test_a_rating_may_have_a_decimal_comma_and_a_semicolon_file_is_read() -> None:
    found = read('Area;Competency id;IC1\r\nDelivery;ownership;"2,5, weight 3"\r\n')

    assert cell(found, "ic1", "ownership") == Expectation(required=2.5, weight=3)


def test_every_problem_of_a_workbook_is_said_with_its_cell() -> None:
    found = problems(
        lambda: matrix.read_xlsx(
            book(
                ("Area", "Competency id", "Competency", "IC1: Engineer"),
                ("Delivery", "ownership", "Ownership", "3.2"),
                ("", "new-one", "New one", "4, weight 9"),
                ("Delivery", "ownership", "Ownership", 3),
            ),
            LADDER,
            KNOWN,
        )
    )

    assert [(problem.cell, problem.value) for problem in found] == [
        ("D2", "3.2"),
        ("A3", ""),
        ("D3", "4, weight 9"),
        ("B4", "ownership"),
    ]
    assert found[0].remedy == "Use 1 to 5 in half points."


def test_a_problem_of_a_csv_is_said_with_its_line_and_column() -> None:
    found = problems(
        lambda: read(HEAD + 'Delivery,ownership,Ownership,"3\nDoes.",3\r\nCollaboration,communication,,7,3\r\n')
    )

    assert [(problem.cell, problem.value) for problem in found] == [("line 4, IC1: Engineer", "7")]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "empty"),
        (HEAD, "row"),
        ("Who,What\r\na,b\r\n", "Name the columns"),
        ("Competency id\r\nownership\r\n", "column"),
        ("Competency id,IC1: A,IC1: B\r\nownership,3,3\r\n", "same level"),
        ("Competency id,!!!\r\nownership,3\r\n", "lower-case"),
        (HEAD + "Delivery,,,3,3\r\n", "lower-case"),
        ('Competency id,IC1\r\nownership,"3', "quotes"),
    ],
    ids=["nothing", "no rows", "no competencies", "no levels", "a level twice", "no code", "no name", "torn"],
)
def test_what_is_no_matrix_is_refused_with_what_to_do(text: str, remedy: str) -> None:
    assert any(remedy in problem.remedy for problem in problems(lambda: read(text)))


def test_a_file_that_is_no_workbook_is_refused() -> None:
    assert problems(lambda: matrix.read_xlsx(b"PK nonsense", LADDER, KNOWN))[0].cell == "file"


def test_two_columns_of_one_name_are_refused_with_the_second() -> None:
    twice = book(("Competency id", "IC1", "IC1"), ("ownership", 3, 3))

    assert problems(lambda: matrix.read_xlsx(twice, LADDER, KNOWN))[0].cell == "C1"


def test_a_text_in_a_column_without_a_heading_is_not_lost_silently() -> None:
    stray = book(("Competency id", "IC1"), ("ownership", 3, "Asks early."))

    (problem,) = problems(lambda: matrix.read_xlsx(stray, LADDER, KNOWN))

    assert (problem.cell, problem.value) == ("C2", "Asks early.")


CELLS = st.one_of(
    st.text(max_size=12), st.sampled_from(["3", "?", "2, weight 3", "not expected", "9" * 5000, "=1", "- a"])
)


@settings(max_examples=80, deadline=None)
@given(CELLS, CELLS, CELLS, CELLS)
def test_whatever_is_typed_is_read_or_refused_and_never_crashes(area: str, name: str, title: str, cell: str) -> None:
    written = table.write(
        ["Area", "Competency", title, "IC2"], [{"Area": area, "Competency": name, title: cell, "IC2": 3}]
    )

    try:
        found = matrix.read_csv(written, LADDER, KNOWN)
    except NotAMatrix:
        return
    again = matrix.write_csv(found.ladder, found.competencies)
    known = {competency.id: competency for competency in found.competencies}
    assert matrix.read_csv(again, found.ladder, known).ladder == found.ladder
