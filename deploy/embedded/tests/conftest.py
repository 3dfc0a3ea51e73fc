"""An installation of its own, run as people run it: one process per command."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.postgres import Database
from chassis.testing import open_folder

LADDER = [sys.executable, "-c", "from ladder.cli import main; main()"]


@dataclass
class Installation:
    """A data folder; of the system that runs on it the address, the process, and the id of Northwind."""

    home: Path
    url: str = ""
    pid: int = 0
    northwind: str = ""

    def environ(self, **more: str) -> dict[str, str]:
        """What a command of this installation finds around it."""
        return {**os.environ, "LADDER_HOME": str(self.home), "PYTHONUNBUFFERED": "1", "COLUMNS": "200", **more}

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, where nobody can be asked."""
        return subprocess.run(
            [*LADDER, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environ(**environ),
            timeout=240,
            check=False,
        )

    def workspace(self, name: str, admin: str) -> str:
        """Open a workspace with its first HR admin; return its id."""
        made = self.run("workspace", "create", name, "--admin", admin)
        assert made.returncode == 0, made.stderr
        return made.stdout.split()[1]

    def token(self, who: str, workspace: str) -> dict[str, str]:
        """Return the headers of somebody who signed in by `ladder token`."""
        signed = self.run("token", "--as", who, "--workspace", workspace)
        assert signed.returncode == 0, signed.stderr
        return {"Authorization": f"Bearer {signed.stdout.strip()}"}

    def database(self) -> Database:
        """Return the way into the embedded database, while a system runs: past every rule, as only a test may."""
        return Database(str(self.home / "run"))

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start one command and leave it running; it hears Ctrl-C, also where the tests run in the background."""
        heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # what is ignored here is ignored by children
        try:
            environment = self.environ(**environ)
            return subprocess.Popen([*LADDER, *arguments], stdout=subprocess.PIPE, text=True, env=environment)
        finally:
            signal.signal(signal.SIGINT, heard)


@contextmanager
def serving(home: Path, *arguments: str) -> Generator[Installation]:
    """A running system, ended as a person ends it."""
    installation = Installation(home)
    process = installation.start("up", "--port", "0", *arguments)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            installation.url = installation.url or (found[0] if found else "")
            if line.startswith("Stop"):
                break
        assert installation.url, "the system did not say where it is"
        installation.pid = process.pid
        yield installation
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.stdout.close()
        code = process.wait(60)
    assert code == 0


@pytest.fixture
def installation() -> Iterator[Installation]:
    """An empty folder where no system runs."""
    with open_folder() as folder:
        yield Installation(folder / "data")


@pytest.fixture(scope="session")
def system() -> Iterator[Installation]:
    """A running system with one workspace, Northwind, whose HR admin is Hanna."""
    with open_folder() as folder, serving(folder / "data") as running:
        running.northwind = running.workspace("Northwind", "hanna@example.com")
        yield running
