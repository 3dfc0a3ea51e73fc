"""The bodies that edit the draft, and the views of its parts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from framework_svc.api.shapes.example import like
from framework_svc.domain.structure import Hole
from framework_svc.domain.texts import Anchor, Cell, Competency, Ladder, Level, Provenance

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


class LadderBody(BaseModel):
    """A whole ladder and the competencies it brings."""

    model_config = like(
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

    model_config = like(name="Software engineering", description="Everybody who builds and runs our software.")

    name: str | None = None
    description: str | None = None
    credits: tuple[str, ...] | None = None


class TrackBody(BaseModel):
    """A track's name and its place among the others."""

    model_config = like(name="Management", place=1)

    name: str
    place: Place = None


class LevelBody(BaseModel):
    """A level in its track; without expectations it keeps what it asks."""

    model_config = like(track="ic", place=1, **_LEVEL)

    track: Slug
    place: Place = None
    code: str
    title: str
    scope: str = ""
    next: tuple[str, ...] = ()
    expectations: dict[str, Cell] = Field(default_factory=dict[str, Cell])


class CellBody(BaseModel):
    """What a level asks of a competency, or “not expected”; null empties the cell."""

    model_config = like(cell=_CELL)

    cell: Cell | None


class CompetencyBody(BaseModel):
    """What a competency is called and means."""

    model_config = like(**_COMPETENCY)

    name: str
    area: str
    description: str = ""
    provenance: Provenance | None = None


class ScaleBody(BaseModel):
    """The anchors of the points 1 to 5."""

    model_config = like(
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
    credits: list[str]


class DraftCell(BaseModel):
    """What a level (full id) asks of a competency in the draft."""

    level: str
    competency: str
    cell: Cell | None
    credits: list[str]


class DraftRow(BaseModel):
    """What every level (full id) of a ladder asks of a competency in the draft."""

    ladder: str
    competency: Competency
    cells: dict[str, Cell | None]
    credits: list[str]


class DraftCompetency(BaseModel):
    """A competency of the draft, the ladders that use it, and the credits that these owe."""

    competency: Competency
    ladders: list[str]
    credits: list[str]


class DraftView(BaseModel):
    """The draft of the framework."""

    scale: tuple[Anchor, ...]
    scale_edition: int
    competencies: list[Competency]
    ladders: list[DraftLadder]
    published_version: int
    credits: list[str]


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
                    "warnings": [
                        "Ratings of O*NET® compare occupations, not seniority: check what each level requires."
                    ],
                }
            ]
        }
    )

    occupation: str
    found: list[str]
    missing: list[str]
    warnings: list[str]
