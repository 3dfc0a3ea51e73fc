"""A whole system as its own process, which a test may kill and start again."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

LADDER = [sys.executable, "-c", "from ladder.cli import main; main()"]


@dataclass
class Killable:
    """`ladder up` on a folder of its own; `call` goes to its operator, `send` to a service."""

    home: Path
    process: subprocess.Popen[str] | None = None
    url: str = ""
    token: str = ""
    deaths: int = 0
    recoveries: list[float] = field(default_factory=list[float])

    def start(self, failpoint: str = "") -> None:
        """Start, and return when it is ready."""
        begin = time.monotonic()
        environ = {**os.environ, "LADDER_HOME": str(self.home), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        if failpoint:
            environ["LADDER_FAILPOINT"] = failpoint
        arguments = [*LADDER, "up", "--port", "0"]
        with (self.home.parent / "log").open("a") as log:
            self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, text=True, env=environ)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self.url = found[0]
            if line.startswith("Stop"):
                self.recoveries.append(time.monotonic() - begin)
                return
        raise AssertionError((self.home.parent / "log").read_text()[-3000:])

    def stop(self) -> None:
        """End it as a person does, if it still runs."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
            if self.process.stdout is not None:
                self.process.stdout.close()

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self.process.kill()

    def has_died(self) -> bool:
        """Return whether the process is gone; waits a moment for it to be so."""
        try:
            if self.process is not None:
                self.process.wait(5)
            return True
        except subprocess.TimeoutExpired:
            return False

    def operator(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the operator's socket."""
        transport = httpx.HTTPTransport(uds=str(self.home / "operator.sock"))
        with httpx.Client(transport=transport, base_url="http://operator", timeout=120) as client:
            answer = client.request(method, path, json=body)
            answer.raise_for_status()
            return answer.json()

    def sign_in(self) -> None:
        """Act as the HR admin from now on."""
        self.token = self.operator("POST", "/tokens", {"who": "hr"})["token"]

    def send(self, path: str, body: Any, key: str) -> httpx.Response:
        """Send a command until it is answered: after a death the system is started and the same key sent again."""
        for _ in range(20):
            try:
                answer = httpx.post(
                    f"{self.url}{path}",
                    json=body,
                    headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": key},
                    timeout=30,
                )
            except httpx.TransportError:
                self.revive()
                continue
            if answer.status_code != 503:
                return answer
            time.sleep(0.2)
        raise AssertionError(f"{path} was never answered")

    def revive(self) -> None:
        """Start again what has died."""
        assert self.has_died(), "the connection broke, yet the process lives"
        self.stop()
        self.deaths += 1
        self.start()
        self.sign_in()

    def verdict(self) -> list[dict[str, Any]]:
        """Wait until everything was followed, then return the broken invariants."""
        end = time.monotonic() + 30
        while True:
            broken: list[dict[str, Any]] = self.operator("POST", "/verification")["broken"]
            behind = {"consumers have heard everything", "views have seen the record"}
            if time.monotonic() > end or not any(one["invariant"] in behind for one in broken):
                return broken
            time.sleep(0.1)


@pytest.fixture
def system() -> Iterator[Killable]:
    """A system with one workspace, signed in as its HR admin; ended by its own handle."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-faults-"))
    folder.chmod(0o755)
    one = Killable(folder / "data")
    try:
        one.start()
        one.operator("POST", "/workspaces", {"name": "Northwind", "admin": "hanna@example.com"})
        one.sign_in()
        yield one
    finally:
        one.stop()
        shutil.rmtree(folder, ignore_errors=True)
