"""The benchmarks: measures what the design aims at, prints a table and writes `build/bench.json` (docs/benchmarks.md)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apart
import appending
import commanding
import companies
import looping
import rebuilding
import resting
import transporting
from companies import Waiting
from measuring import Figure, load, machine, table, write
from running import folder, running

from chassis.telemetry import configure_logs
from chassis.testing.kafka import NoKafka, cluster

FOUND = Path(__file__).parents[2] / "build" / "bench.json"


def main() -> None:
    """Measure everything; some nine minutes, half of which go over Kafka."""
    configure_logs("console", level="WARNING", stream=sys.stderr)
    with folder() as home:
        versions: list[str] = []
        before = load()
        say(f"Appending (load average {before}: the machine should do nothing else)")
        found = list(appending.figures(home, versions.append))
        waiting = companies.build(home / "system", say)
        subprocess.run(["cp", "-a", str(home / "system"), str(home / "apart")], check=True)
        found += _one_process(home / "system", iter(waiting))
        found += _over_kafka(home, iter(waiting))
    on = machine(*versions) | {"load before": before, "load at the end": load()}
    write(FOUND, found, on)
    sys.stdout.write(f"\n{table(found)}\n\n{', '.join(f'{name} {value}' for name, value in on.items())}\n")


def _one_process(home: Path, waiting: Iterator[Waiting]) -> Iterator[Figure]:
    """Measure the whole system in one process, on data that is used up as it goes."""
    say("Starting")
    yield from resting.figures(home)
    say("Rebuilding")
    yield from rebuilding.figures(home)
    say("Approving, one after the other")
    yield from commanding.figures(home, waiting)
    say("Approving at steady rates")
    with running(home) as system:
        yield from looping.figures(system, waiting)


def _over_kafka(home: Path, waiting: Iterator[Waiting]) -> Iterator[Figure]:
    """Measure the same over a real Kafka, where this machine can run one."""
    try:
        with cluster(FOUND.parent) as kafka:
            say("Carrying events over Kafka")
            yield from transporting.figures(home, kafka)
            say("Running every service as processes of its own")
            yield from apart.figures(home / "apart", kafka, waiting)
    except NoKafka as missing:
        say(f"Nothing was measured over Kafka: {missing}")


def say(what: str) -> None:
    """Tell what is being done, beside the table."""
    sys.stderr.write(f"── {what}\n")


if __name__ == "__main__":
    main()
