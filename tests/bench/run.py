"""The benchmarks: measures what the design aims at, prints a table and writes `build/bench.json` (docs/benchmarks.md)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import appending
import commanding
import companies
import looping
import rebuilding
import resting
from measuring import Figure, load, machine, table, write
from running import folder, running

from chassis.telemetry import configure_logs

FOUND = Path(__file__).parents[2] / "build" / "bench.json"


def main() -> None:
    """Measure everything; some five minutes."""
    configure_logs("console", level="WARNING", stream=sys.stderr)
    with folder() as home:
        versions: list[str] = []
        before = load()
        say(f"Appending (load average {before}: the machine should do nothing else)")
        found = list(appending.figures(home, versions.append))
        found += _whole_system(home / "system")
    on = machine(*versions) | {"load before": before, "load at the end": load()}
    write(FOUND, found, on)
    sys.stdout.write(f"\n{table(found)}\n\n{', '.join(f'{name} {value}' for name, value in on.items())}\n")


def _whole_system(home: Path) -> Iterator[Figure]:
    """Measure the whole system, on data that is used up as it goes."""
    waiting = iter(companies.build(home, say))
    say("Starting")
    yield from resting.figures(home)
    say("Rebuilding")
    yield from rebuilding.figures(home)
    say("Approving, one after the other")
    yield from commanding.figures(home, waiting)
    say("Approving at steady rates")
    with running(home) as system:
        yield from looping.figures(system, waiting)


def say(what: str) -> None:
    """Tell what is being done, beside the table."""
    sys.stderr.write(f"── {what}\n")


if __name__ == "__main__":
    main()
