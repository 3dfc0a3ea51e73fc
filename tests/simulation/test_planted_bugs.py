"""What the simulation is worth: every bug that is planted is found, and without one nothing is.

a part of every service replaced by one that is wrong in one way → schedules → an invariant or a promise that is broken
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.postgres import Database, Embedded

from .bugs import BUGS, Bug, hearing
from .rounds import seeds_until_found
from .small import SMALL
from .world import World

LIMIT = 300
"""Schedules within which a planted bug has to be found; docs/simulation.md says after how many it was."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the key of the database is."""
    return tmp_path_factory.mktemp("planted")


@pytest.fixture(scope="module")
def small_database(unsafe_postgres: Embedded) -> Database:
    """One database for all bugs: a schedule leaves nothing behind."""
    return unsafe_postgres.create_database("planted")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, small_database: Database, home: Path) -> None:
    with World(small_database, home, SMALL, bug.plant) as world:
        seeds, broken = seeds_until_found(world, 1, LIMIT)

    assert broken, f"{bug.name} lived through {seeds} schedules"


def test_a_part_that_is_made_anew_but_not_wrong_breaks_nothing(small_database: Database, home: Path) -> None:
    with World(small_database, home, SMALL, hearing()) as world:
        assert seeds_until_found(world, 1, 5) == (5, [])
