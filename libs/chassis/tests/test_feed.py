"""The feed over HTTP: the same events as the rows hold, to whoever has the scope, of no other workspace."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from httpx import Client

from chassis.feed_http import HttpFeed
from chassis.http import api
from chassis.identity import Actor, ServiceTokens, Signer, SigningKey, Verifier
from chassis.testing import served
from chassis.unit import Unavailable

from . import notebook_api
from .conftest import Pair

KEY = SigningKey.generate()
SEED = bytes(range(32))


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


SIGNER = Signer(lambda: [KEY], now)


@pytest.fixture
def client(pair: Pair) -> Iterator[Client]:
    app = api(pair.toy, verifier=Verifier(SIGNER.jwks, now), services=ServiceTokens(SEED, "toy", now))
    with served(app) as client:
        yield client


@pytest.fixture
def feed(client: Client) -> Iterator[HttpFeed]:
    one = HttpFeed(str(client.base_url), "toy.v1", ServiceTokens(SEED, "reader", now).make)
    yield one
    one.close()


def written(pair: Pair, workspace: str, *lines: str) -> str:
    pair.open(workspace)
    pair.write(workspace, *lines)
    return workspace


def asks(client: Client, path: str, workspace: str, scope: str = "feed") -> httpx.Response:
    actor = Actor(workspace=workspace, person="p_analyst", session="s", scope=frozenset(filter(None, [scope])))
    return client.get(path, headers={"Authorization": f"Bearer {SIGNER.sign(actor)}"})


def test_the_feed_over_http_gives_what_the_rows_hold(pair: Pair, feed: HttpFeed, workspace: str) -> None:
    written(pair, workspace, "one", "zwei — 二", "three")
    stored = pair.toy.feed
    over_http = feed.events("toy.v1", workspace, 2, 1)
    rows = stored.events("toy.v1", workspace, 2, 1)
    assert over_http.through == rows.through
    assert [one.model_copy(update={"data": b""}) for one in over_http.records] == [
        one.model_copy(update={"data": b""}) for one in rows.records
    ]
    assert [json.loads(one.data) for one in over_http.records] == [json.loads(one.data) for one in rows.records]
    assert list(feed.epochs(workspace)) == list(stored.epochs(workspace))
    assert set(feed.heads("toy.v1")) == set(stored.heads("toy.v1"))


def test_heads_come_in_pages(
    pair: Pair, feed: HttpFeed, monkeypatch: pytest.MonkeyPatch, workspace: str
) -> None:
    for number in range(5):
        written(pair, f"{workspace}-{number}", "x")
    monkeypatch.setattr("chassis.feed_http.HEADS", 2)
    found = [one.workspace for one in feed.heads("toy.v1")]
    assert found == sorted(found)
    assert {f"{workspace}-{number}" for number in range(5)} <= set(found)


def test_a_consumer_that_only_has_the_feed_hears_everything(pair: Pair, feed: HttpFeed, workspace: str) -> None:
    written(pair, workspace, *(f"line {number}" for number in range(7)))
    consumer = replace(pair.reader.consumer, feeds={"toy.v1": feed})
    assert workspace in set(consumer.behind())
    consumer.step(workspace)
    assert pair.heard(workspace) == (list(range(1, 8)), 1)


def test_a_position_of_an_ended_epoch_counts_up_to_where_the_next_began(
    pair: Pair, client: Client, workspace: str
) -> None:
    written(pair, workspace, "one", "two", "three")
    (first,) = pair.toy.feed.epochs(workspace)
    pair.rows("insert into toy.epochs values (%s, %s, 2, now())", workspace, first.epoch + "z")
    path = f"/events?topic=toy.v1&after=4&epoch={first.epoch}"
    assert [one["sequence"] for one in asks(client, path, workspace).json()["records"]] == [3, 4]


def test_types_that_were_not_asked_for_are_left_out_and_covered(pair: Pair, client: Client, workspace: str) -> None:
    written(pair, workspace, "one", "two")
    found = asks(client, "/events?topic=toy.v1&types=toy.other.v1", workspace).json()
    assert (found["records"], found["through"]) == ([], 3)


def test_a_token_of_one_workspace_reads_that_one(pair: Pair, client: Client, workspace: str) -> None:
    written(pair, workspace, "one")
    other = written(pair, f"{workspace}-other", "two")
    assert [one["workspace"] for one in asks(client, "/events?topic=toy.v1", workspace).json()["records"]] == [workspace]
    assert [one["workspace"] for one in asks(client, "/heads?topic=toy.v1", workspace).json()["heads"]] == [workspace]
    for path in ("events", "heads"):
        assert asks(client, f"/{path}?topic=toy.v1&workspace={other}", workspace).status_code == 404


def test_without_the_scope_the_feed_is_closed(client: Client, workspace: str) -> None:
    assert asks(client, "/heads?topic=toy.v1", workspace, scope="").status_code == 403
    assert client.get("/heads?topic=toy.v1").status_code == 401
    forged = ServiceTokens(bytes(32), "reader", now).make()
    assert client.get("/heads?topic=toy.v1", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_a_service_s_token_opens_nothing_but_the_feed(
    pair: Pair, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = ServiceTokens(SEED, "reader", now).make()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/heads?topic=toy.v1", headers=headers).status_code == 200
    assert client.get("/events?topic=toy.v1", headers=headers).status_code == 400
    monkeypatch.setattr(pair.toy, "router", notebook_api.router)
    app = api(pair.toy, verifier=Verifier(SIGNER.jwks, now), services=ServiceTokens(SEED, "toy", now))
    with served(app) as other:
        assert other.get("/notebooks", headers=headers).status_code == 401


def test_another_topic_than_the_service_s_own_is_not_here(client: Client, workspace: str) -> None:
    answer = asks(client, "/heads?topic=people.v1", workspace)
    assert (answer.status_code, answer.json()["detail"]) == (404, "toy publishes on toy.v1.")


def test_an_upstream_that_cannot_be_asked_is_unavailable_which_no_consumer_counts_against_an_event() -> None:
    feed = HttpFeed("http://127.0.0.1:1", "toy.v1", lambda: "token")

    with pytest.raises(Unavailable, match="feed of toy"):
        feed.events("toy.v1", "w1", 0)
    with pytest.raises(Unavailable, match="feed of toy"):
        feed.epochs("w1")
    feed.close()
