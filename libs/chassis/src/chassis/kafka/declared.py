"""Whether the topics a worker needs are as declared: looked at when it starts, and until they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka.errors import KafkaError

from chassis.kafka.asking import Unanswered, ask
from chassis.kafka.client import Client
from chassis.kafka.topics import unusable
from contracts.topics import Topic

log = structlog.get_logger(__name__)

AGAIN: Final = 2.0
"""Seconds between two looks."""


@dataclass
class Declared:
    """What is declared of some topics; `trouble` says how they differ, or why that is not known."""

    client: Client
    topics: Sequence[Topic]
    trouble: str = "not looked at yet"

    def look(self) -> None:
        """Compare them with what is there; Unanswered while no broker answers."""
        self.client.run(self._look())

    def look_until_well(self) -> None:
        """Compare them in the background, again and again until they are as declared."""
        self.client.spawn(self._stay())

    async def _look(self) -> None:
        settings = self.client.settings
        try:
            await ask(settings, self.client.name)
            self.trouble = "; ".join(str(one) for one in await unusable(settings, self.topics))
        except Unanswered as error:
            self.trouble = str(error)
            raise
        except (KafkaError, OSError) as error:
            self.trouble = f"a broker is there and does not answer ({type(error).__name__})"
            raise Unanswered(self.trouble) from None

    async def _stay(self) -> None:
        while self.trouble:
            await asyncio.sleep(AGAIN)
            before = self.trouble
            try:
                await self._look()
            except Unanswered:
                continue
            if self.trouble and self.trouble != before:
                log.error("topics are not as declared", how=self.trouble)
