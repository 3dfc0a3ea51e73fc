"""The two modes in which every journey is played: one process without a broker, and processes of their own over Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from fastapi import FastAPI

import evaluation_svc.main
import evaluation_svc.settings
import framework_svc.main
import framework_svc.settings
import gap_svc.main
import gap_svc.settings
import people_svc.main
import people_svc.settings
from chassis.cipher import Cipher, Grant
from chassis.kafka import TOPICS, ClientSettings, apply_topics
from chassis.postgres import Embedded
from chassis.process import Environment, Process
from chassis.service import Service
from chassis.telemetry import Traces
from chassis.testing.kafka import broker
from chassis.virtual import FileClock, StandingClock
from ladder.composition import Composition
from ladder.front import front_app
from ladder.processes import SERVICES, Processes, environment_of
from ladder.server import listen, operator_door, public_app, serving
from people_svc.__main__ import signing_keys

BEGINNING: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
"""Every journey begins on this Monday morning."""
ROOT: Final = Path(__file__).parents[2]
APIS: Final = {"people": 2, "evaluation": 2}
"""Services with more than one process that answers: what was written through one is read through the other."""

MADE_OF: Final[dict[str, tuple[Callable[[Cipher], Service], tuple[Grant, ...]]]] = {
    "people": (people_svc.main.service, tuple(people_svc.settings.GRANTS)),
    "framework": (lambda _: framework_svc.main.service(), tuple(framework_svc.settings.GRANTS)),
    "evaluation": (lambda _: evaluation_svc.main.service(), tuple(evaluation_svc.settings.GRANTS)),
    "gap": (lambda _: gap_svc.main.service(), tuple(gap_svc.settings.GRANTS)),
}
"""What the processes of each service are made of."""


@dataclass
class Opened:
    """A system that runs, its time, clients of its one port and of the operator's door, and its broker's address."""

    system: Composition
    clock: StandingClock | FileClock
    http: httpx.Client
    operator: httpx.Client
    kafka: str


Mode = Callable[[Path], AbstractContextManager[Opened]]


@contextmanager
def one_process(folder: Path) -> Generator[Opened]:
    """Run everything in this process, without a broker."""
    clock = StandingClock(BEGINNING)
    with Composition(folder / "data", clock=clock) as system, clients(system, public_app(system)) as (public, operator):
        system.start()
        yield Opened(system, clock, public, operator, kafka="")


@contextmanager
def services(folder: Path) -> Generator[Opened]:
    """Run every service as processes of its own over a real Kafka; the operator stands beside them."""
    with platform(folder) as (system, clock, told):
        processes = Processes(told, folder / "logs", apis=APIS)
        try:
            processes.start()
            with clients(system, front_app(processes.at)) as (public, operator):
                yield Opened(system, clock, public, operator, told["LADDER_KAFKA"])
        finally:
            processes.stop()


@contextmanager
def gathered(folder: Path, traces: Callable[[str], Traces]) -> Generator[Opened]:
    """Run what the processes of every service run, over a real Kafka, but in this process: it can see their spans."""
    with platform(folder) as (system, clock, told), ExitStack() as stack:
        doors = {name: stack.enter_context(listen("127.0.0.1", 0)) for name in SERVICES}
        at = {name: f"http://127.0.0.1:{door.getsockname()[1]}" for name, door in doors.items()}
        environment = Environment.read({**told, **{f"LADDER_AT_{name.upper()}": url for name, url in at.items()}})
        for name, (make, grants) in MADE_OF.items():
            signs = signing_keys if name == "people" else None
            process = Process(name, make, grants, environment, signs, traces=traces)
            stack.enter_context(process.working())
            stack.enter_context(serving(stack.enter_context(process.answering()), doors[name]))
        public, operator = stack.enter_context(clients(system, front_app({name: [url] for name, url in at.items()})))
        yield Opened(system, clock, public, operator, told["LADDER_KAFKA"])


@contextmanager
def platform(folder: Path) -> Generator[tuple[Composition, FileClock, dict[str, str]]]:
    """Give what processes stand on (Kafka with its topics, PostgreSQL), the operator beside them, and what they are told."""
    (folder / "clock").write_text(BEGINNING.isoformat())
    clock = FileClock(folder / "clock")
    with (
        broker(ROOT / "build") as kafka,
        Embedded(folder / "server", {"max_connections": "400"}) as server,
        Composition(folder / "data", clock=clock, given=server.database) as system,
    ):
        asyncio.run(apply_topics(ClientSettings((kafka,)), TOPICS, replication=1))
        system.accompany()
        told = environment_of(server.database.admin_dsn(), kafka, folder / "data")
        yield system, clock, told | {"LADDER_TEST_CLOCK": str(clock.path), "LADDER_ALLOW_UNSAFE_SYNC": "1"}


@contextmanager
def clients(system: Composition, app: FastAPI) -> Generator[tuple[httpx.Client, httpx.Client]]:
    """Open the public port and the operator's door; give a client of each."""
    with listen("127.0.0.1", 0) as listening, serving(app, listening), operator_door(system) as door:
        port, socket = listening.getsockname()[1], httpx.HTTPTransport(uds=str(door))
        with (
            httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=30) as public,
            httpx.Client(base_url="http://operator", transport=socket, timeout=60) as operator,
        ):
            yield public, operator
