"""What goes over the wire: the bodies this service takes and the views it answers with."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.projection import RecordedEvent
from framework_svc.domain.placements import Reason
from framework_svc.domain.publication import Plan
from framework_svc.domain.structure import Hole
from framework_svc.domain.texts import (
    Anchor,
    Cell,
    Competency,
    CompetencyFate,
    Ladder,
    Level,
    Provenance,
    PublishedLadder,
)

LevelId = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}\.[a-z0-9][a-z0-9-]{0,59}$", examples=["engineering.ic2"])
]
Slug = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,59}$")]
Place = Annotated[int | None, Field(ge=0, description="From 0, lowest first; left out: where it is, a new one last.")]
Form = Literal["yaml", "json"]

_CELL = {
    "required": 3,
    "weight": 2,
    "behaviours": ["Writes a proposal that names the alternatives and why they were not taken."],
}
_COMPETENCY = {
    "name": "Communication",
    "area": "Collaboration",
    "description": "How people learn from this person what they need to know.",
}
_LEVEL = {
    "code": "IC2",
    "title": "Engineer",
    "scope": "Delivers features in one service with little help.",
    "next": ["engineering.ic3", "engineering.m1"],
}


def _like(**example: Any) -> ConfigDict:
    """Return the configuration of a body: nothing unknown is taken, and this is an example of it."""
    return ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, json_schema_extra={"examples": [example]})


# --- the draft --------------------------------------------------------------------------------------------------------


class LadderBody(BaseModel):
    """A whole ladder and the competencies it brings."""

    model_config = _like(
        ladder={
            "id": "engineering",
            "name": "Engineering",
            "tracks": [
                {
                    "id": "ic",
                    "name": "Individual contributors",
                    "levels": [{"id": "ic2", **_LEVEL, "expectations": {"communication": _CELL}}],
                }
            ],
        },
        competencies=[{"id": "communication", **_COMPETENCY}],
    )

    ladder: Ladder
    competencies: tuple[Competency, ...] = ()


class LadderWords(BaseModel):
    """What is said of a ladder as a whole; what is left out stays."""

    model_config = _like(name="Software engineering", description="Everybody who builds and runs our software.")

    name: str | None = None
    description: str | None = None
    credits: tuple[str, ...] | None = None


class TrackBody(BaseModel):
    """A track's name and its place among the others."""

    model_config = _like(name="Management", place=1)

    name: str
    place: Place = None


class LevelBody(BaseModel):
    """A level in its track; without expectations it keeps what it asks."""

    model_config = _like(track="ic", place=1, **_LEVEL)

    track: Slug
    place: Place = None
    code: str
    title: str
    scope: str = ""
    next: tuple[str, ...] = ()
    expectations: dict[str, Cell] = Field(default_factory=dict[str, Cell])


class CellBody(BaseModel):
    """What a level asks of a competency, or “not expected”; null empties the cell."""

    model_config = _like(cell=_CELL)

    cell: Cell | None


class CompetencyBody(BaseModel):
    """What a competency is called and means."""

    model_config = _like(**_COMPETENCY)

    name: str
    area: str
    description: str = ""
    provenance: Provenance | None = None


class ScaleBody(BaseModel):
    """The anchors of the points 1 to 5."""

    model_config = _like(
        scale=[
            {"point": point, "name": name, "text": text}
            for point, name, text in (
                (1, "Learning", "Does parts of this with guidance."),
                (2, "Developing", "Does familiar cases alone."),
                (3, "Consistent", "Does this well in ordinary cases without being asked."),
                (4, "Advanced", "Handles unclear and difficult cases."),
                (5, "Role model", "Sets how this is done across teams."),
            )
        ]
    )

    scale: tuple[Anchor, ...] = Field(max_length=5)


class DraftLadder(BaseModel):
    """A ladder of the draft: its edition (the ETag of an edit), whether it is ready, and what it lacks."""

    ladder: Ladder
    edition: int
    ready: bool
    holes: list[Hole]


class DraftTrack(BaseModel):
    """A track of a ladder of the draft, its place from 0, and its levels (full ids), lowest first."""

    ladder: str
    track: str
    name: str
    place: int
    levels: list[str]


class DraftLevel(BaseModel):
    """A level of the draft with what it asks, its place in its track from 0, and what it lacks."""

    ladder: str
    track: str
    place: int
    level: Level
    holes: list[Hole]


class DraftCell(BaseModel):
    """What a level (full id) asks of a competency in the draft."""

    level: str
    competency: str
    cell: Cell | None


class DraftRow(BaseModel):
    """What every level (full id) of a ladder asks of a competency in the draft."""

    ladder: str
    competency: Competency
    cells: dict[str, Cell | None]


class DraftCompetency(BaseModel):
    """A competency of the draft and the ladders that use it."""

    competency: Competency
    ladders: list[str]


class DraftView(BaseModel):
    """The draft of the framework."""

    scale: tuple[Anchor, ...]
    scale_edition: int
    competencies: list[Competency]
    ladders: list[DraftLadder]
    published_version: int


class OfferedTemplate(BaseModel):
    """A ladder to start from."""

    name: str


class Templates(BaseModel):
    """The ladders to start from, in the order a page offers them."""

    items: list[OfferedTemplate]


class Brought(BaseModel):
    """The ladders that a file or a template brought, and which of them the draft had before."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["sales"], "added": ["sales"], "replaced": []}]})

    ids: list[str]
    added: list[str]
    replaced: list[str]


class DraftedFromOnet(Brought):
    """A ladder drafted from O*NET®: what it was made of, what the archive lacks, and what to look at when editing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ids": ["registered-nurses"],
                    "added": ["registered-nurses"],
                    "replaced": [],
                    "occupation": "29-1141.00 Registered Nurses",
                    "found": ["Skills (element ids 2.A and 2.B): 20 matter to this occupation, 6 are in the draft."],
                    "missing": ["Work Styles (element ids 1.C or 1.D): the archive has no such table."],
                    "warnings": ["Ratings of O*NET® compare occupations, not seniority: check what each level requires."],
                }
            ]
        }
    )

    occupation: str
    found: list[str]
    missing: list[str]
    warnings: list[str]


# --- versions ---------------------------------------------------------------------------------------------------------


class PublicationBody(BaseModel):
    """The note of a version, what became of competencies, and the ladders that the preview showed."""

    model_config = _like(
        note="Engineering asks for incident reviews from IC3 on.",
        fates=[
            {"competency": "incident-review", "fate": "split", "others": ["operations"]},
            {"competency": "networking", "fate": "gone"},
        ],
        ladders=["engineering"],
    )

    note: str = Field(min_length=1, max_length=2400)
    fates: tuple[CompetencyFate, ...] = ()
    ladders: tuple[str, ...] | None = None


class VersionView(BaseModel):
    """A published version; `because` is the event behind it."""

    version: int
    note: str
    scale: tuple[Anchor, ...]
    fates: tuple[CompetencyFate, ...]
    published_at: datetime
    because: str


class Preview(Plan):
    """What publishing now would do; who sits at levels that change, and at levels that would be dropped."""

    affected: dict[str, tuple[str, ...]]
    occupied: dict[str, tuple[str, ...]]


class Affected(BaseModel):
    """Who sat at each level (full id) that a version changed; `because` is the event behind it."""

    affected: dict[str, tuple[str, ...]]
    because: str


class Versions(BaseModel):
    """The published versions, the newest first."""

    items: list[VersionView]


class FrameworkView(VersionView):
    """A published version with its ladders."""

    ladders: list[PublishedLadder]


# --- placements -------------------------------------------------------------------------------------------------------


class PlacementBody(BaseModel):
    """Where somebody sits from a day on, and why."""

    model_config = _like(
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

    model_config = _like(job_title="Software engineer", level="engineering.ic2", effective_on="2026-12-01", reason="move")

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


class RefusedList(BaseModel):
    """Everything stated and not placed."""

    items: list[Refused]


# --- the record -------------------------------------------------------------------------------------------------------


class Recorded(BaseModel):
    """One event of the record."""

    event_id: str
    topic: str
    version: int
    actor: str
    recorded_at: datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, entry: RecordedEvent) -> Self:
        """Return one entry of the record; nothing in this service is sealed."""
        return cls(
            event_id=str(entry.event_id),
            topic=entry.topic,
            version=entry.version,
            actor=entry.actor,
            recorded_at=entry.recorded_at,
            data=entry.event.model_dump(mode="json"),
        )


class History(BaseModel):
    """What the record holds, the oldest first."""

    items: list[Recorded]
