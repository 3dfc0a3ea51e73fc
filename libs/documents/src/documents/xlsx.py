"""XLSX in and out: a workbook whose strings are never formulas, and a bounded reader of untrusted files."""

import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # pyright: ignore[reportMissingTypeStubs] - it ships no stubs

MAX_BYTES = 10_000_000
MAX_UNZIPPED = 60_000_000
MAX_FILES = 500
MAX_ROWS = 20_000
MAX_COLUMNS = 200

Cell = str | float | None


class Unreadable(ValueError):
    """A file cannot be read as a workbook; the message is a sentence a user can act on."""


def workbook(out: io.BytesIO) -> "Workbook":
    """Return a workbook to write into `out`: what is a string stays a string, be it a formula, a link or a number."""
    from xlsxwriter import Workbook  # pyright: ignore[reportMissingTypeStubs] - no stubs; only who writes one waits for it

    return Workbook(
        out,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )


def add_sheet(book: "Workbook", name: str) -> Any:
    """Return a new worksheet of `book` (xlsxwriter's `Worksheet`, which ships no types)."""
    return book.add_worksheet(name)  # pyright: ignore[reportUnknownMemberType] - no stubs


def read(data: bytes, *, max_rows: int = MAX_ROWS) -> dict[str, list[list[Cell]]]:
    """Return the cells of every sheet (hidden ones too) by its name, row by row.

    Empty cells at the end of a row are left out; a formula gives its last value.

    Raises Unreadable for what is no workbook, too large (also when unzipped), or holds what a workbook never needs.
    """
    from openpyxl import load_workbook  # only who reads one waits for it

    _refuse_hostile(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        return {sheet.title: list(_rows(sheet, max_rows)) for sheet in book.worksheets}
    except Unreadable:
        raise
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a damaged part makes it stumble over
        raise Unreadable("The file is damaged, or no workbook; save it again as .xlsx.") from None


def _rows(sheet: Any, max_rows: int) -> Iterator[list[Cell]]:
    for count, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)):
        if count == max_rows:
            raise Unreadable(f"Sheet {sheet.title!r} has more than {max_rows} rows.")
        yield _trimmed([_value(value) for value in row])


def _trimmed(cells: list[Cell]) -> list[Cell]:
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _value(value: Any) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return str(value)


def _refuse_hostile(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bomb(archive)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError):
        raise Unreadable("The file is no .xlsx workbook; save it as .xlsx, without a password.") from None


def _refuse_bomb(archive: zipfile.ZipFile) -> None:
    """Unzip within bounds, whatever the directory of the archive claims; refuse a document type declaration."""
    members, left = archive.infolist(), MAX_UNZIPPED
    if len(members) > MAX_FILES:
        raise Unreadable("The file has too many parts for a workbook.")
    for member in members:
        with archive.open(member) as part:
            content = part.read(left + 1)
        left -= len(content)
        if left < 0:
            raise Unreadable(f"The file is larger than {MAX_UNZIPPED // 1_000_000} MB when unzipped.")
        if member.filename.endswith((".xml", ".rels")) and _declares_type(content):
            raise Unreadable("The file declares a document type, which no workbook needs.")


def _declares_type(content: bytes) -> bool:
    return b"<!DOCTYPE" in content.replace(b"\x00", b"")[:MAX_UNZIPPED].upper()
