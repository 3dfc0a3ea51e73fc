"""`make faults`, first half: rounds of random faults to one process under load, each replayable from its seed."""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import time
import traceback
from dataclasses import dataclass, field

from . import page
from .company import Prepared, prepare
from .faults import FAULTS, Fault, Outcome, live_through
from .page import PAGE, PARTS, ROOT, say

KEPT = ROOT / "build" / "faults"
"""Where the data and the log of a round that broke something stay."""


@dataclass
class Tally:
    """What came of all rounds of one fault."""

    rounds: list[int] = field(default_factory=list[int])
    broken: int = 0
    worst: float = 0.0


def chosen(seed: int, number: int) -> tuple[Fault, random.Random]:
    """Return the fault of a round and its chance: both follow from the seed and the number alone.

    Every deck of faults is shuffled anew, so that each happens as often as any other.
    """
    deck, place = divmod(number - 1, len(FAULTS))
    shuffled = random.Random(f"{seed}/deck/{deck}").sample(FAULTS, len(FAULTS))
    return shuffled[place], random.Random(f"{seed}/{number}")


def play(company: Prepared, seed: int, number: int) -> tuple[Fault, Outcome]:
    """Play one round on a copy of the company; what it broke is kept."""
    fault, chance = chosen(seed, number)
    system = company.copy()
    try:
        outcome = live_through(company, (fault,), chance, system)
    except Exception:  # noqa: BLE001  (whatever stops a round is what it found)
        outcome = Outcome(broken=[traceback.format_exc()])
    if outcome.broken:
        system.keep(KEPT / f"{seed}-{number}")
    system.remove()
    return fault, outcome


def main() -> int:
    """Play the rounds; return 1 when one broke something."""
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--only", type=int, help="play this one round of the seed again; the table stays as it is")
    asked = parser.parse_args()
    if asked.rounds == 0:
        return 0
    numbers = [asked.only] if asked.only else list(range(1, asked.rounds + 1))
    say(f"── {len(numbers)} rounds of faults, seed {asked.seed} (some ten seconds each); preparing a company")
    company = prepare()
    try:
        tallies = _rounds(company, asked.seed, numbers)
    finally:
        company.remove()
    if not asked.only:
        page.write(PARTS[0], table(asked.seed, tallies))
        say(f"The table is in {PAGE.relative_to(ROOT)}.")
    return 1 if any(tally.broken for tally in tallies.values()) else 0


def _rounds(company: Prepared, seed: int, numbers: list[int]) -> dict[str, Tally]:
    tallies = {fault.name: Tally() for fault in FAULTS}
    for number in numbers:
        begin = time.monotonic()
        fault, outcome = play(company, seed, number)
        tally = tallies[fault.name]
        tally.rounds.append(number)
        tally.broken += len(outcome.broken)
        tally.worst = max(tally.worst, *outcome.recoveries, 0.0)
        took = time.monotonic() - begin
        back = ", ".join(f"back in {one:.1f} s" for one in outcome.recoveries)
        say(f"{number:3}/{numbers[-1]}  {fault.name}: {len(outcome.broken)} broken, {back} ({took:.0f} s)")
        for one in outcome.broken:
            say(f"     {one}")
        if outcome.broken:
            say(f"     data and log: {KEPT}/{seed}-{number}; again: make faults SEED={seed} ONLY={number}")
    return tallies


def table(seed: int, tallies: dict[str, Tally]) -> str:
    """Return this part of docs/faults.md."""
    total = sum(len(tally.rounds) for tally in tallies.values())
    how = {fault.name: fault.how for fault in FAULTS}
    rows = [
        f"| {name} | {how[name]} | {', '.join(map(str, tally.rounds)) or '–'} | {tally.broken} | {tally.worst:.1f} |"
        for name, tally in tallies.items()
    ]
    return "\n".join((_HEAD.format(total=total, seed=seed, machine=page.machine()), *rows, ""))


_HEAD = """The system is one process; it is started where it is dead.

*Recovery* is the time from the fault until every client was answered again, with the start of the process where it
died. It is recorded, never asserted.

{total} rounds of seed {seed}; {machine}.
One round again: `make faults SEED={seed} ONLY=` and its number.

| fault | how | rounds | invariants broken | worst recovery, s |
| --- | --- | --- | --- | --- |"""


if __name__ == "__main__":
    sys.exit(main())
