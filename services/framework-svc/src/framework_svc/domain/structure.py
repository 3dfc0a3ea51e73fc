"""The rules about a framework's shape: faults, which no draft may have, and holes, which no ready ladder may have."""

import re
from collections.abc import Collection, Iterator
from typing import Literal

from chassis.kernel import Frozen, Invalid
from framework_svc.domain.texts import Anchor, Cell, Competency, Expectation, Ladder, Level

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
FULL_LEVEL = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.[a-z0-9][a-z0-9-]{0,59}")
NAME, SENTENCE, PARAGRAPH = 120, 600, 2400
"""How many characters a name, a behaviour and a scope or description may have."""
MOST_BEHAVIOURS = 5
ID_REMEDY = "Use lower-case letters, digits and hyphens, beginning with a letter or a digit, at most 60."

Path = tuple[str | int, ...]


class Fault(Frozen):
    """Something no draft may hold: where, what was written, and what to do."""

    path: Path
    value: str
    remedy: str

    def raised(self) -> Invalid:
        """Return the refusal of an edit."""
        return Invalid("/".join(str(step) for step in self.path), self.value, self.remedy)


HoleKind = Literal[
    "no levels",
    "no competencies",
    "credit missing",
    "scope missing",
    "unknown next level",
    "unknown competency",
    "expectation missing",
    "required rating missing",
    "behaviours missing",
]


class Hole(Frozen):
    """Something a ready ladder may not lack; `level` is a full id."""

    kind: HoleKind
    ladder: str
    level: str | None = None
    competency: str | None = None

    def sentence(self) -> str:
        """Return the hole in words."""
        where = " / ".join(part for part in (self.level or self.ladder, self.competency) if part)
        return f"{where}: {self.kind}"


# --- faults -----------------------------------------------------------------------------------------------------------


def faults_in_ladder(ladder: Ladder, at: Path = ()) -> Iterator[Fault]:
    """Yield what is wrong with a ladder whatever else the framework holds; paths are those of the exchange format."""
    yield from _slug(ladder.id, (*at, "id"))
    yield from _text(ladder.name, (*at, "name"), NAME)
    yield from _text(ladder.description, (*at, "description"), PARAGRAPH, needed=False)
    for number, credit in enumerate(ladder.credits):
        yield from _text(credit, (*at, "credits", number), PARAGRAPH)
    yield from _twice([track.id for track in ladder.tracks], (*at, "tracks"), "track")
    seen: set[str] = set()
    for t, track in enumerate(ladder.tracks):
        here = (*at, "tracks", t)
        yield from _slug(track.id, (*here, "id"))
        yield from _text(track.name, (*here, "name"), NAME)
        for n, level in enumerate(track.levels):
            if level.id in seen:
                yield Fault(path=(*here, "levels", n, "id"), value=level.id, remedy="Another level has this id.")
            seen.add(level.id)
            yield from faults_in_level(level, (*here, "levels", n))


def faults_in_level(level: Level, at: Path = ()) -> Iterator[Fault]:
    """Yield what is wrong with a level by itself."""
    yield from _slug(level.id, (*at, "id"))
    yield from _text(level.code, (*at, "code"), 20)
    yield from _text(level.title, (*at, "title"), NAME)
    yield from _text(level.scope, (*at, "scope"), PARAGRAPH, needed=False)
    yield from _twice(level.next, (*at, "next"), "level")
    for n, following in enumerate(level.next):
        if not FULL_LEVEL.fullmatch(following):
            yield Fault(path=(*at, "next", n), value=following, remedy="Name a level as ladder.level: engineering.ic2.")
    for competency, cell in level.expectations.items():
        yield from _slug(competency, (*at, "expectations", competency))
        yield from faults_in_cell(cell, (*at, "expectations", competency))


def faults_in_cell(cell: Cell, at: Path = ()) -> Iterator[Fault]:
    """Yield what is wrong with what a level asks of a competency."""
    if not isinstance(cell, Expectation):
        return
    if cell.required is not None and not is_rating(cell.required):
        yield Fault(path=(*at, "required"), value=str(cell.required), remedy="Use 1 to 5 in half points.")
    if cell.weight not in (1, 2, 3):
        yield Fault(path=(*at, "weight"), value=str(cell.weight), remedy="Use 1, 2 or 3.")
    for kind, texts in (("behaviours", cell.behaviours), ("examples", cell.examples)):
        if len(texts) > MOST_BEHAVIOURS:
            yield Fault(path=(*at, kind), value=str(len(texts)), remedy=f"Keep at most {MOST_BEHAVIOURS}.")
        for n, text in enumerate(texts):
            yield from _text(text, (*at, kind, n), SENTENCE)


def faults_in_competency(competency: Competency, at: Path = ()) -> Iterator[Fault]:
    """Yield what is wrong with a competency by itself."""
    yield from _slug(competency.id, (*at, "id"))
    yield from _text(competency.name, (*at, "name"), NAME)
    yield from _text(competency.area, (*at, "area"), NAME)
    yield from _text(competency.description, (*at, "description"), PARAGRAPH, needed=False)


def faults_in_scale(scale: tuple[Anchor, ...], at: Path = ()) -> Iterator[Fault]:
    """Yield what is wrong with a rating scale: five anchors, points 1 to 5 in order."""
    if [anchor.point for anchor in scale] != [1, 2, 3, 4, 5]:
        points = ", ".join(str(anchor.point) for anchor in scale)
        yield Fault(path=at, value=points, remedy="Give the points 1 to 5 an anchor each, in this order.")
    for n, anchor in enumerate(scale):
        yield from _text(anchor.name, (*at, n, "name"), NAME)
        yield from _text(anchor.text, (*at, n, "text"), SENTENCE)


def is_rating(value: float) -> bool:
    """Whether `value` is on the scale: 1 to 5 in half points."""
    return 1 <= value <= 5 and (value * 2) % 1 == 0


def refuse(faults: Iterator[Fault]) -> None:
    """Raise the first fault, if there is one."""
    for fault in faults:
        raise fault.raised()


def _slug(value: str, path: Path) -> Iterator[Fault]:
    if not SLUG.fullmatch(value):
        yield Fault(path=path, value=value, remedy=ID_REMEDY)


def _text(value: str, path: Path, longest: int, needed: bool = True) -> Iterator[Fault]:
    if needed and not value.strip():
        yield Fault(path=path, value=value, remedy="Write a text.")
    elif len(value) > longest:
        yield Fault(path=path, value=f"{value[:40]}…", remedy=f"Keep it to {longest} characters; it has {len(value)}.")
    elif any(ord(char) < 32 and char != "\n" for char in value):
        yield Fault(path=path, value=value, remedy="Take out the control characters.")


def _twice(ids: Collection[str], path: Path, what: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for n, identifier in enumerate(ids):
        if identifier in seen:
            yield Fault(path=(*path, n), value=identifier, remedy=f"This {what} is named twice.")
        seen.add(identifier)


# --- holes ------------------------------------------------------------------------------------------------------------


def holes(ladder: Ladder, competencies: Collection[str], levels: Collection[str]) -> tuple[Hole, ...]:
    """Return what `ladder` lacks to be ready, given the competencies and the full level ids of the framework."""
    return tuple(_holes(ladder, competencies, levels))


def _holes(ladder: Ladder, competencies: Collection[str], levels: Collection[str]) -> Iterator[Hole]:
    if not ladder.tracks or not all(track.levels for track in ladder.tracks):
        yield Hole(kind="no levels", ladder=ladder.id)
    if not ladder.credits and any(_is_onet(cell) for level in ladder.levels() for cell in level.expectations.values()):
        yield Hole(kind="credit missing", ladder=ladder.id)
    asked = ladder.competency_ids()
    if not asked and ladder.level_ids():
        yield Hole(kind="no competencies", ladder=ladder.id)
    for competency in asked:
        if competency not in competencies:
            yield Hole(kind="unknown competency", ladder=ladder.id, competency=competency)
    for level in ladder.levels():
        yield from _holes_of_level(ladder, level, asked, levels)


def _is_onet(cell: Cell) -> bool:
    """Whether a text may be shown only with the credit of O*NET®: also when it was modified."""
    return isinstance(cell, Expectation) and cell.provenance is not None and cell.provenance.source == "O*NET"


def _holes_of_level(ladder: Ladder, level: Level, asked: tuple[str, ...], levels: Collection[str]) -> Iterator[Hole]:
    full = ladder.full(level)
    if not level.scope.strip():
        yield Hole(kind="scope missing", ladder=ladder.id, level=full)
    if any(following not in levels for following in level.next):
        yield Hole(kind="unknown next level", ladder=ladder.id, level=full)
    for competency in asked:
        kind = _hole_of_cell(level.expectations.get(competency))
        if kind:
            yield Hole(kind=kind, ladder=ladder.id, level=full, competency=competency)


def _hole_of_cell(cell: Cell | None) -> HoleKind | None:
    if cell is None:
        return "expectation missing"
    if not isinstance(cell, Expectation):
        return None
    if cell.required is None:
        return "required rating missing"
    return None if cell.behaviours else "behaviours missing"
