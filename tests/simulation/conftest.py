"""Fixtures of the simulation: a server that may lose what it has, since every schedule begins with nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import testing
from chassis.postgres import Embedded

from .small import SMALL
from .world import UNSAFE, World


@pytest.fixture(scope="module")
def unsafe_postgres(open_folder: Path) -> Iterator[Embedded]:
    """A server without sync, for this module alone."""
    with Embedded(open_folder / "simulated", UNSAFE) as server:
        yield server


@pytest.fixture(scope="module")
def small(unsafe_postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The small world."""
    with testing.fresh_database(unsafe_postgres) as database, World(database, tmp_path_factory.mktemp("small"), SMALL) as world:
        yield world

