"""Processes of two services over a real Kafka and a real PostgreSQL, which are taken away from them.

toy (api, workers) → Kafka → reader (workers)
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.brokers import ClientSettings
from chassis.identity import Actor
from chassis.kafka import apply_topics
from chassis.postgres import Embedded
from chassis.sharing import Sharing
from chassis.testing import SIGNER, until
from chassis.testing.kafka import Cluster
from contracts.topics import Topic

from .conftest import Pair
from .stage import Stage, Started, staged

TOPIC = Topic(name="toy.v1", partitions=3)
pytestmark = pytest.mark.timeout(900)  # up to six processes begin at once, beside whatever else runs


@pytest.fixture(scope="module")
def postgres(open_folder: Path) -> Iterator[Embedded]:
    """A server of this module's own, since it is stopped here."""
    with Embedded(open_folder / "workers", {"max_connections": "200"}) as server:
        yield server


@pytest.fixture
def stage(pair: Pair, tmp_path: Path, kafka: Cluster) -> Iterator[Stage]:
    """What is written from this process is told to the workers."""
    asyncio.run(apply_topics(ClientSettings((kafka.servers,)), [TOPIC], replication=1))
    tells = Sharing(pair.toy, pair.database.dsn("toy", "follower"), works=False)
    tells.start()
    with staged(pair, tmp_path, kafka.servers) as one:
        yield one
    tells.stop()


def ready(*processes: Started) -> None:
    for one in processes:
        until(one.is_ready, f"readiness of {one.name}")


def relayed(stage: Stage, workspace: str) -> int:
    rows = stage.pair.rows("select sequence from toy.relayed where workspace = %s", workspace)
    return rows[0]["sequence"] if rows else 0


def published(stage: Stage, workspace: str) -> int:
    (row,) = stage.pair.rows("select max(sequence) as last from toy.published where workspace = %s", workspace)
    return row["last"]


def epochs(stage: Stage, workspace: str) -> set[str]:
    return {row["epoch"] for row in stage.pair.rows("select epoch from toy.epochs where workspace = %s", workspace)}


def on_the_topic(kafka: Cluster, workspace: str) -> list[int]:
    """The sequences of everything a topic holds of a workspace, in its order."""

    async def read() -> list[int]:
        found: list[int] = []
        async with AIOKafkaConsumer(bootstrap_servers=kafka.servers) as opened:
            consumer: Any = opened  # its own types are partly unknown
            places = [TopicPartition("toy.v1", number) for number in range(3)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends: dict[Any, int] = await consumer.end_offsets(places)
            for place in places:
                while await consumer.position(place) < ends[place]:
                    for record in (await consumer.getmany(place, timeout_ms=200)).get(place, []):
                        if record.key == workspace.encode():
                            found.append(int(dict(record.headers)["ce_sequence"]))
        return found

    return asyncio.run(read())


def leader(*workers: Started) -> Started:
    """Wait until one of these leads the relay, and return it."""

    def leads(one: Started) -> bool:
        return any('"leadership gained"' in line and '"relay"' in line for line in one.wrote().splitlines())

    until(lambda: any(leads(one) for one in workers), "a leader")
    return next(one for one in workers if leads(one))


def test_when_the_leader_is_killed_another_worker_takes_over_what_it_left(stage: Stage, workspace: str) -> None:
    first = stage.start("toy", "worker")
    assert leader(first) is first
    second = stage.start("toy", "worker")
    ready(first, second)
    stage.pair.open(workspace)
    stage.pair.write(workspace, "one")
    until(lambda: relayed(stage, workspace) == 2, "the first line sent")

    first.send(signal.SIGKILL)
    stage.pair.write(workspace, "two")

    until(lambda: relayed(stage, workspace) == 3, "the second line sent")
    assert leader(second) is second


def test_several_processes_of_each_service_under_load_do_everything_once(
    stage: Stage, workspace: str, kafka: Cluster
) -> None:
    apis = [stage.start("toy", "api") for _ in range(2)]
    workers = [stage.start(service, "worker") for service in ("toy", "toy", "reader", "reader")]
    for one in apis:
        until(one.answers, f"an answer of {one.name}")
    ready(*workers)
    places = [(f"{workspace}-{number}", apis[number % 2]) for number in range(4)]
    with ThreadPoolExecutor(8) as writers:
        made = [writers.submit(asked, name, api, "/notebooks", "new", {}) for name, api in places]
        notebooks = [one.result() for one in made]
        lines = [
            writers.submit(asked, name, apis[n % 2], f"/notebooks/{notebook}/lines", f"line {n}", {"text": f"line {n}"})
            for (name, _), notebook in zip(places, notebooks, strict=True)
            for n in range(25)
        ]
        workers[0].send(signal.SIGKILL)
        workers[2].send(signal.SIGKILL)
        assert all(line.result() for line in lines)

    for name, _ in places:
        until(lambda name=name: stage.pair.heard(name)[0] == list(range(1, 26)), f"all lines of {name}")
        assert stage.pair.heard(name) == (list(range(1, 26)), 1)
        assert list(dict.fromkeys(on_the_topic(kafka, name))) == list(range(2, 27))
        (row,) = stage.pair.rows("select lines from toy.notebook_list_rows where workspace = %s", name)
        assert row["lines"] == 25


def asked(workspace: str, api: Started, path: str, key: str, body: dict[str, str]) -> str:
    """Ask until the answer is good, always under the same key; return the id."""
    token = SIGNER.sign(Actor(workspace=workspace, person="p_ann", session="s", roles=frozenset()))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key.replace(" ", "-")}
    answers: list[httpx.Response] = []

    def is_good() -> bool:
        answers.append(httpx.post(f"{api.url}{path}", json=body, headers=headers, timeout=60))
        assert answers[-1].status_code < 300 or answers[-1].status_code == 503, answers[-1].text
        return answers[-1].status_code < 300

    until(is_good, path)
    return answers[-1].json()["id"]


def test_a_leader_that_was_stopped_and_goes_on_moves_nothing_back(stage: Stage, workspace: str, kafka: Cluster) -> None:
    hears = stage.start("reader", "worker")
    stops = stage.start("toy", "worker", LADDER_FAILPOINT="between send and position:2:stop")
    assert leader(stops) is stops
    other = stage.start("toy", "worker")
    ready(hears, stops, other)
    stage.pair.open(workspace)
    stage.pair.write(workspace, "one")
    until(lambda: relayed(stage, workspace) == 2, "the first line sent")

    stage.pair.write(workspace, "two", "three")
    until(lambda: is_stopped(stops), "the stop between send and position")
    until(lambda: relayed(stage, workspace) == 4, "another leader, which sends the page again")
    stage.pair.write(workspace, "four")
    until(lambda: relayed(stage, workspace) == 5, "what was written later")
    stops.send(signal.SIGCONT)
    ready(stops)
    stage.pair.write(workspace, "five")

    until(lambda: relayed(stage, workspace) == 6, "what was written after its return")
    until(lambda: stage.pair.heard(workspace)[0] == [1, 2, 3, 4, 5], "all five lines")
    sent = on_the_topic(kafka, workspace)
    assert list(dict.fromkeys(sent)) == [2, 3, 4, 5, 6]
    assert len(sent) > 5, "the page that was under way was sent by both"
    assert stage.pair.heard(workspace) == ([1, 2, 3, 4, 5], 1)


def is_stopped(process: Started) -> bool:
    return Path(f"/proc/{process.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_after_a_restore_new_epochs_begin_once_no_worker_of_the_service_is_at_work(stage: Stage, workspace: str) -> None:
    stage.pair.open(workspace)
    worker = stage.start("toy", "worker")
    ready(worker)

    refused = stage.start("toy", "restored")
    assert refused.ends() == 2
    assert refused.wrote().splitlines()[-1] == "Workers of toy-svc are at work (1); end its processes first."
    assert len(epochs(stage, workspace)) == 1

    assert worker.is_told_to_end() == 0
    assert stage.start("toy", "restored").ends() == 0
    assert len(epochs(stage, workspace)) == 2


def test_a_worker_told_to_end_under_load_leaves_nothing_sent_without_its_position(
    stage: Stage, workspace: str, kafka: Cluster
) -> None:
    stage.pair.open(workspace)
    for _ in range(30):
        stage.pair.write(workspace, *["a line"] * 100)
    worker = stage.start("toy", "worker")
    until(lambda: relayed(stage, workspace) > 0, "the first page sent")

    assert worker.is_told_to_end() == 0

    at = relayed(stage, workspace)
    assert on_the_topic(kafka, workspace) == list(range(2, at + 1))
    again = stage.start("toy", "worker")
    ready(again)
    until(lambda: relayed(stage, workspace) == published(stage, workspace), "the rest")
    assert on_the_topic(kafka, workspace) == list(range(2, 3_002))
    assert again.is_told_to_end() == 0


def test_a_request_under_way_is_answered_before_the_process_ends(stage: Stage, workspace: str) -> None:
    process = stage.start("toy", "api")
    until(process.answers, "an answer")
    with a_request_under_way(process, workspace) as (connection, body):
        process.send(signal.SIGTERM)
        until(lambda: not process.answers(), "no more requests taken")

        connection.sendall(body)

        head = connection.makefile("rb").readline()
    assert head.split()[1] == b"201"
    assert process.ends() == 0
    assert stage.count(f"toy.events where workspace = '{workspace}'") == 1


@contextmanager
def a_request_under_way(process: Started, workspace: str) -> Generator[tuple[socket.socket, bytes]]:
    """Ask for a new notebook, and wait with the body until the process asks for it."""
    body = b'{"kind": "lined"}'
    token = SIGNER.sign(Actor(workspace=workspace, person="p_ann", session="s", roles=frozenset()))
    head = (
        f"POST /notebooks HTTP/1.1\r\nHost: toy\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: one\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", process.port), 60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        yield connection, body


@contextmanager
def no_broker(kafka: Cluster) -> Generator[None]:
    (node,) = kafka.nodes
    node.kill()
    try:
        yield
    finally:
        node.start()


@contextmanager
def no_database(postgres: Embedded) -> Generator[None]:
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()


def test_a_worker_without_its_broker_says_so_lives_and_gets_ready_again(
    stage: Stage, workspace: str, kafka: Cluster
) -> None:
    worker = stage.start("reader", "worker")
    ready(worker)
    with no_broker(kafka):
        until(lambda: not worker.is_ready(), "the loss")
        part = worker.parts()["kafka"]
        assert (part["ok"], part["detail"]) == (False, f"nobody listens at {kafka.servers}")
        assert worker.answers()
    ready(worker)
    assert worker.is_told_to_end() == 0


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ("toy.v1:12", "toy.v1: has 3 partitions, declared are 12; once drained, remove it and run `ladder topics apply`"),
        ("toy.v1:3,reader.v1:1", "reader.v1: is missing; make it with `ladder topics apply`"),
    ],
)
def test_a_worker_refuses_a_topic_it_could_not_work_with_in_one_line(
    stage: Stage, kafka: Cluster, declared: str, says: str
) -> None:
    remove_topic(kafka, "reader.v1")
    worker = stage.start("reader", "worker", TOY_TOPICS=declared)

    assert worker.ends() == 2
    assert [line for line in worker.wrote().splitlines() if not line.startswith("{")] == [f"Topics of Kafka: {says}"]


def remove_topic(kafka: Cluster, name: str) -> None:
    """Remove a topic where another module has made it."""

    async def remove() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
        await admin.start()
        try:
            if there := name in await admin.list_topics():
                await admin.delete_topics([name])
            return not there
        finally:
            await admin.close()

    until(lambda: asyncio.run(remove()), f"{name} gone")


def test_topics_that_no_broker_told_of_at_the_start_are_looked_at_once_it_answers(stage: Stage, kafka: Cluster) -> None:
    with no_broker(kafka):
        worker, wrong = stage.start("reader", "worker"), stage.start("reader", "worker", TOY_TOPICS="toy.v1:12")
        for one in (worker, wrong):
            until(lambda one=one: one.parts().get("topics", {}).get("ok") is False, "an answer")
            assert one.parts()["topics"]["detail"] == f"nobody listens at {kafka.servers}"

    ready(worker)
    until(lambda: "has 3 partitions, declared are 12" in wrong.parts()["topics"]["detail"], "what is wrong")
    assert not wrong.is_ready()
    assert (worker.is_told_to_end(), wrong.is_told_to_end()) == (0, 0)


def test_processes_without_their_database_say_so_live_and_get_ready_again(
    stage: Stage, workspace: str, postgres: Embedded
) -> None:
    stage.pair.open(workspace)
    processes = [stage.start("reader", "worker"), stage.start("toy", "api")]
    for one in processes:
        until(one.answers, f"an answer of {one.name}")
    ready(processes[0])
    with no_database(postgres):
        for one in processes:
            until(lambda one=one: one.parts()["database"]["ok"] is False, "the loss")
            assert not one.is_ready()
            assert one.answers()
    ready(*processes)
    stage.pair.write(workspace, "after it came back")
    worker = stage.start("toy", "worker")
    until(lambda: stage.pair.heard(workspace) == ([1], 1), "the line")
    assert [one.is_told_to_end() for one in (*processes, worker)] == [0, 0, 0]


def test_a_workspace_whose_events_the_broker_refuses_is_named_and_holds_nobody_up(
    stage: Stage, workspace: str, kafka: Cluster
) -> None:
    other = f"{workspace}-other"
    worker = stage.start("toy", "worker")
    ready(worker)
    limit(kafka, 3_000)
    for name, line in ((workspace, "x" * 4_000), (other, "short")):
        stage.pair.open(name)
        stage.pair.write(name, line)

    until(lambda: worker.parts()["relay blocked"]["detail"] == workspace, "its name")
    assert worker.is_ready()
    until(lambda: relayed(stage, other) == 2, "the other's line")

    limit(kafka, 1_048_588)
    until(lambda: relayed(stage, workspace) == 2, "its line, once there is room")
    until(lambda: worker.parts()["relay blocked"]["detail"] == "", "nobody named")


def limit(kafka: Cluster, size: int) -> None:
    """Set how large a record the topic takes."""

    async def set_limit() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
        await admin.start()
        resource = ConfigResource(ConfigResourceType.TOPIC, "toy.v1", {"max.message.bytes": str(size)})
        await admin.alter_configs([resource])
        await admin.close()

    asyncio.run(set_limit())


def test_a_worker_told_to_end_while_broker_and_database_are_away_still_ends(
    stage: Stage, kafka: Cluster, postgres: Embedded
) -> None:
    worker = stage.start("reader", "worker")
    ready(worker)
    with no_broker(kafka), no_database(postgres):
        assert worker.is_told_to_end() in (0, 1)
    assert os.listdir("/proc").count(str(worker.process.pid)) == 0
