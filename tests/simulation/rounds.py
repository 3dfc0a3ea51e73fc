"""`make simulate`: any number of schedules, or one again; and the table of planted bugs in docs/simulation.md."""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import sys
import time
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import structlog

from chassis import testing
from chassis.clock import now
from chassis.postgres import Embedded

from .bugs import BUGS
from .company import COMPANY
from .head import HEAD
from .play import Play
from .schedule import Outcome, play
from .small import SMALL
from .world import UNSAFE, Plant, World, as_it_is

PLAYS = {play.name: play for play in (SMALL, COMPANY)}
TABLE = Path(__file__).parents[2] / "docs" / "simulation.md"
SERIES = (1,)
"""The first seed of every series that a planted bug is looked for in."""
LIMIT = 300
LONGEST = 110
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


def seeds_until_found(world: World, first: int, limit: int) -> tuple[int, list[str]]:
    """Play from a seed on until something is broken; return how many schedules that took, and what it is."""
    for count in range(1, limit + 1):
        if broken := play(world, first + count - 1).broken:
            return count, broken
    return limit, []


def main() -> int:
    """Play; return 1 when a schedule broke something."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--count", type=int, default=1_000, help="how many schedules")
    parser.add_argument("--seed", type=int, help="play this one again and print what happened")
    parser.add_argument("--first", type=int, default=secrets.randbelow(10**9), help="the first seed of many")
    parser.add_argument("--table", action="store_true", help="plant every bug and write docs/simulation.md")
    parser.add_argument("--play", choices=list(PLAYS), help="this play only")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if asked.table:
        with server() as embedded:
            TABLE.write_text(_table(embedded))
        return 0
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


def _table(embedded: Embedded) -> str:
    """Return docs/simulation.md."""
    rows: list[str] = []
    with testing.open_folder() as home, testing.fresh_database(embedded) as database:
        for bug in BUGS:
            with World(database, home, SMALL, bug.plant) as world:
                found = [seeds_until_found(world, first, LIMIT) for first in SERIES]
            counts = " · ".join(str(count) if broken else f"not in {count}" for count, broken in found)
            first = next((broken[0] for _, broken in found if broken), "–")
            rows.append(f"| {bug.name} | {bug.wrong} | {counts} | {_shown(first)} |")
            say(rows[-1])
    return "\n".join((HEAD.format(machine=machine(), series=", ".join(map(str, SERIES))), *rows, ""))


def _shown(broken: str) -> str:
    """Return a finding as a cell: what it says, without all its numbers."""
    text = broken.replace("|", "/")
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"


def machine() -> str:
    """Say when and on what this was played."""
    return f"{now().date()}, {os.cpu_count()} cores, Python {platform.python_version()}"


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
