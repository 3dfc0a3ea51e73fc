"""`make faults`, second half: every fault between the services, as often as it is worth, on one platform."""

from __future__ import annotations

import argparse
import random
import secrets
import shutil
import sys
import time
import traceback

from chassis.testing.kafka import NoKafka

from .. import page
from ..faults import Outcome
from ..page import PARTS, ROOT, say
from .faults import FAULTS, Fault, Scene, live_through
from .platform import Platform, platform

KEPT = ROOT / "build" / "faults" / "over-kafka"
"""Where the logs of every process stay when something was broken."""


def main() -> int:
    """Play every fault; return 1 when one broke something, 2 where this machine can run no Kafka."""
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--times", type=int, default=10, help="play no fault more often than this")
    parser.add_argument("--only", help="play only the fault whose name begins so; the page stays as it is")
    asked = parser.parse_args()
    faults = [one for one in FAULTS if one.name.startswith(asked.only or "")]
    say(f"── {len(faults)} faults between services, seed {asked.seed} (a minute or two each); starting the platform")
    played: dict[Fault, Outcome] = {}
    try:
        with platform() as running:
            for fault in faults:
                played[fault] = _play(running, fault, asked.seed, asked.times)
                if not asked.only:
                    page.write(PARTS[1], table(asked.seed, played))
            _keep_logs(running, played)
    except NoKafka as missing:
        say(f"The faults between services cannot be played here: {missing}")
        return 2
    return 1 if any(outcome.broken for outcome in played.values()) else 0


def _play(running: Platform, fault: Fault, seed: int, times: int) -> Outcome:
    begin = time.monotonic()
    try:
        scene = Scene(running, running.found(), random.Random(f"{seed}/{fault.name}"), min(times, fault.times))
        outcome = live_through(scene, fault)
    except Exception:  # noqa: BLE001  (whatever stops a fault's round is what it found)
        outcome = Outcome(broken=[traceback.format_exc()])
    took = time.monotonic() - begin
    back = ", ".join(f"back in {one:.1f} s" for one in outcome.recoveries)
    say(f"{fault.name}: {len(outcome.broken)} broken, {back} ({took:.0f} s)")
    for one in outcome.broken:
        say(f"     {one}")
    return outcome


def _keep_logs(running: Platform, played: dict[Fault, Outcome]) -> None:
    if any(outcome.broken for outcome in played.values()):
        shutil.rmtree(KEPT, ignore_errors=True)
        shutil.copytree(running.processes.logs, KEPT)
        say(f"The logs of the platform are in {KEPT}.")


def table(seed: int, played: dict[Fault, Outcome]) -> str:
    """Return this part of docs/faults.md."""
    rows = [
        f"| {fault.name} | {fault.how} | {len(outcome.recoveries)} | {len(outcome.broken)} "
        f"| {max(outcome.recoveries, default=0.0):.1f} |"
        for fault, outcome in played.items()
    ]
    return "\n".join((_HEAD.format(seed=seed, machine=page.machine()), *rows, ""))


_HEAD = """Every service is an `api` and a `worker` process of its own, evaluation-svc with two workers; one PostgreSQL, three
brokers of Apache Kafka, topics on all three. A company is made for each fault; what has died is started again by its
supervisor.

A service also asks for what it has not heard, every half minute, so that hearing everything proves nothing about Kafka.
Each time, once nobody works, it is therefore looked at too: every worker is well with Kafka, every group has come to the
end of what it hears, and what was published stands on its topic (without what a fault deleted there on purpose).

`make test` plays each fault once and lets no time pass for its own sake: Kafka is gone (60 s), a worker paused (30 s more)
and a database to be set back (ten minutes) for as long as 20 to 40 commands take, and a group changes hands twice (20
times).

*Recovery* is the time from the end of a fault until every client was answered again, every relay had sent and every
service had heard all that was published by then. It is recorded, never asserted.

Seed {seed}; {machine}.
One fault again: `make faults ROUNDS=0 SEED={seed} FAULT="…"`; not as often: `TIMES=1`.

| fault | how injected | times | invariants broken | worst recovery, s |
| --- | --- | --- | --- | --- |"""


if __name__ == "__main__":
    sys.exit(main())
