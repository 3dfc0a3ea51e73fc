"""Who is placed where, and what could not be placed."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from framework_svc.api.shapes.example import like
from framework_svc.domain.placement_events import Reason

LevelId = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}\.[a-z0-9][a-z0-9-]{0,59}$", examples=["engineering.ic2"])
]


class PlacementBody(BaseModel):
    """Where somebody sits from a day on, and why."""

    model_config = like(
        person="person_8f14e45fceea467f",
        level="engineering.ic3",
        effective_on="2026-12-01",
        reason="promotion",
        evaluation="ev_3f2a9c41d07b5e68a1c2",
        criteria=["criterion_5b1f8f7c9d11"],
    )

    person: str = Field(min_length=1, max_length=64)
    level: LevelId
    effective_on: date
    reason: Reason
    evaluation: str | None = Field(default=None, max_length=64)
    criteria: tuple[str, ...] = Field(default=(), max_length=20)


class GroupBody(BaseModel):
    """Where several people sit from a day on, and why: those named, or everybody who has a job title."""

    model_config = like(
        job_title="Software engineer", level="engineering.ic2", effective_on="2026-12-01", reason="move"
    )

    people: tuple[str, ...] = Field(default=(), max_length=500)
    job_title: str | None = Field(default=None, min_length=1, max_length=200)
    level: LevelId
    effective_on: date
    reason: Reason

    @model_validator(mode="after")
    def _names_one_group(self) -> Self:
        if bool(self.people) == bool(self.job_title):
            raise ValueError("Name the people, or one job title: one of the two.")
        return self


class Seat(BaseModel):
    """One placement; `planned` until its day comes."""

    person: str
    placement: str
    level: str
    effective_on: date
    reason: Reason
    version: int | None
    evaluation: str | None
    criteria: list[str]
    planned: bool
    recorded_at: datetime
    because: str


class Seats(BaseModel):
    """Placements, the latest day first."""

    items: list[Seat]


class Refused(BaseModel):
    """What an import stated and nobody could place, and why."""

    person: str
    ladder: str
    track: str
    level: str
    effective_on: date
    why: str
    because: str
