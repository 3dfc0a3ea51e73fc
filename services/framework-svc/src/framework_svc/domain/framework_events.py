"""What happened to a framework: edits of its draft, publications, archiving."""

from typing import Literal

from pydantic import Field

from chassis.kernel import Event
from framework_svc.domain.texts import Anchor, Cell, Competency, CompetencyFate, Ladder, Level, PublishedLadder

Source = Literal["edit", "import", "template", "matrix", "last published"]


class LadderReplaced(Event):
    """A ladder of the draft was added or replaced as a whole, with the competencies that came or changed with it."""

    TOPIC = "framework.ladder-replaced"
    ladder: Ladder
    competencies: tuple[Competency, ...] = ()
    source: Source = "edit"
    template: str | None = None


class LadderDescribed(Event):
    """Name, description and credit lines of a ladder changed."""

    TOPIC = "framework.ladder-described"
    ladder: str
    name: str
    description: str
    credits: tuple[str, ...] = ()


class LadderRemoved(Event):
    """A ladder was taken out of the draft; the next version drops it."""

    TOPIC = "framework.ladder-removed"
    ladder: str


class TrackSet(Event):
    """A track was added, renamed or moved to `place` (from 0); its levels stay."""

    TOPIC = "framework.track-set"
    ladder: str
    track: str
    name: str
    place: int


class TrackRemoved(Event):
    """A track was taken out with its levels."""

    TOPIC = "framework.track-removed"
    ladder: str
    track: str


class LevelSet(Event):
    """A level was added, reworded or moved to `place` (from 0) of a track; its expectations are in `level`."""

    TOPIC = "framework.level-set"
    ladder: str
    track: str
    level: Level
    place: int


class LevelRemoved(Event):
    """A level was taken out of the draft (`level` is its short id)."""

    TOPIC = "framework.level-removed"
    ladder: str
    level: str


class ExpectationSet(Event):
    """What a level asks of a competency was written; None: the cell was emptied."""

    TOPIC = "framework.expectation-set"
    ladder: str
    level: str
    competency: str
    cell: Cell | None


class CompetencyLeftLadder(Event):
    """No level of a ladder speaks of the competency any more."""

    TOPIC = "framework.competency-left-ladder"
    ladder: str
    competency: str


class CompetencyDescribed(Event):
    """A competency was added or reworded; ladders that use it are no longer ready."""

    TOPIC = "framework.competency-described"
    competency: Competency


class CompetencyRemoved(Event):
    """A competency that no ladder uses was taken out of the draft."""

    TOPIC = "framework.competency-removed"
    competency: str


class ScaleWritten(Event):
    """The anchors of the rating scale were written."""

    TOPIC = "framework.scale-written"
    scale: tuple[Anchor, ...]


class LadderMarkedReady(Event):
    """HR says the ladder may go out with the next version."""

    TOPIC = "framework.ladder-marked-ready"
    ladder: str


class ReadyMarkRemoved(Event):
    """HR took the mark back (an edit takes it back by itself)."""

    TOPIC = "framework.ready-mark-removed"
    ladder: str


class LadderTaken(Event):
    """Version `version` holds this ladder as the draft had it."""

    TOPIC = "framework.ladder-taken"
    version: int
    published: PublishedLadder


class LadderCarried(Event):
    """Version `version` holds this ladder as the version before did."""

    TOPIC = "framework.ladder-carried"
    version: int
    ladder: str


class LadderDropped(Event):
    """Version `version` does not hold this ladder any more."""

    TOPIC = "framework.ladder-dropped"
    version: int
    ladder: str


class VersionPublished(Event):
    """Version `version` is whole. `affected`: who sat at each level whose text or requirements changed."""

    TOPIC = "framework.version-published"
    version: int
    note: str
    scale: tuple[Anchor, ...]
    fates: tuple[CompetencyFate, ...] = ()
    affected: dict[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])


class LadderArchived(Event):
    """A published ladder takes no new placements any more."""

    TOPIC = "framework.ladder-archived"
    ladder: str


def ladder_in(event: Event) -> str | None:
    """Return the ladder an event is about; None where it is about the framework or a competency."""
    match event:
        case LadderReplaced():
            return event.ladder.id
        case LadderTaken():
            return event.published.ladder.id
        case _:
            return getattr(event, "ladder", None)


def credits_in(event: Event) -> tuple[str, ...]:
    """Return the credits that a ladder owed as an event says it."""
    match event:
        case LadderReplaced():
            return event.ladder.credits
        case LadderTaken():
            return event.published.ladder.credits
        case LadderDescribed():
            return event.credits
        case _:
            return ()
