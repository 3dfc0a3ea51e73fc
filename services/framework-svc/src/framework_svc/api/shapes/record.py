"""What the record holds, event by event."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from chassis.projection import RecordedEvent
from framework_svc.domain.framework_events import credits_in


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
    """What the record holds, the oldest first, and the credits that its texts owe."""

    items: list[Recorded]
    credits: list[str]

    @classmethod
    def of(cls, entries: Iterable[RecordedEvent]) -> Self:
        """Return entries of the record; a credit that was owed once is named although the draft dropped it since."""
        found = list(entries)
        return cls(
            items=[Recorded.of(entry) for entry in found],
            credits=list(dict.fromkeys(credit for entry in found for credit in credits_in(entry.event))),
        )
