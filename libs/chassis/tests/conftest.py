"""Fixtures of the chassis's tests: one embedded server for the session, a fresh database for a test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.postgres import Database, Embedded

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A temporary folder that the server's account may enter; pytest's own are closed to it when root runs them."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[Embedded]:
    """The embedded server, ended by its own handle."""
    with Embedded(open_folder / "session") as server:
        yield server


@pytest.fixture
def database(postgres: Embedded) -> Iterator[Database]:
    """A fresh database for one test."""
    name = f"test_{next(_numbers)}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def module_database(postgres: Embedded) -> Iterator[Database]:
    """A fresh database for the tests of one module."""
    name = f"module_{next(_numbers)}"
    yield postgres.create_database(name)
    postgres.drop_database(name)
