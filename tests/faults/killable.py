"""A whole system as its own process, which a test may kill at any moment and start again."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from chassis.postgres.leftovers import processes_in

LADDER = [sys.executable, "-c", "from ladder.cli import main; main()"]
PATIENCE = 300.0
"""Seconds within which everything must come back; a system that takes longer is broken."""


TLS = ssl.create_default_context()
"""Made once: nothing here is encrypted, and every client would make one of its own, which costs more than a request."""
PORTS = range(20_000, 30_000)
"""Below those the system hands out: while ours is dead nobody else gets its port, whose answers would not be ours."""


def free_port() -> int:
    """Return a port that is free now, so that a system may come back where its clients look for it."""
    while True:
        port = secrets.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass
class Killable:
    """`ladder up` on a folder of its own; `operator` speaks to its socket, `send` to a service."""

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
            assert failpoint, f"the system does not start: {self.log.read_text()[-3000:]}"

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

    def request(self, who: str, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> httpx.Response:
        """Ask a service once."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} | ({"Idempotency-Key": key} if key else {})
        headers |= more.pop("headers", {})
        url = f"http://127.0.0.1:{self.port}/api{path}"
        with httpx.Client(transport=httpx.HTTPTransport(verify=TLS), timeout=30) as client:
            return client.request(method, url, json=body, headers=headers, **more)

    def send(self, who: str, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> httpx.Response:
        """Ask a service until it answers, always under the same key: what a careful client does."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                answer = self.request(who, method, path, body, key, **more)
                if answer.status_code != 503:
                    return answer
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} was never answered. {self.log.read_text()[-3000:]}")

    def does(self, who: str, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> Any:
        """Ask a service until it answers, and that must be yes."""
        answer = self.send(who, method, path, body, key, **more)
        assert answer.status_code in (200, 201, 202), f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def broken(self) -> list[dict[str, Any]]:
        """Wait until everything is followed and heard, then return the invariants that do not hold."""
        end = time.monotonic() + PATIENCE / 2
        while (broken := self.operator("POST", "/verification")["broken"]) and time.monotonic() < end:
            time.sleep(0.1)
        return [*broken, *({"invariant": "nothing is parked", **one} for one in self.operator("GET", "/parked"))]

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
