"""Faults between the services: whatever happens to Kafka or a process, what was acknowledged is heard once everywhere.

clients → people api → record → relay → Kafka → workers of every service → verify
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from chassis.kafka import apply_topics, headers_of
from chassis.testing.kafka import NoKafka
from contracts.topics import TOPICS

from .platform import Platform, platform

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def running() -> Iterator[Platform]:
    try:
        with platform(workers=2) as one:
            yield one
    except NoKafka as missing:
        pytest.skip(f"faults over Kafka are not tested: {missing}")


@pytest.fixture(autouse=True)
def whole(running: Platform) -> Iterator[None]:
    """After every fault: nothing acknowledged is missing anywhere, nothing is doubled, the record verifies."""
    yield
    assert running.broken() == []


def produce(running: Platform, *records: tuple[str, bytes | None, bytes | None, Any]) -> None:
    """Put records on topics as they are: topic, key, value, headers."""

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=running.settings.servers[0]) as producer:
            for topic, key, value, headers in records:
                await producer.send_and_wait(topic, value, key=key, headers=headers)

    asyncio.run(send())


def test_a_broker_that_is_killed_and_comes_back_loses_nothing(running: Platform) -> None:
    (node,) = running.kafka.nodes
    with running.under_load():
        running.grows(5)
        node.kill()
        running.grows(10)
        node.start()
        running.grows(5)


def test_commands_go_on_while_the_broker_is_gone(running: Platform) -> None:
    (node,) = running.kafka.nodes
    node.kill()
    with running.under_load():
        running.grows(30)
    node.start()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("service", ["people", "gap"])
def test_a_worker_that_ends_is_started_again_and_goes_on(running: Platform, service: str, number: signal.Signals) -> None:
    child = running.child(service, "worker")
    starts = child.starts
    with running.under_load():
        running.grows(3)
        child.signal(number)
        running.grows(3)
        running.until(lambda: child.starts > starts)


def test_a_worker_that_was_stopped_for_long_and_goes_on_writes_nothing_twice(running: Platform) -> None:
    child = running.child("evaluation", "worker")
    with running.under_load():
        running.grows(3)
        child.signal(signal.SIGSTOP)
        begun = time.monotonic()
        running.until(lambda: time.monotonic() - begun > 8)  # longer than its lock's session lives
        child.signal(signal.SIGCONT)
        running.grows(3)


def test_an_api_process_that_is_killed_loses_no_acknowledged_command(running: Platform) -> None:
    child = running.child("people", "api")
    with running.under_load():
        running.grows(3)
        child.signal(signal.SIGKILL)
        running.grows(6)


def test_what_is_no_event_costs_no_other_record(running: Platform) -> None:
    running.adds()
    produce(
        running,
        *(("people.v1", b"x", b"{}", [("ce_id", None), ("ce_type", b"\xff")]) for _ in range(5)),
        *(("people.v1", b"x", None, ()) for _ in range(5)),
        *(("people.v1", b"x", b"\xff\x00", [("ce_type", b"y")]) for _ in range(5)),
    )
    running.adds()


def test_records_that_come_again_and_in_any_order_are_applied_once(running: Platform) -> None:
    running.adds()
    page = running.system.people.feed.events("people.v1", running.workspace, 0, 200).records
    produce(
        running,
        *(
            (one.topic, one.workspace.encode(), one.data, [(k, v.encode()) for k, v in headers_of(one).items()])
            for one in (*reversed(page), *page)
        ),
    )
    running.adds()


def test_a_topic_that_was_deleted_and_made_again_is_made_up_for_by_the_feed(running: Platform) -> None:
    for _ in range(3):
        running.adds()

    async def delete() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=running.settings.servers[0])
        await admin.start()
        await admin.delete_topics([topic.name for topic in TOPICS])
        await admin.close()

    with running.under_load():
        running.grows(2)
        asyncio.run(delete())
        running.grows(2)
        running.until(lambda: len(asyncio.run(apply_topics(running.settings, TOPICS, 1))) == len(TOPICS))
        running.grows(2)


def test_everything_restarted_in_turn_under_load_answers_every_repeated_request(running: Platform) -> None:
    with running.under_load():
        for child in running.processes.children:
            starts = child.starts
            child.signal(signal.SIGTERM)
            running.until(lambda child=child, starts=starts: child.starts > starts and child.is_ready())
        running.grows(3)
