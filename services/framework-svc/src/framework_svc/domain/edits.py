"""A ladder with one thing changed: pure functions from a ladder to a ladder. They hold no rule."""

from collections.abc import Callable

from framework_svc.domain.texts import Cell, Competency, Expectation, Ladder, Level, Provenance, Track


def with_track(ladder: Ladder, track: str, name: str, place: int) -> Ladder:
    """Return `ladder` with this track at `place`, keeping its levels."""
    levels = next((found.levels for found in ladder.tracks if found.id == track), ())
    others = [found for found in ladder.tracks if found.id != track]
    others.insert(place, Track(id=track, name=name, levels=levels))
    return ladder.model_copy(update={"tracks": tuple(others)})


def without_track(ladder: Ladder, track: str) -> Ladder:
    """Return `ladder` without this track and its levels."""
    return ladder.model_copy(update={"tracks": tuple(found for found in ladder.tracks if found.id != track)})


def with_level(ladder: Ladder, track: str, level: Level, place: int) -> Ladder:
    """Return `ladder` with `level` at `place` of `track`, and nowhere else."""

    def placed(found: Track) -> Track:
        levels = [other for other in found.levels if other.id != level.id]
        if found.id == track:
            levels.insert(place, level)
        return found.model_copy(update={"levels": tuple(levels)})

    return _each_track(ladder, placed)


def without_level(ladder: Ladder, level: str) -> Ladder:
    """Return `ladder` without the level with this short id."""
    return _each_track(
        ladder,
        lambda track: track.model_copy(update={"levels": tuple(found for found in track.levels if found.id != level)}),
    )


def with_cell(ladder: Ladder, level: str, competency: str, cell: Cell | None) -> Ladder:
    """Return `ladder` with this cell written, or emptied."""

    def written(found: Level) -> Level:
        if found.id != level:
            return found
        others = {name: asked for name, asked in found.expectations.items() if name != competency or cell is not None}
        return found.model_copy(update={"expectations": others if cell is None else others | {competency: cell}})

    return _each_level(ladder, written)


def without_competency(ladder: Ladder, competency: str) -> Ladder:
    """Return `ladder` with no cell for this competency."""

    def cleared(found: Level) -> Level:
        left = {name: cell for name, cell in found.expectations.items() if name != competency}
        return found.model_copy(update={"expectations": left})

    return _each_level(ladder, cleared)


def with_origin(ladder: Ladder, before: Ladder | None) -> Ladder:
    """Return `ladder` with the provenance of each cell carried over from `before` and marked where it was changed."""
    if before is None:
        return ladder

    def traced(found: Level) -> Level:
        old = before.level(found.id)
        known = old.expectations if old else {}
        return found.model_copy(
            update={
                "expectations": {
                    name: cell_with_origin(cell, known.get(name)) for name, cell in found.expectations.items()
                }
            }
        )

    return _each_level(ladder, traced)


def cell_with_origin(cell: Cell | None, before: Cell | None) -> Cell | None:
    """Return `cell` with the provenance of what it replaces, marked modified when its text is another."""
    if not isinstance(cell, Expectation) or not isinstance(before, Expectation) or before.provenance is None:
        return cell
    if cell.provenance not in (None, before.provenance):
        return cell
    same = (cell.behaviours, cell.examples) == (before.behaviours, before.examples)
    return cell.model_copy(update={"provenance": before.provenance if same else _modified(before.provenance)})


def competency_with_origin(competency: Competency, before: Competency | None) -> Competency:
    """Return `competency` with the provenance of what it replaces, marked modified when its text is another."""
    if before is None or before.provenance is None or competency.provenance not in (None, before.provenance):
        return competency
    same = (competency.name, competency.description) == (before.name, before.description)
    return competency.model_copy(update={"provenance": before.provenance if same else _modified(before.provenance)})


def _modified(provenance: Provenance) -> Provenance:
    return provenance.model_copy(update={"modified": True})


def _each_track(ladder: Ladder, change: Callable[[Track], Track]) -> Ladder:
    return ladder.model_copy(update={"tracks": tuple(change(track) for track in ladder.tracks)})


def _each_level(ladder: Ladder, change: Callable[[Level], Level]) -> Ladder:
    return _each_track(
        ladder,
        lambda track: track.model_copy(update={"levels": tuple(change(level) for level in track.levels)}),
    )
