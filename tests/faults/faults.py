"""The faults: what breaks, how it is brought about, and how a system lives through one after another under load."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from chassis.postgres.leftovers import processes_in

from .company import Prepared
from .killable import Killable
from .load import Load, unkept

VIEWS = ("people", "evaluation_list", "report_list", "report_versions", "standings", "deadlines")


@dataclass(frozen=True)
class Fault:
    """One thing that may break; `point` is where the process kills itself, at the latest in its `most`-th passage."""

    name: str
    how: str
    strike: Callable[[Load[Killable], random.Random], None]
    point: str = ""
    most: int = 1

    def armed(self, chance: random.Random) -> str:
        """Return the failpoint a process is started with, or nothing."""
        return f"{self.point}:{chance.randint(1, self.most)}" if self.point else ""


@dataclass
class Outcome:
    """What became of a system that lived through faults: seconds until each was got over, and what is broken now."""

    recoveries: list[float] = field(default_factory=list[float])
    broken: list[str] = field(default_factory=list[str])


def at_point(point: str, most: int) -> Fault:
    """Return the fault that the process is killed at a named point."""
    how = f"kill −9 at the failpoint, at one of its first {most} passages"
    return Fault(f"process killed {point}", how, wait_for_death, point, most)


def wait_for_death(load: Load[Killable], _: random.Random) -> None:
    """Wait until the process has killed itself."""
    load.wait_until(load.system.has_died, "the process never came to the point where it was to die")


def kill_outside(load: Load[Killable], chance: random.Random) -> None:
    """Kill the process from outside at a random moment."""
    time.sleep(chance.uniform(0.05, 1.5))
    load.system.end(signal.SIGKILL)


def kill_twice(load: Load[Killable], chance: random.Random) -> None:
    """Kill the process, and again while it comes back."""
    kill_outside(load, chance)
    load.system.launch()
    time.sleep(chance.uniform(0.2, 4.0))
    load.system.end(signal.SIGKILL)


def kill_postgres(load: Load[Killable], chance: random.Random) -> None:
    """Kill PostgreSQL's first process at a random moment; ours lives on and has to bring it back."""
    time.sleep(chance.uniform(0.05, 1.5))
    os.kill(load.system.postmaster(), signal.SIGKILL)


def kill_backend(load: Load[Killable], chance: random.Random) -> None:
    """Kill one of PostgreSQL's other processes; it throws every connection out and recovers by itself."""
    time.sleep(chance.uniform(0.05, 1.5))
    first = load.system.postmaster()
    others = sorted(one for one in processes_in(load.system.data) if one != first)
    os.kill(chance.choice(others), signal.SIGKILL)


def cut_power(load: Load[Killable], chance: random.Random) -> None:
    """Kill both at once."""
    time.sleep(chance.uniform(0.05, 1.5))
    first = load.system.postmaster()
    load.system.end(signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(first, signal.SIGKILL)


def kill_during_rebuild(load: Load[Killable], chance: random.Random) -> None:
    """Have a view rebuilt; the process kills itself within."""
    with suppress(httpx.TransportError):
        load.system.operator("POST", "/rebuilds", {"view": chance.choice(VIEWS)})
    wait_for_death(load, chance)


WRITING = (at_point("before append", 30), at_point("before commit", 30))
ANSWERING = (at_point("after commit", 30), at_point("before answer", 30))
FOLLOWING = (at_point("between send and position", 20), at_point("before view commit", 30))
HEARING = (at_point("during a consumer", 20), at_point("after consumer commit", 20))
FORGETTING = (at_point("between firing and mark", 3), at_point("after the list of erasures", 4))
REBUILDING = (
    Fault("process killed during a rebuild", "kill −9 at the failpoint, a random view", kill_during_rebuild, "during rebuild"),
)
AT_ANY_MOMENT = (Fault("process killed from outside", "kill −9 at a random moment", kill_outside),)
COMING_BACK = (Fault("process killed twice", "kill −9 at a random moment, and again while it starts", kill_twice),)
POWER = (Fault("process and PostgreSQL killed at once", "kill −9 of both at a random moment", cut_power),)
POSTGRES = (
    Fault("PostgreSQL killed", "kill −9 of its first process at a random moment", kill_postgres),
    Fault("a PostgreSQL process killed", "kill −9 of any other of its processes", kill_backend),
)
FAULTS = (
    *WRITING,
    *ANSWERING,
    *FOLLOWING,
    *HEARING,
    *FORGETTING,
    *REBUILDING,
    *AT_ANY_MOMENT,
    *COMING_BACK,
    *POWER,
    *POSTGRES,
)
"""Of those that are told together at most two end the process: an event that was under way at three ends is parked."""


def live_through(company: Prepared, faults: Sequence[Fault], chance: random.Random, system: Killable) -> Outcome:
    """Let faults happen one after another to a system under load, then verify.

    A recovery is the time from a fault until every client is answered again, or until the next one strikes.
    """
    outcome = Outcome()
    armed = [*(fault.armed(chance) for fault in faults), ""]
    system.start(armed[0])
    with Load(system, company) as load:
        for fault, then in zip(faults, armed[1:], strict=True):
            fault.strike(load, chance)
            struck = time.monotonic()
            if system.has_died():
                system.end(signal.SIGKILL)
                system.start(then)
            load.wait_for_work(struck)
            outcome.recoveries.append(time.monotonic() - struck)
    outcome.broken = [str(one) for one in system.broken()] + unkept(system, company, load.promised)
    return outcome
