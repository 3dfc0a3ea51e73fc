"""The one port before services of their own: what it passes on, and what it keeps inside."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress

import pytest
from fastapi import FastAPI, Request
from httpx import Client

from chassis.testing import served
from ladder.front import METHODS, front_app


@pytest.fixture
def front() -> Iterator[Client]:
    """The port before one service, which tells the path and the query it was asked for, and how it runs."""
    app = FastAPI()

    @app.get("/metrics")
    @app.get("/readyz")
    @app.get("/livez")
    def inside() -> str:
        return "how it runs"

    @app.api_route("/{path:path}")
    def told(path: str, request: Request) -> dict[str, str]:
        return {"path": path, "query": request.url.query}

    with served(app) as service, served(front_app({"people": [str(service.base_url)]})) as client:
        yield client


def asked(front: Client, path: str) -> str:
    """Send a request line as it is written; return the answer."""
    url = front.base_url
    with closing(socket.create_connection((url.host, url.port or 80), 10)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: front\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()


@pytest.mark.parametrize(
    "path", ["metrics", "metrics%3F", "metrics%23", "./metrics", "%2e/metrics", "a/../readyz", "a%2F..%2Flivez"]
)
def test_how_a_process_runs_is_told_under_no_spelling_of_its_path(front: Client, path: str) -> None:
    assert "how it runs" not in asked(front, f"/api/people/v1/{path}")


@pytest.mark.parametrize(
    ("sent", "path", "query"),
    [
        ("people", "people", ""),
        ("people?q=a%26b&limit=1", "people", "q=a%26b&limit=1"),
        ("people/a%3Fb", "people/a?b", ""),
        ("people/a%2523b", "people/a%23b", ""),
    ],
)
def test_a_path_arrives_as_it_was_sent(front: Client, sent: str, path: str, query: str) -> None:
    assert front.get(f"/api/people/v1/{sent}").json() == {"path": path, "query": query}


def nobody() -> str:
    """The address of a process that has ended."""
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        return f"http://127.0.0.1:{gone.getsockname()[1]}"


@contextmanager
def cuts_off() -> Generator[str]:
    """The address of a process that takes connections, and ends before it answers any request."""
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def cut() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = door.accept()
                    connection.recv(65_536)
                    connection.close()

        threading.Thread(target=cut, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        door.shutdown(socket.SHUT_RDWR)


@contextmanager
def fronted(*before: str) -> Generator[tuple[Client, list[str]]]:
    """The port before a service with these addresses and one that answers, and what that was sent."""
    app, came = FastAPI(), list[str]()

    @app.api_route("/{path:path}", methods=METHODS)
    async def told(request: Request) -> str:
        came.append(f"{request.method} {(await request.body()).decode()}")
        return "answered"

    with served(app) as service, served(front_app({"people": [*before, str(service.base_url)]})) as client:
        yield client, came


@pytest.mark.parametrize("method", METHODS)
def test_where_a_process_has_ended_the_next_one_is_asked_whatever_is_asked_for(method: str) -> None:
    with fronted(nobody(), nobody()) as (client, came):
        answers = [client.request(method, "/api/people/v1/a", content=b"once") for _ in range(3)]

    assert [one.status_code for one in answers] == [200] * 3
    assert came == [f"{method} once"] * 3


@pytest.mark.parametrize(
    ("method", "headers"), [("GET", {}), ("POST", {"Idempotency-Key": "k"}), ("DELETE", {"Idempotency-Key": "k"})]
)
def test_what_may_come_twice_is_asked_of_the_next_process_when_one_ends_without_an_answer(
    method: str, headers: dict[str, str]
) -> None:
    with cuts_off() as ends, fronted(ends) as (client, came):
        answers = [client.request(method, "/api/people/v1/a", content=b"body", headers=headers) for _ in range(2)]

    assert [one.status_code for one in answers] == [200] * 2
    assert came == [f"{method} body"] * 2


def test_a_command_without_a_key_that_may_have_arrived_is_not_sent_again() -> None:
    with cuts_off() as ends, fronted(ends) as (client, came):
        answers = [client.post("/api/people/v1/a", content=b"body") for _ in range(2)]

    assert sorted(one.status_code for one in answers) == [200, 503]
    assert came == ["POST body"]


def test_where_every_process_is_away_the_answer_says_so() -> None:
    with served(front_app({"people": [nobody(), nobody()]})) as client:
        answer = client.post("/api/people/v1/a", content=b"body")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
