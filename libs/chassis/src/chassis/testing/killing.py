"""What runs in a test ended at a failpoint, as a process would be that is killed there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from chassis.steps import arm, disarm


class Killed(BaseException):
    """Nothing handles it, as nothing handles a kill."""


@contextmanager
def killed_at(point: str) -> Generator[None]:
    """Kill what runs in the block at a failpoint; fail where it never comes there."""

    def kill() -> None:
        raise Killed

    arm(point, kill)
    try:
        yield
    except Killed:
        return
    finally:
        disarm(point)
    raise AssertionError(f"nothing came to the failpoint {point}")
