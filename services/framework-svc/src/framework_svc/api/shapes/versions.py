"""What is published, and what publishing would do."""

from datetime import datetime

from pydantic import BaseModel, Field

from framework_svc.api.shapes.example import like
from framework_svc.domain.publication import Plan
from framework_svc.domain.texts import Anchor, CompetencyFate, PublishedLadder


class PublicationBody(BaseModel):
    """The note of a version, what became of competencies, and the ladders that the preview showed."""

    model_config = like(
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
