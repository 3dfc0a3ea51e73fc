"""`make simulate`: any number of schedules, or one again; and the table of planted bugs in docs/simulation.md."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
import traceback
from collections.abc import Generator
from contextlib import contextmanager

import structlog

from chassis import testing
from chassis.postgres import Embedded

from .company import COMPANY
from .play import Play
from .schedule import Outcome, play
from .small import SMALL
from .world import UNSAFE, Plant, World, as_it_is

PLAYS = {play.name: play for play in (SMALL, COMPANY)}
SHOWN = 12
"""Findings of a seed that are printed."""


@contextmanager
def server() -> Generator[Embedded]:
    """Start a server without sync; nothing of it stays."""
    with testing.open_folder() as folder, Embedded(folder / "simulated", UNSAFE) as embedded:
        yield embedded


@contextmanager
def opened(embedded: Embedded, of: Play, plant: Plant = as_it_is) -> Generator[World]:
    """Open a world of a play on a database of its own."""
    with (
        testing.open_folder() as home,
        testing.fresh_database(embedded) as database,
        World(database, home, of, plant) as world,
    ):
        yield world


def main() -> int:
    """Play; return 1 when a schedule broke something."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--count", type=int, default=1_000, help="how many schedules")
    parser.add_argument("--seed", type=int, help="play this one again and print what happened")
    parser.add_argument("--first", type=int, default=secrets.randbelow(10**9), help="the first seed of many")
    parser.add_argument("--play", choices=list(PLAYS), help="this play only")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    plays = [PLAYS[asked.play]] if asked.play else list(PLAYS.values())
    with server() as embedded:
        if asked.seed is not None:
            return max(_again(embedded, one, asked.seed) for one in plays)
        return _many(embedded, plays, asked.first, asked.count)


def _again(embedded: Embedded, of: Play, seed: int) -> int:
    with opened(embedded, of) as world:
        outcome = play(world, seed)
    say(f"── {of.name}, seed {seed}: {outcome.habits}")
    for line in outcome.trace:
        say(line)
    _tell(of, outcome)
    return 1 if outcome.broken else 0


def _many(embedded: Embedded, plays: list[Play], first: int, count: int) -> int:
    """Play so many schedules, of the real services one in ten; tell what each broke."""
    broken, began = 0, time.monotonic()
    shares = {"small": count - count // 10, "company": count // 10} if len(plays) > 1 else {plays[0].name: count}
    for of in plays:
        say(f"── {shares[of.name]} schedules of the play {of.name}, seeds from {first}")
        with opened(embedded, of) as world:
            for seed in range(first, first + shares[of.name]):
                outcome = play(world, seed)
                broken += bool(outcome.broken)
                _tell(of, outcome)
    took = time.monotonic() - began
    say(f"── {count} schedules in {took:.0f} s, {broken} of them broke something")
    return 1 if broken else 0


def _tell(of: Play, outcome: Outcome) -> None:
    if not outcome.broken:
        return
    say(f"{of.name} SEED={outcome.seed}: {outcome.habits}")
    for one in outcome.broken[:SHOWN]:
        say(f"     {one}")
    for error in outcome.errors[:1]:
        say("".join(traceback.format_exception(error)))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
