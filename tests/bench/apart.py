"""Every service as processes of its own over a real Kafka: how long it takes, what it carries, and what a crowd does to it."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import os
import random
import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import looping
from companies import Waiting
from measuring import Figure, family_seconds, processor_seconds
from running import Caller, Door, bearer

from chassis.kafka import ClientSettings, apply_topics
from chassis.postgres import Embedded
from chassis.service import Service
from chassis.sql import vouched
from chassis.testing.kafka import Cluster
from contracts.topics import TOPICS
from ladder.composition import Composition
from ladder.processes import SERVICES, Processes, environment_of
from ladder.verifying import verify
from people_svc import tokens

RATES: looping.Rates = ((1, 30), (50, 10))
SUSTAINED, APPROVERS = 720, 8
"""Approvals one after the other by so many callers."""
USUAL, CROWD, CROWDED = 5, 50, 120
"""People added a second usually, and in the crowd; seconds the crowd lasts."""
_PARTS = ("interfaces", "workers", "postgres", "kafka")


def needed() -> int:
    """Return how many evaluations the measurements use up."""
    return looping.needed(RATES) + SUSTAINED


@dataclass
class Apart:
    """The platform that runs; `system` only reads its rows and signs tokens."""

    processes: Processes
    system: Composition
    server: Embedded
    kafka: Cluster

    def tokens(self, workspaces: Iterable[str]) -> dict[str, str]:
        """Return a fresh token of an HR admin of each workspace."""
        now, people = self.system.now(), self.system.people
        return {one: self.system.signer.sign(tokens.sign_in_as(people, one, "hr", now)) for one in workspaces}

    def caller(self) -> Caller:
        """Return somebody at the interface of every service."""
        addresses = {name: self.processes.at[name][0].removeprefix("http://") for name in SERVICES}
        return Caller({name: Door(http.client.HTTPConnection(one, timeout=60)) for name, one in addresses.items()})

    def spent(self) -> dict[str, float]:
        """Return the processor seconds spent so far, by part."""
        seconds: dict[str, float] = dict.fromkeys(_PARTS, 0.0)
        for child in self.processes.children:
            if child.process is not None:
                seconds["interfaces" if child.role == "api" else "workers"] += processor_seconds(child.process.pid)
        seconds["postgres"] = family_seconds(self.server.pid or 0)
        seconds["kafka"] = sum(processor_seconds(node.process.pid) for node in self.kafka.nodes if node.process)
        return seconds

    def behind(self) -> int:
        """Return how many workspaces some service has not heard everything of."""
        return sum(len(set(one.consumer.behind()) | set(one.relay.behind())) for one in self.system.services)

    def known(self) -> dict[str, int]:
        """Return how many people each service knows, over all workspaces."""
        people = "count(distinct (workspace, person))"
        return {one.name: self._count(one, people, "directory_people") for one in self.system.services}

    def reports(self) -> int:
        """Return how many evaluations have a report."""
        (gap,) = (one for one in self.system.services if one.name == "gap")
        return self._count(gap, "count(distinct evaluation)", "report_list")

    def _count(self, service: Service, what: str, table: str) -> int:
        with service.follower_pool.connection() as connection:
            row = connection.execute(vouched(f"select {what} as found from {service.name}.{table}")).fetchone()
        return row["found"] if row else 0


def figures(home: Path, kafka: Cluster, waiting: Iterator[Waiting]) -> Iterator[Figure]:
    """Measure single approvals at steady rates, as many as can be done, and a crowd."""
    with apart(home, kafka) as platform:
        yield from looping.figures(
            platform, waiting, "over Kafka: approve → report readable", RATES, p50="≤ 20", p99="≤ 100"
        )
        yield from _sustained(platform, list(islice(waiting, SUSTAINED)))
        yield from _crowded(platform)


def _sustained(platform: Apart, asked: list[Waiting]) -> Iterator[Figure]:
    """Approve as fast as it is answered; it ends when every report is there."""
    given, there = platform.tokens({one.workspace for one in asked}), platform.reports()
    before, began = platform.spent(), time.perf_counter()

    def approve(some: list[Waiting]) -> None:
        caller = platform.caller()
        for one in some:
            caller.approve(one.evaluation, given[one.workspace])
        caller.close()

    with ThreadPoolExecutor(APPROVERS) as callers:
        list(callers.map(approve, (asked[first::APPROVERS] for first in range(APPROVERS))))
    while platform.reports() < there + len(asked):
        time.sleep(0.05)
    seconds, after = time.perf_counter() - began, platform.spent()
    spent = {part: (after[part] - before[part]) / len(asked) * 1000 for part in _PARTS}
    yield Figure("over Kafka: full approvals, every service on this machine", len(asked) / seconds, "a second", "≥ 300")
    yield Figure("processor time of one, in all", sum(spent.values()), "ms", "≤ 4")
    for part, value in spent.items():
        yield Figure(f"processor time of one, {part}", value, "ms")


def _crowded(platform: Apart) -> Iterator[Figure]:
    """Add people ten times as fast as usual for two minutes, and see when everybody has heard of everybody."""
    workspaces = platform.system.workspaces()
    before = platform.known()
    usual, _ = _add(platform, workspaces, USUAL, 20)
    crowd, rate = _add(platform, workspaces, CROWD, CROWDED)
    began = time.perf_counter()
    while platform.behind():
        time.sleep(0.1)
    seconds = time.perf_counter() - began
    yield Figure(f"ten times the usual for {CROWDED} s: people added", rate, "a second")
    yield Figure("after it: until everybody has heard of everything", seconds, "s", "≤ 60")
    lacking = max(usual + crowd - (after - before[name]) for name, after in platform.known().items())
    yield Figure("after it: acknowledged and unknown to some service", lacking, "people", "≤ 0")
    yield Figure("after it: invariants broken", len(verify(platform.system.services).broken), "", "≤ 0")


def _add(platform: Apart, workspaces: list[str], rate: int, seconds: int) -> tuple[int, float]:
    """Add people at a rate (open loop); return how many were acknowledged, and how many a second."""
    dice, given = random.Random(rate), platform.tokens(workspaces)
    numbers, began = itertools.count(), time.perf_counter()

    def add(number: int, workspace: str) -> None:
        body = {"given_name": f"Guest {number}", "family_name": "Example", "starts_on": "2024-01-01"}
        headers = {
            **bearer(given[workspace]),
            "Idempotency-Key": f"crowd-{rate}-{number}",
            "Content-Type": "application/json",
        }
        caller = platform.caller()
        while (status := caller.doors["people"].send("POST", "/people", headers, body)[0]) == 503:
            time.sleep(0.1)
        caller.close()
        if status != 201:
            raise RuntimeError(f"adding somebody was answered with {status}")

    due, running = began, list[Future[None]]()
    with ThreadPoolExecutor(looping.CALLERS) as callers:
        while due < began + seconds:
            due += dice.expovariate(rate)
            time.sleep(max(0.0, due - time.perf_counter()))
            running.append(callers.submit(add, next(numbers), dice.choice(workspaces)))
        for one in running:
            one.result()
    return len(running), len(running) / (time.perf_counter() - began)


@contextmanager
def apart(home: Path, kafka: Cluster) -> Generator[Apart]:
    """Run the platform on the data in `home`, and end it by its own handles."""
    asyncio.run(apply_topics(ClientSettings((kafka.servers,)), TOPICS, replication=1))
    with Embedded(home, {"max_connections": "300"}) as server:
        url = f"host={server.database.host} dbname={server.database.name} user=postgres"
        processes = Processes(environment_of(url, kafka.servers, home), home / "logs")
        os.environ["LADDER_DATABASE_URL"] = url
        try:
            processes.migrate()
            processes.start()
            with Composition(home) as system:
                yield Apart(processes, system, server, kafka)
        finally:
            del os.environ["LADDER_DATABASE_URL"]
            processes.stop()
