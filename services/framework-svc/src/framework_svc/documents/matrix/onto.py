"""One matrix read onto one ladder: which column is which level, which row which competency, what a cell says."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from pydantic import Field

from chassis.kernel import DomainError, Frozen
from framework_svc.documents.matrix.layout import ALIASES, AREA, CREDIT, IDENTIFIER, NAME, UNDECIDED, cell_text, heading
from framework_svc.domain.errors import MOST_PROBLEMS, in_all
from framework_svc.domain.structure import (
    SLUG,
    faults_in_cell,
    faults_in_competency,
    faults_in_level,
)
from framework_svc.domain.texts import NOT_EXPECTED, Cell, Competency, Expectation, Ladder, Level, Track

_FIRST_LINE = re.compile(r"(\?|\d{1,9}(?:[.,]\d{1,9})?)(?:\s*,\s*weight\s*(\d{1,9}))?", re.IGNORECASE)
_BULLET = re.compile(r"^[-•*–]\s+")


class Problem(Frozen):
    """What cannot be taken: the cell (`D7`, or `line 7, IC2: Senior` of a CSV), what it holds, and the remedy."""

    cell: str
    value: str
    remedy: str


class NotAMatrix(DomainError):
    """The file cannot be taken as a matrix; `problems` says where and why, cell by cell."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        super().__init__(f"{first.cell}: {first.remedy}{in_all(len(problems))}")
        self.problems = problems[:MOST_PROBLEMS]


class Matrix(Frozen):
    """What a matrix says: the ladder with its cells, and the competencies of its rows."""

    ladder: Ladder
    competencies: tuple[Competency, ...]


class Row(Frozen):
    """A row that was read: its cells by column, and where each stands."""

    cells: dict[str, str]
    addresses: dict[str, str] = Field(default_factory=dict[str, str])

    def text(self, column: str) -> str:
        """Return what a column holds, without white space around it."""
        return self.cells.get(column, "").strip()

    def problem(self, column: str, remedy: str) -> Problem:
        """Return what is wrong with a cell."""
        return Problem(cell=self.addresses.get(column, column), value=self.text(column)[:80], remedy=remedy)


class Reading:
    """One matrix read onto one ladder; problems are collected, so one upload tells them all."""

    def __init__(self, onto: Ladder, known: Mapping[str, Competency]) -> None:
        self.onto, self.known = onto, known
        self.problems: list[Problem] = []

    def matrix(self, columns: list[str], rows: list[Row]) -> Matrix:
        """Return what the rows say of the ladder; raises `NotAMatrix` with everything that is wrong."""
        headings = [column for column in columns if column not in ALIASES]
        levels = self._levels(columns, headings)
        found: dict[str, Competency] = {}
        cells: dict[str, dict[str, Cell]] = {column: {} for column in headings}
        for row in (row for row in rows if _holds_a_competency(row)):
            competency = self._competency(row, found)
            found[competency.id] = competency
            for column in headings:
                cell = self._cell(row, column, levels[column].expectations.get(competency.id))
                if cell is not None:
                    cells[column][competency.id] = cell
        if not found:
            self.problems.append(Problem(cell="file", value="", remedy="Give each competency a row."))
        if self.problems:
            raise NotAMatrix(tuple(self.problems))
        filled = [levels[column].model_copy(update={"expectations": cells[column]}) for column in headings]
        return Matrix(ladder=_with_levels(self.onto, filled), competencies=tuple(found.values()))

    def _levels(self, columns: list[str], headings: list[str]) -> dict[str, Level]:
        if NAME not in columns and IDENTIFIER not in columns:
            remedy = f"Name the columns {AREA}, {IDENTIFIER}, {NAME}, then one per level: IC1: Engineer."
            self.problems.append(Problem(cell="A1", value=columns[0][:80] if columns else "", remedy=remedy))
        elif not headings:
            self.problems.append(Problem(cell="A1", value="", remedy="Give each level a column: IC1: Engineer."))
        levels = {column: _level(self.onto, column) for column in headings}
        seen: set[str] = set()
        for column, level in levels.items():
            bare = level.model_copy(update={"expectations": {}})
            remedies = [fault.remedy for fault in faults_in_level(bare)]
            if level.id in seen:
                remedies.append("Another column is the same level.")
            seen.add(level.id)
            self.problems += [Problem(cell=column[:80], value=column[:80], remedy=remedy) for remedy in remedies[:1]]
        return levels

    def _competency(self, row: Row, found: Mapping[str, Competency]) -> Competency:
        identifier = row.text(IDENTIFIER) or self._id_of(row.text(NAME))
        before = self.known.get(identifier)
        told = {"name": row.text(NAME), "area": row.text(AREA)}
        given = {field: text for field, text in told.items() if text}
        if before:
            competency = before.model_copy(update=given)
        else:
            competency = Competency(id=identifier, name=told["name"] or identifier, area=told["area"])
        columns = {"id": IDENTIFIER, "name": NAME, "area": AREA}
        for fault in faults_in_competency(competency):
            self.problems.append(row.problem(columns.get(str(fault.path[0]), NAME), fault.remedy))
        if identifier in found:
            self.problems.append(row.problem(IDENTIFIER, f"“{identifier}” has a row already."))
        return competency

    def _id_of(self, name: str) -> str:
        same = (known.id for known in self.known.values() if known.name.casefold() == name.casefold())
        return next(same, _slug(name))

    def _cell(self, row: Row, column: str, before: Cell | None) -> Cell | None:
        text = row.text(column).replace("\r\n", "\n")
        if text == cell_text(before):
            return before  # untouched: it keeps what the matrix has no room for
        cell = _parsed(text, before)
        if cell is not None:
            self.problems += [row.problem(column, fault.remedy) for fault in faults_in_cell(cell)]
        return cell


def _holds_a_competency(row: Row) -> bool:
    written = any(text.strip() for text in row.cells.values())
    return written and (row.text(AREA) != CREDIT or bool(row.text(IDENTIFIER)))


def _parsed(text: str, before: Cell | None) -> Cell | None:
    lines = [_BULLET.sub("", line.strip()) for line in text.split("\n") if line.strip()]
    if not lines:
        return None
    if text.strip().casefold() == NOT_EXPECTED:
        return NOT_EXPECTED
    first = _FIRST_LINE.fullmatch(lines[0])
    rating = first[1].replace(",", ".") if first else UNDECIDED
    return Expectation(
        required=None if rating == UNDECIDED else float(rating),
        weight=int(first[2]) if first and first[2] else 1,
        behaviours=tuple(lines[1:] if first else lines),
        examples=before.examples if isinstance(before, Expectation) else (),
    )


def _level(onto: Ladder, column: str) -> Level:
    """Return the level a column means: by its heading, else by its code; else a new one."""
    code, colon, title = (part.strip() for part in column.partition(":"))
    if not colon:
        code, _, title = (part.strip() for part in column.partition(" "))
    exact = [level for level in onto.levels() if heading(level).casefold() == column.casefold()]
    coded = [level for level in onto.levels() if level.code.casefold() == code.casefold()]
    for found in (exact, coded):
        if len(found) == 1:
            return found[0].model_copy(update={"title": title or found[0].title})
    return Level(id=_slug(code), code=code, title=title or code)


def _with_levels(onto: Ladder, levels: list[Level]) -> Ladder:
    """Return `onto` with exactly these levels: known ones in their track, new ones in that of their left neighbour."""
    tracks = onto.tracks or (Track(id="ic", name="Individual contributors"),)
    if not onto.level_ids():
        levels = [*_leading_on(onto, levels)]
    home = {level.id: track.id for track in onto.tracks for level in track.levels}
    placed: dict[str, list[Level]] = {track.id: [] for track in tracks}
    here = tracks[0].id
    for level in levels:
        here = home.get(level.id, here)
        placed[here].append(level)
    kept = tuple(track.model_copy(update={"levels": tuple(placed[track.id])}) for track in tracks)
    return onto.model_copy(update={"tracks": kept})


def _leading_on(onto: Ladder, levels: list[Level]) -> Iterable[Level]:
    """In a ladder that begins with its matrix each level leads to the one on its right."""
    for level, following in zip(levels, [*levels[1:], None], strict=True):
        yield level.model_copy(update={"next": (onto.full(following),)}) if following else level


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return slug if SLUG.fullmatch(slug) else ""
