"""Waiting in a test: for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], what: str = "it", seconds: float = 240) -> T:
    """Wait until a condition finds something, and return that; fail with what did not come about where it never does.

    Nothing is timed here: the patience is generous, so that only what never comes is told from what is slow.
    """
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come about")
        time.sleep(0.01)
    return found
