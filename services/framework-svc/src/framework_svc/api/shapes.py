"""What goes over the wire: the bodies this service takes and the views it answers with."""

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from chassis.projection import RecordedEvent
from framework_svc.domain.placements import Reason
from framework_svc.domain.structure import Hole
from framework_svc.domain.texts import Anchor, Cell, Competency, CompetencyFate, Ladder, PublishedLadder

Level = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}\.[a-z0-9][a-z0-9-]{0,59}$", examples=["engineering.ic2"])


class Body(BaseModel):
    """A request: nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LadderBody(Body):
    """A whole ladder and the competencies it brings."""

    ladder: Ladder
    competencies: tuple[Competency, ...] = ()


class CellBody(Body):
    """What a level asks of a competency; null empties the cell."""

    cell: Cell | None


class ScaleBody(Body):
    """The anchors of the points 1 to 5."""

    scale: tuple[Anchor, ...] = Field(max_length=5)


class PublicationBody(Body):
    """The note of a version, what became of competencies, and the ladders that the preview showed."""

    note: str = Field(min_length=1, max_length=2400)
    fates: tuple[CompetencyFate, ...] = ()
    ladders: tuple[str, ...] | None = None


class OfferedTemplate(BaseModel):
    """A ladder to start from."""

    name: str


class Templates(BaseModel):
    """The ladders to start from, in the order a page offers them."""

    items: list[OfferedTemplate]


class PlacementBody(Body):
    """Where somebody sits from a day on, and why."""

    person: str = Field(min_length=1, max_length=64)
    level: str = Level
    effective_on: date
    reason: Reason
    evaluation: str | None = Field(default=None, max_length=64)
    criteria: tuple[str, ...] = Field(default=(), max_length=20)


class GroupBody(Body):
    """Where several people sit from a day on, and why."""

    people: tuple[str, ...] = Field(min_length=1, max_length=500)
    level: str = Level
    effective_on: date
    reason: Reason


class DraftLadder(BaseModel):
    """A ladder of the draft: its edition (the ETag of an edit), whether it is ready, and what it lacks."""

    ladder: Ladder
    edition: int
    ready: bool
    holes: list[Hole]


class DraftView(BaseModel):
    """The draft of the framework."""

    scale: tuple[Anchor, ...]
    scale_edition: int
    competencies: list[Competency]
    ladders: list[DraftLadder]
    published_version: int


class VersionView(BaseModel):
    """A published version; `because` is the event behind it."""

    version: int
    note: str
    scale: tuple[Anchor, ...]
    fates: tuple[CompetencyFate, ...]
    published_at: datetime
    because: str


class Versions(BaseModel):
    """The published versions, the newest first."""

    items: list[VersionView]


class FrameworkView(VersionView):
    """A published version with its ladders."""

    ladders: list[PublishedLadder]


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


Form = Literal["yaml", "json"]
