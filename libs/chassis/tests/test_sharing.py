"""Several processes of one service over one database: one writes, others work; whoever leads is replaced when it dies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.cipher import Cipher, Grant, prepare_keys
from chassis.identity import Actor
from chassis.leadership import Leadership
from chassis.postgres import Database
from chassis.service import Service, connect_in_process
from chassis.sharing import Sharing
from chassis.testing import until
from chassis.unit import Answer, CommandInfo, Executed, Unit

from . import toy

_numbers = itertools.count(1)


class Process:
    """A service as one process of several has it: pools, followers and wake-ups of its own."""

    def __init__(self, database: Database, home: Path, key: object) -> None:
        self.service: Service = toy.toy()
        self.cipher = Cipher.connect(database, "toy", key, home / "erasures")  # pyright: ignore[reportArgumentType]
        self.service.open(database, self.cipher, size=4)
        connect_in_process([self.service])
        self._dsn = database.dsn("toy", "follower")
        self.sharing: Sharing | None = None

    def joins(self, *, works: bool) -> None:
        self.sharing = Sharing(self.service, self._dsn, works=works)
        self.sharing.start()

    def leads(self) -> bool:
        return bool(self.service.runners) and all(runner.leads() for runner in self.service.runners)

    def leaves(self) -> None:
        if self.sharing is not None:
            self.sharing.stop()
            self.sharing = None

    def opens(self, workspace: str) -> Executed:
        name = f"n{next(_numbers)}"

        def decide(unit: Unit) -> Answer:
            self.service.application.open(unit, name, "ann", None)
            return Answer(status=201, id=name)

        command = f"command {name}"
        info = CommandInfo(workspace, "ann", command, command)
        return self.service.execute(info, Actor(workspace=workspace, person="ann", roles=frozenset()), decide)

    def sees_what_it_opens(self, workspace: str) -> bool:
        """Write, and wait until it is followed, wherever the follower is."""
        executed = self.opens(workspace)
        return self.service.wait(workspace, [executed.position], 10).state == "reached"

    def close(self) -> None:
        self.leaves()
        self.service.close()
        self.cipher.close()


@pytest.fixture(scope="module")
def home(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    toy.toy().migrate(module_database)
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def processes(module_database: Database, home: Path) -> Iterator[list[Process]]:
    key = prepare_keys(module_database, home, [Grant("toy", "notebook", may_make=True)], {})
    made = [Process(module_database, home, key) for _ in range(3)]
    yield made
    for one in made:
        one.close()


@pytest.fixture
def workspace() -> str:
    return f"w{next(_numbers)}"


def test_what_one_process_writes_the_worker_follows_and_the_first_is_told(
    processes: list[Process], workspace: str
) -> None:
    writes, works, _ = processes
    works.joins(works=True)
    writes.joins(works=False)
    until(works.leads)
    assert all(writes.sees_what_it_opens(workspace) for _ in range(3))
    assert writes.service.runners == []


def test_when_the_leading_worker_goes_another_takes_over_what_it_left(
    processes: list[Process], workspace: str
) -> None:
    writes, first, second = processes
    writes.joins(works=False)
    first.joins(works=True)
    until(first.leads)
    second.joins(works=True)
    assert not second.leads()
    assert writes.sees_what_it_opens(workspace)

    first.leaves()

    assert writes.sees_what_it_opens(workspace)
    until(second.leads)


def test_two_workers_that_both_believe_they_lead_count_nothing_twice(
    processes: list[Process], workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always(_leadership: Leadership, _role: str) -> bool:
        return True

    monkeypatch.setattr(Leadership, "holds", always)
    writes, first, second = processes
    for one in (first, second):
        one.joins(works=True)
    writes.joins(works=False)
    executed = [writes.opens(workspace) for _ in range(40)][-1]
    assert writes.service.wait(workspace, [executed.position], 20).state == "reached"
    with writes.service.reader(workspace) as reader:
        rows = reader.rows("select count(*) as n from notebook_list where workspace = %(workspace)s")
    assert rows == [{"n": 40}]
