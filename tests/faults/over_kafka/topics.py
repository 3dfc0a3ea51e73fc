"""What may happen to topics and groups at the brokers, from outside the platform."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from chassis.kafka import ClientSettings, apply_topics
from contracts.topics import TOPICS

from ..clients import PATIENCE
from ..company import HR
from .platform import BROKERS, Platform

if TYPE_CHECKING:
    from .faults import Scene

NAMES = tuple(topic.name for topic in TOPICS)
STAYS = 3.0
"""Seconds a member stays in a group."""


def heard_by_gap(platform: Platform) -> tuple[str, ...]:
    """Return the topics gap-svc hears."""
    return tuple(platform.system.services[-1].consumer.feeds)


def open_a_silent_workspace(scene: Scene) -> None:
    """Open a workspace in which nothing happens any more, and wait until its events lie on the topic."""
    platform, key = scene.platform, f"silent {time.monotonic_ns()}"
    opened = platform.operator("POST", "/workspaces", {"name": "Silent", "admin": HR, "key": key})["workspace"]
    platform.silent.append(opened)
    sql = """select 1 from people.head h join people.relayed r using (workspace)
    where h.workspace = %s and r.sequence = (h.published ->> 'people.v1')::bigint"""
    scene.until(lambda: bool(platform.rows(sql, opened)), "the relay did not send a new workspace")


@asynccontextmanager
async def member(settings: ClientSettings, group: str, topics: Sequence[str] = ()) -> AsyncGenerator[Any]:
    """Be a member of a group, or (without topics) only speak for it."""
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=",".join(settings.servers), group_id=group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def join_and_leave(settings: ClientSettings, group: str, topics: Sequence[str]) -> None:
    """Take partitions and records of a group, apply nothing, commit nothing, and leave."""
    async with member(settings, group, topics) as consumer:
        await consumer.getmany(timeout_ms=500)
        await asyncio.sleep(STAYS)


async def rewind(settings: ClientSettings, group: str, topics: Sequence[str], by: int) -> None:
    """Set the offsets of a group without members back; the brokers refuse it while one is there."""
    async with member(settings, group) as consumer:
        where = places(topics)
        begins = await consumer.beginning_offsets(where)
        ends = await consumer.end_offsets(where)
        consumer.assign(where)
        await consumer.commit({place: max(begins[place], ends[place] - by) for place in where})


async def given_away(settings: ClientSettings, group: str, members: int) -> None:
    """Wait until a group has so many members left, and these have all of its partitions."""
    end = time.monotonic() + PATIENCE
    async with admin(settings) as one:
        while await _settled(one, group) != members:
            assert time.monotonic() < end, f"{group} still counts on a member that is gone"
            await asyncio.sleep(0.5)


async def _settled(one: AIOKafkaAdminClient, group: str) -> int:
    """Return how many members a group has; 0 while it gives partitions to some."""
    answers: list[Any] = await one.describe_consumer_groups([group])  # its own types know no groups
    ((_, _, state, _, _, members, *_),) = answers[0].groups
    return len(members) if state == "Stable" else 0


def places(names: Iterable[str]) -> list[TopicPartition]:
    """Return every partition of some topics."""
    wanted = set(names)
    return [TopicPartition(one.name, number) for one in TOPICS if one.name in wanted for number in range(one.partitions)]


@asynccontextmanager
async def admin(settings: ClientSettings) -> AsyncGenerator[AIOKafkaAdminClient]:
    """Ask and tell the brokers what only who runs them may."""
    opened = AIOKafkaAdminClient(bootstrap_servers=",".join(settings.servers))
    await opened.start()
    try:
        yield opened
    finally:
        await opened.close()


async def delete_and_make(settings: ClientSettings) -> None:
    """Delete every topic with its records, and make it again as it is declared."""
    async with admin(settings) as one:
        await one.delete_topics(list(NAMES))
    made: set[str] = set()
    end = time.monotonic() + PATIENCE
    while made != set(NAMES):
        assert time.monotonic() < end, "the topics cannot be made again"
        try:
            made |= set(await apply_topics(settings, TOPICS, BROKERS))
        except KafkaError:
            pass  # deleting takes its time
        await asyncio.sleep(0.2)


async def delete_records(settings: ClientSettings) -> None:
    """Delete every record that lies on the topics now, as their retention would."""
    async with member(settings, "retention") as consumer, admin(settings) as one:
        ends = await consumer.end_offsets(places(NAMES))
        await one.delete_records({place: RecordsToDelete(before_offset=offset) for place, offset in ends.items()})
