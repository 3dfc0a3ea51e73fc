"""Workbooks: strings stay strings, and no file that comes in can take the process down."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import xlsx

texts = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=30)


def written(cells: list[str]) -> bytes:
    out = io.BytesIO()
    with xlsx.workbook(out) as book:
        sheet = xlsx.add_sheet(book, "Scores")
        for row, text in enumerate(cells):
            sheet.write(row, 0, text)
    return out.getvalue()


def replaced(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, content if member.filename == name else old.read(member))
    return out.getvalue()


@settings(max_examples=25, deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_every_text_reads_back_unchanged(cells: list[str]) -> None:
    assert [row[0] for row in xlsx.read(written(cells))["Scores"]] == cells


def test_a_formula_a_link_and_a_number_in_a_string_stay_strings() -> None:
    data = written(["=1+1", "https://example.org", "007"])

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    assert xlsx.read(data)["Scores"] == [["=1+1"], ["https://example.org"], ["007"]]


def test_what_is_no_workbook_is_refused_with_a_sentence() -> None:
    for data in (b"", b"PK\x03\x04 torn", b"name,score\n", written(["x"])[:-200]):
        with pytest.raises(xlsx.Unreadable, match=r"save it"):
            xlsx.read(data)


def test_a_damaged_part_is_refused() -> None:
    with pytest.raises(xlsx.Unreadable, match="damaged"):
        xlsx.read(replaced(written(["x"]), "xl/workbook.xml", b"<workbook"))


def test_a_zip_bomb_is_refused_before_it_unfolds() -> None:
    bomb = replaced(written(["x"]), "xl/worksheets/sheet1.xml", b" " * (xlsx.MAX_UNZIPPED + 1))

    assert len(bomb) < 200_000
    with pytest.raises(xlsx.Unreadable, match="when unzipped"):
        xlsx.read(bomb)


def test_a_document_type_is_refused() -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'
    for content in (evil, evil.decode().encode("utf-16-le")):
        with pytest.raises(xlsx.Unreadable, match="document type"):
            xlsx.read(replaced(written(["x"]), "xl/sharedStrings.xml", content))


def test_a_sheet_of_more_rows_than_may_be_read_is_refused() -> None:
    with pytest.raises(xlsx.Unreadable, match="more than 2 rows"):
        xlsx.read(written(["a", "b", "c"]), max_rows=2)
