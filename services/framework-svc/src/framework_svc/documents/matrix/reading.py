"""A matrix in, CSV or workbook: rows of texts, each with its address for whoever has to mend it."""

from collections.abc import Mapping

from documents import csv as table
from documents import xlsx
from framework_svc.documents.matrix.layout import ALIASES
from framework_svc.documents.matrix.onto import Matrix, NotAMatrix, Problem, Reading, Row
from framework_svc.domain.texts import Competency, Ladder


def read_csv(data: bytes, onto: Ladder, known: Mapping[str, Competency]) -> Matrix:
    """Return what a CSV matrix says about the ladder `onto`; raises `NotAMatrix`."""
    try:
        found = table.read(data, ALIASES)
    except table.Unreadable as error:
        raise NotAMatrix((Problem(cell="file", value="", remedy=str(error)),)) from None
    rows = [
        Row(cells=line.cells, addresses={name: f"line {line.line}, {name}" for name in line.cells}) for line in found
    ]
    columns = list(dict.fromkeys(column for row in rows for column in row.cells if column))
    return Reading(onto, known).matrix(columns, rows)


def read_xlsx(data: bytes, onto: Ladder, known: Mapping[str, Competency]) -> Matrix:
    """Return what the first sheet of a workbook says about the ladder `onto`; raises `NotAMatrix`."""
    try:
        sheets = xlsx.read(data)
    except xlsx.Unreadable as error:
        raise NotAMatrix((Problem(cell="file", value="", remedy=str(error)),)) from None
    grid = next(iter(sheets.values())) if sheets else []
    head = [_named(_plain(cell)) for cell in grid[0]] if grid else []
    _refuse_unclear_columns(head, grid)
    rows = [_row(head, cells, number) for number, cells in enumerate(grid[1:], 2)]
    return Reading(onto, known).matrix([name for name in head if name], rows)


def _refuse_unclear_columns(head: list[str], grid: list[list[xlsx.Cell]]) -> None:
    """A column with two meanings, or with texts and no heading, would lose what somebody wrote."""
    for place, name in enumerate(head):
        if name and name in head[:place]:
            raise NotAMatrix((Problem(cell=f"{_letter(place)}1", value=name, remedy="Another column is named so."),))
    for number, cells in enumerate(grid[1:], 2):
        for place, cell in enumerate(cells):
            if _plain(cell) and not (place < len(head) and head[place]):
                remedy = "The first row names the columns; this one has no heading."
                raise NotAMatrix((Problem(cell=f"{_letter(place)}{number}", value=_plain(cell)[:80], remedy=remedy),))


def _row(head: list[str], cells: list[xlsx.Cell], number: int) -> Row:
    found = dict(zip(head, (_plain(cell) for cell in cells), strict=False))
    return Row(cells=found, addresses={name: f"{_letter(place)}{number}" for place, name in enumerate(head)})


def _plain(cell: xlsx.Cell) -> str:
    if cell is None:
        return ""
    return cell.strip() if isinstance(cell, str) else f"{cell:g}"


def _named(title: str) -> str:
    plain = title.casefold()
    return next((name for name, others in ALIASES.items() if plain in (name.casefold(), *others)), title)


def _letter(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
