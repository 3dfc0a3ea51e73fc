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
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_commas_semicolons_tabs_and_byte_order_marks_are_recognised(separator: str, mark: bytes) -> None:
    data = mark + f"E-Mail{separator}Given name\r\na@b.c{separator}Maya\r\n".encode()

    assert csv.read(data, {"work_email": ["e-mail"], "given_name": []}) == [
        csv.Row(2, {"work_email": "a@b.c", "given_name": "Maya"})
    ]


def test_a_row_knows_its_line_behind_blank_rows_and_broken_cells() -> None:
    assert [row.line for row in csv.read(b'a,b\n1,"x\ny"\n\n2,z\n')] == [2, 5]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"a,a\n1,2\n", "Two columns"),
        (b"a\n\xff\n", "Line 2 is not UTF-8"),
        (b'a,b\n1,"x\n', "check the quotes"),
        (b"a\n1,2\n", "Line 2 has 2 cells"),
        (b"a\n" + b"x" * 30_000, "check the quotes"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(data: bytes, sentence: str) -> None:
    with pytest.raises(csv.Unreadable, match=sentence):
        csv.read(data)


def test_rows_and_bytes_are_bounded() -> None:
    with pytest.raises(csv.Unreadable, match="more than 2 rows"):
        csv.read(b"a\n1\n2\n3\n", max_rows=2)
    with pytest.raises(csv.Unreadable, match="larger"):
        csv.read(b"a" * 11, max_bytes=10)
