"""A stage for real processes of the toy services: what they need around them, and how they are looked at and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from chassis.cipher import InstallationKey
from chassis.clock import now
from chassis.http import api
from chassis.identity import ServiceTokens
from chassis.testing import SIGNER, served, verifier

from . import notebook_api
from .conftest import Pair

HERE = Path(__file__).parents[1]
NOWHERE = "127.0.0.1:1"
"""Where no broker is."""


@dataclass
class Started:
    """A process of a service, its port, and what it wrote."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str) -> httpx.Response | None:
        """Ask over HTTP; None where nobody answers."""
        try:
            return httpx.get(f"{self.url}{path}", timeout=30)
        except httpx.HTTPError:
            return None

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return the parts of its readiness by name; nothing while it does not answer."""
        answer = self.ask("/readyz")
        return {part["name"]: part for part in answer.json()["parts"]} if answer is not None else {}

    def is_ready(self) -> bool:
        answer = self.ask("/readyz")
        return answer is not None and answer.status_code == 200

    def answers(self) -> bool:
        answer = self.ask("/livez")
        return answer is not None and answer.status_code == 200

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self) -> int:
        """Wait for its end and return how it ended."""
        return self.process.wait(240)

    def is_told_to_end(self) -> int:
        """End it in order."""
        self.send(signal.SIGTERM)
        return self.ends()

    def wrote(self) -> str:
        return self.log.read_text()


@dataclass
class Stage:
    """The toy services over one database: `pair` writes and looks from this process, others are started on it."""

    pair: Pair
    folder: Path
    url: str
    kafka: str = NOWHERE
    started: list[Started] = field(default_factory=list[Started])

    def start(self, service: str, role: str, **environ: str) -> Started:
        """Start a process of a service; it ends with the test."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        told = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LADDER_")},
            "LADDER_DATABASE_URL": self.pair.database.admin_dsn(),
            "LADDER_HOME": str(self.pair.home),
            "LADDER_KAFKA": self.kafka,
            **{f"LADDER_AT_{name}": self.url for name in ("TOY", *(["PEOPLE"] if role == "api" else []))},
            "LADDER_BIND": f"127.0.0.1:{port}",
            "LADDER_POOL": "4",
            **environ,
        }
        log = self.folder / f"{service}-{role}-{port}.log"
        command = [sys.executable, "-m", "tests.toying", service, role]
        with log.open("wb") as output:
            process = subprocess.Popen(command, env=told, cwd=HERE, stdout=output, stderr=output)
        started = Started(f"{service} {role}", process, port, log)
        self.started.append(started)
        return started

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return self.pair.rows(f"select count(*) as n from {table}")[0]["n"]

    def close(self) -> None:
        """End what still runs, in order where it can: members of a group that are killed are missed for half a minute."""
        running = [one for one in self.started if one.process.poll() is None]
        for one in running:
            one.send(signal.SIGTERM)
            one.send(signal.SIGCONT)
        for one in running:
            try:
                one.process.wait(45)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
        for one in self.started:
            sys.stdout.write(f"{one.name}:\n{one.wrote()[-3_000:]}\n")  # shown where a test failed


@contextmanager
def staged(pair: Pair, folder: Path, kafka: str = NOWHERE) -> Generator[Stage]:
    """Serve toy's interface and feed from this process, and end whatever was started beside it."""
    key = InstallationKey.load(pair.home)
    assert key is not None
    pair.toy.router = notebook_api.router
    tokens = ServiceTokens(key.derive("service tokens"), "toy", now)
    with served(api(pair.toy, verifier=verifier(), services=tokens, jwks=SIGNER.jwks)) as client:
        stage = Stage(pair, folder, str(client.base_url), kafka)
        try:
            yield stage
        finally:
            stage.close()
