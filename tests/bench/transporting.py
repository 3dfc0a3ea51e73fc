"""What our relay and our consumer carry over a real Kafka, beside a bare client that carries the same records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ledger
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from measuring import Figure, family_seconds, processor_seconds

from chassis.cipher import Cipher, Grant, prepare_keys
from chassis.identity import Actor
from chassis.kafka import Client, ClientSettings, Driver, KafkaSink, apply_topics
from chassis.kafka.client import BATCH_SIZE
from chassis.kafka.wire import headers_of
from chassis.postgres import Embedded
from chassis.steps import TOGETHER, Runner
from chassis.testing.kafka import Cluster
from chassis.unit import Answer, CommandInfo, Unit
from contracts.envelope import Envelope
from contracts.topics import Topic

RUNS = {"one": (1, 3_000, "≥ 2500"), "five": (5, 800, "≥ 5000")}
"""Events of a workspace that lie one after the other, in how many workspaces, and what is aimed at."""
OURS, BARE = Topic(name="ledger.v1"), Topic(name="bare.v1")


def figures(home: Path, kafka: Cluster) -> Iterator[Figure]:
    """Measure the relay against a bare producer, and the consumer with its unit of work."""
    with ExitStack() as stack:
        bench = Bench(home, kafka, stack)
        for name, (length, workspaces, aim) in RUNS.items():
            names = [f"{name}{number}" for number in range(workspaces)]
            bench.publish(names, length)
            yield from bench.relay(names, f"in runs of {name}")
            yield from bench.consume(len(names) * length, f"in runs of {name}", aim)


@dataclass
class Spent:
    """Processor seconds so far: of this process, of PostgreSQL and of the broker; and the time of day."""

    python: float
    postgres: float
    kafka: float
    at: float


class Bench:
    """The ledger and its auditor over one PostgreSQL and one Kafka."""

    def __init__(self, home: Path, kafka: Cluster, stack: ExitStack) -> None:
        self.kafka, self.settings = kafka, ClientSettings((kafka.servers,))
        asyncio.run(apply_topics(self.settings, (OURS, BARE), replication=1))
        self.server = stack.enter_context(Embedded(home / "transport"))
        database = self.server.create_database("transport")
        grants = [Grant("ledger", "entry", may_make=True), Grant("auditor", "audit", may_make=True)]
        key = prepare_keys(database, home, grants, {})
        self.ledger, self.auditor = ledger.service(), ledger.auditor()
        for service in (self.ledger, self.auditor):
            cipher = Cipher.connect(database, service.name, key, home / "erasures")
            stack.callback(cipher.close)
            service.migrate(database)
            service.open(database, cipher)
            stack.callback(service.close)
        self.client = Client(self.settings, "bench")
        self.client.start()
        stack.callback(self.client.stop)
        sink = KafkaSink(self.client, OURS.name)
        stack.callback(sink.stop)
        self.ledger.connect({}, sink=sink)
        self.auditor.connect({OURS.name: self.ledger.feed})

    def publish(self, workspaces: Sequence[str], length: int) -> None:
        """Let a command of each workspace record so many events that are published."""
        for workspace in workspaces:
            info = CommandInfo(workspace, "ann", f"fill {workspace}", correlation_id="fill")
            actor = Actor(workspace=workspace, person="ann", roles=frozenset())
            self.ledger.execute(info, actor, lambda unit: _enter(unit, length))

    def relay(self, workspaces: Sequence[str], how: str) -> Iterator[Figure]:
        """Send everything by our relay, then the same records by a bare producer with as many on their way."""
        records = [one for name in workspaces for one in self.ledger.feed.events(OURS.name, name, 0).records]
        before = self._spent()
        for first in range(0, len(workspaces), TOGETHER):
            self.ledger.relay.steps(workspaces[first : first + TOGETHER])
        after = self._spent()
        ours = len(records) / (after.at - before.at)
        bare = len(records) / asyncio.run(_seconds_of_bare(self.kafka.servers, records))
        yield Figure(f"relay {how} ÷ bare aiokafka", ours / bare, "× events/s", "≥ 0.5")
        yield Figure(f"relay {how}", ours, "events/s")
        yield from _per_event(f"relay {how}", before, after, len(records))

    def consume(self, events: int, how: str, aim: str) -> Iterator[Figure]:
        """Hear everything by one consumer, from its first unit of work to its last."""
        driver = Driver(
            self.client, "auditor", (OURS.name,), self.auditor.hear, self.auditor.consumer.put_aside, lambda: None
        )
        runner = Runner(self.auditor.consumer)
        self.auditor.runners = [runner]
        done = self._recorded()
        runner.start()
        driver.start()
        while (first := self._recorded()) == done:
            time.sleep(0.01)
        before = self._spent()
        while self._recorded() < done + events:
            time.sleep(0.05)
        after = self._spent()
        driver.stop()
        runner.stop()
        self.auditor.runners = []
        heard = done + events - first
        ours, bare = heard / (after.at - before.at), asyncio.run(_read_bare(self.kafka.servers))
        yield Figure(f"consumer {how}, each with its unit of work", ours, "events/s", aim)
        yield Figure(f"consumer {how} ÷ bare aiokafka that only reads", ours / bare, "× events/s")
        yield from _per_event(f"consumer {how}", before, after, heard)

    def _recorded(self) -> int:
        with self.auditor.follower_pool.connection() as connection:
            row = connection.execute("select coalesce(sum(sequence), 0)::bigint as found from auditor.head").fetchone()
        return row["found"] if row else 0

    def _spent(self) -> Spent:
        broker = self.kafka.nodes[0].process
        return Spent(
            time.process_time(),
            family_seconds(self.server.pid or 0),
            processor_seconds(broker.pid) if broker else 0.0,
            time.perf_counter(),
        )


def _enter(unit: Unit, count: int) -> Answer:
    for number in range(count):
        entered = ledger.Entered(account="travel", amount=number, text="two nights in Leeds and the train " * 6)
        unit.record(ledger.Entry, f"e{number}", entered, ledger.Balanced(account="travel", by="ann"))
    return Answer()


def _per_event(what: str, before: Spent, after: Spent, events: int) -> Iterator[Figure]:
    for part in ("python", "postgres", "kafka"):
        spent = getattr(after, part) - getattr(before, part)
        yield Figure(f"processor time of {what}, {part}", spent / events * 1e6, "µs an event")


async def _seconds_of_bare(servers: str, records: Sequence[Envelope]) -> float:
    """Send records by a bare producer: idempotent, acknowledged by all, as many on their way as it likes."""
    messages: list[dict[str, Any]] = [
        {
            "value": one.data,
            "key": one.workspace.encode(),
            "headers": [(name, value.encode()) for name, value in headers_of(one).items()],
        }
        for one in records
    ]
    async with AIOKafkaProducer(
        bootstrap_servers=servers, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=BATCH_SIZE
    ) as producer:
        began = time.perf_counter()
        sent: list[Any] = [await producer.send(BARE.name, **message) for message in messages]
        await asyncio.gather(*sent)
        return time.perf_counter() - began


async def _read_bare(servers: str) -> float:
    """Read the whole topic by a bare consumer that does nothing with it; return records a second."""
    opened: Any = AIOKafkaConsumer(OURS.name, bootstrap_servers=servers, auto_offset_reset="earliest")
    async with opened as consumer:
        wanted = sum((await consumer.end_offsets(consumer.assignment())).values())
        began, found = time.perf_counter(), 0
        while found < wanted:
            found += sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
        return found / (time.perf_counter() - began)
