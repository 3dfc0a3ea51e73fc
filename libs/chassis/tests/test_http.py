"""The edge of a service: keys, versions, positions, pages, refusals, health and the document."""

from __future__ import annotations

import io
import itertools
import json
import logging
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

import anyio
import psycopg
import pytest
import structlog
from fastapi import FastAPI
from httpx import Client, Response
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.cipher import Grant
from chassis.consumer import Unreadable
from chassis.feed_http import HttpFeed
from chassis.http import api, match_threads, positions
from chassis.http.asking import Waiting
from chassis.http.figures import figures
from chassis.http.problems import NOTHING_HERE
from chassis.identity import Actor, Signer
from chassis.postgres import Database
from chassis.service import Service
from chassis.steps import Runner
from chassis.telemetry import Metrics, Traces, configure_logs
from chassis.testing import KEY, SIGNER, keyed, now, opened, served, verifier
from chassis.unit import Position

from . import notebook_api, toy

WORKSPACES = itertools.count(1)


@dataclass
class Running:
    """The toy services, running, and the application over the first."""

    toy: Service
    reader: Service
    app: FastAPI
    metrics: Metrics
    traces: Traces
    spans: InMemorySpanExporter
    logged: io.StringIO


@contextmanager
def logs_in(stream: io.StringIO) -> Generator[io.StringIO]:
    """Let everything this process logs go into a stream; the form of before comes back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("json", "DEBUG", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = False


@pytest.fixture(scope="module")
def running(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    one, other = toy.toy(), toy.reader()
    one.router, one.errors = notebook_api.router, {toy.AlreadyClosed: 410, toy.NoSuchPage: 404}
    other.router = notebook_api.reader_router
    grants = [Grant("toy", "notebook", may_make=True), Grant("reader", "notebook")]
    spans = InMemorySpanExporter()
    traces, hearing = (Traces(name, SimpleSpanProcessor(spans)) for name in ("toy", "reader"))
    metrics = Metrics()
    with (
        keyed(module_database, tmp_path_factory.mktemp("home"), grants, "toy", "reader") as ciphers,
        opened(module_database, ciphers, one, other, size=4, spans={"reader": hearing.span_for}),
    ):
        for service in (one, other):
            service.start()
        app = api(one, verifier=verifier(), metrics=metrics, traces=traces, threads=4)
        with logs_in(io.StringIO()) as logged:
            yield Running(one, other, app, metrics, traces, spans, logged)


@dataclass
class Caller:
    """Somebody at the other end of the wire, who sends what a test says and nothing more."""

    client: Client
    workspace: str
    person: str = "p_ann"
    roles: frozenset[str] = frozenset()
    keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def token(self) -> str:
        return SIGNER.sign(Actor(workspace=self.workspace, person=self.person, session="s", roles=self.roles))

    def headers(self, **more: str | None) -> dict[str, str]:
        given = {name.replace("_", "-"): value for name, value in more.items() if value}
        return {"Authorization": f"Bearer {self.token}", **given}

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Response:
        key = key or f"{self.person}-{next(self.keys)}"
        return self.client.post(path, json=body, headers=self.headers(Idempotency_Key=key, **headers))

    def put(self, path: str, **headers: str) -> Response:
        return self.client.put(path, headers=self.headers(**headers))

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=self.headers(**headers))

    def opens(self) -> str:
        answer = self.post("/notebooks", {"kind": "lined"})
        assert answer.status_code == 201, answer.text
        self.get("/notebooks", Wait_For=answer.headers["Position"])
        return str(answer.json()["id"])

    def another(self, person: str, **changed: Any) -> Caller:
        return Caller(self.client, changed.pop("workspace", self.workspace), person, **changed)


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[Client]:
    with served(running.app) as client:
        yield client


@pytest.fixture
def ann(client: Client) -> Caller:
    return Caller(client, f"w{next(WORKSPACES)}")


def refusal(answer: Response) -> tuple[int, str]:
    """Return status and name of a problem, after looking at its form."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= set(body)
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("urn:career-ladder:problem:")


# Who asks


@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Bearer", "Bearer nonsense", "Bearer a.b.c"])
def test_without_a_good_actor_token_nothing_is_answered(client: Client, header: str | None) -> None:
    answer = client.get("/notebooks", headers={} if header is None else {"Authorization": header})
    assert refusal(answer)[0] == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_is_refused_by_name(client: Client) -> None:
    past = Signer(lambda: [KEY], lambda: now() - timedelta(minutes=6))
    token = past.sign(Actor(workspace="w", person="p"))
    answer = client.get("/notebooks", headers={"Authorization": f"Bearer {token}"})
    assert refusal(answer) == (401, "invalid-token")
    assert "expired" in answer.json()["detail"]


def test_one_workspace_never_sees_another(ann: Caller) -> None:
    notebook = ann.opens()
    stranger = ann.another("p_ann", workspace=f"w{next(WORKSPACES)}")
    assert ann.get(f"/notebooks/{notebook}").status_code == 200
    assert refusal(stranger.get(f"/notebooks/{notebook}")) == (404, "not-found")
    assert stranger.get(f"/notebooks/{notebook}/history").json() == []


# Idempotency-Key


def test_a_post_without_an_idempotency_key_is_told_which_header_is_missing(ann: Caller) -> None:
    answer = ann.client.post("/notebooks", json={}, headers=ann.headers())
    assert refusal(answer) == (400, "idempotency-key-missing")
    assert "Idempotency-Key" in answer.json()["detail"]


@pytest.mark.parametrize("key", ["", '""', "a b", "é".encode().decode("latin-1"), "x" * 256, "tab\there"])
def test_a_key_that_is_not_1_to_255_visible_characters_is_refused(ann: Caller, key: str) -> None:
    headers = {**ann.headers(), "Idempotency-Key": key.encode("latin-1").decode("latin-1")}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = ann.client.post("/notebooks", json={}, headers=raw)  # type: ignore[arg-type]  # bytes, to send what is wrong
    assert refusal(answer) == (400, "idempotency-key-unusable")


def test_a_repeat_gets_the_answer_of_the_first_time_and_does_nothing(ann: Caller, running: Running) -> None:
    first = ann.post("/notebooks", {"kind": "lined"}, key="k-1")
    again = ann.post("/notebooks", {"kind": "lined"}, key="k-1")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    for header in ("ETag", "Location"):
        assert first.headers[header] == again.headers[header]
    assert places(running, ann, first) == places(running, ann, again)
    assert len(ann.get(f"/notebooks/{first.json()['id']}/history").json()) == 1


def test_a_key_is_the_same_bare_and_quoted(ann: Caller) -> None:
    bare, quoted = ann.post("/notebooks", {}, key="same"), ann.post("/notebooks", {}, key='"same"')
    assert bare.json() == quoted.json()


def test_a_key_used_again_with_another_body_is_refused(ann: Caller) -> None:
    notebook = ann.opens()
    assert ann.post(f"/notebooks/{notebook}/lines", {"text": "one"}, key="k").status_code == 200
    answer = ann.post(f"/notebooks/{notebook}/lines", {"text": "two"}, key="k")
    assert refusal(answer) == (422, "idempotency-key-reused")


def test_a_key_belongs_to_one_actor_and_one_route(ann: Caller) -> None:
    first, second = ann.opens(), ann.opens()
    answers = [
        ann.post("/notebooks", {}, key="k"),
        ann.another("p_bob").post("/notebooks", {}, key="k"),
        ann.post(f"/notebooks/{first}/lines", {"text": "x"}, key="k"),
        ann.post(f"/notebooks/{second}/lines", {"text": "y"}, key="k"),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 200, 200]
    assert len({answer.json()["id"] for answer in answers}) == 4


def test_a_refusal_is_not_kept_under_its_key(ann: Caller) -> None:
    notebook = ann.opens()
    ann.put(f"/notebooks/{notebook}/cover", If_Match='"1"')
    assert refusal(ann.post(f"/notebooks/{notebook}/lines", {"text": ""}, key="k"))[0] == 422
    assert refusal(ann.post(f"/notebooks/{notebook}/lines", {"text": "x"}, key="k")) == (410, "already-closed")
    other = ann.opens()
    assert refusal(ann.post("/notebooks", {"kind": "odd"}, key="r"))[0] == 422
    assert ann.post("/notebooks", {"kind": "plain"}, key="r").status_code == 201
    assert other != notebook


def test_many_repeats_at_once_do_the_thing_once(ann: Caller) -> None:
    with ThreadPoolExecutor(8) as writers:
        sent = [writers.submit(ann.post, "/notebooks", {}, "at-once") for _ in range(8)]
        answers = [one.result() for one in sent]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


def test_a_repeated_upload_is_recognised_though_its_form_has_another_boundary(ann: Caller) -> None:
    def send(content: bytes, boundary: str) -> Response:
        form = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'.encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        headers = ann.headers(Idempotency_Key="scan", Content_Type=f"multipart/form-data; boundary={boundary}")
        return ann.client.post("/scans", content=form, headers=headers)

    first, again, other = send(b"one two", "aaa111"), send(b"one two", "bbb222"), send(b"one three", "ccc333")
    assert first.status_code == again.status_code == 201, first.text
    assert first.json() == again.json()
    assert refusal(other) == (422, "idempotency-key-reused")


# Versions


def test_a_change_of_what_is_edited_needs_the_version_that_was_read(ann: Caller) -> None:
    notebook = ann.opens()
    seen = ann.get(f"/notebooks/{notebook}").headers["ETag"]
    assert seen == '"1"'
    assert refusal(ann.put(f"/notebooks/{notebook}/cover")) == (428, "precondition-required")
    ann.post(f"/notebooks/{notebook}/lines", {"text": "meanwhile"})
    stale = ann.put(f"/notebooks/{notebook}/cover", If_Match=seen)
    assert refusal(stale) == (412, "precondition-failed")
    assert stale.headers["ETag"] == '"2"'
    assert ann.put(f"/notebooks/{notebook}/cover", If_Match='"2"').headers["ETag"] == '"3"'


def test_a_repeated_change_is_not_refused_for_the_version_it_made_itself(ann: Caller) -> None:
    notebook = ann.opens()
    first, again = (ann.put(f"/notebooks/{notebook}/cover", If_Match='"1"', Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content) == (200, first.content)
    assert refusal(ann.put(f"/notebooks/{notebook}/cover", If_Match='"1"', Idempotency_Key="other"))[0] == 412


def test_changes_of_many_at_once_are_all_made_one_after_the_other(ann: Caller) -> None:
    path = f"/notebooks/{ann.opens()}/lines"
    with ThreadPoolExecutor(8) as writers:
        sent = [writers.submit(ann.post, path, {"text": "x"}, f"k{number}") for number in range(8)]
        answers = [one.result() for one in sent]
    assert [answer.status_code for answer in answers] == [200] * 8
    assert sorted(int(answer.json()["etag"]) for answer in answers) == list(range(2, 10))


@pytest.mark.parametrize("tag", ["3", 'W/"3"', '"a"', '"1", "2"', '"-1"'])
def test_an_if_match_that_is_no_strong_etag_of_ours_is_refused(ann: Caller, tag: str) -> None:
    answer = ann.put(f"/notebooks/{ann.opens()}/cover", If_Match=tag)
    assert refusal(answer) == (400, "if-match-unusable")


def test_a_put_without_a_key_gets_one_of_its_own(ann: Caller) -> None:
    one, other = ann.opens(), ann.opens()
    assert ann.put(f"/notebooks/{one}/cover", If_Match='"1"').status_code == 200
    assert ann.put(f"/notebooks/{other}/cover", If_Match='"1"').status_code == 200


# Positions


def places(running: Running, caller: Caller, answer: Response) -> list[Position]:
    """Return the positions a write answered."""
    given = answer.headers["Position"].split(", ")
    return [positions.opened(running.toy.cipher, caller.workspace, one) for one in given]


def far(running: Running, caller: Caller, name: str) -> str:
    """A position in the present epoch that nothing has reached."""
    (own, *_) = places(running, caller, caller.post("/notebooks", {}))
    return positions.sealed(running.toy.cipher, caller.workspace, Position(name, own.epoch, 99))


def test_a_write_answers_where_it_stands_in_the_log_and_on_each_topic(ann: Caller, running: Running) -> None:
    notebook = ann.opens()
    found = places(running, ann, ann.post(f"/notebooks/{notebook}/lines", {"text": "x"}))
    assert [(one.name, one.sequence) for one in found] == [("toy", 2), ("toy.v1", 2)]
    assert len({one.epoch for one in found}) == 1


def test_how_much_others_wrote_is_told_by_no_position(ann: Caller) -> None:
    notebook = ann.opens()
    answers = [ann.post(f"/notebooks/{notebook}/lines", {"text": "x"}) for _ in range(3)]
    numbers = [int(answer.headers["Position"].split(", ")[0].split("/")[2], 16) for answer in answers]
    assert len({later - earlier for earlier, later in pairwise(numbers)}) == 2
    refused = ann.post("/notebooks/nothing/lines", {"text": "x"})
    assert "Position" not in refused.headers


def test_whether_others_published_meanwhile_is_told_by_no_position(ann: Caller, running: Running) -> None:
    ann.post(f"/notebooks/{ann.opens()}/lines", {"text": "x"})
    answers = [ann.post("/notebooks", {}) for _ in range(2)]  # opening publishes nothing
    assert len({places(running, ann, one)[1] for one in answers}) == 1
    assert len({one.headers["Position"].split(", ")[1] for one in answers}) == 2


def test_a_position_of_another_workspace_is_none_here(ann: Caller, running: Running) -> None:
    foreign = positions.sealed(running.toy.cipher, "elsewhere", Position("toy", "e", 1))
    assert refusal(ann.get("/notebooks", Wait_For=foreign)) == (400, "wait-for-unusable")


def test_a_read_that_waits_for_a_write_shows_it(ann: Caller) -> None:
    notebook = ann.opens()
    for number in range(1, 6):
        position = ann.post(f"/notebooks/{notebook}/lines", {"text": f"line {number}"}).headers["Position"]
        shown = ann.get(f"/notebooks/{notebook}", Wait_For=position).json()
        assert (shown["lines"], shown["last"]) == (number, f"line {number}")


@pytest.fixture
def reads(ann: Caller, running: Running) -> Iterator[Caller]:
    """Ann at the service that hears what the notebooks publish."""
    app = api(running.reader, verifier=verifier())
    with served(app) as client:
        yield Caller(client, ann.workspace)


def test_what_is_not_there_in_time_is_answered_with_come_again(
    ann: Caller, reads: Caller, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = far(running, ann, "toy.v1")
    monkeypatch.setattr("chassis.http.asking.PATIENCE", 0.05)
    answer = reads.get("/lines", Wait_For=never)
    assert refusal(answer) == (503, "not-there-yet")
    assert answer.headers["Retry-After"] == "1"


def test_a_position_that_no_write_has_answered_is_refused_at_once(ann: Caller, running: Running) -> None:
    assert refusal(ann.get("/notebooks", Wait_For=far(running, ann, "toy"))) == (400, "wait-for-unusable")


def test_positions_of_services_that_are_not_heard_are_passed_over(ann: Caller, running: Running) -> None:
    others = (Position("elsewhere", "e", 7), Position("other.v1", "e", 9))
    given = ", ".join(positions.sealed(running.toy.cipher, ann.workspace, one) for one in others)
    assert ann.get("/notebooks", Wait_For=given).status_code == 200


@pytest.mark.parametrize("text", ["nonsense", "a/b", "toy/e/x", "toy/e/-1", "/e/1", "x/e/1," * 33])
def test_a_position_that_cannot_be_read_is_refused(ann: Caller, text: str) -> None:
    assert refusal(ann.get("/notebooks", Wait_For=text)) == (400, "wait-for-unusable")


def test_a_read_of_another_service_waits_for_what_it_hears_and_names_what_was_set_aside(
    ann: Caller, reads: Caller
) -> None:
    notebook = ann.opens()
    for number in (1, 2, 3):
        position = ann.post(f"/notebooks/{notebook}/lines", {"text": "plain"}).headers["Position"]
        assert reads.get("/lines", Wait_For=position).json() == list(range(1, number + 1))
    position = ann.post(f"/notebooks/{notebook}/lines", {"text": "poison"}).headers["Position"]
    answer = reads.get("/lines", Wait_For=position)
    while refusal(answer) == (503, "not-there-yet"):
        answer = reads.get("/lines", Wait_For=position)
    assert refusal(answer) == (503, "parked")
    assert "CannotCount" in answer.json()["detail"]
    assert "poison" not in answer.text


# Pages


def test_pages_lead_through_everything_once(ann: Caller) -> None:
    made = {ann.opens() for _ in range(7)}
    seen: list[str] = []
    path: str | None = "/notebooks?limit=3"
    pages = 0
    while path:
        answer = ann.get(path)
        seen += [item["id"] for item in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else None
        assert (path is None) == (answer.json()["next_cursor"] is None)
        pages += 1
    assert seen == sorted(made)
    assert pages == 3


def test_a_page_may_be_sorted_in_two_directions(ann: Caller) -> None:
    notebooks = sorted(ann.opens() for _ in range(4))
    lines = [notebooks[0], *[notebooks[1]] * 3, notebooks[2], *[notebooks[3]] * 2]
    answers = [ann.post(f"/notebooks/{notebook}/lines", {"text": "x"}) for notebook in lines]
    ann.get("/notebooks", Wait_For=answers[-1].headers["Position"])
    first = ann.get("/notebooks?order=down&limit=2").json()
    second = ann.get(f"/notebooks?order=down&limit=2&cursor={first['next_cursor']}").json()
    listed = [item["id"] for item in (*first["items"], *second["items"])]
    assert listed == [notebooks[1], notebooks[3], notebooks[0], notebooks[2]]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
def test_a_page_holds_1_to_200_items(ann: Caller, limit: str) -> None:
    answer = ann.get(f"/notebooks?limit={limit}")
    assert refusal(answer) == (422, "invalid-request")
    assert answer.json()["errors"][0]["field"] == "query.limit"
    assert answer.json()["errors"][0]["value"] == limit


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "bnVsbA", "WyJub3RlYm9vayJd", "WyJvdGhlciIsMV0", "WyJub3RlYm9vayIsbnVsbF0", "é", "%00"]
)
def test_a_cursor_that_is_not_ours_is_refused(ann: Caller, cursor: str) -> None:
    assert refusal(ann.get(f"/notebooks?cursor={cursor}"))[0] == 422


def test_a_cursor_of_another_sorting_is_refused(ann: Caller) -> None:
    for _ in range(2):
        ann.opens()
    cursor = ann.get("/notebooks?limit=1").json()["next_cursor"]
    assert refusal(ann.get(f"/notebooks?order=down&cursor={cursor}")) == (422, "invalid")


# Refusals


def test_what_is_hidden_answers_like_what_is_absent(ann: Caller) -> None:
    hidden = ann.another("p_hidden").opens()
    absent = hidden[:-4] + "0000"
    one, other = ann.get(f"/notebooks/{hidden}"), ann.get(f"/notebooks/{absent}")
    assert one.status_code == other.status_code == 404
    assert one.text.replace(hidden, "") == other.text.replace(absent, "")
    assert dict(one.headers) == dict(other.headers)


@pytest.mark.parametrize(
    ("how", "expected"),
    [("forbidden", (403, "forbidden")), ("invalid", (422, "invalid")), ("rule", (410, "already-closed"))],
)
def test_an_error_of_the_domain_answers_by_the_table(ann: Caller, how: str, expected: tuple[int, str]) -> None:
    answer = ann.get(f"/fall/{how}")
    assert refusal(answer) == expected


def test_what_is_missing_is_named_only_where_a_service_lists_the_error(ann: Caller) -> None:
    listed, hidden = ann.get("/fall/page"), ann.get("/fall/nothing")
    assert (refusal(listed), listed.json()["detail"]) == ((404, "no-such-page"), "The notebook has no page 9.")
    assert (refusal(hidden), hidden.json()["detail"]) == ((404, "not-found"), NOTHING_HERE)


def test_an_unacceptable_value_is_named_with_its_remedy(ann: Caller) -> None:
    body = ann.get("/fall/invalid").json()
    assert (body["field"], body["value"]) == ("lines.0.rating", 7)
    assert body["remedy"] == "give a rating from 1 to 5 in half points"


def test_a_bug_answers_with_a_reference_and_none_of_its_text(ann: Caller) -> None:
    answer = ann.get("/fall/bug")
    assert refusal(answer) == (500, "internal-error")
    assert len(answer.json()["reference"]) == 32
    assert "CANARY" not in answer.text
    assert "Runtime" not in answer.text


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"text": ""}, ["body.text"]),
        ({"text": ["CANARY"]}, ["body.text"]),
        ({"text": "CANARY" * 1000}, ["body.text"]),
        ({"text": "x", "mood": "CANARY"}, ["body.mood"]),
        ({"text": "x", "CANARY": 1}, ["body.CANARY"]),
        ({"text": "x", "CANARY of a person": 1}, ["body.…"]),
        ({"mood": "CANARY"}, ["body.text", "body.mood"]),
        ("CANARY", ["body"]),
        (["CANARY"], ["body"]),
        (None, ["body"]),
    ],
)
def test_a_malformed_body_is_answered_field_by_field_without_what_was_written(
    ann: Caller, body: Any, fields: list[str]
) -> None:
    answer = ann.post("/notebooks/nb_1/lines", body)
    assert refusal(answer) == (422, "invalid-request")
    assert [one["field"] for one in answer.json()["errors"]] == fields
    assert all(one["remedy"] and "value" not in one for one in answer.json()["errors"])
    assert "CANARY" not in answer.text.replace('"body.CANARY"', "").replace("body.CANARY.", "")


@pytest.mark.parametrize("content", [b'{"text": "CANARY', b"\xff\xfeCANARY", b'{"text": CANARY}', b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused_without_repeating_it(ann: Caller, content: bytes) -> None:
    headers = ann.headers(Idempotency_Key="k", Content_Type="application/json")
    answer = ann.client.post("/notebooks/nb_1/lines", content=content, headers=headers)
    assert refusal(answer)[0] in (400, 422)
    assert "CANARY" not in answer.text


def test_a_body_that_breaks_off_is_refused_with_the_place(ann: Caller) -> None:
    headers = ann.headers(Idempotency_Key="k", Content_Type="application/json")
    answer = ann.client.post("/notebooks/nb_1/lines", content=b'{"text": "CANARY",', headers=headers)
    assert answer.json()["errors"] == [
        {"field": "body", "remedy": "This is no JSON from character 18 on; mend it there."}
    ]


def test_fields_that_are_missing_or_unknown_are_answered_with_what_to_do(ann: Caller) -> None:
    unknown, missing = ann.post("/notebooks/nb_1/lines", {"txt": "x"}).json()["errors"][::-1]
    assert (missing["field"], missing["remedy"]) == ("body.text", "Give this field.")
    assert unknown["field"] == "body.txt"
    assert unknown["remedy"].startswith("There is no such field here")


@pytest.mark.parametrize(
    ("path", "field", "reads"),
    [
        ("/notebooks?limt=3", "query.limt", "cursor, limit, order"),
        ("/notebooks?limit=3&Limit=4", "query.Limit", "cursor, limit, order"),
        ("/notebooks/nb_1?at=2026-01-01", "query.at", "no parameters"),
        ("/notebooks/nb_1/history?by=ann&whose=ann", "query.whose", "by"),
    ],
)
def test_a_parameter_the_route_does_not_read_is_refused_with_those_it_reads(
    ann: Caller, path: str, field: str, reads: str
) -> None:
    answer = ann.get(path)
    assert refusal(answer) == (422, "invalid-request")
    [error] = answer.json()["errors"]
    assert (error["field"], error["remedy"]) == (field, f"Leave it out; this route reads {reads}.")


def test_a_parameter_of_a_write_that_is_not_read_changes_nothing(ann: Caller) -> None:
    assert refusal(ann.post("/notebooks?dry_run=true", {})) == (422, "invalid-request")
    assert ann.get("/notebooks").json()["items"] == []


def test_who_is_not_known_is_told_so_before_what_is_wrong_with_the_parameters(ann: Caller) -> None:
    assert refusal(ann.client.get("/notebooks?limt=3")) == (401, "unauthenticated")


def test_a_value_out_of_a_choice_is_shown_with_the_choices(ann: Caller) -> None:
    [error] = ann.post("/notebooks", {"kind": "squared"}).json()["errors"]
    assert (error["field"], error["value"]) == ("body.kind", "squared")
    assert "lined" in error["remedy"]


def test_a_path_that_nothing_answers_and_a_method_it_does_not_take_are_problems_too(ann: Caller) -> None:
    assert refusal(ann.get("/nothing")) == (404, "not-found")
    assert refusal(ann.client.delete("/notebooks", headers=ann.headers())) == (405, "method-not-allowed")


def test_a_body_larger_than_the_route_takes_is_refused(ann: Caller) -> None:
    large = {"text": "x" * (2**20 + 1)}
    assert refusal(ann.post("/notebooks/nb_1/lines", large)) == (413, "content-too-large")

    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 2**16

    headers = ann.headers(Idempotency_Key="k", Content_Type="application/json")
    answer = ann.client.post("/notebooks/nb_1/lines", content=chunks(), headers=headers)
    assert refusal(answer) == (413, "content-too-large")


def scanned(caller: Caller, content: bytes, query: str = "") -> Response:
    headers = caller.headers(Idempotency_Key=f"scan-{len(content)}")
    return caller.client.post(f"/scans{query}", files={"file": ("a.txt", content)}, headers=headers)


def test_what_no_event_can_carry_is_refused_and_no_error_of_ours(ann: Caller) -> None:
    answer = scanned(ann, b"word " * 250_000, "?whole=true")
    assert refusal(answer) == (413, "content-too-large")
    assert "one event" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b'{"text": "a\\u0000b"}', b'{"text": "a\\\\\\u0000b"}'])
def test_a_text_with_a_nul_is_refused_and_a_text_about_one_is_not(ann: Caller, body: bytes) -> None:
    path = f"/notebooks/{ann.opens()}/lines"
    headers = ann.headers() | {"Idempotency-Key": "nul", "Content-Type": "application/json"}
    assert refusal(ann.client.post(path, content=body, headers=headers)) == (422, "control-character")
    assert ann.post(path, {"text": "write \\u0000, not the character"}).status_code == 200


def test_a_crowd_of_one_service_s_requests_is_served_or_told_to_come_again_and_leaves_nothing_held(
    ann: Caller, client: Client
) -> None:
    notebook = ann.opens()
    with ThreadPoolExecutor(60) as crowd:
        asked = [crowd.submit(ann.get, f"/notebooks/{notebook}") for _ in range(120)]
        found = [one.result().status_code for one in asked]
    assert set(found) <= {200, 503}
    assert ann.get(f"/notebooks/{notebook}").status_code == 200


def test_a_route_for_files_takes_more_and_not_everything(ann: Caller) -> None:
    def upload(size: int) -> Response:
        return scanned(ann, b"x" * size)

    assert upload(2 * 2**20).status_code == 201
    assert upload(3 * 2**20 - 1000).status_code == 201
    assert refusal(upload(4 * 2**20)) == (413, "content-too-large")


def test_a_store_that_is_cut_off_answers_come_again_and_the_same_key_still_works_once(
    ann: Caller, running: Running, module_database: Database
) -> None:
    cut = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and usename like 'toy%' and pid <> pg_backend_pid()"
    )
    first = ann.post("/notebooks", {}, key="through-it-all").json()["id"]
    for _ in range(4):
        with psycopg.connect(module_database.admin_dsn()) as admin:
            admin.execute(cut)
        answer = ann.post("/notebooks", {}, key="through-it-all")
        while answer.status_code == 503:
            assert refusal(answer) == (503, "unavailable")
            assert answer.headers["Retry-After"] == "1"
            answer = ann.post("/notebooks", {}, key="through-it-all")
        assert (answer.status_code, answer.json()["id"]) == (201, first)
        while (read := ann.get("/notebooks")).status_code == 503:
            assert refusal(read) == (503, "unavailable")
        assert read.status_code == 200


# Headers, accesses, health


def test_every_answer_is_kept_by_nobody_and_read_only_as_what_it_is(ann: Caller) -> None:
    for answer in (ann.get("/notebooks"), ann.get("/nothing"), ann.get("/fall/bug"), ann.post("/notebooks", {})):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_reading_what_is_about_somebody_else_is_noted_once_it_is_answered(ann: Caller, running: Running) -> None:
    notebook = ann.opens()
    ann.get(f"/notebooks/{notebook}")
    boss = ann.another("p_max", roles=frozenset({"hr"}))
    assert boss.get(f"/notebooks/{notebook}").status_code == 200
    boss.get("/notebooks/nb_missing")
    with running.toy.reader(ann.workspace) as reader:
        noted = reader.rows("select actor, capacity, what, subject, id from access where workspace = %(workspace)s")
    assert noted == [{"actor": "p_max", "capacity": "hr", "what": "notebook", "subject": "p_ann", "id": notebook}]


def test_one_person_who_waits_often_takes_the_places_of_no_others() -> None:
    ann, bob = (Actor(workspace="w", person=name, session="s", roles=frozenset(), scope=frozenset()) for name in "ab")
    waiting = Waiting(places=3, of_one=2)
    with waiting.place(ann), waiting.place(ann):
        with waiting.place(ann) as (patience, _):
            assert patience == 0.0
        with waiting.place(bob) as (patience, _):
            assert patience > 0
            with waiting.place(bob) as (patience, _):
                assert patience == 0.0
    with waiting.place(ann) as (patience, _):
        assert patience > 0


def test_more_waiting_reads_than_connections_hold_nobody_up(
    ann: Caller, reads: Caller, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.http.asking.PATIENCE", 4.0)
    never = far(running, ann, "toy.v1")
    waiting = [threading.Thread(target=lambda: reads.get("/lines", Wait_For=never)) for _ in range(12)]
    for thread in waiting:
        thread.start()
    answered = [reads.get("/lines").status_code for _ in range(5)]
    still_waiting = [thread.is_alive() for thread in waiting]
    for thread in waiting:
        thread.join()
    assert answered == [200] * 5
    assert any(still_waiting)


def test_the_process_says_that_it_lives_and_how_its_parts_are(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.text
    assert {"relay", "database", "parked"} <= {part["name"] for part in answer.json()["parts"]}


def test_a_service_with_a_dead_follower_is_not_ready_and_says_which(running: Running, client: Client) -> None:
    runner = running.toy.runners[0]
    runner.alive = False
    try:
        answer = client.get("/readyz")
    finally:
        runner.alive = True
    assert answer.status_code == 503
    assert [part["name"] for part in answer.json()["parts"] if not part["ok"]] == [runner.step.name]


def test_metrics_are_labelled_by_template_and_never_by_id(ann: Caller, client: Client) -> None:
    notebook = ann.opens()
    ann.post(f"/notebooks/{notebook}/lines", {"text": "x"})
    ann.get(f"/notebooks/{notebook}")
    text = client.get("/metrics").text
    assert 'route="/notebooks/{notebook}",service="toy",status="200"' in text
    assert 'ladder_up{part="relay",service="toy"} 1.0' in text
    for name in ("relay_lag", "projection_lag", "waiting", "blocked"):
        assert f'ladder_{name}{{part="' in text
    for word in (notebook, ann.workspace + '"', ann.person):
        assert word not in text


# What is told about it


def heard_by(reader: Service, caller: Caller, position: str) -> None:
    """Wait until the second service has applied what a write published, or set it aside."""
    given = [one for one in position.split(", ") if one.startswith("toy.v1/")]
    published = [positions.opened(reader.cipher, caller.workspace, one) for one in given]
    assert reader.wait(caller.workspace, published, 10).state in ("reached", "parked")


def test_one_trace_leads_from_the_request_to_who_hears_of_it(ann: Caller, running: Running) -> None:
    notebook = ann.opens()
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = ann.post(f"/notebooks/{notebook}/lines", {"text": "x"}, Traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
    heard_by(running.reader, ann, answer.headers["Position"])
    told = [span for span in running.spans.get_finished_spans() if f"{trace_of(span):032x}" == trace_id]
    assert [(span.resource.attributes["service.name"], span.name) for span in told] == [
        ("toy", "POST /notebooks/{notebook}/lines"),
        ("reader", "process toy.v1"),
    ]


def trace_of(span: ReadableSpan) -> int:
    context = span.context
    assert context is not None
    return context.trace_id


def test_what_somebody_wrote_is_in_no_log_line_no_span_and_no_metric(ann: Caller, running: Running) -> None:
    """A canary goes in through every door, also where it makes something fail."""
    canary = "Canary-Müller"
    sentence = f"{canary} kept us waiting, poison {canary}@acme.test"
    notebook = ann.opens()
    doors: list[Callable[[], Response]] = [
        lambda: ann.post(f"/notebooks/{notebook}/lines", {"text": sentence}),
        lambda: ann.post(f"/notebooks/{notebook}/lines", {"text": "x", "mood": sentence}),
        lambda: ann.post(f"/notebooks/{notebook}/lines", {"text": [sentence], canary: sentence}),
        lambda: ann.post("/notebooks", {"kind": sentence, "pages": canary, "opened_on": sentence}),
        lambda: ann.post("/notebooks", {}, key=sentence.replace("ü", "u")),
        lambda: ann.client.post("/scans", files={"file": (canary, sentence.encode())}, headers=ann.headers()),
        lambda: scanned(ann, sentence.encode(), "?whole=true"),
        lambda: scanned(ann, sentence.encode() * 30_000, "?whole=true"),
        lambda: ann.get(f"/notebooks/{notebook}"),
        lambda: ann.get(f"/notebooks/{canary}"),
        lambda: ann.get(f"/notebooks?cursor={canary}&limit={canary}&order={canary}"),
        lambda: ann.get(f"/search?words={sentence}"),
        lambda: ann.get(f"/fall/{sentence}"),
        lambda: ann.get(f"/{canary}/{sentence}"),
        lambda: ann.get("/notebooks", Wait_For="Canary-M"),
        lambda: ann.put(f"/notebooks/{notebook}/cover", If_Match="Canary-M"),
        lambda: ann.client.get("/notebooks", headers={"Authorization": "Bearer Canary-M"}),
        lambda: ann.get("/notebooks", Traceparent="Canary-M"),
        lambda: ann.another("p_boss").get(f"/notebooks/{notebook}/history"),
    ]
    answers = [door() for door in doors]
    heard_by(running.reader, ann, answers[0].headers["Position"])
    assert {answer.status_code // 100 for answer in answers} == {2, 4, 5}
    assert running.reader.health().ok
    assert where_told(running, "Canary") == where_told(running, "waiting, poison") == []
    assert where_told(running, "/notebooks/{notebook}") == ["logs", "spans", "metrics"]


def where_told(running: Running, words: str) -> list[str]:
    """Return which of logs, spans and metrics hold some words."""
    told = {
        "logs": running.logged.getvalue(),
        "spans": "".join(span.to_json() for span in running.spans.get_finished_spans()),
        "metrics": running.metrics.text().decode(),
    }
    return [where for where, text in told.items() if words in text]


def test_a_canary_that_got_out_would_be_seen(running: Running) -> None:
    structlog.get_logger("planted").info("planted", path="/notebooks/Escaped-1")
    with running.traces.span("GET /notebooks/Escaped-2"):
        pass
    running.metrics.answered("planted", "GET", "/notebooks/Escaped-3", 200, 0.1)
    assert [where_told(running, f"Escaped-{number}") for number in (1, 2, 3)] == [["logs"], ["spans"], ["metrics"]]


def test_a_method_that_nobody_knows_makes_no_label_of_its_own(client: Client) -> None:
    assert refusal(client.request("CANARY-METHOD", "/notebooks"))[0] == 405
    text = client.get("/metrics").text
    assert "CANARY" not in text
    assert 'method="OTHER"' in text


def test_as_many_plain_functions_run_at_once_as_there_are_connections() -> None:
    async def limits() -> tuple[float, float]:
        before = anyio.to_thread.current_default_thread_limiter().total_tokens
        match_threads(3)
        return before, anyio.to_thread.current_default_thread_limiter().total_tokens

    before, after = anyio.run(limits)
    assert (before != after, after) == (True, 3)


def figure(running: Running, what: str, service: str, part: str) -> float:
    """Return one figure of a service of this process."""
    services = {"toy": running.toy, "reader": running.reader}
    return next(one.value for one in figures(services[service]) if (one.what, one.part) == (what, part))


def test_lags_are_level_when_everything_was_followed_and_count_what_was_not(ann: Caller, running: Running) -> None:
    notebook = ann.opens()
    last = ann.post(f"/notebooks/{notebook}/lines", {"text": "x"}).headers["Position"]
    heard_by(running.reader, ann, last)
    ann.get("/notebooks", Wait_For=last)
    assert figure(running, "projection_lag", "toy", "notebook_list") == 0
    assert figure(running, "consumer_lag", "reader", "toy.v1") == 0
    running.toy.runners[2].stop()
    try:
        ann.post(f"/notebooks/{notebook}/lines", {"text": "y"})
        assert figure(running, "projection_lag", "toy", "notebook_list") == 1
    finally:
        running.toy.runners[2] = Runner(running.toy.projections)
        running.toy.runners[2].start()


def test_while_an_upstream_is_away_only_its_lag_is_left_out_of_the_metrics(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = HttpFeed("http://127.0.0.1:1", "toy.v1", lambda: "a token")
    monkeypatch.setattr(running.reader.consumer, "feeds", {"toy.v1": away, "odd.v1": running.toy.feed})

    found = {(one.what, one.part) for one in figures(running.reader)}

    assert {("consumer_lag", "odd.v1"), ("waiting", "inbox"), ("up", "database")} <= found
    assert ("consumer_lag", "toy.v1") not in found


def test_records_that_carry_no_event_are_counted_by_topic(running: Running) -> None:
    for offset in (7, 8, 8):
        running.reader.consumer.put_aside(Unreadable("odd.v1", 0, offset, None, None, [], "a tombstone"))

    assert figure(running, "unreadable", "reader", "odd.v1") == 2


# The document


def test_the_document_is_openapi_3_1_with_problems_and_headers(client: Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    post = document["paths"]["/notebooks"]["post"]
    assert set(post["responses"]) == {"201", "401", "409", "422"}
    assert list(post["responses"]["422"]["content"]) == ["application/problem+json"]
    key = next(one for one in post["parameters"] if one["name"].lower() == "idempotency-key")
    assert key["required"]
    assert "Position" in post["responses"]["201"]["headers"]
    assert post["responses"]["201"]["content"]["application/json"]["example"]["status"] == 201
    assert document["components"]["schemas"]["NewNotebook"]["examples"] == [{"kind": "lined"}]
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_every_reference_in_the_document_leads_somewhere(client: Client) -> None:
    text = client.get("/openapi.json").text
    document = json.loads(text)
    named = {part.split('"')[0] for part in text.split('"$ref":"#/components/schemas/')[1:]}
    assert named
    assert named <= set(document["components"]["schemas"])


def test_the_page_of_the_document_asks_nobody_else(client: Client) -> None:
    page = client.get("/docs")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "http" not in page.text.replace("http-equiv", "")
    assert "<script>" not in page.text
    for name, kind in (("swagger-ui.css", "text/css"), ("swagger-ui-bundle.js", "text/javascript")):
        file = client.get(f"/docs/{name}")
        assert file.status_code == 200
        assert file.headers["content-type"].startswith(kind)
    assert "http" not in client.get("/docs/docs.js").text


def test_under_a_path_of_a_larger_application_everything_still_leads_home(running: Running) -> None:
    whole = FastAPI()
    whole.mount("/api/toy/v1", running.app)
    with served(whole) as client:
        ann = Caller(client, f"w{next(WORKSPACES)}")
        made = ann.post("/api/toy/v1/notebooks", {}, key="k")
        assert made.headers["Location"] == f"/api/toy/v1/notebooks/{made.json()['id']}"
        assert ann.get(made.headers["Location"], Wait_For=made.headers["Position"]).status_code == 200
        assert 'src="/api/toy/v1/docs/docs.js"' in client.get("/api/toy/v1/docs").text
        assert client.get("/api/toy/v1/openapi.json").json()["servers"] == [{"url": "/api/toy/v1"}]
        another = ann.post("/api/toy/v1/notebooks", {}).headers["Position"]
        first = ann.get("/api/toy/v1/notebooks?limit=1", Wait_For=another).links["next"]["url"]
        assert ann.get(first).status_code == 200


def test_a_key_means_the_same_thing_wherever_the_service_is_mounted(running: Running, client: Client) -> None:
    whole = FastAPI()
    whole.mount("/api/toy/v1", running.app)
    ann = Caller(client, f"w{next(WORKSPACES)}")
    alone = ann.post("/notebooks", {}, key="k")
    with served(whole) as mounted:
        again = Caller(mounted, ann.workspace).post("/api/toy/v1/notebooks", {}, key="k")
    assert again.json()["id"] == alone.json()["id"]
