"""The relay's way out: records of one workspace, in order, acknowledged by every in-sync replica."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from faststream.exceptions import FastStreamException
from faststream.kafka import KafkaBroker

from chassis.kafka.client import BATCH_SIZE, Client
from chassis.kafka.wire import CONTENT_TYPE, headers_of
from chassis.relay import Refused
from contracts.envelope import Envelope

log = structlog.get_logger(__name__)

PATIENCE = 30.0
"""Seconds a page may take; a broker that is away makes the relay come again, its position stays."""


class _Raw:
    """Values are bytes already."""

    async def encode(self, body: Any, serializer: Any = None) -> tuple[bytes, str]:
        return body, CONTENT_TYPE

    async def decode(self, msg: Any) -> Any:
        return msg


@dataclass
class KafkaSink:
    """Sends to the one topic of a service; after an error the producer is thrown away, so that nothing overtakes."""

    client: Client
    topic: str
    _broker: KafkaBroker | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def send(self, records: Sequence[Envelope]) -> None:
        """Take records of one workspace, in order; Refused when they are not all acknowledged."""
        if foreign := {record.topic for record in records} - {self.topic}:
            raise Refused(f"this service publishes on {self.topic}, not on {', '.join(sorted(foreign))}")
        try:
            self.client.run(self._send(records), PATIENCE)
        except (KafkaError, FastStreamException, OSError, TimeoutError) as error:
            self.client.run(self._throw_away(), PATIENCE)
            log.warning("kafka refused", topic=self.topic, error=type(error).__name__)
            raise Refused(type(error).__name__) from None

    def stop(self) -> None:
        """Let the producer go."""
        self.client.run(self._throw_away(), PATIENCE)

    async def _send(self, records: Sequence[Envelope]) -> None:
        async with self._lock:
            broker = self._broker = self._broker or await self._connected()
        sent = [
            await broker.publish(
                record.data,
                self.topic,
                key=record.workspace.encode(),
                headers=headers_of(record),
                timestamp_ms=int(record.time.timestamp() * 1000),
                no_confirm=True,
            )
            for record in records
        ]
        await asyncio.gather(*sent)

    async def _connected(self) -> KafkaBroker:
        broker = self.client.broker(
            acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=BATCH_SIZE, codec=_Raw(), request_timeout_ms=10_000
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
