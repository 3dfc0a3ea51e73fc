"""The clock of tests over several processes: a file says what time it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

TICK: Final = timedelta(microseconds=137)


@dataclass
class FileClock:
    """Stands still until the file says another time (ISO 8601 with offset); a little later at each look, as a clock is.

    Setting `at` replaces the file whole, for every process that looks at it.
    """

    path: Path
    _said: str = ""
    _at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> datetime:
        """Return the time."""
        with self._lock:
            said = self.path.read_text()
            if said != self._said or self._at is None:
                self._said, self._at = said, datetime.fromisoformat(said)
            self._at += TICK
            return self._at

    @property
    def at(self) -> datetime:
        """The time that was last set."""
        return datetime.fromisoformat(self.path.read_text())

    @at.setter
    def at(self, moment: datetime) -> None:
        partial = self.path.with_suffix(".partial")
        partial.write_text(moment.isoformat())
        partial.replace(self.path)
