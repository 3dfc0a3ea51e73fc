"""Fixtures of framework-svc on PostgreSQL: the service running, a company, callers at its door."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest
from fastapi import FastAPI
from httpx import Client

from chassis.cipher import Cipher, Grant
from chassis.http import api
from chassis.postgres import Embedded
from chassis.service import Service
from chassis.testing import Caller, Seen, fresh_database, heard, keyed, opened, sealed, served, verifier
from contracts import people
from contracts.envelope import Published, Sealed
from framework_svc.main import service
from framework_svc.settings import GRANTS

WORKSPACES = itertools.count(1)
LONG_AGO = date(2020, 1, 1)
TITLES = {"maya": "software engineer", "nils": "software engineer", "erik": "engineering manager"}


@dataclass
class Running:
    """The service, running, and over HTTP."""

    service: Service
    app: FastAPI
    people: Cipher

    def title(self, workspace: str, title: str | None) -> str | None:
        """Return the digest of a job title as people-svc publishes it."""
        return self.people.digest(workspace, f"title/{title}") if title else None

    def hear(self, workspace: str, *events: Published) -> None:
        """Let the service hear events of others, in one run, and record what it decides."""
        heard(self.service, workspace, *events)


@contextmanager
def standing(
    postgres: Embedded, tmp_path_factory: pytest.TempPathFactory, clock: Callable[[], datetime | None] = lambda: None
) -> Generator[Running]:
    """The service over a database of its own; its followers stand still until somebody starts them."""
    one, home = service(), tmp_path_factory.mktemp("home")
    grants = (*GRANTS, Grant("people", "person", may_make=True))
    with (
        fresh_database(postgres) as database,
        keyed(database, home, grants, "framework", "people") as ciphers,
        opened(database, ciphers, one, clock=clock),
    ):
        yield Running(one, api(one, verifier=verifier()), ciphers["people"])


@pytest.fixture(scope="session")
def running(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service, with its followers running."""
    with standing(postgres, tmp_path_factory) as one:
        one.service.start()
        yield one


@pytest.fixture(scope="session")
def client(running: Running) -> Iterator[Client]:
    """A client of the service."""
    with served(running.app) as client:
        yield client


@dataclass
class Company:
    """A company of six: Hanna and Hugo (HR), Erik who manages Maya and Nils, and Gro above them; nothing published."""

    running: Running
    client: Client
    workspace: str
    seen: Seen = field(default_factory=Seen)

    def as_(self, person: str) -> Caller:
        """Return somebody of the company."""
        roles = frozenset({"hr"}) if person in ("hanna", "hugo") else frozenset[str]()
        return Caller(self.client, self.workspace, person, roles, self.seen)

    def hear(self, *events: Published) -> None:
        """Let the service hear what others published about this company."""
        self.running.hear(self.workspace, *events)


@pytest.fixture
def company(running: Running, client: Client) -> Company:
    """A new company."""
    workspace = f"w{next(WORKSPACES)}"
    settings = people.WorkspaceOpened(
        name="Northwind", locale="en-GB", calendar=people.WorkspaceCalendar(time_zone="Europe/Berlin")
    )
    managers = {"gro": None, "hanna": "gro", "hugo": "gro", "erik": "gro", "maya": "erik", "nils": "erik"}
    running.hear(
        workspace,
        settings,
        *(
            added(
                one,
                manager,
                sealed(running.people, workspace, f"person/{one}", one, one.title()),
                running.title(workspace, TITLES.get(one)),
                sealed(running.people, workspace, f"person/{one}", one, f"{one}@northwind.example"),
            )
            for one, manager in managers.items()
        ),
    )
    return Company(running, client, workspace)


def added(
    person: str, manager: str | None, name: Sealed, title: str | None = None, email: Sealed | None = None
) -> people.PersonAdded:
    """Return what people-svc publishes of a new person; `title` is the digest of their job title."""
    return people.PersonAdded(
        job_title_group=title,
        person=person,
        given_name=name,
        family_name=name,
        work_email=email,
        status="active",
        manager=manager,
        starts_on=LONG_AGO,
        roles=("hr",) if person in ("hanna", "hugo") else (),
        invited=True,
    )
