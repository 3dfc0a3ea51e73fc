"""Files of people: whatever a spreadsheet writes is read, and what we write reads back unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people_svc.documents import read_people, write_people
from people_svc.domain import COLUMNS


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_comma_semicolon_and_tab_are_told_apart_in_any_usual_encoding(separator: str, encoding: str) -> None:
    text = f"First name{separator}Surname{separator}E-Mail\nZoë{separator}Müller{separator}zoe@example.com\n"

    sheet = read_people(text.encode(encoding))

    assert sheet.rows[0].values == {"given_name": "Zoë", "family_name": "Müller", "work_email": "zoe@example.com"}


def test_lines_are_counted_as_an_editor_does_also_behind_a_cell_of_two_lines() -> None:
    sheet = read_people(b'email,title\na@x.org,"two\nlines"\n\nb@x.org,one\n')

    assert [row.line for row in sheet.rows] == [2, 5]


def test_headings_nobody_knows_are_passed_over_and_named() -> None:
    sheet = read_people(b"email,Shoe size\na@x.org,44\n")

    assert sheet.unknown == ("Shoe size",)
    assert sheet.rows[0].values == {"work_email": "a@x.org"}


def test_columns_without_a_heading_are_passed_over() -> None:
    sheet = read_people(b"email,,\na@x.org,,\n")

    assert (sheet.columns, sheet.unknown, sheet.problems) == (("work_email",), (), ())


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"name,surname\nAda,Byron\n", 1),
        (b"email,e-mail\na@x.org,b@x.org\n", 1),
        (b"email,title\na@x.org\n", 2),
        (b"\xff\xfeemail", 1),
        (b"email,title\na@x.org,one,two\n", 2),
        (b'email,title\na@x.org,"open\n', 2),
        (b"email\n\xff\xfa\n", 2),
        (b"PK\x03\x04\0\0\0", 1),
        (b"", 1),
        (b"email,title\na@x.org," + b"x" * 1000 + b"\n", 2),
        (b"email,title\na@x.org," + b"x" * 200_000 + b"\n", 2),
        (b"email\n" + b"a@x.org\n" * 20_001, 1),
        (b" " * 10_000_001, 1),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_what_to_do(content: bytes, line: int) -> None:
    sheet = read_people(content)

    assert sheet.problems[0].line == line
    assert sheet.problems[0].remedy


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=100))
def test_whatever_stands_in_a_cell_is_read_back_without_the_blanks_around_it(title: str) -> None:
    row = dict.fromkeys(COLUMNS, "") | {"work_email": "a@x.org", "job_title": title.strip()}

    sheet = read_people(write_people([row]))

    assert not sheet.problems
    assert [one.values for one in sheet.rows] == [row]
