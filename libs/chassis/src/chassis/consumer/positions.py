"""How far every topic was consumed, and where to go on when a restored upstream began a later epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from chassis.feed import Epoch, Feed
from chassis.sql import vouched
from chassis.store import Connection, Pool, transaction
from contracts.envelope import Envelope, Reached

PLACES = 100_000
"""Positions kept in memory, so that they need not be read before each run."""


@dataclass(frozen=True, slots=True)
class At:
    """A consumer's place on a topic of one workspace; `stored` is False before its first event.

    `epoch` is the one in which the topic is followed: of earlier ones its log holds the events up to where they ended.
    """

    epoch: str
    sequence: int
    stored: bool


NOWHERE = At("", 0, stored=False)


def place(record: Envelope) -> tuple[str, str, str, int]:
    """Return where a record stands: workspace, topic, epoch and sequence, which no other record shares."""
    return record.workspace, record.topic, record.epoch, record.sequence


@dataclass(frozen=True, slots=True)
class Visit:
    """How far a topic was followed in one of its epochs, and up to where that was what was followed before."""

    epoch: str
    sequence: int
    base: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Where to go on in the latest epoch of a topic; up to `base` its log is the one that was followed before."""

    sequence: int
    base: int


def entered(visits: Sequence[Visit], epochs: Sequence[Epoch]) -> Entry:
    """Go on at the lowest of the position and all bases since (architecture: the epoch rule).

    `visits` are the epochs that were followed, the latest first. One that the upstream does not list is of a log that
    a backup from before it has replaced: what was heard from where it began is not this log's.
    """
    listed = {one.epoch for one in epochs}
    replaced = list(takewhile(lambda visit: visit.epoch not in listed, visits)) if listed else []
    common = visits[len(replaced)].epoch if len(replaced) < len(visits) else ""
    ended = [*(visit.base for visit in replaced), *(one.base for one in epochs if one.epoch > common)]
    base = min(ended, default=visits[0].sequence)
    return Entry(min(visits[0].sequence, base), base)


def is_reached(feed: Feed, workspace: str, at: At, wanted: Reached) -> bool:
    """Say whether a position covers another, or all that is left of it: what an ended epoch held above its end is lost."""
    if not at.stored or at.epoch < wanted.epoch:
        return False
    if at.epoch == wanted.epoch or at.sequence >= wanted.sequence:
        return at.sequence >= wanted.sequence
    since = [one.base for one in feed.epochs(workspace) if one.epoch > wanted.epoch]
    left = min([wanted.sequence, *since])
    following = feed.events(wanted.topic, workspace, at.sequence, 1).records
    return at.sequence >= left or not following or following[0].sequence > left


def beside(consumed: Mapping[str, At]) -> tuple[Reached, ...]:
    """Return what was consumed of every topic as it is published with what follows from it."""
    return tuple(Reached(topic=topic, epoch=at.epoch, sequence=at.sequence) for topic, at in consumed.items())


@dataclass
class Positions:
    """The positions of one service as its rows hold them; what this process moved it also remembers."""

    schema: str
    pool: Pool
    follower_pool: Pool
    _known: dict[tuple[str, str], At] = field(default_factory=dict[tuple[str, str], At])

    def known(self, workspace: str, topic: str) -> At:
        """Return how far a topic was consumed, as far as this process knows: the compare-and-set has the last word."""
        known = self._known.get((workspace, topic))
        return known if known is not None else self.stored(workspace, topic)

    def stored(self, workspace: str, topic: str) -> At:
        """Return how far a topic was consumed for a workspace."""
        sql = f"""select epoch, sequence from {self.schema}.positions where workspace = %s and topic = %s
        order by epoch desc limit 1"""
        with transaction(self.pool, workspace) as connection:
            row = connection.execute(vouched(sql), (workspace, topic), prepare=True).fetchone()
        return At(row["epoch"], row["sequence"], stored=True) if row else NOWHERE

    def of_all(self, topic: str) -> dict[str, At]:
        """Return how far a topic was consumed, by workspace."""
        sql = f"""select distinct on (workspace) workspace, epoch, sequence from {self.schema}.positions
        where topic = %s order by workspace, epoch desc"""
        with self.follower_pool.connection() as connection:
            rows = connection.execute(vouched(sql), (topic,)).fetchall()
        return {row["workspace"]: At(row["epoch"], row["sequence"], stored=True) for row in rows}

    def standing(self, connection: Connection, workspace: str, topic: str) -> tuple[dict[str, At], set[str]]:
        """Return how far every topic was consumed, and the subjects of one that are parked; asks once for both."""
        sql = f"""(select distinct on (topic) topic, epoch, sequence, null as subject from {self.schema}.positions
        where workspace = %(workspace)s order by topic, epoch desc) union all
        select distinct null, null, 0, subject from {self.schema}.parked
        where workspace = %(workspace)s and topic = %(topic)s and status = 'parked'"""
        values = {"workspace": workspace, "topic": topic}
        rows = connection.execute(vouched(sql), values, prepare=True).fetchall()
        consumed = {row["topic"]: At(row["epoch"], row["sequence"], stored=True) for row in rows if row["topic"]}
        return consumed, {row["subject"] for row in rows if not row["topic"]}

    def visited(self, connection: Connection, workspace: str, topic: str) -> list[Visit]:
        """Return the epochs of a topic that were followed, the latest first."""
        sql = f"""select epoch, sequence, base from {self.schema}.positions where workspace = %s and topic = %s
        order by epoch desc"""
        return [Visit(**row) for row in connection.execute(vouched(sql), (workspace, topic)).fetchall()]

    def moved(self, last: Envelope, epoch: str) -> None:
        """Remember that everything up to a record is done, as it is followed in an epoch."""
        if len(self._known) >= PLACES:
            self._known.clear()
        self._known[last.workspace, last.topic] = At(epoch, last.sequence, stored=True)

    def forget(self, workspace: str, topic: str) -> None:
        """Look at the rows next time: a run began, and nobody knows yet how it ends."""
        self._known.pop((workspace, topic), None)
