"""Scores over time: equal competency ids are joined, each with the bar of its time, broken where that bar changed."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from chassis.kernel import Frozen
from gap_svc.domain.calculation import NoFigure
from gap_svc.domain.levels import Level, LevelRef

Break = Literal["requirement changed", "text changed"]


class Distance(Frozen):
    """The readiness that the main report of one evaluation gave, and against which bar; `computed` is its event."""

    present: LevelRef
    target: LevelRef
    framework_version: int
    met: int
    rated: int
    figure: float | None
    why_no_figure: NoFigure | None
    computed: str


class Wording(Frozen):
    """What a competency was called and said to be."""

    name: str
    description: str = ""


class Past(Frozen):
    """One approved evaluation as the trend uses it; `approval` and `ladder` are the events of its scores and its bar.

    `wording` holds its competencies by id, `scale` what each whole point of the rating scale meant, `from_memory` the
    scores without evidence.
    """

    evaluation: str
    revision: int
    cycle: str
    cycle_name: str
    period_ends_on: date
    level: Level
    scores: dict[str, float]
    main: Distance | None
    approval: str
    ladder: str
    wording: dict[str, Wording] = Field(default={})
    scale: tuple[str, ...] = ()
    from_memory: frozenset[str] = frozenset()

    def required(self, competency: str) -> float | None:
        """Return what the level asked; None where nothing was expected."""
        asked = self.level.expectations.get(competency)
        return asked.required if asked else None

    def text(self, competency: str) -> tuple[object, ...]:
        """Return every text that the competency was rated by."""
        asked = self.level.expectations.get(competency)
        return self.wording.get(competency), asked and (asked.behaviours, asked.examples), self.scale


class Point(Frozen):
    """One score with the bar of its time: what the level of that day asked, in the framework version of that cycle.

    `score` is None where it was not rated, `required` None where nothing was expected. `breaks` says what changed
    since the point before: no line joins the two then. `rests_on_memory` marks a score without evidence.
    """

    evaluation: str
    cycle: str
    cycle_name: str
    period_ends_on: date
    score: float | None
    required: float | None
    level: LevelRef
    framework_version: int
    breaks: tuple[Break, ...]
    rests_on_memory: bool = False
    because: tuple[str, ...]


class Trend(Frozen):
    """The scores of one person over time, by competency, oldest first; and the readiness of each main report."""

    competencies: dict[str, tuple[Point, ...]]
    readiness: tuple["Reached", ...]


class Reached(Frozen):
    """The distance covered at one evaluation; `joined` is False where the bar is another than before."""

    evaluation: str
    cycle: str
    cycle_name: str
    period_ends_on: date
    distance: Distance
    joined: bool
    because: tuple[str, ...]


def trend(past: Iterable[Past]) -> Trend:
    """Return the trend over approved evaluations, in whatever order they are given."""
    in_order = sorted(past, key=lambda one: (one.period_ends_on, one.evaluation))
    names = dict.fromkeys(name for one in in_order for name in one.scores)
    return Trend(
        competencies={name: _points(name, in_order) for name in names},
        readiness=_readiness(in_order),
    )


def breaks(competency: str, before: Past, after: Past) -> tuple[Break, ...]:
    """Return what differs between the bars of one competency in two evaluations."""
    found: list[Break] = []
    if before.required(competency) != after.required(competency):
        found.append("requirement changed")
    if before.text(competency) != after.text(competency):
        found.append("text changed")
    return tuple(found)


def _points(competency: str, past: Sequence[Past]) -> tuple[Point, ...]:
    asked = [one for one in past if competency in one.scores or competency in one.level.expectations]
    earlier: list[Past | None] = [None, *asked[:-1]]
    return tuple(_point(competency, one, before) for before, one in zip(earlier, asked, strict=True))


def _point(competency: str, one: Past, before: Past | None) -> Point:
    return Point(
        evaluation=one.evaluation,
        cycle=one.cycle,
        cycle_name=one.cycle_name,
        period_ends_on=one.period_ends_on,
        score=one.scores.get(competency),
        required=one.required(competency),
        level=one.level.ref,
        framework_version=one.level.version,
        breaks=breaks(competency, before, one) if before else (),
        rests_on_memory=competency in one.from_memory,
        because=(one.approval, one.ladder),
    )


def _readiness(past: Sequence[Past]) -> tuple[Reached, ...]:
    found: list[Reached] = []
    for one in past:
        if one.main is None:
            continue
        before = found[-1].distance if found else None
        found.append(
            Reached(
                evaluation=one.evaluation,
                cycle=one.cycle,
                cycle_name=one.cycle_name,
                period_ends_on=one.period_ends_on,
                distance=one.main,
                joined=before is None or _bar(before) == _bar(one.main),
                because=(one.approval, one.main.computed),
            )
        )
    return tuple(found)


def _bar(distance: Distance) -> tuple[LevelRef, LevelRef, int]:
    return distance.present, distance.target, distance.framework_version
