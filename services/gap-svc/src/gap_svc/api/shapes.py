"""What goes over the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from gap_svc.documents.report import Target
from gap_svc.domain.calculation import Band, NoFigure
from gap_svc.domain.change import Figures, LineChange
from gap_svc.domain.heat_map import Cell
from gap_svc.domain.levels import LevelRef
from gap_svc.domain.nearest import Nearness
from gap_svc.domain.report import Cause
from gap_svc.domain.trend import Point, Reached

Id = Annotated[str, Path(pattern="^[A-Za-z0-9_.-]{1,80}$")]
Identifier = Annotated[str, Field(min_length=1, max_length=130)]
Because = list[str]
"""Ids of the events a figure comes from."""


class Which(BaseModel):
    """Which report is read: of the evaluation that counts now the main one or another, or any one by its id."""

    report: str | None = Field(default=None, max_length=80, description="A report by its id, of whichever evaluation.")
    target: str | None = Field(
        default=None,
        max_length=130,
        description="The id of a level: the report about it; without it the main target. Not together with `report`.",
        examples=["eng.ic3"],
    )
    version: int | None = Field(default=None, ge=1, description="A version of that report; without it the newest.")


Asked = Annotated[Which, Query()]


class Body(BaseModel):
    """Base of every request body: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LevelBody(Body):
    """A level, by its ladder and its id there."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"ladder": "engineering", "level": "engineering.ic3"}]}
    )

    ladder: Identifier
    level: Identifier

    def ref(self) -> LevelRef:
        """Return the name of the level."""
        return LevelRef(ladder=self.ladder, level=self.level)


class TargetBody(Body):
    """The level somebody aims for; null goes back to the next level of their track."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"target": {"ladder": "engineering", "level": "engineering.m1"}}]},
    )

    target: LevelBody | None


class LevelView(BaseModel):
    """A level by its id, code and title."""

    ladder: str
    level: str
    code: str
    title: str
    scope: str = ""


class EvidenceView(BaseModel):
    """What was seen; without a text it was withdrawn or its author erased."""

    text: str | None
    withdrawn_on: date | None = None


class LineView(BaseModel):
    """One competency the target asks for: requirement, score, distance, what to show next, and what was seen."""

    competency: str
    name: str
    area: str
    required: float
    actual: float | None
    gap: float | None
    weight: int
    weighted_gap: float | None
    band: Band
    present_required: float | None
    below_present: bool
    self_rating: float | None
    rests_on_memory: bool
    behaviours: list[str]
    evidence: list[EvidenceView]
    because: Because


class TermView(BaseModel):
    """One term of readiness: covered = (score − present) ÷ (target − present), not below 0 and not above 1."""

    competency: str
    name: str
    weight: int
    present: float
    present_is_asked: bool
    target: float
    score: float | None
    covered: float | None
    rests_on_memory: bool
    because: Because


class ReadinessView(BaseModel):
    """The distance covered in 0..1, or why there is no figure; it does not decide a promotion."""

    figure: float | None
    why_no_figure: NoFigure | None
    why: str
    formula: str
    terms: list[TermView]
    rated_weight: int
    rising_weight: int
    because: Because


class CountView(BaseModel):
    """A count with the events behind it."""

    count: int
    because: Because


class BelowPresentView(BaseModel):
    """A score below what the present level asks."""

    competency: str
    name: str
    score: float
    present_required: float
    rests_on_memory: bool
    because: Because


class ReportView(BaseModel):
    """One version of a gap report."""

    report: str
    version: int
    person: str
    evaluation: str
    revision: int
    cycle: str
    cycle_name: str
    framework_version: int
    present: LevelView
    target: LevelView
    target_is: Target
    is_main: bool
    cause: Cause
    new_bar_old_scores: bool
    computed_at: datetime
    released: bool
    corrected_on: date | None
    met: CountView
    rated: CountView
    asked: int
    readiness: ReadinessView
    lines: list[LineView]
    below_present: list[BelowPresentView]
    credits: list[str]
    because: Because


class ReportItem(BaseModel):
    """One report version in a list."""

    report: str
    version: int
    evaluation: str
    revision: int
    cycle: str
    target: LevelRef
    is_main: bool
    cause: Cause
    new_bar_old_scores: bool
    met: int
    rated: int
    readiness: float | None
    computed_at: datetime
    released: bool
    corrected_on: date | None
    because: Because


class TargetView(BaseModel):
    """The level somebody sits at, the level they chose (null: none), and the one their main report is about."""

    person: str
    present: LevelView | None
    chosen: LevelView | None
    main: LevelView | None
    credits: list[str]
    because: Because


class TrendView(BaseModel):
    """Scores by competency and readiness, oldest first, each with the bar of its time and the events behind it."""

    person: str
    names: dict[str, str]
    competencies: dict[str, list[Point]]
    readiness: list[Reached]
    credits: list[str]


class NearestView(BaseModel):
    """The levels somebody is closest to, and those of which too little was rated to say."""

    person: str
    framework_version: int
    levels: list[Nearness]
    too_little_rated: list[LevelRef]
    credits: list[str]
    because: Because


class CellView(BaseModel):
    """One competency in one team."""

    figures: Cell
    because: Because


class HeatMapView(BaseModel):
    """Cells by team (the id of its manager) and competency; `everybody` sums the cells that are shown.

    `because` names every report that is counted, in a cell that is shown or in a `hidden` one.
    """

    scope: Literal["company", "team"]
    fewest: int
    names: dict[str, str]
    teams: dict[str, dict[str, CellView]]
    everybody: dict[str, CellView]
    hidden: int
    credits: list[str]
    because: Because


class PlacementToCheckView(BaseModel):
    """Somebody with scores below what their level asks."""

    person: str
    evaluation: str
    report: str
    version: int
    present: LevelRef
    below: list[BelowPresentView]
    found_at: datetime
    credits: list[str]


class ChangedView(BaseModel):
    """Whose figures would differ, and how; `gone` names a level of theirs that the draft no longer has."""

    person: str
    report: str
    version: int
    present: LevelRef
    target: LevelRef
    gone: list[LevelRef]
    before: Figures | None
    after: Figures | None
    lines: list[LineChange]
    because: Because


class NewerFrameworkView(BaseModel):
    """What the newest framework version would change in a report; `change` is null where it would change nothing."""

    person: str
    report: str
    version: int
    framework_version: int
    newest_version: int
    change: ChangedView | None
    because: Because


class WhatIfView(BaseModel):
    """Whose gaps would change under a draft, page by page; nothing of it is stored.

    `compared` is how many reports this page set against the draft, by person, and `because` names them; `next_cursor`
    is where to go on (null: there are no more).
    """

    compared: int
    changed: list[ChangedView]
    next_cursor: str | None
    because: Because


class Recorded(BaseModel):
    """One event of the record."""

    event: str
    what: str
    by: str
    at: datetime
    details: dict[str, Any]
