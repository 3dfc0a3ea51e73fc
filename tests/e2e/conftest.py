"""The system in either mode, on a clock that stands until it is moved; a company of its own for each journey."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from chassis.service import Service
from chassis.sql import vouched
from chassis.testing.equality import Comparable, comparable, differences
from chassis.testing.kafka import NoKafka

from .company import Company, found
from .modes import BEGINNING, Mode, Opened, one_process, services

MODES: Final[dict[str, Mode]] = {"one process": one_process, "services over Kafka": services}


@dataclass
class Running(Opened):
    """A running system, how it is reached, its time, and what journeys left behind in the mode played before."""

    played: dict[str, Comparable]

    def goes_to(self, moment: str) -> None:
        """Let time pass to nine o'clock (UTC) of a day or to a moment; every deadline on the way fires in its minute."""
        until = datetime.fromisoformat(moment if "T" in moment else f"{moment}T09:00").replace(tzinfo=UTC)
        assert until > self.clock.at, "time does not run back"
        self.comes_to_rest()
        while (due := self._next_deadline()) is not None and due < until:
            self.clock.at = max(self.clock.at, due) + timedelta(minutes=1)
            self.comes_to_rest()
        self.clock.at = until
        self.comes_to_rest()

    def comes_to_rest(self) -> None:
        """Wait until no follower of any service has anything left to do."""
        for service in self.system.services:
            for workspace in service.clockwork.behind():
                service.changed(workspace)
        while not self._rests():
            time.sleep(0.005)

    def broken(self) -> list[Any]:
        """Return every invariant of the record that does not hold."""
        self.comes_to_rest()
        return self.operator.post("/verification").json()["broken"]

    def differs(self, company: Company) -> list[str]:
        """Return how the journey of this company differs from how it went in the mode played before, if it was."""
        self.comes_to_rest()
        now = comparable(self.system.services, company.workspace)
        return differences(self.played.setdefault(company.workspace, now), now)

    def stored(self, text: str) -> list[str]:
        """Return every table of any service in which a text stands in the clear."""
        return [
            f"{service.name}.{table}"
            for service in self.system.services
            for table in self._tables(service)
            if self._holds(service, table, text)
        ]

    def _tables(self, service: Service) -> list[str]:
        sql = "select table_name from information_schema.tables where table_schema = %s and table_type = 'BASE TABLE'"
        with service.follower_pool.connection() as connection:
            return [row["table_name"] for row in connection.execute(sql, (service.name,)).fetchall()]

    def _holds(self, service: Service, table: str, text: str) -> bool:
        """Look through whole rows; bytes are written as hexadecimal digits there."""
        sql = f"select 1 from {service.name}.{table} t where strpos(t::text, %s) > 0 or strpos(t::text, %s) > 0 limit 1"
        with service.follower_pool.connection() as connection:
            found = connection.execute(vouched(sql), (text, text.encode().hex())).fetchone()
        return found is not None

    def _rests(self) -> bool:
        """Tell whether nobody has anything to do, and nothing was recorded while we asked."""
        before = self._recorded()
        idle = not any(
            list(follower.behind())
            for service in self.system.services
            for follower in (service.relay, service.consumer, service.projections, service.clockwork)
        )
        return idle and self._recorded() == before

    def _recorded(self) -> list[int]:
        sql = "select coalesce(sum(sequence), 0)::bigint as found from {s}.head"
        return [self._figure(service, sql) for service in self.system.services]

    def _next_deadline(self) -> datetime | None:
        sql = "select min(ask_at) as found from {s}.deadlines"
        return min((due for one in self.system.services if (due := self._figure(one, sql))), default=None)

    def _figure(self, service: Service, sql: str) -> Any:
        with service.follower_pool.connection() as connection:
            row = connection.execute(vouched(sql.format(s=service.name))).fetchone()
            return row["found"] if row else None


@pytest.fixture(scope="package")
def played() -> dict[str, Comparable]:
    """What each journey left behind in the mode it was played in first."""
    return {}


@pytest.fixture(scope="package", params=list(MODES.values()), ids=list(MODES))
def running(request: pytest.FixtureRequest, played: dict[str, Comparable]) -> Iterator[Running]:
    """The system in either mode, for all journeys: its port, and the operator's door."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-e2e-"))
    folder.chmod(0o755)
    try:
        mode: Mode = request.param
        with mode(folder) as opened:
            yield Running(**vars(opened), played=played)
    except NoKafka as missing:
        not_here(missing)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def not_here(missing: NoKafka) -> NoReturn:
    """Skip with the reason what needs Kafka; where everything has to be tested, fail."""
    if os.environ.get("CI"):
        pytest.fail(str(missing))
    pytest.skip(f"no Kafka here: {missing}")


@pytest.fixture(scope="module")
def northwind(request: pytest.FixtureRequest, running: Running) -> Company:
    """A company that was founded this Monday morning: ten people, one framework, nobody evaluated yet."""
    running.comes_to_rest()
    running.clock.at = BEGINNING
    admin = {"admin": "hanna@northwind.example", "given_name": "Hanna"}
    asked = {"name": "Northwind", "key": request.path.stem, **admin}
    opened = running.operator.post("/workspaces", json=asked).json()
    company = Company(running.http, running.operator, opened["workspace"], comes_to_rest=running.comes_to_rest)
    return found(company)
