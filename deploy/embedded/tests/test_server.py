"""The doors: what the public port tells, and what only the operator's does."""

from __future__ import annotations

import socket

import httpx

from chassis.testing import open_folder
from ladder.processes import SERVICES
from ladder.server import listen

from .conftest import Installation, serving


def operator(system: Installation) -> httpx.Client:
    return httpx.Client(
        transport=httpx.HTTPTransport(uds=str(system.home / "operator.sock")), base_url="http://operator", timeout=60
    )


def test_no_answer_waits_until_a_part_of_it_is_acknowledged() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_every_service_shows_its_document_and_in_public_only_whether_it_is_ready(system: Installation) -> None:
    for service in SERVICES:
        base = f"{system.url}/api/{service}/v1"
        assert httpx.get(f"{base}/readyz").json() == {"status": "ok"}
        assert httpx.get(f"{base}/openapi.json").json()["openapi"].startswith("3.1")
        assert httpx.get(f"{base}/metrics").status_code == 404


def test_a_path_that_nothing_answers_is_a_problem_document_with_safe_headers(system: Installation) -> None:
    for path in ("/api/nothing", "/api/people/v1/nothing", "/nothing", "/metrics", "/readyz", "/workspaces", "/tokens"):
        answer = httpx.get(f"{system.url}{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_at_the_root_leads_to_every_interface(system: Installation) -> None:
    page = httpx.get(f"{system.url}/")
    assert page.status_code == 200
    for service in SERVICES:
        assert httpx.get(f"{system.url}/api/{service}/v1/docs").status_code == 200
        assert f"/api/{service}/v1/docs" in page.text


def test_the_operator_sees_every_part_and_the_metrics_of_the_public_port(system: Installation) -> None:
    with operator(system) as door:
        told = door.get("/readyz").json()
        metrics = door.get("/metrics").text

    assert {one["service"] for one in told["parts"]} == set(SERVICES)
    assert all(one["ok"] for one in told["parts"])
    assert 'ladder_up{part="database",service="people"} 1.0' in metrics
    assert metrics.count('ladder_up{part="database",service="people"}') == 1


def test_a_workspace_is_opened_once_however_often_the_operators_request_arrives(system: Installation) -> None:
    body = {"name": "Eastwind", "admin": "eva@example.com", "key": "the same request"}
    with operator(system) as door:
        first, again = (door.post("/workspaces", json=body).json() for _ in range(2))
        assert door.get("/workspaces").json().count(first["workspace"]) == 1
    assert first == again


def test_what_the_operator_gets_wrong_is_a_problem_document_that_names_the_field(system: Installation) -> None:
    with operator(system) as door:
        answer = door.post("/events", json={"limit": 0})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == "body.limit"


def test_metrics_are_served_on_a_port_of_the_loopback_address_where_one_is_asked_for() -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with open_folder() as folder, serving(folder / "data", "--metrics-port", str(port)):
        assert "ladder_up" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").json()["status"] == "ok"
        assert httpx.get(f"http://127.0.0.1:{port}/workspaces").status_code == 404
