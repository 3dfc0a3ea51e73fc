"""A running system in a process of its own, as `ladder up` starts it, and a caller that speaks HTTP to it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from measuring import children, family, family_seconds, processor_seconds

from ladder.home import SOCKET
from ladder.processes import SERVICES

UP = "from ladder.cli import main; main()"


@dataclass
class Running:
    """A system that serves."""

    process: subprocess.Popen[str]
    home: Path
    host: str
    port: int

    @property
    def postgres(self) -> int:
        """The process id of PostgreSQL's first process."""
        (pid,) = children(self.process.pid)
        return pid

    def everybody(self) -> list[int]:
        """Return the ids of every process of the system."""
        return family(self.process.pid)

    def spent(self) -> tuple[float, float]:
        """Return the processor seconds spent so far by Python and by PostgreSQL."""
        return processor_seconds(self.process.pid), family_seconds(self.postgres)

    def tokens(self, workspaces: Iterable[str], who: str = "hr") -> dict[str, str]:
        """Return a fresh token of somebody of each workspace."""
        return {
            workspace: self._operator("/tokens", {"who": who, "workspace": workspace})["token"]
            for workspace in workspaces
        }

    def caller(self) -> Caller:
        """Return somebody at the one port."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        return Caller({name: Door(connection, f"/api/{name}/v1") for name in SERVICES})

    def _operator(self, path: str, body: Any) -> Any:
        connection = http.client.HTTPConnection("operator", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.home / SOCKET))
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        found = json.loads(answer.read())
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the operator's door answered {answer.status}: {found}")
        return found


@dataclass(frozen=True)
class Door:
    """Where a service answers: a connection, and what its paths begin with."""

    connection: http.client.HTTPConnection
    prefix: str = ""

    def send(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> tuple[int, str]:
        """Return status and positions of an answer."""
        self.connection.request(method, self.prefix + path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Position", "")


@dataclass
class Caller:
    """Somebody at the doors of the services."""

    doors: Mapping[str, Door]

    def approve(self, evaluation: str, token: str) -> str:
        """Approve an evaluation; return the positions that tell what was written."""
        headers = {**bearer(token), "Idempotency-Key": f"bench-{evaluation}"}
        status, positions = self.doors["evaluation"].send("POST", f"/evaluations/{evaluation}/approval", headers)
        if status != 200:
            raise RuntimeError(f"approving {evaluation} was answered with {status}")
        return positions

    def report(self, employee: str, token: str, positions: str) -> None:
        """Read somebody's gap report, after what the positions name."""
        headers = {**bearer(token), "Wait-For": positions}
        while (status := self.doors["gap"].send("GET", f"/people/{employee}/report", headers)[0]) == 503:
            pass
        if status != 200:
            raise RuntimeError(f"the report of {employee} was answered with {status}")

    def is_ready(self, service: str) -> bool:
        """Ask a service whether all its parts are well."""
        return self.doors[service].send("GET", "/readyz", {})[0] == 200

    def close(self) -> None:
        """Hang up."""
        for door in self.doors.values():
            door.connection.close()


def bearer(token: str) -> dict[str, str]:
    """Return the header that says who asks."""
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def running(home: Path, program: Iterable[str] = ("-c", UP, "up", "--port", "0")) -> Generator[Running]:
    """Start a system on the data in `home`, and end it by its own handle."""
    environment = {**os.environ, "LADDER_HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, *program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        url = urlsplit(_address(process))
        system = Running(process, home, url.hostname or "", url.port or 0)
        _wait_until_ready(system)
        yield system
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if line.startswith("Ready: "):
            return line.split()[1]
    raise RuntimeError("the system did not start; try: ladder up")


def _wait_until_ready(system: Running) -> None:
    """Return when every service says that all its parts are well."""
    for service in SERVICES:
        caller = system.caller()
        while not caller.is_ready(service):
            time.sleep(0.01)
        caller.close()


@contextmanager
def folder() -> Generator[Path]:
    """Give a folder on a disk that keeps what is written, which PostgreSQL's account may enter; remove it at the end."""
    made = Path(tempfile.mkdtemp(prefix="ladder-bench-", dir="/var/tmp"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
