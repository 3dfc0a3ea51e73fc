"""The services as processes of their own, run as people run them: by commands, over a real Kafka and a given PostgreSQL.

topics apply → migrate → up --services → a workspace → a request through the one port → commands beside it → Ctrl-C
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from chassis.postgres import Database
from chassis.testing import open_folder, until
from chassis.testing.kafka import NoKafka, cluster
from contracts.topics import PARTITIONS, TOPICS

from .conftest import Installation, serving

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.timeout(900)  # eight processes begin at once, beside whatever else runs


@dataclass
class Platform:
    """Every service as processes of its own; `beside` is the same installation from a folder without their socket."""

    running: Installation
    beside: Installation
    kafka: str
    database: Database

    def rows(self, sql: Any, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.admin_dsn()) as admin:
            return admin.execute(sql, values).fetchall()


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A broker without topics; where none can run it is skipped with the reason, and fails in CI."""
    try:
        with cluster(ROOT / "build") as one:
            yield one.servers
    except NoKafka as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Kafka here: {missing}")


@pytest.fixture(scope="module")
def platform(kafka: str, module_database: Database) -> Iterator[Platform]:
    """The platform as it is set up and run; told to end by Ctrl-C it ends in order and leaves no process."""
    with open_folder() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setenv("LADDER_DATABASE_URL", module_database.admin_dsn())
        patched.setenv("LADDER_KAFKA", kafka)
        patched.setenv("LADDER_POOL", "4")
        home, beside = folder / "data", folder / "beside"
        made = [Installation(home).run(*command) for command in (["topics", "apply"], ["topics", "check"], ["migrate"])]
        assert [one.returncode for one in made] == [0, 0, 0], [one.stderr for one in made]
        assert made[0].stdout.splitlines() == [f"Made {topic.name}" for topic in TOPICS]
        with serving(home, "--services") as running:
            beside.mkdir()
            for name in ("installation.key", "erasures"):
                shutil.copy2(home / name, beside / name)
            assert len(processes_of(home)) == 9
            yield Platform(running, Installation(beside), kafka, module_database)
        assert processes_of(home) == []


def processes_of(home: Path) -> list[str]:
    """Return the commands of all processes of an installation."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended meanwhile
            continue
        if f"LADDER_HOME={home}".encode() in told:
            found.append(command)
    return found


def test_what_a_command_writes_is_read_through_the_one_port(platform: Platform) -> None:
    workspace = platform.running.workspace("Northwind", "hanna@example.com")

    hr = platform.running.token("hr", workspace)
    read = httpx.get(f"{platform.running.url}/api/people/v1/people", headers=hr, timeout=60)

    assert [one["work_email"] for one in read.json()["items"]] == ["hanna@example.com"]


@pytest.mark.parametrize("named", [True, False], ids=["Kafka named", "Kafka not named"])
def test_what_a_command_beside_the_workers_writes_is_followed_by_them_and_comes_to_kafka(
    platform: Platform, named: bool
) -> None:
    told = {} if named else {"LADDER_KAFKA": ""}

    made = platform.beside.run("workspace", "create", "Eastwind", "--admin", "eve@example.com", **told)

    assert made.returncode == 0, made.stderr
    workspace = made.stdout.split()[1]
    relayed = "select 1 from people.relayed where workspace = %s"
    until(lambda: bool(platform.rows(relayed, workspace)), "the relay of a worker")
    assert workspace in keys_on(platform.kafka, "people.v1")
    heard = "select 1 from gap.directory_people where workspace = %s"
    until(lambda: bool(platform.rows(heard, workspace)), "what gap-svc follows from it")


def keys_on(servers: str, topic: str) -> set[str]:
    """Return the keys of everything a topic holds."""

    async def read() -> set[str]:
        found = set[str]()
        async with AIOKafkaConsumer(bootstrap_servers=servers) as opened:
            consumer: Any = opened  # its own types are partly unknown
            places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            for place, end in (await consumer.end_offsets(places)).items():
                while await consumer.position(place) < end:
                    found |= {one.key.decode() for one in (await consumer.getmany(place, timeout_ms=200)).get(place, [])}
        return found

    return asyncio.run(read())


def test_a_restore_and_one_process_beside_the_workers_are_refused_in_one_line(platform: Platform, tmp_path: Path) -> None:
    for command in (["restore", str(tmp_path)], ["up", "--port", "0"]):
        refused = platform.beside.run(*command, LADDER_KAFKA="")

        said = [line for line in refused.stderr.splitlines() if not line.startswith("· ")]
        assert (refused.returncode, refused.stdout) == (2, "")
        assert said == [
            "Workers of people-svc, framework-svc, evaluation-svc, gap-svc are at work on this database;"
            " end every process of it first."
        ]


def test_a_topic_that_was_changed_is_named_by_topics_check_with_what_is_declared(platform: Platform) -> None:
    async def change() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=platform.kafka)
        await admin.start()
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "gap.v1", {"retention.ms": "1000"})])
        await admin.close()

    asyncio.run(change())

    checked = platform.running.run("topics", "check")

    assert checked.returncode == 1
    assert checked.stdout.splitlines() == ["gap.v1: retention.ms is 1000, declared is 604800000"]
