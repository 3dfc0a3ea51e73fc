"""Nearest roles: which levels of any family somebody is closest to."""

from collections.abc import Iterable

from chassis.kernel import Frozen
from gap_svc.domain.calculation import Calculation, Scores, calculate
from gap_svc.domain.levels import Level, LevelRef, is_reached


class Nearness(Frozen):
    """How close somebody is to a level; both figures are mean points of the scale, by the weights of that level.

    `to_go` is what is missing to the requirements, `beyond` what the scores exceed them by; `rated_share` is the part
    of the level's weight that was rated.
    """

    level: LevelRef
    code: str
    title: str
    met: int
    rated: int
    asked: int
    rated_share: float
    to_go: float
    beyond: float


class Nearest(Frozen):
    """The levels, the closest first, and those of which less than half of the weight was rated: too little to say."""

    levels: tuple[Nearness, ...]
    too_little_rated: tuple[LevelRef, ...]


def nearest(scores: Scores, present: Level, levels: Iterable[Level]) -> Nearest:
    """Order the levels not yet reached: by what is missing, then by how little the scores exceed them.

    So of several levels that somebody meets, the most demanding one is the closest.
    """
    candidates = [level for level in levels if level.expectations and not is_reached(level, present)]
    compared = [(level, calculate(scores, present.bar, level.bar)) for level in candidates]
    enough = [_nearness(level, figures) for level, figures in compared if _rated_share(figures) >= 0.5]
    return Nearest(
        levels=tuple(sorted(enough, key=lambda n: (n.to_go, n.beyond, -n.rated_share, str(n.level)))),
        too_little_rated=tuple(level.ref for level, figures in compared if _rated_share(figures) < 0.5),
    )


def _nearness(level: Level, figures: Calculation) -> Nearness:
    rated = [line for line in figures.lines if line.actual is not None]
    weight = sum(line.weight for line in rated)
    beyond = sum(line.weight * max(0.0, (line.actual or 0.0) - line.required) for line in rated)
    return Nearness(
        level=level.ref,
        code=level.code,
        title=level.title,
        met=figures.met,
        rated=figures.rated,
        asked=len(figures.lines),
        rated_share=_rated_share(figures),
        to_go=sum(line.weighted_gap or 0.0 for line in rated) / weight,
        beyond=beyond / weight,
    )


def _rated_share(figures: Calculation) -> float:
    rated = sum(line.weight for line in figures.lines if line.actual is not None)
    return rated / sum(line.weight for line in figures.lines)
