"""Clocks beside the one on the wall: one stands still until it is moved, one goes on from what a file says."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from chassis.clock import now

LOOK = timedelta(microseconds=137)


@dataclass
class StandingClock:
    """Stands still until it is moved; a little later at each look, from whichever thread, as a clock is."""

    at: datetime
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def __call__(self) -> datetime:
        """Return the time."""
        with self._lock:
            self.at += LOOK
            return self.at


@dataclass
class FileClock:
    """Goes on from what the file says (ISO 8601 with offset) since it was written: for every process the same moment.

    The clock of tests over several processes: one that each process counted by itself would let one be late for what
    another wrote down.
    """

    path: Path

    def __call__(self) -> datetime:
        """Return the time."""
        with self.path.open() as file:
            written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            return datetime.fromisoformat(file.read()) + max(now() - written, timedelta())

    @property
    def at(self) -> datetime:
        """The time; set, it is another one from now on for every process that looks."""
        return self()

    @at.setter
    def at(self, moment: datetime) -> None:
        partial = self.path.with_suffix(".partial")
        partial.write_text(moment.isoformat())
        partial.replace(self.path)
