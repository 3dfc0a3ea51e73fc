"""Opened part keys, kept for a moment: bounded in number and in time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from chassis.cipher.sealing import Key
from chassis.cipher.vault import Place

__all__ = ["KeyCache"]


class KeyCache:
    """The keys used last, each for at most `life` seconds after it was read from the database.

    So what another process destroys is unreadable here after `life`, whether or not this one was told. A key that was
    read before an eviction and arrives after it is not kept.
    """

    def __init__(self, size: int, life: float, clock: Callable[[], float]) -> None:
        self._size, self._life, self._clock = size, life, clock
        self._lock = threading.Lock()
        self._keys: OrderedDict[Place, tuple[float, Key | None]] = OrderedDict()
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, places: Iterable[Place]) -> dict[Place, Key | None]:
        """Return what is known of `places`: None stands for a destroyed key; the unknown are left out."""
        now = self._clock()
        known: dict[Place, Key | None] = {}
        with self._lock:
            for place in places:
                entry = self._keys.get(place)
                if entry is not None and entry[0] > now:
                    self._keys.move_to_end(place)
                    known[place] = entry[1]
        return known

    def put(self, keys: Mapping[Place, Key | None], read_at: float, evictions: int) -> None:
        """Keep `keys`, which were asked for at `read_at` when `evictions` had been made."""
        with self._lock:
            if evictions != self.evictions:
                return
            for place, key in keys.items():
                self._keys[place] = (read_at + self._life, key)
                self._keys.move_to_end(place)
            while len(self._keys) > self._size:
                self._keys.popitem(last=False)

    def evict(self, those: Callable[[Place], bool]) -> None:
        """Forget the places for which `those` says so."""
        with self._lock:
            self.evictions += 1
            for place in [place for place in self._keys if those(place)]:
                del self._keys[place]
