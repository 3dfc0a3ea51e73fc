"""The relay: published rows go to a sink in order; the position is stored after the acknowledgement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

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


MANY = 1_000
"""Records sent together at most: what a producer has in flight."""


class Refused(Exception):
    """The sink did not take every record; of one workspace nothing may overtake what was not taken."""


class Unreachable(Refused):
    """The sink takes nothing from anybody at present."""


class AheadOfStore(Unreachable):
    """The topic holds an event that the store has lost: it was brought back from a backup, and no new epoch begun."""


class Sink(Protocol):
    """Where published events go: consumers in this process, or a broker."""

    def newest(self) -> Sequence[Envelope]:
        """Return the newest event of each partition of the topic; none where nothing is kept. Unreachable as in `send`."""
        ...

    def send(self, records: Sequence[Envelope]) -> None:
        """Take records of one topic, those of each workspace in order; return when all are acknowledged, else Refused."""
        ...


@dataclass
class InProcess:
    """The sink of the embedded mode: hands records to the consumers of this process that hear their topic."""

    hear: Callable[[Sequence[Envelope]], None]

    def newest(self) -> Sequence[Envelope]:
        """Return nothing: what was handed over is not kept."""
        return ()

    def send(self, records: Sequence[Envelope]) -> None:
        """Offer the records; the consumers' positions, not this call, say what was applied."""
        self.hear(records)


@dataclass
class Relay:
    """The follower that sends what a service has published on its one topic."""

    service: str
    pool: Pool
    topic: str
    sink: Sink
    name: str = "relay"
    blocked: set[str] = field(default_factory=set[str])
    ahead: str = ""
    """The workspace whose events on the topic the store has lost; nothing is sent until its epoch is a new one."""
    _compared: bool = False

    def doubt(self) -> None:
        """Compare the topic with the store before anything is sent: another process led, or another database."""
        self._compared = False

    def step(self, workspace: str) -> Progress:
        """Send the next page of a workspace."""
        return self.steps([workspace])[workspace]

    def steps(self, workspaces: Sequence[str]) -> dict[str, Progress]:
        """Send the next page of many workspaces together; of one that is refused nothing more, the others go on."""
        progress: dict[str, Progress] = dict.fromkeys(workspaces, "done")
        pages, left = self._pending(workspaces)
        progress.update(self._send(pages))
        progress.update(dict.fromkeys(left, "more"))
        return progress

    def behind(self) -> Iterable[str]:
        """Return the workspaces with something to send."""
        sql = f"""select h.workspace from {self.service}.head h
        cross join lateral jsonb_each_text(h.published) p(topic, last)
        left join {self.service}.relayed r on r.workspace = h.workspace and r.topic = p.topic
        where p.last::bigint > coalesce(r.sequence, 0) group by 1"""
        with self.pool.connection() as connection:
            return [row["workspace"] for row in connection.execute(vouched(sql)).fetchall()]

    def _send(self, pages: Sequence[_Pending]) -> dict[str, Progress]:
        if not pages:
            return {}
        try:
            self._refuse_ahead()
            self.sink.send([record for page in pages for record in page.records])
        except Refused as refused:
            if len(pages) == 1 or isinstance(refused, Unreachable):
                return self._stop(pages)
            return {name: progress for page in pages for name, progress in self._send([page]).items()}
        failpoint("between send and position")
        self._store(pages)
        self.blocked.difference_update(page.workspace for page in pages)
        return {page.workspace: "more" if len(page.records) == PAGE else "done" for page in pages}

    def _refuse_ahead(self) -> None:
        """Send nothing after events that the store has lost: whoever heard them would take the new ones for known."""
        if self._compared:
            return
        self.ahead = self._lost(self.sink.newest())
        if self.ahead:
            log.error("topic ahead of store", service=self.service, topic=self.topic, workspace=self.ahead)
            raise AheadOfStore(self.ahead)
        self._compared = True

    def _lost(self, newest: Sequence[Envelope]) -> str:
        """Return a workspace of which an event of its present epoch (or one begun and lost since) is not in the store."""
        sql = f"""select n.workspace from
        unnest(%s::text[], %s::text[], %s::bigint[], %s::uuid[]) n(workspace, epoch, sequence, event_id)
        where n.epoch >= (select max(e.epoch) from {self.service}.epochs e where e.workspace = n.workspace)
        and not exists (select from {self.service}.published p where p.workspace = n.workspace and p.topic = %s
        and p.sequence = n.sequence and p.event_id = n.event_id) limit 1"""
        named = [(one.workspace, one.epoch, one.sequence, one.eventid) for one in newest]
        columns = [list(column) for column in zip(*named, strict=True)] or [[], [], [], []]
        with self.pool.connection() as connection:
            row = connection.execute(vouched(sql), (*columns, self.topic)).fetchone()
        return row["workspace"] if row else ""

    def _stop(self, pages: Sequence[_Pending]) -> dict[str, Progress]:
        names = [page.workspace for page in pages]
        self.blocked.update(names)
        log.warning("relay blocked", service=self.service, topic=self.topic, workspace=names[0], others=len(names) - 1)
        return dict.fromkeys(names, "failed")

    def _pending(self, workspaces: Sequence[str]) -> tuple[list[_Pending], set[str]]:
        """Return the next page of each workspace that has one, and the workspaces that did not fit in."""
        sql = f"""with at as (select w.workspace, coalesce(r.sequence, 0) as read
        from unnest(%(workspaces)s::text[]) w(workspace)
        left join {self.service}.relayed r on r.workspace = w.workspace and r.topic = %(topic)s)
        select at.read, p.* from at cross join lateral (select * from {self.service}.published p
        where p.workspace = at.workspace and p.topic = %(topic)s and p.sequence > at.read
        order by p.sequence limit {PAGE}) p order by p.workspace, p.sequence limit {MANY}"""
        with self.pool.connection() as connection:
            values = {"workspaces": list(workspaces), "topic": self.topic}
            rows = connection.execute(vouched(sql), values, prepare=True).fetchall()
        grouped = groupby(rows, key=lambda row: (row["workspace"], row["read"]))
        pages = [
            _Pending(workspace, read, tuple(envelope(self.service, row) for row in page))
            for (workspace, read), page in grouped
        ]
        if len(rows) < MANY:
            return pages, set()
        return pages, set(workspaces) - {page.workspace for page in pages[:-1]}

    def _store(self, pages: Sequence[_Pending]) -> None:
        """Move each position from where it was read; one that somebody else moved meanwhile stays."""
        sql = f"""with sent as (select * from unnest(%s::text[], %s::bigint[], %s::bigint[]) s(workspace, read, last)),
        moved as (update {self.service}.relayed r set sequence = s.last from sent s
        where r.workspace = s.workspace and r.topic = %s and r.sequence = s.read)
        insert into {self.service}.relayed (workspace, topic, sequence)
        select workspace, %s, last from sent where read = 0 on conflict do nothing"""
        sent = zip(*((page.workspace, page.read, page.records[-1].sequence) for page in pages), strict=True)
        with self.pool.connection() as connection:
            connection.execute(vouched(sql), (*map(list, sent), self.topic, self.topic), prepare=True)


@dataclass(frozen=True, slots=True)
class _Pending:
    """What a workspace has to send next, and the position it was read after."""

    workspace: str
    read: int
    records: tuple[Envelope, ...]
