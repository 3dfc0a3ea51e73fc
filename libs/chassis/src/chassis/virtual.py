"""The clock of tests over several processes: a file says what time it was when it was written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chassis.clock import now


@dataclass
class FileClock:
    """Goes on from what the file says (ISO 8601 with offset) since it was written: for every process the same moment.

    A clock that each process counted by itself would let one be late for what another wrote down.
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
