"""The topics published events travel on, declared once: name, partitions, retention."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict

PARTITIONS: Final = 12
"""Changed only while a topic is drained: the key of a workspace would move to another partition."""

WEEK_MS: Final = 7 * 24 * 60 * 60 * 1000


class Topic(BaseModel):
    """One topic. Its key is the workspace; records are deleted after `retention_ms`, since the feed keeps them."""

    model_config = ConfigDict(frozen=True)

    name: str
    partitions: int = PARTITIONS
    retention_ms: int = WEEK_MS

    @property
    def configuration(self) -> dict[str, str]:
        """What the broker is told (Kafka's own names). Never compacted: that would keep one event per workspace."""
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


TOPICS: Final = (
    Topic(name="people.v1"),
    Topic(name="framework.v1"),
    Topic(name="evaluation.v1"),
    Topic(name="gap.v1"),
)


def group_of(service: str) -> str:
    """Return the consumer group in which the workers of a service share what it hears."""
    return f"{service}-svc"
