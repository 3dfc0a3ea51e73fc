"""Waiting for what was written: whether the views of a service show what a position stands for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from chassis.consumer import Consumer
from chassis.feed import Feed
from chassis.projection import Projections
from chassis.sql import vouched
from chassis.store import Pool
from chassis.unit import Position

SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 0.25
"""Seconds between two looks of whoever waits for a position, unless something moves in this process meanwhile."""


@dataclass(frozen=True, slots=True)
class WaitResult:
    """Whether a read would show what a position stands for."""

    state: Literal["reached", "behind", "passed over", "parked", "unknown"]
    detail: str = ""


@dataclass
class Waiting:
    """Where the followers of a service are, for whoever waits for them."""

    service: str
    pool: Pool
    feed: Feed
    projections: Projections
    consumer: Consumer
    _moved: threading.Condition = field(default_factory=threading.Condition)

    def reached(self, workspace: str, position: Position) -> WaitResult:
        """Say whether this service's views show what a position stands for."""
        if position.name == self.service:
            return self._own(workspace, position)
        if position.name not in self.consumer.feeds:
            return WaitResult("passed over")
        return self._heard(workspace, position)

    def wait(self, workspace: str, positions: Iterable[Position], timeout: float) -> WaitResult:
        """Wait until every position is reached; return the first that is not.

        Progress in this process ends a pause at once; what other processes do is looked for at growing intervals.
        """
        deadline, pause = time.monotonic() + timeout, SHORTEST_PAUSE
        for position in positions:
            while (found := self.reached(workspace, position)).state == "behind":
                left = deadline - time.monotonic()
                if left <= 0:
                    return found
                with self._moved:
                    self._moved.wait(min(left, pause))
                pause = min(2 * pause, LONGEST_PAUSE)
            if found.state in ("parked", "unknown"):
                return found
        return WaitResult("reached")

    def look_again(self) -> None:
        """Let whoever waits for a position look at once."""
        with self._moved:
            self._moved.notify_all()

    def _own(self, workspace: str, position: Position) -> WaitResult:
        seen = self.projections.position(workspace)
        if seen >= position.sequence or self._is_lost(workspace, position):
            return WaitResult("reached")
        if position.sequence > (head := self._head(workspace)):
            return WaitResult("unknown", f"{self.service} has recorded {head} events here")
        return WaitResult("behind", f"views at {seen}")

    def _heard(self, workspace: str, position: Position) -> WaitResult:
        at = self.consumer.position(workspace, position.name)
        if at.epoch < position.epoch or (at.epoch == position.epoch and at.sequence < position.sequence):
            return WaitResult("behind", f"{position.name} at {at.sequence}")
        parked = self._parked_at(workspace, position)
        if parked:
            return WaitResult("parked", parked)
        head = self._head(workspace)
        seen = self.projections.position(workspace)
        return WaitResult("reached") if seen >= head else WaitResult("behind", f"views at {seen} of {head}")

    def _is_lost(self, workspace: str, position: Position) -> bool:
        """Say whether a position lies above the end of its epoch: a restore lost it, and nobody need wait for it."""
        since = [one.base for one in self.feed.epochs(workspace) if one.epoch > position.epoch]
        return position.sequence > min(since, default=position.sequence)

    def _head(self, workspace: str) -> int:
        with self.pool.connection() as connection:
            sql = f"select sequence from {self.service}.head where workspace = %s"
            row = connection.execute(vouched(sql), (workspace,), prepare=True).fetchone()
        return row["sequence"] if row else 0

    def _parked_at(self, workspace: str, position: Position) -> str:
        sql = f"""select event_id, reason from {self.service}.parked
        where workspace = %s and topic = %s and sequence = %s and status = 'parked'"""
        with self.pool.connection() as connection:
            values = (workspace, position.name, position.sequence)
            row = connection.execute(vouched(sql), values, prepare=True).fetchone()
        return f"event {row['event_id']}: {row['reason']}" if row else ""
