"""Fixtures of the directory on PostgreSQL: the service running, and callers at its door."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Client, Response

from chassis.cipher import Cipher
from chassis.deadlines import Due
from chassis.http import api, positions
from chassis.identity import Actor
from chassis.postgres import Database
from chassis.service import Service
from chassis.testing import Caller, Seen, keyed, now, opened, served, verifier
from chassis.unit import Answer, CommandInfo, Decide, Executed
from people_svc.application import People
from people_svc.domain import Changes, Settings
from people_svc.main import service
from people_svc.settings import GRANTS

WORKSPACES = itertools.count(1)


@dataclass
class Running:
    """The service, running, with its cipher and its application over HTTP."""

    service: Service
    cipher: Cipher
    app: FastAPI
    erasures: Path

    @property
    def people(self) -> People:
        """The use cases."""
        people: People = self.service.application
        return people

    def run(self, workspace: str, decide: Decide, command: str, person: str = "cli", *roles: str) -> Executed:
        """Run one unit of work as the command line or a person does, and wait until it can be read."""
        info = CommandInfo(workspace, person, command, correlation_id=command)
        executed = self.service.execute(info, Actor(workspace=workspace, person=person, roles=frozenset(roles)), decide)
        self.quiet(workspace, executed)
        return executed

    def quiet(self, workspace: str, executed: Executed) -> None:
        """Wait until the views and the service's own copy of the directory show what was written."""
        reached = self.service.wait(workspace, (executed.position, *executed.published), 10)
        assert reached.state in ("reached", "passed over"), reached


@pytest.fixture(scope="module")
def running(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service over a database of its own."""
    home = tmp_path_factory.mktemp("home")
    with keyed(module_database, home, GRANTS, "people") as ciphers:
        one = service(ciphers["people"])
        with opened(module_database, ciphers, one):
            one.start()
            app = api(one, verifier=verifier())
            yield Running(one, ciphers["people"], app, home / "erasures")


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[Client]:
    """A client of the service."""
    with served(running.app) as client:
        yield client


class Colleague(Caller):
    """Somebody of the company, who may add others and send lists of them."""

    def adds(self, given_name: str, **more: Any) -> str:
        """Add somebody and return their id."""
        body = {"given_name": given_name, "family_name": "Example", "starts_on": "2020-01-01"} | more
        answer = self.post("/people", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def brings(self, path: str, content: str | bytes, key: str = "", **params: Any) -> Response:
        """Send a list of people."""
        headers = {"Content-Type": "text/csv", "Idempotency-Key": key}
        return self.send("POST", path, content=content, params=params, headers=headers)


@pytest.fixture
def hr(running: Running, client: Client) -> Colleague:
    """The first HR admin of a new workspace."""
    return founder(running, client)


def founder(running: Running, client: Client) -> Colleague:
    """Return the first HR admin of a new workspace."""
    workspace = f"w{next(WORKSPACES)}"
    settings = Settings(name="Northwind")
    admin = Changes(given_name="Hanna", family_name="Reich", work_email="hanna@example.com")
    found: list[str] = []

    def decide(unit: Any) -> Answer:
        found.append(running.people.open_workspace(unit, settings, admin).person)
        return Answer(status=201, id=found[-1])

    executed = running.run(workspace, decide, f"open {workspace}")
    places = (executed.position, *executed.published)
    seen = ", ".join(positions.sealed(running.cipher, workspace, one) for one in places)
    return Colleague(client, workspace, found[-1], frozenset({"hr"}), Seen(seen))


def deadline(person: str) -> Due:
    """Return the deadline at which somebody's keys are destroyed."""
    return Due(id=f"erasure/{person}", kind="erasure", subject=person, person=None, due_at=now())
