"""The one event loop in which a process talks to Kafka, and how it gets there: addresses, TLS and SASL."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, cast

from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

T = TypeVar("T")

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
_MECHANISMS: Final = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}

BATCH_SIZE: Final = 131_072
"""Bytes of one produced batch; a topic has to take at least so much (`topics check`)."""


@dataclass(frozen=True, slots=True, repr=False)
class ClientSettings:
    """Where Kafka is and who we are there; the password is in no representation."""

    servers: tuple[str, ...]
    tls: bool = False
    ca_file: str | None = None
    username: str | None = None
    password: str | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> ClientSettings | None:
        """Return the settings of `LADDER_KAFKA*`, or None where Kafka is not named; ValueError for one unusable."""
        servers = tuple(one.strip() for one in environ.get("LADDER_KAFKA", "").split(",") if one.strip())
        if not servers:
            return None
        mechanism = environ.get("LADDER_KAFKA_MECHANISM", "SCRAM-SHA-512")
        if mechanism not in _MECHANISMS:
            raise ValueError(f"LADDER_KAFKA_MECHANISM is {mechanism!r}; use one of {', '.join(_MECHANISMS)}.")
        return cls(
            servers=servers,
            tls=environ.get("LADDER_KAFKA_TLS", "") not in ("", "0"),
            ca_file=environ.get("LADDER_KAFKA_CA"),
            username=environ.get("LADDER_KAFKA_USERNAME"),
            password=environ.get("LADDER_KAFKA_PASSWORD"),
            mechanism=cast("Mechanism", mechanism),
        )

    def security(self) -> BaseSecurity | None:
        """Return what FastStream and aiokafka take; None for a plain connection."""
        context = ssl.create_default_context(cafile=self.ca_file) if self.tls else None
        if self.username is not None:
            maker = _MECHANISMS[self.mechanism]
            return maker(self.username, self.password or "", ssl_context=context, use_ssl=self.tls)
        return BaseSecurity(ssl_context=context, use_ssl=True) if self.tls else None


@dataclass
class Client:
    """An event loop in a thread of its own, for everything that speaks to Kafka in this process."""

    settings: ClientSettings
    name: str
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"{self.name} kafka", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it still runs is cancelled."""
        if self._thread is None:
            return
        self.run(_cancel_others(), 10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._thread = None

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine there and return its result; TimeoutError cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine there until it ends or the client stops."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def broker(self, **more: Any) -> KafkaBroker:
        """Return a broker of FastStream; it makes no topics and writes no line for each message."""
        return KafkaBroker(
            list(self.settings.servers),
            client_id=self.name,
            security=self.settings.security(),
            allow_auto_create_topics=False,
            apply_types=False,
            logger=logging.getLogger("kafka"),
            log_level=logging.DEBUG,
            **more,
        )


async def _cancel_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
