"""The clocks of tests: one that stands still, and one time for every process that looks at a file."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chassis.virtual import FileClock, StandingClock

MONDAY = datetime(2025, 1, 6, 9, tzinfo=UTC)


def test_no_process_is_late_for_a_moment_that_another_has_seen(tmp_path: Path) -> None:
    one, other = (FileClock(tmp_path / "clock") for _ in range(2))
    one.at = MONDAY
    seen = max(one() for _ in range(1_000))
    assert MONDAY <= seen <= other()


def test_another_time_holds_at_once_for_every_process_and_goes_on_from_there(tmp_path: Path) -> None:
    one, other = (FileClock(tmp_path / "clock") for _ in range(2))
    one.at = MONDAY
    assert other.at >= MONDAY
    one.at = MONDAY - timedelta(days=30)
    assert MONDAY - timedelta(days=30) <= other() < MONDAY
    an_hour_ago = os.stat(tmp_path / "clock").st_mtime - 3_600
    os.utime(tmp_path / "clock", (an_hour_ago, an_hour_ago))
    assert other() >= MONDAY - timedelta(days=30) + timedelta(hours=1)


def test_a_standing_clock_never_shows_two_lookers_the_same_moment() -> None:
    clock = StandingClock(MONDAY)

    with ThreadPoolExecutor(8) as lookers:
        looks = [lookers.submit(clock) for _ in range(1_000)]
        seen = [look.result() for look in looks]

    assert len(set(seen)) == 1_000
    assert max(seen) == clock.at == MONDAY + timedelta(microseconds=137_000)
