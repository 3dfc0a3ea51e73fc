"""The services as processes of their own on one machine: the same as in a cluster, with the same environment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import httpx

SERVICES: Final = ("people", "framework", "evaluation", "gap")
READY_WITHIN: Final = 120.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0

Say = Callable[[str], None]


class NotReady(Exception):
    """A process did not become ready; the text names it and where its log is."""


@dataclass
class Child:
    """One supervised process: started again, with growing pauses, whenever it ends unasked."""

    service: str
    role: str
    environ: dict[str, str]
    log: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    _pause: float = FIRST_PAUSE
    _again_at: float = 0.0
    _log: IO[bytes] | None = None

    @property
    def name(self) -> str:
        """How it is called in messages and logs."""
        return f"{self.service} {self.role}"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process."""
        self._log = self._log or self.log.open("ab")
        command = [sys.executable, "-m", f"{self.service}_svc", self.role]
        self.process = subprocess.Popen(command, env=self.environ, stdout=self._log, stderr=self._log)  # noqa: S603 - our own module
        self.starts += 1

    def look(self, now: float) -> None:
        """Start it again when it has ended and its pause is over."""
        if self.process is None or self.process.poll() is None:
            return
        if self._again_at == 0.0:
            self._again_at, self._pause = now + self._pause, min(2 * self._pause, LONGEST_PAUSE)
        elif now >= self._again_at:
            self._again_at = 0.0
            self.start()

    def is_ready(self) -> bool:
        """Return whether it says that it is."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def end(self, within: float) -> None:
        """Wait for its end, and kill it when that does not come."""
        if self.process is None:
            return
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self._log is not None:
            self._log.close()


@dataclass
class Processes:
    """Every service as an `api` and a `worker` process over one database and one Kafka."""

    environ: Mapping[str, str]
    logs: Path
    say: Say = lambda _: None
    workers: int = 1
    children: list[Child] = field(default_factory=list[Child])
    _stopping: threading.Event = field(default_factory=threading.Event)
    _watch: threading.Thread | None = None

    def migrate(self) -> None:
        """Bring the schema of every service up to date, one after the other."""
        for service in SERVICES:
            command = [sys.executable, "-m", f"{service}_svc", "migrate"]
            done = subprocess.run(  # noqa: S603 - our own module
                command, env=dict(self.environ), capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                raise NotReady(f"{service}-svc could not migrate: {done.stderr.strip()[-500:]}")

    def start(self) -> None:
        """Start everything; return when all of it is ready."""
        self.logs.mkdir(parents=True, exist_ok=True)
        roles = ("api", *["worker"] * self.workers)
        wanted = [(service, role) for service in SERVICES for role in roles]
        places = [(*one, port) for one, port in zip(wanted, _free_ports(len(wanted)), strict=True)]
        at = {f"LADDER_AT_{name.upper()}": f"http://127.0.0.1:{port}" for name, role, port in places if role == "api"}
        for service, role, port in places:
            environ = {**self.environ, **at, "LADDER_BIND": f"127.0.0.1:{port}"}
            self.children.append(Child(service, role, environ, self.logs / f"{service}-{role}-{port}.log", port))
        for child in self.children:
            child.start()
        self._watch = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._watch.start()
        for child in self.children:
            self._wait_for(child)

    def stop(self) -> None:
        """End everything in order: what is under way is finished first."""
        self._stopping.set()
        if self._watch is not None:
            self._watch.join(5)
        for child in self.children:
            child.signal(signal.SIGTERM)
        for child in self.children:
            child.end(40)

    def api(self, service: str) -> str:
        """Return where a service's interface answers."""
        return next(child.url for child in self.children if (child.service, child.role) == (service, "api"))

    def _supervise(self) -> None:
        while not self._stopping.wait(0.1):
            for child in self.children:
                child.look(time.monotonic())

    def _wait_for(self, child: Child) -> None:
        end = time.monotonic() + READY_WITHIN
        while not child.is_ready():
            if time.monotonic() > end:
                raise NotReady(f"{child.name} did not become ready; its log is {child.log}.")
            time.sleep(0.1)
        self.say(f"{child.name}: ready at {child.url}")


def environment_of(database_url: str, kafka: str, home: Path) -> dict[str, str]:
    """Return what every process is told, beside its port and where the others are."""
    return {
        **os.environ,
        "LADDER_DATABASE_URL": database_url,
        "LADDER_KAFKA": kafka,
        "LADDER_HOME": str(home),
        "LADDER_POOL": "8",
    }


def _free_ports(count: int) -> list[int]:
    """Return ports nobody listens on now: held together, so that they differ."""
    with ExitStack() as held:
        return [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]
