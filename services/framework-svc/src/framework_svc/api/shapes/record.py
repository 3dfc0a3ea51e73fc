"""What the record holds, event by event."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from chassis.projection import RecordedEvent


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
