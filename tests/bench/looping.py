"""From an approval to a gap report that can be read: the whole system over HTTP, asked at a steady rate."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import median

from companies import Waiting
from measuring import Figure, percentile
from running import Running

RATES = ((1, 60), (20, 30))
"""Approvals a second, and for how many seconds."""
CALLERS = 40
"""How many may be on their way at once; at these rates none has to wait for another."""


def needed() -> int:
    """Return how many evaluations the measurements use up."""
    return sum(rate * seconds for rate, seconds in RATES)


def figures(system: Running, waiting: Iterator[Waiting]) -> Iterator[Figure]:
    """Measure the time from the moment an approval was due to be sent until its report was read."""
    for rate, seconds in RATES:
        asked = [next(waiting) for _ in range(rate * seconds)]
        taken = [one * 1000 for one in _at_rate(system, asked, rate)]
        yield Figure(f"approve → report readable at {rate}/s, p50", median(taken), "ms", "≤ 15")
        yield Figure(f"approve → report readable at {rate}/s, p99", percentile(taken, 0.99), "ms", "≤ 60")


def _at_rate(system: Running, asked: list[Waiting], rate: int) -> list[float]:
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


def _approve_and_read(system: Running, one: Waiting, token: str, due: float) -> float:
    caller = system.caller()
    caller.report(one.employee, token, caller.approve(one.evaluation, token))
    taken = time.perf_counter() - due
    caller.close()
    return taken
