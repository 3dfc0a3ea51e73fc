"""The platform as separate processes over a real Kafka, and a load of commands that a test may disturb."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from chassis.kafka import ClientSettings, apply_topics
from chassis.postgres import Embedded
from chassis.testing.kafka import Cluster, cluster
from contracts.topics import TOPICS
from ladder.composition import Composition
from ladder.operator.workspaces import NewWorkspace, new_workspace
from ladder.processes import Child, Processes, environment_of
from ladder.verifying import verify
from people_svc import tokens

ROOT = Path(__file__).parents[2]
ANSWERED_WITHIN = 120.0
HEARD_WITHIN = 120.0
_numbers = itertools.count(1)


@dataclass
class Platform:
    """Everything that runs, and how it is asked; `refusals` are the 5xx that a repeat with the same key did not end."""

    kafka: Cluster
    processes: Processes
    system: Composition
    workspace: str
    acknowledged: list[str] = field(default_factory=list[str])

    @property
    def settings(self) -> ClientSettings:
        """How to reach Kafka."""
        return ClientSettings((self.kafka.servers,))

    def child(self, service: str, role: str) -> Child:
        """Return one process."""
        return next(one for one in self.processes.children if (one.service, one.role) == (service, role))

    def token(self, workspace: str) -> str:
        """Return the token of an HR admin."""
        actor = tokens.sign_in_as(self.system.people, workspace, "hr", self.system.now())
        return self.system.signer.sign(actor)

    def adds(self, workspace: str | None = None) -> str:
        """Add somebody: sent with the same key until it is answered, as a careful client does."""
        chosen, number = workspace or self.workspace, next(_numbers)
        token = self.token(chosen)
        body = {"given_name": f"Person {number}", "family_name": "Example", "starts_on": "2024-01-01"}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"add-{number}"}
        end = time.monotonic() + ANSWERED_WITHIN
        while time.monotonic() < end:
            try:
                answer = httpx.post(f"{self.processes.api('people')}/people", json=body, headers=headers, timeout=20)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code == 201:
                self.acknowledged.append(answer.json()["id"])
                return answer.json()["id"]
            assert answer.status_code == 503, answer.text
            time.sleep(0.1)
        raise AssertionError("a command was never answered")

    @contextmanager
    def under_load(self, writers: int = 3) -> Generator[None]:
        """Add people from several clients until the block ends."""
        ending = threading.Event()

        def write() -> None:
            while not ending.is_set():
                self.adds()

        with ThreadPoolExecutor(writers) as pool:
            running = [pool.submit(write) for _ in range(writers)]
            try:
                yield
            finally:
                ending.set()
            for one in running:
                one.result()

    def grows(self, by: int) -> None:
        """Wait until so many more commands were acknowledged."""
        wanted = len(self.acknowledged) + by
        self.until(lambda: len(self.acknowledged) >= wanted)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition."""
        end = time.monotonic() + HEARD_WITHIN
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.05)

    def broken(self) -> list[dict[str, Any]]:
        """Wait until everything was heard and followed, then return what is broken, and who is missing where."""
        end = time.monotonic() + HEARD_WITHIN
        while True:
            found = [one.model_dump() for one in verify(self.system.services).broken]
            if not found or time.monotonic() > end:
                return found + self._missing()
            time.sleep(0.2)

    def _missing(self) -> list[dict[str, Any]]:
        return [
            {"service": service.name, "missing": len(missing)}
            for service in self.system.services
            if (missing := set(self.acknowledged) - self._known(service))
        ]

    def _known(self, service: Any) -> set[str]:
        with service.follower_pool.connection() as connection:
            rows = connection.execute(f"select distinct person from {service.name}.directory_people").fetchall()
        return {row["person"] for row in rows}


@contextmanager
def platform(workers: int = 1) -> Generator[Platform]:
    """Run it in a temporary folder; everything is ended by its own handle."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-faults-"))
    folder.chmod(0o755)
    try:
        with cluster(ROOT / "build") as kafka, Embedded(folder / "server", {"max_connections": "300"}) as server:
            asyncio.run(apply_topics(ClientSettings((kafka.servers,)), TOPICS, replication=1))
            url = f"host={server.database.host} dbname={server.database.name} user=postgres"
            processes = Processes(environment_of(url, kafka.servers, folder / "data"), folder / "logs", workers=workers)
            os.environ["LADDER_DATABASE_URL"] = url
            try:
                processes.migrate()
                processes.start()
                with Composition(folder / "data") as system:
                    made = new_workspace(system, NewWorkspace(name="Northwind", admin="hanna@example.com"))
                    yield Platform(kafka, processes, system, made["workspace"])
            finally:
                del os.environ["LADDER_DATABASE_URL"]
                processes.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
