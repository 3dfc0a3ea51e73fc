"""The services as processes of their own on one machine: the same as in a cluster, with the same environment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import structlog

log = structlog.get_logger(__name__)

SERVICES: Final = ("people", "framework", "evaluation", "gap")
READY_WITHIN: Final = 120.0
END_WITHIN: Final = 40.0
"""Seconds after SIGTERM until a process is killed; by itself it ends a little earlier (`chassis.process.LIMIT`)."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
LONG: Final = 60.0
"""Seconds after which a process that ends had been running well: its pauses begin anew."""
CANNOT_BEGIN: Final = 2
"""The exit code of a process that says in its last line why it cannot begin."""

# Runs in the child before it becomes the service: asks to be told to end when the thread that started it does, and
# leaves at once when that has ended in the meantime.
_LAUNCH: Final = """
import ctypes, os, signal, sys
parent, *command = sys.argv[1:]
ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)
if os.getppid() != int(parent):
    sys.exit(1)
os.execv(command[0], command)
"""

BESIDE: Final = 70
"""Connections of a composition that stands beside the processes: its pools, and what it listens on."""

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
    _started_at: float = 0.0
    _again_at: float | None = 0.0

    @property
    def name(self) -> str:
        """How it is called in messages and logs."""
        return f"{self.service} {self.role}"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def look(self, now: float) -> None:
        """Start it when it does not run and its pause is over."""
        if self.process is not None and self.process.poll() is None:
            return
        if self._again_at is None:
            self._pause = FIRST_PAUSE if now - self._started_at > LONG else self._pause
            self._again_at, self._pause = now + self._pause, min(2 * self._pause, LONGEST_PAUSE)
            code = self.process.returncode if self.process is not None else None
            log.warning("process ended", process=self.name, code=code, log=str(self.log))
        elif now >= self._again_at:
            self._again_at, self._started_at = None, now
            self._start()

    def _start(self) -> None:
        """Start the process in a session of its own: Ctrl-C in a terminal is for its supervisor alone."""
        command = [sys.executable, "-m", f"{self.service}_svc", self.role]
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid())]
        try:
            with self.log.open("ab") as output:
                self.process = subprocess.Popen(  # noqa: S603 - our own module
                    [*launcher, *command],
                    env=self.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
        except OSError as error:
            log.warning("process not started", process=self.name, error=type(error).__name__)
        self.starts += 1

    def is_ready(self) -> bool:
        """Return whether it says that it is."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def refusal(self) -> str:
        """Why it cannot begin, in its own words; empty unless it said so."""
        if self.process is None or self.process.returncode != CANNOT_BEGIN:
            return ""
        return self.log.read_text(errors="replace").strip().rpartition("\n")[2]

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


@dataclass
class Processes:
    """Every service as `api` and `worker` processes over one database and one Kafka; one of each, or as many as is said."""

    environ: Mapping[str, str]
    logs: Path
    say: Say = lambda _: None
    apis: Mapping[str, int] = field(default_factory=dict[str, int])
    workers: int = 1
    services: Sequence[str] = SERVICES
    children: list[Child] = field(default_factory=list[Child])
    _stopping: threading.Event = field(default_factory=threading.Event)
    _supervisor: threading.Thread | None = None

    def migrate(self) -> None:
        """Bring the schema of every service up to date, one after the other."""
        for service in self.services:
            command = [sys.executable, "-m", f"{service}_svc", "migrate"]
            done = subprocess.run(  # noqa: S603 - our own module
                command, env=dict(self.environ), capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                raise NotReady(f"{service}-svc could not migrate: {done.stderr.strip()[-500:]}")

    def planned(self) -> list[Child]:
        """Return what is to run, none of it started, and what each is told."""
        wanted = [
            (service, role)
            for service in self.services
            for role in [*["api"] * self.apis.get(service, 1), *["worker"] * self.workers]
        ]
        places = [(*one, port) for one, port in zip(wanted, _free_ports(len(wanted)), strict=True)]
        at = {f"LADDER_AT_{name.upper()}": f"http://127.0.0.1:{port}" for name, role, port in places if role == "api"}
        return [
            Child(
                service,
                role,
                {**self.environ, **at, "LADDER_BIND": f"127.0.0.1:{port}"},
                self.logs / f"{service}-{role}-{port}.log",
                port,
            )
            for service, role, port in places
        ]

    def start(self) -> None:
        """Start everything; return when all of it is ready."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.children = self.planned()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._supervisor.start()
        for child in self.children:
            self._wait_for(child)

    def stop(self) -> None:
        """End everything in order: what is under way is finished first."""
        self._stopping.set()
        if self._supervisor is not None:
            self._supervisor.join()

    @property
    def connections(self) -> int:
        """How many connections to PostgreSQL the processes may hold at once, with what the operator holds beside them."""
        each = 2 * int(self.environ["LADDER_POOL"]) + 6
        return BESIDE + sum((self.apis.get(service, 1) + self.workers) * each for service in self.services)

    @property
    def at(self) -> dict[str, list[str]]:
        """Where the interface of each service answers."""
        return {
            service: [child.url for child in self.children if (child.service, child.role) == (service, "api")]
            for service in self.services
        }

    def _supervise(self) -> None:
        """Start, watch and end the children, all in this one thread: it is the end of this thread that ends them too."""
        while not self._stopping.wait(0.1):
            for child in self.children:
                child.look(time.monotonic())
        for child in self.children:
            child.signal(signal.SIGTERM)
        for child in self.children:
            child.end(END_WITHIN)

    def _wait_for(self, child: Child) -> None:
        end = time.monotonic() + READY_WITHIN
        while not child.is_ready():
            if child.refusal:
                raise NotReady(f"{child.name} cannot begin: {child.refusal}")
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
        "LADDER_POOL": os.environ.get("LADDER_POOL", "8"),
    }


def _free_ports(count: int) -> list[int]:
    """Return ports nobody listens on now: held together, so that they differ."""
    with ExitStack() as held:
        return [held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]
