"""A thousand schedules of one seed each: whatever goes wrong on the way, every invariant holds in the end.

commands, relays, consumers, views, clocks held and killed anywhere → calm → everything heard, nothing doubled or lost
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PROCESSES, IN_EACH = 2, 500
"""As many processes as a small machine has cores; nine of ten schedules are of the small play."""
PATIENCE = 1_700


@pytest.mark.timeout(PATIENCE + 60)
def test_every_invariant_and_every_promise_holds_after_a_thousand_schedules() -> None:
    firsts = [1 + number * IN_EACH for number in range(PROCESSES)]

    players = [_played(first) for first in firsts]

    told = [player.communicate(timeout=PATIENCE)[0] for player in players]
    assert [player.returncode for player in players] == [0] * PROCESSES, "\n".join(told)


def _played(first: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simulation.rounds", "--first", str(first), "--count", str(IN_EACH)]
    return subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
