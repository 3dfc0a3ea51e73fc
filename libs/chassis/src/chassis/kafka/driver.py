"""The consumer's fast path: batches from Kafka are offered to the consumer core; what it lacks the feed has."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from aiokafka import ConsumerRecord
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from chassis.consumer import Unreadable
from chassis.kafka.client import Client
from chassis.kafka.wire import NoEvent, from_record
from chassis.steps import failpoint
from contracts.envelope import Envelope

log = structlog.get_logger(__name__)

BATCH = 500
WAIT_MS = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
LEAVE_WITHIN = 15.0
KNOWN_FOR_MS = 10_000
"""Until topics are asked for again: who was given no partition of one that was away learns only so that it is back."""
LOOK_EVERY = 1.0
"""Seconds between two looks at the consumer's task."""

Record = ConsumerRecord[bytes | None, bytes | None]


class _Records:
    """Hands over the records as they came: every failure of reading one is ours to handle."""

    async def decode(self, msg: Any) -> Any:
        return msg

    async def encode(self, body: Any, serializer: Any = None) -> tuple[bytes, str]:
        return body, ""

    async def decode_batch(self, msg: Any) -> list[Record]:
        return list(msg.raw_message)

    async def encode_batch(self, bodies: Any, serializer: Any = None) -> list[tuple[bytes, str]]:
        return [(body, "") for body in bodies]


async def _without_headers(records: Sequence[Record], original: Callable[..., Any]) -> Any:
    """Keep FastStream's parser away from headers: one that is null or no UTF-8 would cost the whole batch."""
    message = await original(tuple(dataclasses.replace(record, headers=()) for record in records))
    message.raw_message = tuple(records)
    return message


class _Assigned(ConsumerRebalanceListener):
    """Lets the consumer compare itself with the upstreams' heads whenever it was given partitions."""

    def __init__(self, compare: Callable[[], None]) -> None:
        self._compare = compare

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Nothing is kept by partition: positions are in rows."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Ask what was missed."""
        self._compare()


@dataclass
class Driver:
    """One member of a service's consumer group.

    `offer` takes readable events, `put_aside` what carries none. Kafka's offsets are only a hint (positions are in
    the service's own rows), so a batch is committed once it was offered.
    """

    client: Client
    group: str
    topics: tuple[str, ...]
    offer: Callable[[Sequence[Envelope]], None]
    put_aside: Callable[[Unreadable], None]
    compare: Callable[[], None]
    _broker: KafkaBroker | None = None
    _stopping: bool = False
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def start(self) -> None:
        """Join the group; while no broker answers, try again with growing pauses; come back when the task has died."""
        self.client.spawn(self._stay())

    def stop(self) -> None:
        """Finish the batch under way and leave the group; of brokers that are away it takes no leave."""
        self._stopping = True
        try:
            self.client.run(self._leave(), LEAVE_WITHIN)
        except TimeoutError:
            log.warning("group left without a word", group=self.group)

    @property
    def alive(self) -> bool:
        """Whether the consumer is there and its task is running; a dead task is not seen by a ping."""
        return self.trouble == ""

    @property
    def trouble(self) -> str:
        """Why nothing can arrive; empty while it can."""
        broker = self._broker
        if self.client.trouble:
            return self.client.trouble
        if broker is None:
            return "not in its group yet"
        return "" if _is_running(broker) else "the task that consumes has ended"

    async def _stay(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping:
            if self._broker is None:
                await self._join()
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            elif _is_running(self._broker):
                await asyncio.sleep(LOOK_EVERY)
                pause = FIRST_PAUSE
            else:
                log.error("consumer ended", group=self.group)
                await self._leave()

    async def _join(self) -> None:
        """Try once."""
        async with self._changing:
            if self._stopping:
                return
            broker = self._subscribed()
            try:
                await broker.start()
            except (KafkaError, OSError) as error:
                log.warning("kafka not reached", group=self.group, error=type(error).__name__)
                await broker.stop()
                return
            self._broker = broker

    async def _leave(self) -> None:
        async with self._changing:
            broker, self._broker = self._broker, None
            if broker is not None:
                await broker.stop()

    def _subscribed(self) -> KafkaBroker:
        broker = self.client.broker(
            codec=_Records(), consumer_only=True, graceful_timeout=30, metadata_max_age_ms=KNOWN_FOR_MS
        )
        subscriber = broker.subscriber(
            *self.topics,
            group_id=self.group,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            batch=True,
            max_records=BATCH,
            batch_timeout_ms=WAIT_MS,
            session_timeout_ms=30_000,
            heartbeat_interval_ms=3_000,
            parser=_without_headers,
            listener=_Assigned(self.compare),
        )
        subscriber(self._take)
        return broker

    async def _take(self, records: list[Record]) -> None:
        await asyncio.to_thread(take, records, self.offer, self.put_aside)


def take(
    records: Sequence[Record],
    offer: Callable[[Sequence[Envelope]], None],
    put_aside: Callable[[Unreadable], None],
) -> None:
    """Offer the events of a batch; put aside what carries none."""
    readable: list[Envelope] = []
    for record in records:
        try:
            readable.append(from_record(record.topic, record.key, record.value, record.headers))
        except NoEvent as error:
            put_aside(_as_arrived(record, error.reason))
    offer(readable)
    failpoint("between offer and offset")


def _is_running(broker: KafkaBroker) -> bool:
    """Say whether every subscriber has a task that runs; FastStream puts a new one beside one that failed."""
    subscribers: list[Any] = list(broker.subscribers)
    return all(one.running and any(not task.done() for task in one.tasks) for one in subscribers)


def _as_arrived(record: Record, reason: str) -> Unreadable:
    given = cast("Sequence[tuple[str, bytes | None]]", record.headers)  # null comes, whatever aiokafka's types say
    headers = [(name, None if text is None else base64.b64encode(text).decode()) for name, text in given]
    return Unreadable(record.topic, record.partition, record.offset, record.key, record.value, headers, reason)
