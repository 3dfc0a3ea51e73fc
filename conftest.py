"""Fixtures of every test on PostgreSQL: one embedded server for the session, databases of their own on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import testing
from chassis.postgres import Database, Embedded
from chassis.testing import kafka


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say in the first lines what is not tested on this machine, and why."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if (what := kafka.untested(Path(__file__).parent / "build")) and reporter is not None:
        reporter.write_line(f"NOT TESTED here, {what}")


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account may enter."""
    with testing.open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres(open_folder: Path) -> Iterator[Embedded]:
    """The embedded server, ended by its own handle; it has connections enough for every service at once."""
    with Embedded(open_folder / "session", {"max_connections": "300"}) as server:
        yield server


@pytest.fixture
def database(postgres: Embedded) -> Iterator[Database]:
    """A fresh database for one test."""
    with testing.fresh_database(postgres) as database:
        yield database


@pytest.fixture(scope="module")
def module_database(postgres: Embedded) -> Iterator[Database]:
    """A fresh database for the tests of one module."""
    with testing.fresh_database(postgres) as database:
        yield database
