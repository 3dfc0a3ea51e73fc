"""Reading a release archive within bounds: which tables it holds, and their rows one after the other.

Members are never unpacked to disk and their names are only shown, so a path in an archive leads nowhere.
"""

import csv
import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import IO, BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from chassis.kernel import DomainError
from framework_svc.documents.onet.occupations import Occupation, Titles
from framework_svc.documents.onet.ratings import Ratings, collected
from framework_svc.documents.onet.tables import Kind, Table, recognised

MOST_MEMBERS = 500
LARGEST_MEMBER = 150_000_000
"""Bytes of one member when unpacked; the largest table of a release has about 30 million."""
LARGEST_ARCHIVE = 600_000_000
"""Bytes of all members together when unpacked."""
STEEPEST = 200
"""How many bytes one packed byte may become; the tables of a release stay below 30."""
MOST_ROWS = 1_000_000
LONGEST_LINE = 65_536

_NOTHING = {"", "n/a", "N/A", "NULL", "\\N"}
_STATED = re.compile(r"O\*NET(?:®|\(R\))?\s+(\d{1,2}\.\d)\s+Database")
_IN_A_NAME = re.compile(r"(?:db|compact|onet)[_-](\d{1,2})[_.-](\d)(?!\d)")


class NotAnArchive(DomainError):
    """The file is no O*NET® release archive that can be read; the message says why and what to do."""


class Archive:
    """An O*NET® release archive; rows are read from the open file when they are asked for."""

    def __init__(self, file: ZipFile, tables: tuple[Table, ...], release: str | None) -> None:
        self._file = file
        self.tables = tables
        self.release = release

    def has(self, kind: Kind) -> bool:
        """Whether a table of this kind was recognised."""
        return any(table.kind == kind for table in self.tables)

    def rows(self, kind: Kind, *columns: str) -> Iterator[tuple[str, ...]]:
        """Yield these columns of every row of every table of a kind; "" where a value or the column is absent."""
        for table in self.tables:
            if table.kind == kind:
                yield from self._rows(table, [table.columns.get(column, -1) for column in columns])

    def find(self, query: str) -> list[Occupation]:
        """Return the occupations a code or title may mean, best first; one alone when it is beyond doubt."""
        return self.titles.find(query)

    @cached_property
    def titles(self) -> Titles:
        """The occupations and all their titles; only the codes where the archive has no titles."""
        named = self.rows("occupations", "code", "title", "description")
        occupations = {code: (title, text) for code, title, text in named}
        others = [(code, title) for code, title in self.rows("titles", "code", "other title") if code in occupations]
        return Titles(occupations or dict.fromkeys(self.ratings.codes, ("", "")), others)

    @cached_property
    def ratings(self) -> Ratings:
        """Every importance and level rating of the archive, read once."""
        return collected(
            self.rows("ratings", "code", "element", "element name", "scale", "value", "suppress", "not relevant"),
            self.rows("wide ratings", "code", "element", "element name", "IM", "LV"),
        )

    def _rows(self, table: Table, places: list[int]) -> Iterator[tuple[str, ...]]:
        with _readable(table.member), self._file.open(table.member) as stream:
            lines = _lines(stream, table.member)
            next(lines, None)
            quoting = csv.QUOTE_NONE if table.separator == "\t" else csv.QUOTE_MINIMAL
            for number, row in enumerate(csv.reader(lines, delimiter=table.separator, quoting=quoting)):
                if number >= MOST_ROWS:
                    raise NotAnArchive(f"{_shown(table.member)} has more than {MOST_ROWS:,} rows; no release has.")
                yield tuple(_value(row, place) for place in places)


def read_archive(file: BinaryIO, name: str = "") -> Archive:
    """Return the archive in `file`, an open zip that stays open while the archive is used.

    `name` is the file's name if it has one; it is asked for the release only when the archive itself does not say.
    Raises `NotAnArchive`.
    """
    with _readable("the file"):
        archive = ZipFile(file)
        members = [info for info in archive.infolist() if not info.is_dir()]
        _refuse_bombs(members)
        headers = {info.filename: _beginning(archive, info) for info in members}
    tables = tuple(table for member, text in headers.items() if (table := recognised(member, _first_line(text))))
    if not any(table.kind in ("ratings", "wide ratings") for table in tables):
        raise NotAnArchive(_no_ratings(headers))
    return Archive(archive, tables, _release(headers, name))


@contextmanager
def _readable(what: str) -> Generator[None]:
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, csv.Error) as error:
        raise NotAnArchive(f"{_shown(what)} cannot be read as a zip archive: {error}. Download it again.") from error


def _refuse_bombs(members: list[ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise NotAnArchive(f"The archive has {len(members):,} files; a release has fewer than {MOST_MEMBERS}.")
    for info in members:
        if info.flag_bits & 1:
            raise NotAnArchive(f"{_shown(info.filename)} is encrypted. Use the archive as it was downloaded.")
        if info.file_size > LARGEST_MEMBER or info.file_size > STEEPEST * max(info.compress_size, 1_000):
            raise NotAnArchive(f"{_shown(info.filename)} would unpack to {info.file_size:,} bytes; no table does.")
    if sum(info.file_size for info in members) > LARGEST_ARCHIVE:
        raise NotAnArchive("The archive would unpack to more than 600 MB; no release does.")


def _beginning(archive: ZipFile, info: ZipInfo) -> str:
    with archive.open(info) as stream:
        start = stream.read(4096)
    return "" if b"\0" in start else start.decode("utf-8-sig", errors="replace")


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip("\r")


def _lines(stream: IO[bytes], member: str) -> Iterator[str]:
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise NotAnArchive(f"{_shown(member)} has a line of more than {LONGEST_LINE:,} bytes; no release has.")
        yield line.decode("utf-8", errors="replace")


def _value(row: list[str], place: int) -> str:
    value = row[place].strip() if 0 <= place < len(row) else ""
    return "" if value in _NOTHING else value


def _release(headers: dict[str, str], name: str) -> str | None:
    for text in headers.values():
        if stated := _STATED.search(text):
            return stated.group(1)
    for path in (*headers, name):
        if named := _IN_A_NAME.search(path):
            return f"{named.group(1)}.{named.group(2)}"
    return None


def _no_ratings(headers: dict[str, str]) -> str:
    if any(member.lower().endswith((".xlsx", ".xls")) for member in headers):
        return "This is the Excel download of O*NET®. Download the text one (its name ends in “_text.zip”)."
    if any(member.lower().endswith(".sql") for member in headers):
        return "This is an SQL download of O*NET®. Download the text one (its name ends in “_text.zip”)."
    shown = ", ".join(_shown(member) for member in list(headers)[:5]) or "nothing"
    return (
        "No table of ratings is in this archive (columns: occupation code, element id, scale id, data value). "
        f"It holds {shown}. Download the text release of the O*NET® database and use the zip as it is."
    )


def _shown(member: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in member)[-80:]
