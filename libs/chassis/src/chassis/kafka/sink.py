"""The relay's way out: records of each workspace in order, acknowledged by every in-sync replica."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faststream.exceptions import FastStreamException
from faststream.kafka import KafkaBroker

from chassis.kafka.asking import Unanswered, ask
from chassis.kafka.client import BATCH_SIZE, Client, admin_options
from chassis.kafka.wire import CONTENT_TYPE, NoEvent, from_record, headers_of
from chassis.relay import Refused, Unreachable
from contracts.envelope import Envelope

log = structlog.get_logger(__name__)

PATIENCE = 8.0
"""Seconds a page may take; while a broker is away the relay comes again and its position stays."""


class _Raw:
    """Values are bytes already."""

    async def encode(self, body: Any, serializer: Any = None) -> tuple[bytes, str]:
        return body, CONTENT_TYPE

    async def decode(self, msg: Any) -> Any:
        return msg


@dataclass
class KafkaSink:
    """Sends to the one topic of a service.

    An idempotent producer tries again without end, in order, so one that only waits for its broker is kept. After an
    error that it does not try again it is thrown away: what it still holds must not overtake what is sent anew.
    """

    client: Client
    topic: str
    _broker: KafkaBroker | None = None

    def send(self, records: Sequence[Envelope]) -> None:
        """Take records, those of each workspace in order; Refused when they are not all acknowledged in time."""
        if foreign := {record.topic for record in records} - {self.topic}:
            raise Refused(f"this service publishes on {self.topic}, not on {', '.join(sorted(foreign))}")
        try:
            self.client.run(self._send(records), PATIENCE)
        except (TimeoutError, OSError, Unanswered) as error:
            self._refuse(Unreachable, error)
        except (KafkaError, FastStreamException) as error:
            self.stop()
            self._refuse(Unreachable if getattr(error, "retriable", False) else Refused, error)

    def newest(self) -> Sequence[Envelope]:
        """Return the newest record of each partition that is an event."""
        try:
            return self.client.run(self._newest(), PATIENCE)
        except (TimeoutError, OSError, Unanswered, KafkaError) as error:
            self._refuse(Unreachable, error)

    def stop(self) -> None:
        """Let the producer go."""
        self.client.run(self._throw_away())

    def _refuse(self, how: type[Refused], error: Exception) -> NoReturn:
        log.warning("kafka refused", topic=self.topic, error=type(error).__name__)
        raise how(type(error).__name__) from None

    async def _send(self, records: Sequence[Envelope]) -> None:
        broker = self._broker = self._broker or await self._connected()
        sent = [
            await broker.publish(
                record.data,
                self.topic,
                key=record.workspace.encode(),
                headers=headers_of(record),
                correlation_id=record.correlationid,
                timestamp_ms=int(record.time.timestamp() * 1000),
                no_confirm=True,
            )
            for record in records
        ]
        # Shielded: whoever stops waiting takes nothing back from the producer.
        await asyncio.shield(asyncio.gather(*sent))

    async def _newest(self) -> list[Envelope]:
        await ask(self.client.settings, self.client.name)
        options = admin_options(self.client.settings)
        opened: Any = AIOKafkaConsumer(self.topic, client_id=self.client.name, **options)  # its types are partly unknown
        async with opened as consumer:
            return [one for record in await _last_of_each(consumer) for one in _events(record)]

    async def _connected(self) -> KafkaBroker:
        await ask(self.client.settings, self.client.name)  # a producer that failed to start leaves connections behind
        broker = self.client.broker(
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=BATCH_SIZE,
            codec=_Raw(),
            request_timeout_ms=5_000,
        )
        await broker.start()
        return broker

    async def _throw_away(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            try:
                await asyncio.wait_for(broker.stop(), 5)
            except (TimeoutError, KafkaError, OSError):
                log.warning("kafka producer left behind", topic=self.topic)


async def _last_of_each(consumer: Any) -> list[Any]:
    """Return the last record of every partition that holds one; without a group a consumer has them all."""
    places = consumer.assignment()
    begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    held = [place for place in places if ends[place] > begins[place]]
    for place in held:
        consumer.seek(place, ends[place] - 1)
    return [await consumer.getone(place) for place in held]


def _events(record: Any) -> Iterator[Envelope]:
    with suppress(NoEvent):
        yield from_record(record.topic, record.key, record.value, record.headers)
