"""How long a start takes where data exists, and how much memory a system holds that nobody asks anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from measuring import Figure, proportional_memory
from running import running

STARTS = 5
QUIET = 3.0
"""Seconds of rest before memory is read."""


def figures(home: Path) -> Iterator[Figure]:
    """Start the system several times, and look at its memory."""
    seconds: list[float] = []
    megabytes: list[float] = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with running(home) as system:
            seconds.append(time.perf_counter() - began)
            time.sleep(QUIET)
            megabytes.append(proportional_memory(system.everybody()))
    yield Figure("start until every part is well, data there", median(seconds), "s", "≤ 3")
    yield Figure("memory at rest, with PostgreSQL", median(megabytes), "MB", "≤ 300")
