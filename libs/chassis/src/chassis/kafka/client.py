"""The one event loop in which a process talks to Kafka, and whether somebody answers there."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog
from faststream.kafka import KafkaBroker
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from chassis.brokers import ClientSettings
from chassis.kafka.asking import Asking, Unanswered

log = structlog.get_logger(__name__)

T = TypeVar("T")

_MECHANISMS: Final = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}

BATCH_SIZE: Final = 131_072
"""Bytes of one produced batch; a topic has to take at least so much (`topics check`)."""
LOOK_EVERY: Final = 2.0
"""Seconds between two questions to the brokers."""


@dataclass
class Client:
    """An event loop in a thread of its own, for everything that speaks to Kafka in this process.

    `trouble` says why no broker answers; it is empty while one does.
    """

    settings: ClientSettings
    name: str
    trouble: str = "not asked yet"
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, and ask the brokers every now and then whether they are there."""
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"{self.name} kafka", daemon=True)
        self._thread.start()
        self.spawn(self._look())

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
            security=_security(self.settings),
            allow_auto_create_topics=False,
            apply_types=False,
            logger=logging.getLogger("kafka"),
            log_level=logging.DEBUG,
            **more,
        )

    async def _look(self) -> None:
        """Ask as everybody here does, through TLS and SASL; what an open connection alone says may be long ago."""
        asking = Asking(self.settings, self.name)
        try:
            while True:
                trouble = await _trouble(asking)
                if trouble != self.trouble:
                    log.info("kafka answers") if not trouble else log.warning("kafka does not answer", why=trouble)
                self.trouble = trouble
                await asyncio.sleep(LOOK_EVERY)
        finally:
            await asking.close()


async def _trouble(asking: Asking) -> str:
    try:
        await asking.ask()
    except Unanswered as error:
        return str(error)
    return ""


def admin_options(settings: ClientSettings) -> dict[str, Any]:
    """Return what a plain client of aiokafka takes to be let in."""
    return {"bootstrap_servers": list(settings.servers), **parse_security(_security(settings))}


def _security(settings: ClientSettings) -> BaseSecurity | None:
    """Return what FastStream takes; None for a plain connection."""
    context = settings.tls_context()
    if settings.username is not None:
        maker = _MECHANISMS[settings.mechanism]
        return maker(settings.username, settings.password or "", ssl_context=context, use_ssl=settings.tls)
    return BaseSecurity(ssl_context=context, use_ssl=True) if settings.tls else None


async def _cancel_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
