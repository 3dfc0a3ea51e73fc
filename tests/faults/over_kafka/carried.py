"""Whether Kafka carried it: what was published stands on its topic, and every group has come to the end.

Each consumer also asks the feed every half minute, so that everything is heard in the end without a single record;
what `verify()` finds says nothing about Kafka.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.feed import PAGE
from chassis.kafka import ClientSettings
from chassis.service import Service
from contracts.topics import TOPICS

from ..clients import PATIENCE
from . import topics
from .platform import Platform

Events = set[tuple[str, str]]
"""Topic and id of events."""


def uncarried(platform: Platform) -> list[str]:
    """Return what Kafka did not carry, once everything is published; wait for what it may still carry."""
    return [
        *_unready(platform),
        *asyncio.run(_patiently(lambda: _left(platform))),
        *asyncio.run(_patiently(lambda: _different(platform))),
    ]


async def _patiently(look: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """Look until nothing is wrong, for as long as anything may take; return what still is."""
    end, found = time.monotonic() + PATIENCE, [""]
    while found and time.monotonic() < end:
        try:
            found = await look()
        except (KafkaError, OSError) as error:
            found = [f"the brokers cannot be asked: {type(error).__name__}"]
        if found:
            await asyncio.sleep(0.5)
    return found


def _unready(platform: Platform) -> list[str]:
    """Say which workers are not in their groups."""

    async def look() -> list[str]:
        hearing = [service.name for service in platform.system.services if service.topics]
        workers = [worker for name in hearing for worker in platform.workers(name)]
        parts = [(one, platform.parts(one).get("kafka", {"ok": False, "detail": "not told"})) for one in workers]
        return [f"{one.name} is not well with Kafka: {part['detail']}" for one, part in parts if not part["ok"]]

    return asyncio.run(_patiently(look))


async def _left(platform: Platform) -> list[str]:
    """Say what the groups have not taken: records between their offsets and the ends of what they hear."""
    left: list[str] = []
    async with AIOKafkaConsumer(bootstrap_servers=platform.kafka.servers) as opened, topics.admin(platform.settings) as admin:
        consumer: Any = opened  # its own types are partly unknown
        for service in platform.system.services:
            places = topics.places(service.topics)
            taken = await admin.list_consumer_group_offsets(f"{service.name}-svc")
            begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
            # What was deleted nobody can take, and a group that never took anything of a partition has no offset there.
            at = {one: max(begins[one], taken[one].offset if one in taken else 0) for one in places}
            if behind := sum(ends[one] - at[one] for one in places):
                left.append(f"{service.name}-svc has {behind} records to take")
    return left


async def _different(platform: Platform) -> list[str]:
    """Compare what was published in the company's workspaces with what stands on the topics."""
    published = {one for service in platform.system.services for one in published_by(platform, service)}
    standing = await _standing(platform.settings, {platform.workspace, *platform.silent})
    lost, foreign = published - standing - platform.gone, standing - published - platform.gone
    return [
        *(f"{event} was published on {topic} and does not stand there" for topic, event in sorted(lost)),
        *(f"{event} stands on {topic} and was never published" for topic, event in sorted(foreign)),
    ]


def published_by(platform: Platform, service: Service) -> Iterator[tuple[str, str]]:
    """Return what a service has published in the company's workspaces."""
    for workspace in (platform.workspace, *platform.silent):
        after = 0
        while records := service.feed.events(service.topic, workspace, after, PAGE).records:
            yield from ((one.topic, one.eventid) for one in records)
            after = records[-1].sequence


async def _standing(settings: ClientSettings, workspaces: set[str]) -> Events:
    """Return what stands on the topics of these workspaces, as often as it may be there."""
    found: Events = set()
    async with AIOKafkaConsumer(bootstrap_servers=",".join(settings.servers)) as opened:
        consumer: Any = opened
        places = topics.places(topic.name for topic in TOPICS)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        while [one for one in places if await consumer.position(one) < ends[one]]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found |= {(one.topic, _header(one, "ce_eventid")) for one in records if _workspace(one) in workspaces}
    return found


def _workspace(record: Any) -> str:
    """Return the workspace that a record is of; nothing where it lies under another key."""
    said = _header(record, "ce_workspace")
    return said if record.key == said.encode() else ""


def _header(record: Any, name: str) -> str:
    said = dict(record.headers).get(name)
    return "" if said is None else said.decode(errors="replace")
