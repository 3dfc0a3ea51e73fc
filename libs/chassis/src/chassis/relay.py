"""The relay: published rows go to a sink in order; the position is stored after the acknowledgement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from chassis.feed import PAGE, envelope
from chassis.sql import vouched
from chassis.steps import Progress, failpoint
from chassis.store import Pool
from contracts.envelope import Envelope

log = structlog.get_logger(__name__)

TABLES = (
    """create table if not exists {schema}.relayed (
    workspace text not null, topic text not null, sequence bigint not null,
    primary key (workspace, topic)) with (fillfactor = 50)""",
)


class Refused(Exception):
    """The sink did not take a record; nothing after it may overtake it."""


class Sink(Protocol):
    """Where published events go: consumers in this process, or a broker."""

    def send(self, records: Sequence[Envelope]) -> None:
        """Take records of one workspace and topic, in order; return when all are acknowledged, else raise Refused."""
        ...


@dataclass
class InProcess:
    """The sink of the embedded mode: hands records to the consumers of this process that hear their topic."""

    hear: Callable[[Sequence[Envelope]], None]

    def send(self, records: Sequence[Envelope]) -> None:
        """Offer the records; the consumers' positions, not this call, say what was applied."""
        self.hear(records)


@dataclass
class Relay:
    """The follower that sends what a service has published."""

    service: str
    schema: str
    pool: Pool
    topics: tuple[str, ...]
    sink: Sink
    name: str = "relay"
    blocked: set[str] = field(default_factory=set[str])

    def step(self, workspace: str) -> Progress:
        """Send the next page of a workspace, topic by topic."""
        more = False
        for topic in self.topics:
            read, rows = self._pending(workspace, topic)
            if not rows:
                continue
            try:
                self.sink.send([envelope(self.service, row) for row in rows])
            except Refused:
                self.blocked.add(workspace)
                log.warning("relay blocked", service=self.service, topic=topic, workspace=workspace)
                return "failed"
            failpoint("between send and position")
            self._store(workspace, topic, read, rows[-1]["sequence"])
            more = more or len(rows) == PAGE
        self.blocked.discard(workspace)
        return "more" if more else "done"

    def behind(self) -> Iterable[str]:
        """Return the workspaces with something to send."""
        sql = f"""select h.workspace from {self.schema}.head h
        cross join lateral jsonb_each_text(h.published) p(topic, last)
        left join {self.schema}.relayed r on r.workspace = h.workspace and r.topic = p.topic
        where p.last::bigint > coalesce(r.sequence, 0) group by 1"""
        with self.pool.connection() as connection:
            return [row["workspace"] for row in connection.execute(vouched(sql)).fetchall()]

    def _pending(self, workspace: str, topic: str) -> tuple[int, list[dict[str, Any]]]:
        sql = f"""with r as (select coalesce(max(sequence), 0) as sequence from {self.schema}.relayed
        where workspace = %(workspace)s and topic = %(topic)s)
        select r.sequence as read, p.* from r left join {self.schema}.published p
        on p.workspace = %(workspace)s and p.topic = %(topic)s and p.sequence > r.sequence
        order by p.sequence limit {PAGE}"""
        with self.pool.connection() as connection:
            values = {"workspace": workspace, "topic": topic}
            rows = connection.execute(vouched(sql), values, prepare=True).fetchall()
        return (rows[0]["read"], [row for row in rows if row["sequence"] is not None]) if rows else (0, [])

    def _store(self, workspace: str, topic: str, read: int, to: int) -> None:
        sql = f"""insert into {self.schema}.relayed as r (workspace, topic, sequence) values (%s, %s, %s)
        on conflict (workspace, topic) do update set sequence = excluded.sequence where r.sequence = %s"""
        with self.pool.connection() as connection:
            connection.execute(vouched(sql), (workspace, topic, to, read), prepare=True)
