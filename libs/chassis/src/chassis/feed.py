"""The catch-up feed: what a service has published, read from its own rows, in the order of each workspace's record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.sql import vouched
from chassis.store import Pool
from chassis.unit import Row
from contracts.envelope import Envelope, Reached

PAGE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Published events after a position; `through` is the last published sequence this page covers."""

    records: tuple[Envelope, ...]
    through: int


@dataclass(frozen=True, slots=True)
class Head:
    """How far a topic has come in one workspace: the present epoch and the last published sequence."""

    workspace: str
    epoch: str
    last: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of a workspace's log and the sequence it began after."""

    epoch: str
    base: int


@dataclass(frozen=True, slots=True)
class HeadWithEpochs:
    """A head, and every epoch of its workspace, oldest first."""

    workspace: str
    epoch: str
    last: int
    epochs: tuple[Epoch, ...]


class Feed(Protocol):
    """What a consumer asks an upstream service: rows in process, HTTP elsewhere."""

    def events(self, topic: str, workspace: str, after: int, limit: int = PAGE) -> Page:
        """Return published events of a workspace with a sequence above `after`, in order."""
        ...

    def heads(self, topic: str) -> Iterator[Head]:
        """Return the head of every workspace that has published on a topic."""
        ...

    def epochs(self, workspace: str) -> Sequence[Epoch]:
        """Return a workspace's epochs, oldest first."""
        ...


@dataclass
class StoredFeed:
    """The feed over a service's own published rows, read by its follower role."""

    service: str
    pool: Pool

    def events(self, topic: str, workspace: str, after: int, limit: int = PAGE) -> Page:
        """Return published events of a workspace with a sequence above `after`, in order."""
        sql = f"""select * from {self.service}.published
        where workspace = %s and topic = %s and sequence > %s order by sequence limit {limit}"""
        with self.pool.connection() as connection:
            rows = connection.execute(vouched(sql), (workspace, topic, after), prepare=True).fetchall()
        records = tuple(envelope(self.service, row) for row in rows)
        return Page(records, records[-1].sequence if records else after)

    def heads(self, topic: str) -> Iterator[Head]:
        """Return the head of every workspace that has published on a topic."""
        sql = f"""select workspace, epoch, (published ->> %s)::bigint as last from {self.service}.head
        where published ? %s order by workspace"""
        with self.pool.connection() as connection:
            rows = connection.execute(vouched(sql), (topic, topic)).fetchall()
        return iter([Head(**row) for row in rows])

    def page_of_heads(self, topic: str, after: str, limit: int, only: str | None = None) -> list[HeadWithEpochs]:
        """Return heads of workspaces above `after` (or of one), in their order, with epochs."""
        sql = f"""select h.workspace, h.epoch, (h.published ->> %(topic)s)::bigint as last,
        (select jsonb_agg(jsonb_build_object('epoch', e.epoch, 'base', e.base) order by e.epoch)
        from {self.service}.epochs e where e.workspace = h.workspace) as epochs
        from {self.service}.head h where h.published ? %(topic)s and h.workspace > %(after)s
        and (%(only)s::text is null or h.workspace = %(only)s) order by h.workspace limit %(limit)s"""
        with self.pool.connection() as connection:
            values = {"topic": topic, "after": after, "limit": limit, "only": only}
            rows = connection.execute(vouched(sql), values).fetchall()
        return [
            HeadWithEpochs(row["workspace"], row["epoch"], row["last"], tuple(Epoch(**one) for one in row["epochs"]))
            for row in rows
        ]

    def epochs(self, workspace: str) -> Sequence[Epoch]:
        """Return a workspace's epochs, oldest first."""
        sql = f"select epoch, base from {self.service}.epochs where workspace = %s order by epoch"
        with self.pool.connection() as connection:
            rows = connection.execute(vouched(sql), (workspace,)).fetchall()
        return [Epoch(**row) for row in rows]


def envelope(service: str, row: Row) -> Envelope:
    """Return a published row as it travels."""
    return Envelope(
        eventid=str(row["event_id"]),
        type=row["type"],
        source=service,
        topic=row["topic"],
        subject=row["subject"],
        workspace=row["workspace"],
        epoch=row["epoch"],
        sequence=row["sequence"],
        previous=row["previous"],
        after=tuple(Reached(**reached) for reached in row["after"]),
        actor=row["actor"],
        causationid=None if row["cause"] is None else str(row["cause"]),
        correlationid=row["correlation_id"],
        traceparent=row["traceparent"],
        time=row["recorded_at"],
        data=bytes(row["data"]),
    )
