"""Fixtures of the chassis's tests: the toy services over one database, moved by hand."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from chassis.cipher import Grant
from chassis.identity import Actor
from chassis.postgres import Database
from chassis.service import Service
from chassis.sql import vouched
from chassis.steps import disarm
from chassis.testing import keyed, opened
from chassis.testing.kafka import Cluster, NoKafka, cluster
from chassis.unit import Answer, CommandInfo, Decide, Executed, Unit
from contracts.envelope import Envelope

from . import toy

_numbers = itertools.count(1)
ROOT = Path(__file__).parents[3]
USERS = {"toy": "password-of-toy", "reader": "password-of-reader"}
"""Who may come in at the broker's guarded door."""


@dataclass
class Clock:
    """A virtual clock: the database's own time until somebody sets it."""

    at: datetime | None = None

    def __call__(self) -> datetime | None:
        return self.at


@dataclass
class Pair:
    """The toy services over one database, their followers stepped by hand: nothing moves unless a test moves it."""

    toy: Service
    reader: Service
    database: Database
    clock: Clock
    home: Path

    def run(self, workspace: str, decide: Decide, command: str = "", digest: bytes | None = None) -> Executed:
        """Run one command on the service that is written in."""
        command = command or f"command {next(_numbers)}"
        info = CommandInfo(workspace, "ann", command, command, digest=digest)
        return self.toy.execute(info, Actor(workspace=workspace, person="ann", roles=frozenset()), decide)

    def open(self, workspace: str, notebook: str = "n1", hours: int | None = None) -> Executed:
        """Open a notebook."""

        def decide(unit: Unit) -> Answer:
            self.toy.application.open(unit, notebook, "ann", hours)
            return Answer(status=201, id=notebook)

        return self.run(workspace, decide)

    def write(self, workspace: str, *texts: str, notebook: str = "n1", command: str = "") -> Executed:
        """Write lines into a notebook by one command."""

        def decide(unit: Unit) -> Answer:
            self.toy.application.write(unit, notebook, *texts)
            return Answer(id=notebook)

        return self.run(workspace, decide, command)

    def close_notebook(self, workspace: str, notebook: str = "n1") -> Executed:
        """Close a notebook."""

        def decide(unit: Unit) -> Answer:
            self.toy.application.close(unit, notebook)
            return Answer(id=notebook)

        return self.run(workspace, decide)

    def settle(self, workspace: str) -> None:
        """Let every follower of both services do all it can for a workspace."""
        for step in (self.toy.relay, self.reader.consumer, self.toy.projections, self.reader.projections):
            for _ in range(100):
                if step.step(workspace) != "more":
                    break

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Ask the database as its administrator, whom no row is hidden from."""
        with psycopg.connect(self.database.admin_dsn(), autocommit=True) as admin:
            cursor = admin.cursor(row_factory=dict_row).execute(vouched(sql), values)
            return cursor.fetchall() if cursor.description else []

    def sent(self, workspace: str, topic: str = "toy.v1") -> list[Envelope]:
        """Return everything that was published for a workspace."""
        return list(self.toy.feed.events(topic, workspace, 0).records)

    def heard(self, workspace: str) -> tuple[list[int], int]:
        """Return the numbers of the lines the reader copied, and how often its busiest line was counted."""
        rows = self.rows("select number, times from reader.lines where workspace = %s order by number", workspace)
        return [row["number"] for row in rows], max((row["times"] for row in rows), default=0)

    def tally(self, workspace: str, notebook: str = "n1") -> toy.Tally:
        """Return what the reader recorded of a notebook."""
        with self.reader.reader(workspace) as reader:
            return reader.state(toy.Tally, notebook)[0] or toy.Tally()

    def at(self, workspace: str, topic: str = "toy.v1") -> int:
        """Return how far the reader has come."""
        return self.reader.consumer.position(workspace, topic).sequence


@pytest.fixture(scope="module")
def pair(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The service that is written in and the one that hears it, connected, their followers not running."""
    grants = [Grant("toy", "notebook", may_make=True), Grant("reader", "notebook")]
    one, other, clock, home = toy.toy(), toy.reader(), Clock(), tmp_path_factory.mktemp("home")
    with (
        keyed(module_database, home, grants, "toy", "reader") as ciphers,
        opened(module_database, ciphers, one, other, size=10, clock=clock),
    ):
        yield Pair(one, other, module_database, clock, home)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Cluster]:
    """A broker of Apache Kafka with a guarded door; where none can run it is skipped with the reason, and fails in CI."""
    try:
        with cluster(ROOT / "build", users=USERS) as one:
            yield one
    except NoKafka as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Kafka here: {missing}")


@pytest.fixture
def workspace() -> str:
    """A workspace nobody has used yet."""
    return f"w{next(_numbers)}"


@pytest.fixture(autouse=True)
def no_failpoint_stays_armed() -> Iterator[None]:
    """A failpoint armed by one test is not met by the next."""
    yield
    disarm()
