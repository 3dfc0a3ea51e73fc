"""The whole system in one process: every service, its followers and its HTTP door, over one PostgreSQL."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import psycopg
from fastapi import FastAPI

import evaluation_svc.main
import evaluation_svc.settings
import framework_svc.main
import framework_svc.settings
import gap_svc.main
import gap_svc.settings
import people_svc.main
import people_svc.settings
from chassis import attendance
from chassis.cipher import Cipher, Forgetting, Grant, InstallationKey, erasures_path, keys_server, prepare_keys
from chassis.clock import now
from chassis.http import api
from chassis.identity import Signer, SigningKey, Verifier
from chassis.postgres import Embedded, External, Server, StartFailed
from chassis.service import Service, connect_in_process
from chassis.sharing import Sharing
from chassis.telemetry import Metrics, Traces
from chassis.wakeups import Kind
from ladder.home import half_restored
from ladder.processes import SERVICES
from people_svc import accounts
from people_svc.domain import Workspace

GRANTS: tuple[Grant, ...] = (
    *people_svc.settings.GRANTS,
    *framework_svc.settings.GRANTS,
    *evaluation_svc.settings.GRANTS,
    *gap_svc.settings.GRANTS,
)
"""Which service may make or open the keys of which kind of stream."""

OPERATOR = "operator"
"""Who acts where whoever runs the installation does, outside every workspace's roles."""
POOL = 6
"""Connections of each of a service's two roles."""

Say = Callable[[str], None]


@dataclass
class Composition:
    """Opens in order, closes in reverse; `say` hears what takes a moment.

    The database is `given`, else that of LADDER_DATABASE_URL, else an embedded one below `home`. Only what `restores`
    opens one that a restore has not finished.
    """

    home: Path
    say: Say = lambda _: None
    clock: Callable[[], datetime | None] = lambda: None
    allow_unsafe: bool = False
    metrics: Metrics = field(default_factory=Metrics)
    given: Server | None = None
    restores: bool = False

    def __post_init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Composition:
        """Start PostgreSQL, bring the schemas up to date, connect the services to each other."""
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        gc.freeze()  # modules and models stay: no collection need look through them, which it did for a third of the time
        return self

    def __exit__(self, *_: object) -> None:
        """End everything in reverse order."""
        self._stack.close()

    def start(self, *, sends: bool = True) -> None:
        """Run the followers of every service; without `sends` all but the relays: what is unsent stays so."""
        for service in self.services:
            if not sends:
                service.tell = partial(self._let_hear, service)
            service.start(leads=lambda follower: sends or follower != "relay")

    def follow(self) -> None:
        """Run the followers that nobody runs: beside workers none, where Kafka is named no relay.

        What a relay of this process sends counts as sent and never comes to Kafka.
        """
        if self.at_work():
            self.accompany()
        else:
            self.start(sends=not over_kafka())

    def at_work(self) -> str:
        """Say whose workers, processes of their own, are at work on this database; empty where nobody's are."""
        names = ", ".join(f"{service.name}-svc" for service in self.services if _has_workers(service))
        return names and f"Workers of {names} are at work on this database; end every process of it first."

    def accompany(self) -> None:
        """Stand beside processes that run the followers: wake them by what is done here, and hear what they did."""
        forgetting = Forgetting(keys_server(self.server).dsn("keys", "people"), *(one.cipher for one in self.services))
        shares = [Sharing(one, self.server.dsn(one.name, "follower"), works=False) for one in self.services]
        for each in (forgetting, *shares):
            each.start()
            self._stack.callback(each.stop)

    def apps(self, *, inside: bool = False) -> dict[str, FastAPI]:
        """Return the HTTP application of every service, by name; `inside`: for the operator, who may see how it runs.

        What the public door is asked is measured; what the operator does is not.
        """
        metrics = Metrics() if inside else self.metrics
        return {
            service.name: api(
                service,
                verifier=self.verifier,
                traces=self.traces[service.name],
                metrics=metrics,
                inside=inside,
            )
            for service in self.services
        }

    @property
    def pool_size(self) -> int:
        """How many requests can hold a connection at once, over all services."""
        return POOL * len(self.services)

    @property
    def people(self) -> Service:
        """The directory."""
        return self.services[0]

    def now(self) -> datetime:
        """Return the present moment, or the virtual clock's."""
        return self.clock() or now()

    def workspaces(self) -> list[str]:
        """Return the ids of all workspaces; the one whose people changed last stands last."""
        with self.people.follower_pool.connection() as connection:
            rows = connection.execute("select workspace from people.head order by at, workspace").fetchall()
        return [row["workspace"] for row in rows]

    def company(self, workspace: str) -> str:
        """Return the name of the company whose workspace this is."""
        with self.people.reader(workspace) as reader:
            known, _ = reader.state(Workspace, workspace)
        return known.settings.name if known else ""

    def _let_hear(self, publisher: Service, kind: Kind, _workspace: str) -> None:
        """Let whoever hears a service look at its rows, where no relay brings them."""
        hearing = [service for service in self.services if kind == "changed" and publisher.topic in service.topics]
        for service in hearing:
            for runner in service.runners:
                if runner.step is service.consumer:
                    runner.compare()

    def _open(self) -> None:
        remedy = half_restored(self.home)
        if remedy and not self.restores:
            raise StartFailed(remedy)
        self.server = self._server()
        self.say("Bringing the database up to date")
        self.key = prepare_keys(keys_server(self.server), self.home, GRANTS)
        ciphers = {name: self._cipher(name, self.key) for name in SERVICES}
        ciphers["people"].beside(ciphers.values())
        self.services = (
            people_svc.main.service(ciphers["people"]),
            framework_svc.main.service(),
            evaluation_svc.main.service(),
            gap_svc.main.service(),
        )
        careful = not self._was_clean()
        for service in self.services:
            service.migrate(self.server)
            service.open(
                self.server,
                ciphers[service.name],
                size=POOL,
                clock=self.clock,
                allow_unsafe=self.allow_unsafe,
                careful=careful,
            )
            self._stack.callback(service.close)
        self.traces = {service.name: Traces(service.name) for service in self.services}
        connect_in_process(self.services, {name: traces.span_for for name, traces in self.traces.items()})
        self._keys = self._signing_keys(ciphers["people"])
        self.signer = Signer(lambda: self._keys, self.now)
        self.verifier = Verifier(self.signer.jwks, self.now)

    def _server(self) -> Server:
        if self.given is not None:
            return self.given
        external = External.from_environment()
        if external is not None:
            _refuse_unreachable(external)
            self.home.mkdir(parents=True, exist_ok=True)
            return external
        embedded = Embedded(self.home)
        self.say(f"Starting PostgreSQL, data in {self.home}")
        embedded.start()
        self._stack.callback(embedded.stop)
        return embedded.database

    def _cipher(self, service: str, key: InstallationKey) -> Cipher:
        cipher = Cipher.connect(
            keys_server(self.server),
            service,
            key,
            erasures_path(self.home),
            allow_unsafe=self.allow_unsafe,
        )
        self._stack.callback(cipher.close)
        return cipher

    def _signing_keys(self, cipher: Cipher) -> list[SigningKey]:
        with self.people.connection(accounts.INSTALLATION) as connection:
            return accounts.ensure_signing_key(connection, cipher, self.now())

    def _was_clean(self) -> bool:
        """Return whether the last process ended in order; from now on, until this one does, it did not."""
        marker = self.home / "running"
        clean = not marker.exists()
        marker.write_text(f"{os.getpid()}\n")
        self._stack.callback(marker.unlink, missing_ok=True)
        return clean


def over_kafka() -> bool:
    """Tell whether this installation's events go over Kafka (LADDER_KAFKA)."""
    return bool(os.environ.get("LADDER_KAFKA", "").strip())


def _has_workers(service: Service) -> bool:
    with service.follower_pool.connection() as connection:
        return attendance.at_work(connection, service.name) > 0


def _refuse_unreachable(server: External) -> None:
    """Say in one line that the server LADDER_DATABASE_URL names cannot be used; never the URL, which holds a password."""
    try:
        psycopg.connect(server.admin_dsn(), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        why = " ".join(str(error).split())
        raise StartFailed(f"The server of LADDER_DATABASE_URL lets nobody in ({why}): is it there, and who may enter?") from None
    except psycopg.ProgrammingError:
        remedy = "give a connection string such as postgresql://admin@127.0.0.1/ladder"
        raise StartFailed(f"LADDER_DATABASE_URL cannot be read: {remedy}.") from None
