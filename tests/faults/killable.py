"""A whole system as its own process, which a test may kill at any moment and start again."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from chassis.postgres.leftovers import processes_in

from .clients import PATIENCE, TLS, System

LADDER = [sys.executable, "-c", "from ladder.cli import main; main()"]
PORTS = range(20_000, 30_000)
"""Below those the system hands out: while ours is dead nobody else gets its port, whose answers would not be ours."""


def free_port() -> int:
    """Return a port that is free now, so that a system may come back where its clients look for it."""
    while True:
        port = secrets.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass
class Killable(System):
    """`ladder up` on a folder of its own; `operator` speaks to its socket, `send` to a service."""

    comes_to_rest_within = PATIENCE / 2  # before the patience with a test ends

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    tokens: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def log(self) -> Path:
        """What the process said."""
        return self.home.parent / "log"

    @property
    def data(self) -> Path:
        """The folder of PostgreSQL."""
        return self.home / "postgres"

    def launch(self, failpoint: str = "") -> subprocess.Popen[str]:
        """Start the process and return without waiting; it kills itself at `failpoint` (name:count)."""
        environ = {**os.environ, "LADDER_HOME": str(self.home), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        environ |= {"LADDER_FAILPOINT": failpoint} if failpoint else {}
        with self.log.open("a") as log:
            arguments = [*LADDER, "up", "--port", str(self.port)]
            self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, text=True, env=environ)
        return self.process

    def start(self, failpoint: str = "") -> None:
        """Start, and return when it is ready, or dead again by its failpoint."""
        process = self.launch(failpoint)
        assert process.stdout is not None
        if not any(line.startswith("Stop") for line in process.stdout):
            process.wait(PATIENCE)
            assert failpoint, f"the system does not start: {self.said()}"

    def end(self, how: signal.Signals) -> None:
        """Send a signal to the process, wait for its end."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def has_died(self) -> bool:
        """Return whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def postmaster(self) -> int:
        """Return the process id of PostgreSQL."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def operator(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the operator's socket."""
        transport = httpx.HTTPTransport(uds=str(self.home / "operator.sock"), verify=TLS)
        with httpx.Client(transport=transport, base_url="http://operator", timeout=PATIENCE) as client:
            answer = client.request(method, path, json=body)
            answer.raise_for_status()
            return answer.json()

    def sign_in(self, *who: str) -> None:
        """Take tokens for people; they outlive the process, as its signing key does."""
        self.tokens |= {one: self.operator("POST", "/tokens", {"who": one})["token"] for one in who}

    def url(self, path: str) -> str:
        """Return where a service is asked."""
        return f"http://127.0.0.1:{self.port}/api{path}"

    def verified(self) -> list[dict[str, Any]]:
        """Return the invariants that do not hold now."""
        return self.operator("POST", "/verification")["broken"]

    def said(self) -> str:
        """Return the end of its log."""
        return self.log.read_text()[-3000:]

    def gone(self) -> None:
        """End it, and wait for PostgreSQL, which follows by itself."""
        self.end(signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while processes_in(self.data) and time.monotonic() < end:
            time.sleep(0.02)

    def keep(self, folder: Path) -> None:
        """End it, and move its data and log to a folder."""
        self.gone()
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(self.home.parent, folder)

    def remove(self) -> None:
        """End it, and take its folder away."""
        self.gone()
        shutil.rmtree(self.home.parent, ignore_errors=True)
