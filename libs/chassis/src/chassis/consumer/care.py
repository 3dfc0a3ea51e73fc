"""Care after an unclean end: which events were there then, since one of them may have ended the process."""

from __future__ import annotations

import threading

from contracts.envelope import Envelope

Place = tuple[str, str]
"""A workspace and a topic."""
Reach = tuple[str, int]
"""An epoch and a sequence: epochs sort by minting time."""
Behind = dict[Place, tuple[Reach, Reach]]
"""What is behind: how far it is consumed, and how far it was published."""


class Care:
    """Tells which events are to be tried with care: those that were published and not consumed at an unclean end.

    What that was is known from the first comparison with the upstreams' heads that begins afterwards; until then it is
    every event. Once all of it is consumed, no care is needed any more.
    """

    def __init__(self, needed: bool = False) -> None:
        self._ends = int(needed)
        self._until: dict[Place, Reach] | None = None if needed else {}
        self._lock = threading.Lock()

    @property
    def needed(self) -> bool:
        """Whether anything that was there at an unclean end is still to be consumed."""
        return self._until is None or bool(self._until)

    def take(self) -> None:
        """Learn of an unclean end."""
        with self._lock:
            self._ends += 1
            self._until = None

    def suspects(self, record: Envelope) -> bool:
        """Say whether an event was there at the unclean end."""
        until, place = self._until, (record.workspace, record.topic)
        if until is None:
            return True
        return place in until and (record.epoch, record.sequence) <= until[place]

    def comparing(self) -> int:
        """Begin a comparison with the upstreams; what this returns is handed to `compared`."""
        return self._ends

    def compared(self, began: int, behind: Behind) -> None:
        """Take what was found behind."""
        with self._lock:
            if began != self._ends:
                return
            if self._until is None:
                self._until = {place: head for place, (_, head) in behind.items()}
                return
            self._until = {
                place: until for place, until in self._until.items() if place in behind and behind[place][0] < until
            }
