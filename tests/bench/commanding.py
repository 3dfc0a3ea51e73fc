"""The processor time of a full command: HTTP in, decided, committed, answered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from companies import Waiting
from measuring import Figure
from running import Running, running

WARM_UP = 60
COMMANDS = 240
ANSWERING = str(Path(__file__).with_name("answering.py"))


def needed() -> int:
    """Return how many evaluations the measurements use up."""
    return 2 * (WARM_UP + COMMANDS)


def figures(home: Path, waiting: Iterator[Waiting]) -> Iterator[Figure]:
    """Measure approvals, one after the other: in a process whose followers do not run, then with all that follows."""
    with running(home, (ANSWERING,)) as alone:
        python, postgres = _per_command(alone, waiting)
    yield Figure("processor time of a command, Python and PostgreSQL", python + postgres, "ms", "≤ 3.5")
    yield Figure("processor time of a command, Python", python, "ms")
    yield Figure("processor time of a command, PostgreSQL", postgres, "ms")
    with running(home) as whole:
        python, postgres = _per_command(whole, waiting)
    yield Figure("processor time of an approval and all that follows, Python", python, "ms")
    yield Figure("processor time of an approval and all that follows, PostgreSQL", postgres, "ms")


def _per_command(system: Running, waiting: Iterator[Waiting]) -> tuple[float, float]:
    """Return the milliseconds of Python and of PostgreSQL that one approval costs."""
    asked = list(islice(waiting, WARM_UP + COMMANDS))
    tokens = system.tokens({one.workspace for one in asked})
    _approve(system, asked[:WARM_UP], tokens)
    before = system.spent()
    _approve(system, asked[WARM_UP:], tokens)
    after = system.spent()
    python, postgres = ((late - early) / COMMANDS * 1000 for early, late in zip(before, after, strict=True))
    return python, postgres


def _approve(system: Running, asked: list[Waiting], tokens: Mapping[str, str]) -> None:
    """Approve over one connection, and give whatever follows the time to end."""
    caller = system.caller()
    for one in asked:
        caller.approve(one.evaluation, tokens[one.workspace])
    caller.close()
    time.sleep(1)
