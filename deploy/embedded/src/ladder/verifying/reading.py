"""What the checks read: rows of a service's schema, its whole record, and what others have published to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chassis.feed import PAGE
from chassis.projection import REBUILD_BATCH, RecordedEvent
from chassis.service import Service
from chassis.sql import vouched

Finding = tuple[str, str]
"""An invariant that does not hold, and what shows it: never a text about a person."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One published event as it reached a service: `event` is its id, `said` its data."""

    event: str
    type: str
    said: dict[str, Any]


def rows(service: Service, sql: str, *values: Any) -> list[dict[str, Any]]:
    """Return rows of a service's own schema, whose name goes where `{s}` stands."""
    with service.follower_pool.connection() as connection:
        return connection.execute(vouched(sql.format(s=service.name)), values).fetchall()


def workspaces_of(service: Service) -> list[str]:
    """Return the workspaces a service has recorded anything of."""
    return [row["workspace"] for row in rows(service, "select workspace from {s}.head order by 1")]


def count_of(service: Service) -> int:
    """Return how many events a service has recorded."""
    return rows(service, "select count(*) as n from {s}.events")[0]["n"]


def recorded(service: Service, workspace: str) -> Iterator[RecordedEvent]:
    """Yield the record of a workspace in order."""
    after = 0
    with service.follower_pool.connection() as connection:
        while entries := service.projections.read(connection, workspace, after, REBUILD_BATCH):
            yield from entries
            after = entries[-1].sequence


def heard(service: Service, workspace: str, *types: str) -> Iterator[Heard]:
    """Yield what a service could hear from others, of these types, topic by topic in order."""
    for topic, feed in service.consumer.feeds.items():
        after = 0
        while records := feed.events(topic, workspace, after, PAGE).records:
            for one in records:
                if one.type in types:
                    yield Heard(one.eventid, one.type, json.loads(one.data))
            after = records[-1].sequence
