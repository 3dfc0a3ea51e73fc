"""Topics as they are declared against topics as they are: made by `apply`, never by a starting worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.brokers import ClientSettings
from chassis.kafka.client import BATCH_SIZE, admin_options
from contracts.topics import Topic

_OVERHEAD = 1024


@dataclass(frozen=True, slots=True)
class Difference:
    """How a topic is not as declared."""

    topic: str
    what: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.topic}: {self.what}"


async def differences(settings: ClientSettings, declared: Sequence[Topic]) -> list[Difference]:
    """Compare the cluster with what is declared."""
    admin = await _admin(settings)
    try:
        partitions = await _known(admin, declared)
        found = [one for topic in declared for one in _partitions(topic, partitions.get(topic.name))]
        there = [topic for topic in declared if topic.name in partitions]
        configs = await _configs(admin, [topic.name for topic in there])
        return found + [one for topic in there for one in _settings(topic, configs[topic.name])]
    finally:
        await admin.close()


async def unusable(settings: ClientSettings, declared: Sequence[Topic]) -> list[Difference]:
    """Name the topics that no process can work with: missing, or with another number of partitions."""
    admin = await _admin(settings)
    try:
        partitions = await _known(admin, declared)
    finally:
        await admin.close()
    return [one for topic in declared for one in _partitions(topic, partitions.get(topic.name))]


async def apply_topics(settings: ClientSettings, declared: Sequence[Topic], replication: int) -> list[str]:
    """Make the topics that are missing; return their names. What is there is never changed."""
    admin = await _admin(settings)
    try:
        known = await admin.list_topics()
        missing = [topic for topic in declared if topic.name not in known]
        if missing:
            await admin.create_topics([_new(topic, replication) for topic in missing])
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def _new(topic: Topic, replication: int) -> NewTopic:
    wanted = {**topic.configuration, "min.insync.replicas": str(min(2, replication))}
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=wanted)


async def _known(admin: AIOKafkaAdminClient, declared: Sequence[Topic]) -> dict[str, int]:
    known = await admin.describe_topics([topic.name for topic in declared])
    return {one["topic"]: len(one["partitions"]) for one in known if one["error_code"] == 0}


def _partitions(topic: Topic, there: int | None) -> list[Difference]:
    if there is None:
        return [Difference(topic.name, "is missing; make it with `ladder topics apply`")]
    if there != topic.partitions:
        wrong = f"has {there} partitions, declared are {topic.partitions}; once drained, remove it and run `ladder topics apply`"
        return [Difference(topic.name, wrong)]
    return []


def _settings(topic: Topic, configured: dict[str, str]) -> list[Difference]:
    found = [
        Difference(topic.name, f"{name} is {configured.get(name)}, declared is {value}")
        for name, value in topic.configuration.items()
        if configured.get(name) != value
    ]
    if (limit := int(configured.get("max.message.bytes", "0"))) < BATCH_SIZE + _OVERHEAD:
        found.append(Difference(topic.name, f"max.message.bytes is {limit}, batches have {BATCH_SIZE}; raise it"))
    return found


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    answers: Any = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    found: dict[str, dict[str, str]] = {}
    for answer in answers:
        for resource in answer.resources:
            found[resource[3]] = {entry[0]: entry[1] for entry in resource[4]}
    return found


async def _admin(settings: ClientSettings) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(**admin_options(settings))
    await admin.start()
    return admin
