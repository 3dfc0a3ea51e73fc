"""From an approval to a gap report that can be read: the whole system over HTTP, asked at a steady rate."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import median
from typing import Protocol

from companies import Waiting
from measuring import Figure, percentile
from running import Caller

Rates = Sequence[tuple[int, int]]
"""Approvals a second, and for how many seconds."""
RATES: Rates = ((1, 60), (20, 30))
CALLERS = 40
"""How many may be on their way at once; at these rates none has to wait for another."""


class System(Protocol):
    """What is asked, in whatever way its parts run."""

    def tokens(self, workspaces: Iterable[str]) -> dict[str, str]:
        """Return a fresh token of an HR admin of each workspace."""
        ...

    def caller(self) -> Caller:
        """Return somebody at its doors."""
        ...


def needed(rates: Rates = RATES) -> int:
    """Return how many evaluations the measurements use up."""
    return sum(rate * seconds for rate, seconds in rates)


def figures(
    system: System,
    waiting: Iterator[Waiting],
    what: str = "approve → report readable",
    rates: Rates = RATES,
    p50: str = "≤ 15",
    p99: str = "≤ 60",
) -> Iterator[Figure]:
    """Measure the time from the moment an approval was due to be sent until its report was read."""
    for rate, seconds in rates:
        asked = [next(waiting) for _ in range(rate * seconds)]
        taken = [one * 1000 for one in _at_rate(system, asked, rate)]
        yield Figure(f"{what} at {rate}/s, p50", median(taken), "ms", p50)
        yield Figure(f"{what} at {rate}/s, p99", percentile(taken, 0.99), "ms", p99)


def _at_rate(system: System, asked: list[Waiting], rate: int) -> list[float]:
    """Ask whether or not earlier ones were answered (open loop): arrivals at random, from a fixed seed."""
    dice = random.Random(rate)
    tokens = system.tokens({one.workspace for one in asked})
    due = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        running: list[Future[float]] = []
        for one in asked:
            due += dice.expovariate(rate)
            time.sleep(max(0.0, due - time.perf_counter()))
            running.append(callers.submit(_approve_and_read, system, one, tokens[one.workspace], due))
        return [one.result() for one in running]


def _approve_and_read(system: System, one: Waiting, token: str, due: float) -> float:
    caller = system.caller()
    caller.report(one.employee, token, caller.approve(one.evaluation, token))
    taken = time.perf_counter() - due
    caller.close()
    return taken
