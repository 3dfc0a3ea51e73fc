"""How far the followers of a service are behind, asked from its tables when the metrics are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg_pool import PoolTimeout

from chassis.service import Service
from chassis.sql import vouched
from chassis.telemetry import Measured, What
from chassis.unit import Unavailable

_RELAY: Final = """select p.topic as part, sum(p.last::bigint - coalesce(r.sequence, 0)) as value
    from {schema}.head h cross join lateral jsonb_each_text(h.published) p(topic, last)
    left join {schema}.relayed r on r.workspace = h.workspace and r.topic = p.topic group by 1"""
_VIEWS: Final = """select f.name as part, sum(h.sequence - f.sequence) as value
    from {schema}.head h join {schema}.followed f on f.workspace = h.workspace group by 1"""
_WAITING: Final = """select 'inbox' as part, coalesce(sum(jsonb_array_length(waiting)), 0) as value
    from {schema}.inbox"""
_PARKED: Final = """select topic as part, count(*) as value from {schema}.parked where status = 'parked' group by 1"""
_UNREADABLE: Final = "select topic as part, count(*) as value from {schema}.unreadable group by 1"
_ASKED: Final[tuple[tuple[What, str], ...]] = (
    ("relay_lag", _RELAY),
    ("projection_lag", _VIEWS),
    ("waiting", _WAITING),
    ("parked", _PARKED),
    ("unreadable", _UNREADABLE),
)
_POSITIONS: Final = """select distinct on (workspace) workspace, sequence from {schema}.positions
    where topic = %(topic)s order by workspace, epoch desc"""


def figures(service: Service) -> Iterator[Measured]:
    """Measure a running service; of one that cannot be asked, only that it is not up.

    Lags count sequence numbers over all workspaces: 0 means level, and more is never less than the events missing.
    """
    health = service.health()
    for part in health.parts:
        yield Measured("up", service.name, part.name, float(part.ok))
    yield Measured("blocked", service.name, "relay", float(len(service.relay.blocked)))
    try:
        yield from _lags(service)
    except (psycopg.Error, PoolTimeout):
        return  # "up" of the database says it already


def _lags(service: Service) -> list[Measured]:
    name = service.name
    with service.follower_pool.connection(timeout=1.0) as connection:

        def ask(sql: str, **params: str) -> list[dict[str, Any]]:
            return connection.execute(vouched(sql.format(schema=name)), params).fetchall()

        found = [Measured(what, name, row["part"], float(row["value"])) for what, sql in _ASKED for row in ask(sql)]
        consumed = {
            topic: {row["workspace"]: row["sequence"] for row in ask(_POSITIONS, topic=topic)}
            for topic in service.consumer.feeds
        }
    for topic, feed in service.consumer.feeds.items():
        with suppress(Unavailable):  # nobody knows how far an upstream is that is away; every other figure is known
            behind = (head.last - consumed[topic].get(head.workspace, 0) for head in feed.heads(topic))
            found.append(Measured("consumer_lag", name, topic, float(sum(max(0, one) for one in behind))))
    return found
