"""The one calculation of the service: scores against what a level asks, band by band, and the distance covered.

Readiness is the distance covered. Over the rated competencies whose requirement rises,

    readiness = sum(weight * clip((score - present) / (target - present), 0, 1)) / sum(weight)

with the weights of the target, and the scale's 1 where the present level asks nothing. A plain score / requirement
would call somebody exactly at their level three quarters ready. It is worked out in exact fractions and rounded once,
so it does not depend on the order of the terms.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from pydantic import Field

from chassis.kernel import Frozen

Band = Literal["strength", "close", "gap", "not rated"]
NoFigure = Literal["the target is the present level", "nothing rises", "less than half is rated"]
Scores = Mapping[str, float]
"""Ratings by competency; what was not seen is absent."""

LOWEST = 1.0
"""The lowest point of the scale: it stands for the requirement of a level that asks nothing of a competency."""
CLOSE = 0.5
"""A gap of up to this many points is close."""
FORMULA = (
    "Readiness is the distance covered: for each rated competency whose requirement rises, (score − present "
    "requirement) ÷ (target requirement − present requirement), not below 0 and not above 1, averaged by the weights "
    "of the target level."
)


class Requirement(Frozen):
    """What a level asks of one competency: a point of the rating scale, and how much it weighs there."""

    required: float = Field(ge=1, le=5)
    weight: Literal[1, 2, 3] = 1


class Bar(Frozen):
    """What one level asks, by competency; one that is not expected at this level is absent."""

    ladder: str
    level: str
    requirements: dict[str, Requirement] = Field(default={})

    def required(self, competency: str) -> float | None:
        """Return the required rating, or None where nothing is expected."""
        requirement = self.requirements.get(competency)
        return requirement.required if requirement else None

    def is_same_level(self, other: "Bar") -> bool:
        """Tell whether both are the bar of one level."""
        return (self.ladder, self.level) == (other.ladder, other.level)


class Line(Frozen):
    """One competency that the target asks for. `actual` and `gap` are None where it was not rated."""

    competency: str
    required: float
    actual: float | None
    gap: float | None
    weight: int
    band: Band
    present_required: float | None

    @property
    def weighted_gap(self) -> float | None:
        """Weight × gap, by which lines are ranked; None where it was not rated."""
        return None if self.gap is None else self.weight * self.gap


class Term(Frozen):
    """One term of readiness: a competency whose requirement rises from `present` to `target`.

    `present_is_asked` is False where the scale's 1 stands for the present requirement; `covered` is in 0..1, None where
    the competency was not rated.
    """

    competency: str
    weight: int
    present: float
    present_is_asked: bool
    target: float
    score: float | None
    covered: float | None


class Readiness(Frozen):
    """The distance covered in 0..1, or None and the reason why there is no figure; with every term of it."""

    figure: float | None
    why_no_figure: NoFigure | None
    terms: tuple[Term, ...]
    rated_weight: int
    rising_weight: int


class BelowPresent(Frozen):
    """A score below what the present level asks: a placement to check."""

    competency: str
    score: float
    present_required: float


class Calculation(Frozen):
    """Everything a report says in figures. `lines` are ranked by weight × gap; `met` counts those at or above."""

    lines: tuple[Line, ...]
    met: int
    rated: int
    readiness: Readiness
    below_present: tuple[BelowPresent, ...]

    def count(self, band: Band) -> int:
        """Return how many lines lie in `band`."""
        return sum(line.band == band for line in self.lines)


def calculate(scores: Scores, present: Bar, target: Bar) -> Calculation:
    """Set the scores of one person, who sits at `present`, against what `target` asks."""
    lines = ranked(tuple(_line(name, asked, scores, present) for name, asked in target.requirements.items()))
    return Calculation(
        lines=lines,
        met=sum(line.band == "strength" for line in lines),
        rated=sum(line.actual is not None for line in lines),
        readiness=distance_covered(scores, present, target),
        below_present=below_present(scores, present),
    )


def band_of(required: float, actual: float | None) -> Band:
    """Return the band of a score: what was not rated is never a gap."""
    if actual is None:
        return "not rated"
    if actual >= required:
        return "strength"
    return "close" if required - actual <= CLOSE else "gap"


def ranked(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Order by weight × gap, the greatest first; then by weight, then by name; what was not rated comes last."""
    return tuple(sorted(lines, key=_rank))


def distance_covered(scores: Scores, present: Bar, target: Bar) -> Readiness:
    """Return readiness with its terms; half of the rising weight must be rated, or there is no figure."""
    if present.is_same_level(target):
        return _readiness((), why="the target is the present level")
    terms = tuple(term for name in target.requirements if (term := _term(name, scores, present, target)))
    if not terms:
        return _readiness((), why="nothing rises")
    rated = [term for term in terms if term.score is not None]
    weight = sum(term.weight for term in rated)
    if 2 * weight < sum(term.weight for term in terms):
        return _readiness(terms, why="less than half is rated")
    return _readiness(terms, figure=float(sum((term.weight * _share(term) for term in rated), Fraction(0)) / weight))


def below_present(scores: Scores, present: Bar) -> tuple[BelowPresent, ...]:
    """Return every score below what the present level asks, also where the target asks nothing any more."""
    return tuple(
        BelowPresent(competency=name, score=scores[name], present_required=asked.required)
        for name, asked in present.requirements.items()
        if name in scores and scores[name] < asked.required
    )


def _line(competency: str, asked: Requirement, scores: Scores, present: Bar) -> Line:
    actual = scores.get(competency)
    return Line(
        competency=competency,
        required=asked.required,
        actual=actual,
        gap=None if actual is None else max(0.0, asked.required - actual),
        weight=asked.weight,
        band=band_of(asked.required, actual),
        present_required=present.required(competency),
    )


def _rank(line: Line) -> tuple[bool, float, int, str]:
    return line.gap is None, -(line.weighted_gap or 0.0), -line.weight, line.competency


def _term(competency: str, scores: Scores, present: Bar, target: Bar) -> Term | None:
    asked, before = target.requirements[competency], present.required(competency)
    start = LOWEST if before is None else before
    if asked.required <= start:
        return None
    term = Term(
        competency=competency,
        weight=asked.weight,
        present=start,
        present_is_asked=before is not None,
        target=asked.required,
        score=scores.get(competency),
        covered=None,
    )
    return term if term.score is None else term.model_copy(update={"covered": float(_share(term))})


def _share(term: Term) -> Fraction:
    if term.score is None:
        return Fraction(0)
    step = Fraction(term.target) - Fraction(term.present)
    return min(Fraction(1), max(Fraction(0), (Fraction(term.score) - Fraction(term.present)) / step))


def _readiness(terms: tuple[Term, ...], figure: float | None = None, why: NoFigure | None = None) -> Readiness:
    return Readiness(
        figure=figure,
        why_no_figure=why,
        terms=terms,
        rated_weight=sum(term.weight for term in terms if term.score is not None),
        rising_weight=sum(term.weight for term in terms),
    )
