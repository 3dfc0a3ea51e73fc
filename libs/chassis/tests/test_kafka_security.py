"""A broker that asks for TLS and a name: who is known does what docs/operating.md lets them do, and nobody else anything.

toy (sink, as `toy`) → SASL_SSL → Kafka → SASL_SSL → (driver, as `reader`) reader
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.brokers import MECHANISMS, ClientSettings
from chassis.kafka import Client, Driver, KafkaSink, ShutOut, Unanswered, apply_topics, ask, unusable
from chassis.relay import Refused
from chassis.testing import until
from chassis.testing.guarding import Guard, allow
from chassis.testing.kafka import Cluster
from contracts.envelope import Envelope
from contracts.topics import Topic

from .conftest import USERS, Pair
from .stage import Stage, staged

TOPICS = [Topic(name="toy.v1", partitions=3), Topic(name="reader.v1", partitions=1)]


@pytest.fixture(scope="module")
def guard(kafka: Cluster) -> Guard:
    """The guarded door, with the rights that docs/operating.md names."""
    assert kafka.guard is not None
    asyncio.run(apply_topics(ClientSettings((kafka.servers,)), TOPICS, replication=1))
    asyncio.run(allow(kafka.servers, "toy", {("topic", "toy.v1"): ("write", "read", "describe")}))
    hears = {("topic", "toy.v1"): ("read", "describe"), ("group", "reader-svc"): ("read", "describe")}
    asyncio.run(allow(kafka.servers, "reader", {("topic", "reader.v1"): ("write", "describe"), **hears}))
    return kafka.guard


def environ(guard: Guard, user: str, **changed: str) -> dict[str, str]:
    return {
        "LADDER_KAFKA": guard.server,
        "LADDER_KAFKA_TLS": "1",
        "LADDER_KAFKA_CA": str(guard.ca_file),
        "LADDER_KAFKA_USERNAME": user,
        "LADDER_KAFKA_PASSWORD": USERS[user],
        **changed,
    }


def settings(guard: Guard, user: str, **changed: str) -> ClientSettings:
    found = ClientSettings.from_environment(environ(guard, user, **changed))
    assert found is not None
    return found


@pytest.fixture(params=MECHANISMS)
def clients(request: pytest.FixtureRequest, guard: Guard) -> Iterator[dict[str, Client]]:
    """Toy's and the reader's, by every mechanism."""
    made = {user: Client(settings(guard, user, LADDER_KAFKA_MECHANISM=request.param), user) for user in USERS}
    for client in made.values():
        client.start()
    yield made
    for client in made.values():
        client.stop()


def test_through_tls_and_a_name_events_arrive_by_every_mechanism(
    pair: Pair, workspace: str, clients: dict[str, Client]
) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two")
    taken: list[Envelope] = []
    driver = Driver(clients["reader"], "reader-svc", ("toy.v1",), taken.extend, lambda _: None, lambda: None)
    driver.start()
    sink = KafkaSink(clients["toy"], "toy.v1")

    sink.send(pair.sent(workspace))
    assert pair.sent(workspace)[-1] in sink.newest()

    until(lambda: [one for one in taken if one.workspace == workspace] == pair.sent(workspace), "both events")
    assert driver.alive
    driver.stop()
    sink.stop()


def test_a_service_that_produces_to_the_topic_of_another_is_refused_by_the_broker(
    pair: Pair, workspace: str, clients: dict[str, Client]
) -> None:
    pair.open(workspace)
    pair.write(workspace, "one")
    sink = KafkaSink(clients["reader"], "toy.v1")
    with pytest.raises(Refused, match="TopicAuthorizationFailed"):
        sink.send(pair.sent(workspace))
    sink.stop()


def test_a_topic_is_compared_with_no_more_rights_than_a_service_has(guard: Guard) -> None:
    assert asyncio.run(unusable(settings(guard, "reader"), TOPICS)) == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"LADDER_KAFKA_PASSWORD": "wrong"}, "refuses LADDER_KAFKA_USERNAME with LADDER_KAFKA_PASSWORD."),
        ({"LADDER_KAFKA_PASSWORD": "wrong", "LADDER_KAFKA_MECHANISM": "PLAIN"}, "refuses LADDER_KAFKA_USERNAME with"),
        ({"LADDER_KAFKA_CA": ""}, r"its certificate is not signed by the system's \(name it by LADDER_KAFKA_CA\)"),
    ],
)
def test_who_is_shut_out_is_told_by_which_setting(guard: Guard, changed: dict[str, str], says: str) -> None:
    with pytest.raises(ShutOut, match=says):
        asyncio.run(ask(settings(guard, "reader", **changed), "tests"))


def test_who_speaks_tls_at_an_open_door_or_none_at_a_guarded_one_is_told_where_to_look(
    guard: Guard, kafka: Cluster
) -> None:
    with pytest.raises(Unanswered, match=r"does not answer .*; it may ask for TLS, or for a name \(LADDER_KAFKA_TLS"):
        asyncio.run(ask(settings(guard, "reader", LADDER_KAFKA_TLS="", LADDER_KAFKA_CA=""), "tests"))
    with pytest.raises(Unanswered, match=r"does not answer .*; it may not speak TLS there \(LADDER_KAFKA_TLS"):
        asyncio.run(ask(settings(guard, "reader", LADDER_KAFKA=kafka.servers), "tests"))
    open_door = {"LADDER_KAFKA": kafka.servers, "LADDER_KAFKA_TLS": "", "LADDER_KAFKA_CA": ""}
    with pytest.raises(ShutOut, match="asks for no name there"):
        asyncio.run(ask(settings(guard, "reader", **open_door), "tests"))


@pytest.fixture
def stage(pair: Pair, tmp_path: Path) -> Iterator[Stage]:
    with staged(pair, tmp_path) as one:
        yield one


def test_a_worker_that_is_shut_out_ends_with_one_line(stage: Stage, guard: Guard) -> None:
    worker = stage.start("reader", "worker", **environ(guard, "reader", LADDER_KAFKA_PASSWORD="wrong"))

    assert worker.ends() == 2
    said = [line for line in worker.wrote().splitlines() if not line.startswith("{")]
    assert said == [f"Kafka at {guard.server} refuses LADDER_KAFKA_USERNAME with LADDER_KAFKA_PASSWORD."]


def test_a_worker_that_is_known_gets_ready(stage: Stage, guard: Guard) -> None:
    worker = stage.start("reader", "worker", **environ(guard, "reader"))

    until(worker.is_ready, "readiness")
    assert worker.parts()["kafka"] == {"name": "kafka", "ok": True, "detail": "", "waiting": 0}
    assert worker.is_told_to_end() == 0


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"LADDER_KAFKA": "broker"}, "LADDER_KAFKA holds 'broker'; write each broker as host:port"),
        ({"LADDER_KAFKA_PASSWORD": ""}, "only one is set; they belong together"),
        ({"LADDER_KAFKA_TLS": ""}, "nothing is checked by it; set LADDER_KAFKA_TLS=1"),
        ({"LADDER_KAFKA_CA": "/nowhere.pem"}, "LADDER_KAFKA_CA is '/nowhere.pem': No such file or directory"),
        ({"LADDER_KAFKA_CA": __file__}, "it holds no certificate; name a file of certificates"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(guard: Guard, changed: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        settings(guard, "reader", **changed)


def test_a_client_is_not_ready_until_it_was_let_in(guard: Guard) -> None:
    client = Client(settings(guard, "reader", LADDER_KAFKA_PASSWORD="wrong"), "tests")
    assert client.trouble == "not asked yet"
    client.start()
    until(lambda: "refuses" in client.trouble, "the reason")
    client.stop()
