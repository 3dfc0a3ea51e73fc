"""A seed is a whole schedule: played again, here or in a process of its own, it takes the same steps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from chassis import testing
from chassis.postgres import Embedded

from .failpoints import FAILPOINTS, named
from .schedule import play
from .small import SMALL
from .world import World

TESTS = Path(__file__).parents[1]
SEEDS = range(1, 9)
ELSEWHERE = {
    "after the list of erasures": "the small play erases nobody; killed there by tests/faults",
    "between firing and mark": "time passes only when nothing fails any more; killed there by tests/faults",
    "during a set-back": "no service is restored; killed there by the tests of set-backs",
    "before new epochs": "no installation is restored; killed there by the tests of backups",
    "before finding together": "no installation is restored; killed there by the tests of backups",
}
"""Failpoints that the small play does not come to, and where they are come to instead."""


def test_the_same_seed_takes_the_same_steps_in_another_world(
    small: World, unsafe_postgres: Embedded, tmp_path: Path
) -> None:
    with testing.fresh_database(unsafe_postgres) as database, World(database, tmp_path, SMALL) as other:
        for seed in SEEDS:
            assert play(small, seed).trace == play(other, seed).trace


def test_the_same_seed_takes_the_same_steps_after_others_in_the_same_world(small: World) -> None:
    before = play(small, SEEDS[0]).trace
    play(small, SEEDS[1])

    assert play(small, SEEDS[0]).trace == before


def test_a_seed_takes_the_same_steps_in_another_process_whatever_order_its_sets_have() -> None:
    printed = [_printed(str(hash_seed)) for hash_seed in (1, 2)]

    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) > 50


def _printed(hash_seed: str) -> str:
    command = [sys.executable, "-m", "simulation.rounds", "--play", "small", "--seed", "3"]
    played = subprocess.run(
        command, cwd=TESTS, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
    )
    return played.stdout


def test_every_failpoint_of_the_source_is_a_place_where_a_schedule_may_hold_or_kill(small: World) -> None:
    passed = set[str]()
    for seed in range(1, 12):
        for line in play(small, seed).trace:
            passed.update(name for name in FAILPOINTS if line.endswith((f"held at {name}", f"ends at {name}")))

    assert passed == set(FAILPOINTS) - ELSEWHERE.keys()


def test_a_failpoint_added_to_the_source_is_found(tmp_path: Path) -> None:
    source = tmp_path / "libs" / "one" / "src"
    source.mkdir(parents=True)
    (source / "new.py").write_text('def f() -> None:\n    failpoint("after something new")\n')

    assert named(tmp_path) == ("after something new",)
