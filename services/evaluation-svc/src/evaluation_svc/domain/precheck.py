"""The pre-check: reason codes that warn the evaluator and order HR's queue; they never block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Literal

from chassis.kernel import Frozen
from evaluation_svc.domain.lines import Line

THIN = 40
"""Evidence of a line with fewer characters than this, all parts together, is thin."""
FAR_FROM_SELF = 2.0
FAR_FROM_MEAN = 1.0
MEANS_FROM = 5
"""From so many evaluations of one evaluator in a cycle on, a mean says something."""

Reason = Literal[
    "rests on memory",
    "thin evidence",
    "vague evidence",
    "all ratings the same",
    "more than a third not seen",
    "far from the self-assessment",
    "far from the evaluator's mean",
]


class Code(Frozen):
    """Why HR should look closer: at one line, or (competency None) at the whole evaluation."""

    reason: Reason
    competency: str | None = None


def mean_rating(lines: Iterable[Line]) -> float | None:
    """Return the mean of what was rated, or None where nothing was."""
    ratings = [line.rating for line in lines if line.rating is not None]
    return fmean(ratings) if ratings else None


def own_codes(lines: Iterable[Line], competencies: int) -> tuple[Code, ...]:
    """Return the codes about the evaluator's own text and ratings; `competencies` counts all lines of the form."""
    written = tuple(lines)
    codes = [code for line in written for code in _line_codes(line)]
    ratings = [line.rating for line in written if line.rating is not None]
    if len(ratings) > 1 and len(set(ratings)) == 1:
        codes.append(Code(reason="all ratings the same"))
    if sum(line.not_seen for line in written) * 3 > competencies:
        codes.append(Code(reason="more than a third not seen"))
    return tuple(codes)


def compared_codes(
    lines: Iterable[Line], self_ratings: Mapping[str, float], means: Iterable[float]
) -> tuple[Code, ...]:
    """Return the codes that compare with others' figures, which the evaluator sees only after submitting.

    `self_ratings` are those of a submitted self-assessment; `means` are the mean ratings of all evaluations this
    evaluator has submitted in the cycle, this one included.
    """
    rated = {line.competency: line.rating for line in lines if line.rating is not None}
    codes = [
        Code(reason="far from the self-assessment", competency=competency)
        for competency, rating in rated.items()
        if competency in self_ratings and abs(rating - self_ratings[competency]) >= FAR_FROM_SELF
    ]
    all_means = tuple(means)
    if rated and len(all_means) >= MEANS_FROM and abs(fmean(rated.values()) - fmean(all_means)) >= FAR_FROM_MEAN:
        codes.append(Code(reason="far from the evaluator's mean"))
    return tuple(codes)


def _line_codes(line: Line) -> tuple[Code, ...]:
    """Return the codes about the evidence of one rated line."""
    if line.rating is None:
        return ()
    if not line.evidence:
        return (Code(reason="rests on memory", competency=line.competency),)
    codes: list[Code] = []
    if sum(one.length for one in line.evidence) < THIN:
        codes.append(Code(reason="thin evidence", competency=line.competency))
    if all(one.vague for one in line.evidence):
        codes.append(Code(reason="vague evidence", competency=line.competency))
    return tuple(codes)
