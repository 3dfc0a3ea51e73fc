"""Over a real Kafka: what one service publishes another applies, whatever else lies on the topic.

toy (relay → sink) → Kafka → (driver → consumer) reader
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from chassis.consumer import Unreadable
from chassis.feed import Epoch, Head, Page
from chassis.kafka import TOPICS, Client, ClientSettings, Driver, KafkaSink, apply_topics, differences
from chassis.kafka.wire import NoEvent, from_record
from chassis.relay import Refused
from chassis.store import LARGEST_PUBLISHED, TooLarge
from chassis.testing import until
from chassis.testing.kafka import VERSION, Cluster, InUse, broker, untested
from contracts.envelope import Envelope
from contracts.topics import Topic

from .conftest import ROOT, Pair

_numbers = itertools.count(1)


class NothingToCatchUp:
    """A feed that has nothing: what arrives came over Kafka."""

    def events(self, topic: str, workspace: str, after: int, limit: int = 200) -> Page:
        return Page((), after)

    def heads(self, topic: str) -> Iterator[Head]:
        return iter(())

    def epochs(self, workspace: str) -> Sequence[Epoch]:
        return ()


@dataclass
class Way:
    """The toy services with Kafka between them; the relay and the consumer are stepped by hand."""

    pair: Pair
    settings: ClientSettings
    client: Client
    driver: Driver

    def arrive(self, workspace: str, numbers: list[int]) -> None:
        """Step the consumer until the reader has copied these lines."""
        until(lambda: self.stepped(workspace) == numbers)

    def stepped(self, workspace: str) -> list[int]:
        self.pair.reader.consumer.step(workspace)
        return self.pair.heard(workspace)[0]

    def produce(self, *records: tuple[bytes | None, Sequence[tuple[str, bytes | None]], int]) -> None:
        """Put records on the topic as anybody else could: value, headers, partition."""

        async def send() -> None:
            async with AIOKafkaProducer(bootstrap_servers=self.settings.servers[0]) as producer:
                for value, headers, partition in records:
                    await producer.send_and_wait("toy.v1", value, key=b"w", headers=headers, partition=partition)

        asyncio.run(send())


@pytest.fixture
def way(pair: Pair, kafka: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    settings = ClientSettings((kafka.servers,))
    asyncio.run(apply_topics(settings, [Topic(name="toy.v1", partitions=3)], replication=1))
    client = Client(settings, "tests")
    client.start()
    sink = KafkaSink(client, "toy.v1")
    consumer = pair.reader.consumer
    monkeypatch.setattr(pair.toy.relay, "sink", sink)
    monkeypatch.setattr(consumer, "feeds", {"toy.v1": NothingToCatchUp()})
    driver = Driver(client, f"reader-{next(_numbers)}", ("toy.v1",), consumer.offer, consumer.put_aside, lambda: None)
    driver.start()
    yield Way(pair, settings, client, driver)
    driver.stop()
    sink.stop()
    client.stop()


def test_what_is_published_arrives_over_kafka_in_order_and_once(way: Way, workspace: str) -> None:
    way.pair.open(workspace)
    for number in range(5):
        way.pair.write(workspace, f"line {number}", "and another")
    way.pair.toy.relay.step(workspace)
    way.arrive(workspace, list(range(1, 11)))
    assert way.pair.heard(workspace) == (list(range(1, 11)), 1)


def test_records_sent_again_after_a_lost_acknowledgement_are_applied_once(way: Way, workspace: str) -> None:
    way.pair.open(workspace)
    way.pair.write(workspace, "one", "two")
    way.pair.toy.relay.step(workspace)
    way.pair.toy.relay.sink.send(way.pair.sent(workspace))
    way.pair.write(workspace, "three")
    way.pair.toy.relay.step(workspace)
    way.arrive(workspace, [1, 2, 3])
    assert way.pair.heard(workspace) == ([1, 2, 3], 1)


def test_a_null_header_bytes_that_are_no_text_and_a_tombstone_cost_no_other_record(way: Way, workspace: str) -> None:
    until(lambda: way.driver.alive)
    way.pair.open(workspace)
    way.pair.write(workspace, "before")
    way.pair.toy.relay.step(workspace)
    way.produce(
        *((b"{}", [("ce_id", None), ("ce_type", b"x")], partition) for partition in range(3)),
        *((b"\xff\xfe", [("ce_type", b"\xff\xfe")], partition) for partition in range(3)),
        *((None, (), partition) for partition in range(3)),
    )
    way.pair.write(workspace, "after")
    way.pair.toy.relay.step(workspace)
    way.arrive(workspace, [1, 2])

    def aside() -> list[str]:
        return [row["reason"] for row in way.pair.rows("select reason from reader.unreadable")]

    until(lambda: len(aside()) >= 9)
    missing = "headers actor, correlationid, epoch, eventid, previous, sequence, source, subject, time, workspace"
    assert set(aside()) == {"a header is no UTF-8", "a tombstone", missing}
    assert way.driver.alive


WHOLE = {
    "ce_eventid": b"0192f0c8-0000-7000-8000-000000000001",
    "ce_type": b"toy.notebook.closed.v1",
    "ce_source": b"toy",
    "ce_subject": b"notebook/n1",
    "ce_workspace": b"w",
    "ce_epoch": b"1",
    "ce_sequence": b"1",
    "ce_previous": b"0",
    "ce_actor": b"ann",
    "ce_correlationid": b"c",
    "ce_time": b"2026-11-23T10:00:00+00:00",
}


def test_a_record_with_every_header_is_an_event() -> None:
    assert from_record("toy.v1", b"w", b"{}", WHOLE.items()).id == "toy.v1/1/w/1"


@pytest.mark.parametrize("key", [None, b"", b"v", b"\xff"])
def test_a_record_under_the_key_of_another_workspace_is_no_event(key: bytes | None) -> None:
    with pytest.raises(NoEvent, match=r"^its key is not its workspace$"):
        from_record("toy.v1", key, b"{}", WHOLE.items())


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ce_eventid", b"seven", "headers eventid"),
        ("ce_sequence", b"9" * 19, "headers sequence"),
        ("ce_sequence", b"9" * 5_000, "headers sequence"),
        ("ce_previous", b"9" * 19, "headers previous"),
        ("ce_workspace", b"a\x00b", "a header holds U+0000"),
        ("ce_after", b"people.v1/1/" + b"9" * 19, "headers after"),
        ("ce_after", b"people.v1/1/" + b"9" * 5_000, "headers after"),
        ("ce_after", b"people.v1", "headers after"),
        ("ce_time", b"soon", "headers time"),
    ],
)
def test_a_header_that_no_row_could_hold_makes_no_event(name: str, value: bytes, reason: str) -> None:
    with pytest.raises(NoEvent, match=f"^{re.escape(reason)}$"):
        from_record("toy.v1", b"w", b"{}", {**WHOLE, name: value}.items())


def test_a_record_is_put_aside_whatever_its_headers_are_called(pair: Pair) -> None:
    pair.reader.consumer.put_aside(Unreadable("odd.v1", 0, 7, None, b"\x00", [("a\x00b", None)], "no event"))
    (kept,) = pair.rows("select headers from reader.unreadable where topic = 'odd.v1'")
    assert kept["headers"] == [["a\\0b", None]]


def test_a_consumer_whose_task_has_ended_says_so_and_comes_back(way: Way, workspace: str) -> None:
    until(lambda: way.driver.alive)

    async def end() -> None:
        for task in asyncio.all_tasks():
            if "_run_consume_loop" in repr(task.get_coro()):
                task.cancel()

    way.client.run(end())
    until(lambda: way.driver.trouble in ("the task that consumes has ended", "not in its group yet"))
    way.pair.open(workspace)
    way.pair.write(workspace, "one")
    way.pair.toy.relay.step(workspace)
    way.arrive(workspace, [1])
    assert way.driver.alive


def test_a_service_produces_to_no_topic_of_another(way: Way, workspace: str) -> None:
    way.pair.open(workspace)
    way.pair.write(workspace, "one")
    foreign = [record.model_copy(update={"topic": "people.v1"}) for record in way.pair.sent(workspace)]
    with pytest.raises(Refused, match=r"publishes on toy.v1, not on people.v1"):
        way.pair.toy.relay.sink.send(foreign)


def test_an_event_comes_out_of_its_record_as_it_went_in(way: Way, workspace: str) -> None:
    taken: list[Envelope] = []
    driver = Driver(way.client, f"copy-{next(_numbers)}", ("toy.v1",), taken.extend, lambda _: None, lambda: None)
    driver.start()
    way.pair.open(workspace)
    way.pair.write(workspace, "Grüße", "二")
    way.pair.toy.relay.step(workspace)
    until(lambda: len([one for one in taken if one.workspace == workspace]) == 2)
    driver.stop()
    assert [one for one in taken if one.workspace == workspace] == way.pair.sent(workspace)


def test_a_topic_that_is_missing_or_has_another_number_of_partitions_is_named(way: Way) -> None:
    declared = [Topic(name="toy.v1", partitions=6), Topic(name="nowhere.v1")]
    found = [str(one) for one in asyncio.run(differences(way.settings, declared))]
    assert found == [
        "toy.v1: has 3 partitions, declared are 6; once drained, remove it and run `ladder topics apply`",
        "nowhere.v1: is missing; make it with `ladder topics apply`",
    ]


def test_after_the_broker_was_gone_the_relay_goes_on_where_it_was(way: Way, workspace: str, kafka: Cluster) -> None:
    way.pair.open(workspace)
    way.pair.write(workspace, "before")
    way.pair.toy.relay.step(workspace)
    way.arrive(workspace, [1])
    (node,) = kafka.nodes
    node.kill()
    until(lambda: way.driver.trouble == f"nobody listens at {kafka.servers}")
    way.pair.write(workspace, "meanwhile")
    assert way.pair.toy.relay.step(workspace) == "failed"
    node.start()
    until(lambda: way.pair.toy.relay.step(workspace) == "done")
    way.arrive(workspace, [1, 2])
    until(lambda: way.driver.alive)


def test_an_event_larger_than_a_broker_takes_is_refused_at_the_command_and_holds_nothing_up(
    way: Way, workspace: str
) -> None:
    way.pair.open(workspace)
    with pytest.raises(TooLarge, match="a published event may have"):
        way.pair.write(workspace, "x" * LARGEST_PUBLISHED)
    way.pair.write(workspace, "x" * (LARGEST_PUBLISHED * 3 // 4 - 1_000))  # encrypted, in base64: just below
    assert way.pair.toy.relay.step(workspace) == "done"
    way.arrive(workspace, [1])


def test_of_each_partition_the_newest_record_is_read_back_where_it_is_an_event(way: Way, workspace: str) -> None:
    way.pair.open(workspace)
    way.pair.write(workspace, "one", "two")
    way.pair.toy.relay.step(workspace)
    sink = way.pair.toy.relay.sink
    assert way.pair.sent(workspace)[-1] in sink.newest()

    way.produce(*((b"no event", (), partition) for partition in range(3)))
    assert sink.newest() == []


# A broker that tests are given by its address


def test_from_a_broker_that_was_named_tests_remove_their_own_topics_and_no_others(
    kafka: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADDER_TEST_KAFKA", kafka.servers)
    settings = ClientSettings((kafka.servers,))

    with broker(ROOT / "build") as servers:
        assert servers == kafka.servers
        asyncio.run(apply_topics(settings, [*TOPICS, Topic(name="somebody-else.v1", partitions=1)], replication=1))

    assert asyncio.run(differences(settings, [Topic(name="somebody-else.v1", partitions=1)])) == []
    until(lambda: len(asyncio.run(differences(settings, TOPICS))) == len(TOPICS), "the end of our topics")


def test_a_broker_that_was_named_and_holds_our_topics_already_is_left_alone(
    kafka: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADDER_TEST_KAFKA", kafka.servers)
    settings, gap = ClientSettings((kafka.servers,)), [Topic(name="gap.v1", partitions=1)]
    asyncio.run(apply_topics(settings, gap, replication=1))
    until(lambda: asyncio.run(differences(settings, gap)) == [], "the topic")

    with pytest.raises(InUse, match=r"holds gap\.v1 already"), broker(ROOT / "build"):
        pass

    assert asyncio.run(differences(settings, gap)) == []


def test_what_is_not_tested_here_is_said_by_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LADDER_TEST_KAFKA", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert untested(tmp_path).startswith("everything over Kafka: there is no java and no mvn (on Debian:")

    monkeypatch.setenv("LADDER_TEST_KAFKA", "127.0.0.1:9092")
    assert untested(tmp_path).startswith("whatever breaks a broker: there is no java and no mvn")

    (tmp_path / "java").symlink_to("/bin/true")
    assert "there is no mvn" in untested(tmp_path)
    (tmp_path / f"kafka-{VERSION}").mkdir()
    (tmp_path / f"kafka-{VERSION}" / ".complete").touch()
    assert untested(tmp_path) == ""
