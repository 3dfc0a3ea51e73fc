"""CSV files: what a spreadsheet wrote is read; what is written harms no spreadsheet and reads back unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents import csv
from documents.cells import neutralised, restored

HOSTILE = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "\ufeff=1",
    " =1",
    "'=1",
    "''=1",
    "=cmd|' /C calc'!A0",
)
cells = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert neutralised(text) == f"'{text}"
    assert restored(neutralised(text)) == text


@pytest.mark.parametrize("text", ["-1", "+4.5", "-0,5", "3", "plain", "it's", "'quoted'", "a=b", ""])
def test_numbers_and_plain_texts_are_left_alone(text: str) -> None:
    assert neutralised(text) == text
    assert restored(text) == text


@given(cells)
def test_every_text_is_given_back_unchanged(text: str) -> None:
    assert restored(neutralised(text)) == text


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_a_written_file_reads_back_unchanged_but_for_outer_blanks(rows: list[tuple[str, str]]) -> None:
    data = csv.write(("key", "one", "two"), [{"key": "k", "one": one, "two": two} for one, two in rows])

    assert [(row.cells["one"].strip(), row.cells["two"].strip()) for row in csv.read(data)] == [
        (one.strip(), two.strip()) for one, two in rows
    ]


@given(st.lists(cells, min_size=1, max_size=5))
def test_no_written_cell_starts_a_formula(texts: list[str]) -> None:
    data = csv.write(("text",), [{"text": text} for text in texts]).decode("utf-8-sig")

    assert not any(field.lstrip('"').startswith(("=", "@", "＝")) for field in data.split("\r\n"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_commas_semicolons_tabs_and_byte_order_marks_are_recognised(separator: str, encoding: str) -> None:
    data = f"E-Mail{separator}Given name\r\na@b.c{separator}Maya\r\n".encode(encoding)

    assert csv.read(data, {"work_email": ["e-mail"], "given_name": []}) == [
        csv.Row(2, {"work_email": "a@b.c", "given_name": "Maya"})
    ]


def test_a_table_names_its_columns_also_where_it_has_no_row() -> None:
    assert csv.read_table(b"E-Mail,Shoe size\n", {"work_email": ["e-mail"]}) == csv.Table(("work_email", "Shoe size"), [])


def test_a_row_that_is_too_short_lacks_the_last_columns() -> None:
    assert csv.read(b"a,b\n1\n") == [csv.Row(2, {"a": "1"})]


def test_a_row_knows_its_line_behind_blank_rows_and_broken_cells() -> None:
    assert [row.line for row in csv.read(b'a,b\n1,"x\ny"\n\n2,z\n')] == [2, 5]


@pytest.mark.parametrize(
    ("data", "sentence", "line"),
    [
        (b"", "empty", 1),
        (b"a,a\n1,2\n", "Two columns", 1),
        (b"a\n\xff\n", "Line 2 is not UTF-8", 2),
        (b"\xff\xfea", "not UTF-8", 1),
        (b"a\n\0\n", "no text file", 1),
        (b'a,b\n1,"x\n', "check the quotes", 2),
        (b"a\n1,2\n", "Line 2 has 2 cells", 2),
        (b"a\n" + b"x" * 30_000, "check the quotes", 2),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_to_do(data: bytes, sentence: str, line: int) -> None:
    with pytest.raises(csv.Unreadable, match=sentence) as refused:
        csv.read(data)
    assert refused.value.line == line


def test_rows_and_bytes_are_bounded() -> None:
    with pytest.raises(csv.Unreadable, match="more than 2 rows"):
        csv.read(b"a\n1\n2\n3\n", max_rows=2)
    with pytest.raises(csv.Unreadable, match="larger"):
        csv.read(b"a" * 11, max_bytes=10)
