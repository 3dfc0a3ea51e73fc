"""What was delivered and not applied yet, and which topics are known to be behind; lost without harm, the feed has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from chassis.consumer.positions import At
from chassis.feed import Feed
from contracts.envelope import Envelope

Place = tuple[str, str]
"""A workspace and a topic."""
OFFERED = 1_000
"""Records kept in memory per workspace and topic until their turn; beyond it the feed has them."""


@dataclass
class Delivered:
    """Records by workspace, topic and sequence; any thread may bring some."""

    feeds: Mapping[str, Feed]
    _records: dict[Place, dict[int, Envelope]] = field(default_factory=dict[Place, dict[int, Envelope]])
    _behind: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _later_epochs: dict[Place, str] = field(default_factory=dict[Place, str])
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def add(self, records: Iterable[Envelope]) -> None:
        """Keep records of the topics that are heard; where there is no room for one, its topic is behind."""
        with self._lock:
            for record in records:
                if record.topic in self.feeds:
                    kept = self._records.setdefault((record.workspace, record.topic), {})
                    if len(kept) < OFFERED:
                        kept[record.sequence] = record
                    else:
                        self._behind.setdefault(record.workspace, set()).add(record.topic)

    def note_behind(self, workspace: str, topics: Iterable[str]) -> None:
        """Note topics whose feed is to be asked at the next step."""
        with self._lock:
            self._behind.setdefault(workspace, set()).update(topics)

    def note_epoch(self, workspace: str, topic: str, epoch: str) -> None:
        """Note that an upstream was seen in a later epoch."""
        with self._lock:
            self._later_epochs[workspace, topic] = epoch

    def to_do(self, workspace: str) -> tuple[list[str], set[str]]:
        """Return the topics to look at, and those whose feed is to be asked though nothing of them was delivered.

        Where something was delivered, only that and what is known to be behind is looked at; else every topic is.
        """
        with self._lock:
            delivered = {topic for topic in self.feeds if (workspace, topic) in self._records}
            behind = self._behind.pop(workspace, set[str]())
        asked = behind if delivered else set(self.feeds)
        return [topic for topic in self.feeds if topic in delivered or topic in asked], asked

    def has_any(self, workspace: str, topic: str) -> bool:
        """Say whether anything of a topic is kept."""
        return (workspace, topic) in self._records

    def after(self, workspace: str, topic: str, at: At) -> list[Envelope]:
        """Return the records that follow a position without a gap; what lies at or before it is forgotten.

        So is a record of another epoch than the one that is followed: whether it counts only the feed can say.
        """
        self._drop(
            workspace, topic, lambda one: one.sequence <= at.sequence or (at.stored and one.epoch != at.epoch)
        )
        with self._lock:
            kept = self._records.get((workspace, topic), {})
            in_order = [kept[sequence] for sequence in sorted(kept)]
        run: list[Envelope] = []
        last = at.sequence
        for record in in_order:
            if record.previous > last:
                break
            run.append(record)
            last = record.sequence
        return run

    def latest_epoch(self, workspace: str, topic: str) -> str:
        """Return the latest epoch that a head or a kept record was seen in; empty where there is none."""
        with self._lock:
            kept = [record.epoch for record in self._records.get((workspace, topic), {}).values()]
            return max((self._later_epochs.pop((workspace, topic), ""), *kept))

    def forget_epoch(self, workspace: str, topic: str, epoch: str) -> bool:
        """Drop what was delivered of an epoch; say whether that was anything."""
        return self._drop(workspace, topic, lambda one: one.epoch == epoch)

    def forget(self, workspace: str, topic: str, up_to: int) -> None:
        """Drop the records up to a sequence: they are applied, or were before they came."""
        self._drop(workspace, topic, lambda one: one.sequence <= up_to)

    def _drop(self, workspace: str, topic: str, those: Callable[[Envelope], bool]) -> bool:
        """Drop some records, and their place with the last of them; say whether that was any."""
        with self._lock:
            kept = self._records.get((workspace, topic), {})
            dropped = [sequence for sequence, record in kept.items() if those(record)]
            for sequence in dropped:
                del kept[sequence]
            if not kept:
                self._records.pop((workspace, topic), None)
        return bool(dropped)
