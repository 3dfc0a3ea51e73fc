"""The supervisor of processes: what it started ends with it, however it ends, and what ends unasked is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chassis.postgres import Database
from chassis.testing import until
from ladder.commands.platform import refuse_narrow
from ladder.commands.terminal import Refused
from ladder.processes import Child, NotReady, Processes, environment_of

NOWHERE = "127.0.0.1:1"
"""Where no broker is: an api asks none."""

SUPERVISOR = """
import os, sys, threading
from pathlib import Path
from ladder.processes import Processes
running = Processes(dict(os.environ), Path(sys.argv[1]), workers=0, services=("people",))
running.start()
print(*(child.process.pid for child in running.children), flush=True)
sys.stdin.read()
running.stop()
"""
"""Starts people-svc's interface and says its process; ends it when nothing more comes in."""


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def environ(database: Database, tmp_path: Path) -> dict[str, str]:
    """What the processes are told: a migrated database, and a data folder with a key."""
    told = environment_of(database.admin_dsn(), NOWHERE, tmp_path)
    Processes(told, tmp_path, services=("people",)).migrate()
    return told


def test_a_supervisor_that_is_killed_leaves_no_process_behind(environ: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert is_there(child)

        supervisor.kill()

        until(lambda: not is_there(child), "the end of what it started")


def test_a_process_that_ends_unasked_is_started_again_and_all_end_in_order(environ: dict[str, str], tmp_path: Path) -> None:
    running = Processes(environ, tmp_path, workers=0, services=("people",))
    running.start()
    (child,) = running.children
    assert child.process is not None
    first = child.process
    first.kill()

    until(lambda: child.starts == 2 and child.is_ready(), "a second start")

    running.stop()
    assert (first.returncode, child.process.returncode) == (-signal.SIGKILL, 0)


def test_a_process_that_cannot_begin_is_not_waited_for_and_says_why(environ: dict[str, str], tmp_path: Path) -> None:
    running = Processes({**environ, "LADDER_POOL": "many"}, tmp_path, workers=0, services=("people",))
    with pytest.raises(NotReady, match="people api cannot begin: LADDER_POOL is 'many'"):
        running.start()
    running.stop()


def test_pauses_between_starts_grow_and_begin_anew_after_a_long_run(tmp_path: Path) -> None:
    child = Child("nobody", "api", dict(os.environ), tmp_path / "log", 1)
    pauses, now = list[float](), 0.0

    def ends_after(lived: float) -> None:
        nonlocal now
        child.look(now)
        assert child.process is not None
        child.process.wait()
        now += lived
        child.look(now)
        began = now
        starts = child.starts
        while child.starts == starts:
            now += 0.25
            child.look(now)
        pauses.append(now - began)

    for lived in (1, 1, 1, 1, 1, 1, 100):
        ends_after(lived)
    child.end(30)

    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 0.5]


def test_a_database_that_could_not_take_every_connection_is_refused_with_the_remedy(
    environ: dict[str, str], database: Database, tmp_path: Path
) -> None:
    one_of_each, many = Processes(environ, tmp_path), Processes(environ, tmp_path, workers=4)
    refuse_narrow(database, one_of_each.connections)
    with pytest.raises(Refused, match=rf"takes 300 connections, these processes may need {many.connections}: set max"):
        refuse_narrow(database, many.connections)
