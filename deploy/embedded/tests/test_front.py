"""The one port before services of their own: what it passes on, and what it keeps inside."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from fastapi import FastAPI, Request
from httpx import Client

from chassis.testing import served
from ladder.front import front_app


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
