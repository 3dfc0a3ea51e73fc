"""The team heat map: where the gaps of a group lie, competency by competency."""

from collections.abc import Iterable, Mapping

from chassis.kernel import Frozen
from gap_svc.domain.calculation import Band, Line

FEWEST = 5
"""An analyst sees no cell under this many people."""


class Row(Frozen):
    """One person's main report as the map uses it; `team` is the id of their manager, "" for nobody."""

    person: str
    team: str
    lines: tuple[Line, ...]
    report: str
    version: int


class Cell(Frozen):
    """One competency in one team: how many were rated, how they fall into the bands, and the mean gap in points."""

    people: int
    strength: int
    close: int
    gap: int
    mean_gap: float


class HeatMap(Frozen):
    """Cells by team and competency. A cell that may not be shown is absent, and counted in `hidden`.

    `everybody` sums the cells that are shown, so that nothing hidden can be worked out from it.
    """

    teams: dict[str, dict[str, Cell]]
    everybody: dict[str, Cell]
    hidden: int


def heat_map(rows: Iterable[Row], fewest: int = 1) -> HeatMap:
    """Return the map over main reports, with no cell under `fewest` people; what was not rated is in no cell."""
    lines = _rated(rows)
    shown = {key: found for key, found in lines.items() if len(found) >= fewest}
    teams: dict[str, dict[str, Cell]] = {}
    everybody: dict[str, list[Line]] = {}
    for (team, competency), found in sorted(shown.items()):
        teams.setdefault(team, {})[competency] = _cell(found)
        everybody.setdefault(competency, []).extend(found)
    return HeatMap(
        teams=teams,
        everybody={competency: _cell(found) for competency, found in sorted(everybody.items())},
        hidden=len(lines) - len(shown),
    )


def shown_singly(rows: Iterable[Row]) -> list[Row]:
    """Return everybody in a cell of fewer than `FEWEST` people: it says something about each of them."""
    cells: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        for line in row.lines:
            if line.gap is not None:
                cells.setdefault((row.team, line.competency), []).append(row)
    few = {row.person: row for people in cells.values() if len(people) < FEWEST for row in people}
    return list(few.values())


def _rated(rows: Iterable[Row]) -> Mapping[tuple[str, str], list[Line]]:
    lines: dict[tuple[str, str], list[Line]] = {}
    for row in rows:
        for line in row.lines:
            if line.gap is not None:
                lines.setdefault((row.team, line.competency), []).append(line)
    return lines


def _cell(lines: list[Line]) -> Cell:
    def count(band: Band) -> int:
        return sum(line.band == band for line in lines)

    return Cell(
        people=len(lines),
        strength=count("strength"),
        close=count("close"),
        gap=count("gap"),
        mean_gap=sum(line.gap or 0.0 for line in lines) / len(lines),
    )
