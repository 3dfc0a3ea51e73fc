"""Read models: published versions and their ladders, placements, refused statements; deadlines of planned ones."""

from collections.abc import Iterable
from typing import Any, ClassVar

from chassis.deadlines import Due, Ended
from chassis.projection import RecordedEvent, Rows, View
from framework_svc.domain.framework_events import LadderCarried, LadderTaken, VersionPublished
from framework_svc.domain.placement_events import (
    PersonPlaced,
    PlacementPlanned,
    PlacementWithdrawn,
    PlanEnded,
    SeatsVacated,
    StatementRefused,
    StatementSettled,
)

PLACEMENT = "placement"
"""The kind of the deadline at which a planned placement begins."""


class FrameworkVersions(View):
    """The published versions: note, scale, fates, who was affected, when, by whom."""

    NAME = "framework_versions"
    COLUMNS: ClassVar[dict[str, str]] = {
        "version": "int",
        "note": "text",
        "scale": "jsonb",
        "fates": "jsonb",
        "affected": "jsonb",
        "published_by": "text",
        "published_at": "timestamptz",
        "because": "text",
    }
    KEY = ("version",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Add a version once it is whole."""
        match entry.event:
            case VersionPublished() as event:
                rows.put(
                    {
                        **event.model_dump(mode="json"),
                        "published_by": entry.actor,
                        "published_at": entry.recorded_at,
                        "because": str(entry.event_id),
                    }
                )
            case _:
                pass


class PublishedLadders(View):
    """Every ladder as every version holds it."""

    NAME = "published_ladders"
    COLUMNS: ClassVar[dict[str, str]] = {
        "version": "int",
        "ladder": "text",
        "changed_in": "int",
        "content": "jsonb",
    }
    KEY = ("version", "ladder")

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Add a ladder of a version, new or as in the version before."""
        match entry.event:
            case LadderTaken() as event:
                ladder = event.published
                rows.put(
                    {
                        "version": event.version,
                        "ladder": ladder.ladder.id,
                        "changed_in": ladder.changed_in,
                        "content": ladder.model_dump(mode="json"),
                    }
                )
            case LadderCarried() as event:
                before = rows.get((event.version - 1, event.ladder))
                if before:
                    rows.put({**before, "version": event.version})
            case _:
                pass


class Placements(View):
    """Where people sit from which day on, and where they are planned to; recorded when it was decided."""

    NAME = "placements"
    COLUMNS: ClassVar[dict[str, str]] = {
        "person": "text",
        "placement": "text",
        "level": "text",
        "effective_on": "date",
        "reason": "text",
        "version": "int",
        "evaluation": "text",
        "criteria": "jsonb",
        "planned": "boolean",
        "recorded_by": "text",
        "recorded_at": "timestamptz",
        "because": "text",
    }
    KEY = ("person", "placement")
    INDEXES = (("level",),)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event about a person's events."""
        match entry.event:
            case PersonPlaced() as event:
                plan = rows.get((entry.id, event.placement)) or {}
                decided = {name: plan[name] for name in ("recorded_by", "recorded_at") if plan}
                rows.put(_row(entry, event, planned=False) | decided)
            case PlacementPlanned() as event:
                rows.put(_row(entry, event, planned=True))
            case PlanEnded() | PlacementWithdrawn() as event:
                rows.delete((entry.id, event.placement))
            case _:
                pass


def _row(entry: RecordedEvent, event: PersonPlaced | PlacementPlanned, *, planned: bool) -> dict[str, Any]:
    return {
        **event.model_dump(exclude={"due_at"}),
        "criteria": list(event.criteria),
        "person": entry.id,
        "planned": planned,
        "recorded_by": entry.actor,
        "recorded_at": entry.recorded_at,
        "because": str(entry.event_id),
    }


class RefusedPlacements(View):
    """What an import stated and could not be placed, until the person is placed."""

    NAME = "refused_placements"
    COLUMNS: ClassVar[dict[str, str]] = {
        "person": "text",
        "ladder": "text",
        "track": "text",
        "level": "text",
        "effective_on": "date",
        "why": "text",
        "because": "text",
    }
    KEY = ("person",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """List a refusal, or take it off the list."""
        match entry.event:
            case StatementRefused() as event:
                rows.put({**event.model_dump(), "person": entry.id, "because": str(entry.event_id)})
            case PersonPlaced() | PlacementPlanned():
                rows.delete((entry.id,))
            case StatementSettled() | SeatsVacated():
                rows.delete((entry.id,))
            case _:
                pass


def deadlines(entry: RecordedEvent) -> Iterable[Due | Ended]:
    """A planned placement begins when its day does, where the person is."""
    match entry.event:
        case PlacementPlanned() as event:
            identifier = f"{PLACEMENT}/{entry.id}/{event.placement}"
            yield Due(id=identifier, kind=PLACEMENT, subject=entry.id, person=None, due_at=event.due_at)
        case PersonPlaced() | PlanEnded() as event:
            yield Ended(id=f"{PLACEMENT}/{entry.id}/{event.placement}")
        case _:
            pass
