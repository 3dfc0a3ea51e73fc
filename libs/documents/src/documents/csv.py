"""CSV in and out: a bounded reader that recognises how a file was written, and a writer no spreadsheet can be hurt by.

RFC 4180, UTF-8; read also with a byte order mark (UTF-16 too), semicolons or tabs, as spreadsheets write it.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from documents.cells import neutralised, restored

MAX_BYTES = 10_000_000
MAX_ROWS = 50_000
MAX_CELL = 20_000

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Unreadable(ValueError):
    """A file cannot be read as a table; the message is a sentence a user can act on, `line` where it goes wrong."""

    def __init__(self, sentence: str, line: int = 1) -> None:
        super().__init__(sentence)
        self.line = line


@dataclass(frozen=True)
class Row:
    """One row: the line of the file it starts on (the header is on line 1), and its cells by column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A file as a table: its columns as the header names them, aliases resolved, and its rows."""

    columns: tuple[str, ...]
    rows: list[Row]


def read(
    data: bytes,
    aliases: Mapping[str, Sequence[str]] | None = None,
    *,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
) -> list[Row]:
    """Return the rows of a CSV file, as `read_table` does."""
    return read_table(data, aliases, max_bytes=max_bytes, max_rows=max_rows).rows


def read_table(
    data: bytes,
    aliases: Mapping[str, Sequence[str]] | None = None,
    *,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
) -> Table:
    """Return a CSV file as a table; blank rows are left out, cells are stripped and given back as they were written.

    A row with fewer cells than the header lacks the last columns. `aliases` maps a column to other names its header may
    have, compared without case, blanks and signs; a header that is no alias keeps its own name.

    Raises Unreadable for what is too large, no text, torn or ambiguous.
    """
    text = _text(data, max_bytes)
    rows = _rows(text)
    first = next(rows, None)
    header = _header(first[1] if first else [], aliases or {})
    found: list[Row] = []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(found) == max_rows:
            raise Unreadable(f"The file has more than {max_rows} rows; split it.")
        if len(cells) > len(header):
            raise Unreadable(f"Line {line} has {len(cells)} cells, the header {len(header)}; quote its texts.", line)
        found.append(Row(line, dict(zip(header, [restored(cell.strip(" ")) for cell in cells], strict=False))))
    return Table(tuple(header), found)


def write(columns: Sequence[str], rows: Iterable[Mapping[str, str | float | None]]) -> bytes:
    """Return a CSV file of `rows`: commas, a byte order mark (spreadsheets need it), hostile cells neutralised."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutralised(column) for column in columns])
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: str | float | None) -> str | float:
    if value is None:
        return ""
    return neutralised(value) if isinstance(value, str) else value


def _text(data: bytes, max_bytes: int) -> str:
    if len(data) > max_bytes:
        raise Unreadable(f"The file is larger than {max_bytes // 1_000_000} MB.")
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"Line {line} is not UTF-8; save the file as “CSV UTF-8”.", line) from None
    if "\0" in text:
        raise Unreadable("This is no text file; save it as “CSV UTF-8”.")
    return text


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line it starts on."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"Line {line}: {error}; check the quotes.", line) from None


def _separator(text: str) -> str:
    """Whichever of comma, semicolon and tab the header line has most of, outside quotes."""
    bare = "".join(text.split("\n", 1)[0].split('"')[::2])
    return max(",;\t", key=bare.count)


def _header(cells: list[str], aliases: Mapping[str, Sequence[str]]) -> list[str]:
    names = {_plain(name): column for column, others in aliases.items() for name in (column, *others)}
    header = [names.get(_plain(cell), restored(cell.strip())) for cell in cells]
    if not any(header):
        raise Unreadable("The file is empty; its first line names the columns.")
    if double := [name for name in header if name and header.count(name) > 1]:
        raise Unreadable(f"Two columns are named {double[0]!r}.")
    return header


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
