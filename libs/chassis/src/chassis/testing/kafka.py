"""A real Apache Kafka for tests: its own release artifacts through Maven, run by this machine's Java in KRaft mode."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from aiokafka.admin import AIOKafkaAdminClient

from chassis.testing.guarding import LISTENER, Guard
from contracts.topics import TOPICS

VERSION: Final = "4.3.1"
POM: Final = Path(__file__).with_name("kafka-pom.xml")
JVM: Final = ("-Xmx256m", "-Xms256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PORTS: Final = range(20_000, 30_000)
START_WITHIN: Final = 180
"""Seconds until a broker that does not answer counts as failed."""


class NoKafka(Exception):
    """This machine can run no broker; the text says what is missing."""


class InUse(Exception):
    """The broker that was named holds topics of an installation; the text says which, and what to do."""


def untested(cache: Path) -> str:
    """Return what of Kafka is not tested on this machine, and why; nothing where all of it is."""
    lacks = missing(cache)
    what = "whatever breaks a broker" if "LADDER_TEST_KAFKA" in os.environ else "everything over Kafka"
    return f"{what}: {lacks}" if lacks else ""


def missing(cache: Path) -> str:
    """Return what this machine lacks to run a broker, and how to get it; nothing where all is there."""
    programs = [("java", "default-jre-headless")] if _fetched(cache) else [("java", "default-jre-headless"), ("mvn", "maven")]
    lacks = [(program, package) for program, package in programs if shutil.which(program) is None]
    if not lacks:
        return ""
    names, packages = zip(*lacks, strict=True)
    return f"there is no {' and no '.join(names)} (on Debian: apt-get install {' '.join(packages)})"


def _folder(cache: Path) -> Path:
    return cache / f"kafka-{VERSION}"


def _fetched(cache: Path) -> bool:
    return (_folder(cache) / ".complete").exists()


def artifacts(cache: Path) -> Path:
    """Return the folder with Kafka's jars, fetched by Maven the first time; NoKafka where that cannot be."""
    if lacks := missing(cache):
        raise NoKafka(lacks)
    folder = _folder(cache)
    if _fetched(cache):
        return folder
    command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    command.append(f"-DoutputDirectory={folder}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own pom
    if done.returncode != 0:
        raise NoKafka(f"Maven could not fetch Apache Kafka {VERSION} ({done.stdout.strip().splitlines()[-1:]})")
    (folder / ".complete").touch()
    return folder


@dataclass
class Node:
    """One broker (and controller) of a cluster: a process with data of its own on ports of this machine.

    It also answers on `detour_port`, and sends who came that way to `gate_port`: there a test may stand in between.
    """

    number: int
    folder: Path
    jars: Path
    port: int
    controller_port: int
    detour_port: int
    gate_port: int
    guard: Guard | None = None
    process: subprocess.Popen[bytes] | None = None
    _log: IO[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start, and return when it answers."""
        self._log = (self.folder / "log").open("ab")
        command = ["java", *JVM, "-cp", f"{self.jars}/*", "kafka.Kafka", str(self.folder / "server.properties")]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)  # noqa: S603 - a broker of ours

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._close()

    def stop(self) -> None:
        """End it in order; a node that hangs is killed."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self) -> None:
        self.process = None
        if self._log is not None:
            self._log.close()
            self._log = None


@dataclass
class Cluster:
    """Brokers of one cluster."""

    nodes: Sequence[Node]
    guard: Guard | None = None

    @property
    def servers(self) -> str:
        """The addresses to give to a client."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    @property
    def gates(self) -> str:
        """The addresses to give to a client that is to go through what a test puts in between."""
        return ",".join(f"127.0.0.1:{node.gate_port}" for node in self.nodes)


@contextmanager
def broker(cache: Path) -> Generator[str]:
    """Give the addresses of a broker: of our own, or of the one LADDER_TEST_KAFKA names, rid of our topics afterwards."""
    named = os.environ.get("LADDER_TEST_KAFKA")
    if named is None:
        with cluster(cache) as one:
            yield one.servers
        return
    if there := asyncio.run(_ours(named)):
        text = f"LADDER_TEST_KAFKA holds {', '.join(there)} already, of an installation: name a broker that tests may use."
        raise InUse(text)
    try:
        yield named
    finally:
        asyncio.run(_remove_ours(named))


async def _ours(servers: str) -> list[str]:
    async with _admin(servers) as admin:
        return sorted({topic.name for topic in TOPICS}.intersection(await admin.list_topics()))


async def _remove_ours(servers: str) -> None:
    there = await _ours(servers)
    async with _admin(servers) as admin:
        await admin.delete_topics(there)


@asynccontextmanager
async def _admin(servers: str) -> AsyncGenerator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


@contextmanager
def cluster(cache: Path, size: int = 1, users: Mapping[str, str] | None = None) -> Generator[Cluster]:
    """Run a cluster in a temporary folder until the block ends; its topics are made by whoever uses it.

    With `users`, names and passwords, its first broker also has a guarded door for them (`guard`).
    """
    jars = artifacts(cache)
    folder = Path(tempfile.mkdtemp(prefix="ladder-kafka-"))
    ports = iter(_free_ports(4 * size))
    nodes = [
        Node(number, folder / str(number), jars, next(ports), next(ports), next(ports), next(ports))
        for number in range(1, size + 1)
    ]
    guard = None
    if users is not None:
        guard = nodes[0].guard = Guard(folder / "guard", _free_ports(1)[0], users)
        guard.make_certificates()
    try:
        _format(nodes, jars)
        for node in nodes:
            node.start()
        for node in nodes:
            _wait_for(node)
        yield Cluster(nodes, guard)
    finally:
        for node in nodes:
            node.kill()  # its data goes with it, and the last of several would wait for the others
        shutil.rmtree(folder, ignore_errors=True)


def _format(nodes: Sequence[Node], jars: Path) -> None:
    voters = ",".join(f"{node.number}@127.0.0.1:{node.controller_port}" for node in nodes)
    identity = base64.urlsafe_b64encode(b"\0" + os.urandom(15)).decode().rstrip("=")  # never "-…": that is an option
    for node in nodes:
        node.folder.mkdir(parents=True)
        properties = node.folder / "server.properties"
        properties.write_text(_properties(node, voters, len(nodes)))
        tool = ["java", "-Xmx128m", *JVM[2:], "-cp", f"{jars}/*", "kafka.tools.StorageTool"]
        credentials = node.guard.credentials() if node.guard is not None else []
        command = [*tool, "format", "-t", identity, "-c", str(properties), *credentials]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - Kafka's own tool


def _properties(node: Node, voters: str, size: int) -> str:
    # The last two keep a start after a kill under six seconds: else the old registration has to run out first.
    lines = {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{node.port},DETOUR://127.0.0.1:{node.detour_port},"
        f"CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{node.port},DETOUR://127.0.0.1:{node.gate_port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": node.folder / "data",
        "offsets.topic.replication.factor": size,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": size,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": size,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "auto.create.topics.enable": "false",
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
    }
    if node.guard is not None:
        for name in ("listeners", "advertised.listeners"):
            lines[name] = f"{lines[name]},{LISTENER}://{node.guard.server}"
        lines["listener.security.protocol.map"] = f"{lines['listener.security.protocol.map']},{LISTENER}:SASL_SSL"
        lines |= node.guard.properties()
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _wait_for(node: Node) -> None:
    end = time.monotonic() + START_WITHIN
    while time.monotonic() < end:
        if node.process is None or node.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", node.port), 0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise NoKafka("the broker did not start: " + (node.folder / "log").read_text()[-2000:])


def _free_ports(count: int) -> list[int]:
    """Return ports nobody listens on now, all different.

    They lie below those the system hands out: while a broker is dead, nobody who looks for it is given its own port.
    """
    held: list[socket.socket] = []
    while len(held) < count:
        with suppress(OSError):
            held.append(socket.create_server(("127.0.0.1", secrets.choice(_PORTS))))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
