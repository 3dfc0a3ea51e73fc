"""Who works: a row and a lock of every worker of a service; the row of one that died is found by the others."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog

from chassis.consumer.care import Care
from chassis.sql import vouched

log = structlog.get_logger(__name__)

TABLES: Final = (
    """create table if not exists {schema}.attendance (
    workspace text not null default '', worker text not null, since timestamptz not null default clock_timestamp(),
    primary key (workspace, worker))""",
)
BEAT: Final = 1.0
"""Seconds between two looks at who is there."""
_PATIENCE: Final = 10.0
_LOCK: Final = "hashtextextended('ladder.works.' || %s || '.' || worker, 0)"


def at_work(connection: psycopg.Connection[Any], service: str) -> int:
    """Return how many workers of a service are at work now."""
    sql = f"select 1 from {service}.attendance where not pg_try_advisory_xact_lock_shared({_LOCK})"
    return len(connection.execute(vouched(sql), (service,)).fetchall())


class Attendance:
    """The row of one worker, under an advisory lock on a direct connection for as long as it works.

    A row whose lock is free was left by a worker that was killed: `care` is told, and `found` called so that it is
    known soon what was there then. Once care is needed no more the row is removed. A worker that only lost its
    connection is taken for dead meanwhile, which costs nothing but care.
    """

    def __init__(self, dsn: str, service: str, care: Care, found: Callable[[], None]) -> None:
        self._dsn, self._service, self._care, self._found = dsn, service, care, found
        self.worker: Final = secrets.token_hex(8)
        self._left: set[str] = set()
        self._looked, self._stopping = threading.Event(), threading.Event()
        self._clean = False
        self._thread = threading.Thread(target=self._run, name=f"{service} attendance", daemon=True)

    def start(self) -> None:
        """Enter; return when it is known whether somebody died here. Who cannot learn it is careful."""
        self._thread.start()
        if not self._looked.wait(_PATIENCE):
            self._care.take()

    def stop(self, *, clean: bool) -> None:
        """Leave. After an end that is not `clean`, because something is still under way, the row stays."""
        self._clean = clean
        self._stopping.set()
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(
                    self._dsn, autocommit=True, connect_timeout=5, application_name=f"{self._service} attendance"
                ) as connection:
                    self._attend(connection)
            except psycopg.Error as error:
                log.warning("attendance lost", service=self._service, error=type(error).__name__)
                self._stopping.wait(BEAT)

    def _attend(self, connection: psycopg.Connection[Any]) -> None:
        self._ask(connection, f"select pg_advisory_lock({_LOCK}) from (select %s as worker) w", self._service, self.worker)
        entering = f"insert into {self._service}.attendance (worker) values (%s) on conflict do nothing"
        self._ask(connection, entering, self.worker)
        self._look(connection)
        self._looked.set()
        while not self._stopping.wait(BEAT):
            self._look(connection)
        if self._clean:
            self._remove(connection, {self.worker})

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        """Find rows whose lock is free; whoever looks at the same time shares it for that moment."""
        if self._left and not self._care.needed:
            self._remove(connection, self._left)
            self._left = set()
        sql = f"select worker from {self._service}.attendance where worker <> %s and pg_try_advisory_xact_lock_shared({_LOCK})"
        left = {row[0] for row in self._ask(connection, sql, self.worker, self._service).fetchall()}
        if left - self._left:
            self._left |= left
            log.warning("worker ended uncleanly", service=self._service, workers=len(left))
            self._care.take()
            self._found()

    def _remove(self, connection: psycopg.Connection[Any], workers: set[str]) -> None:
        self._ask(connection, f"delete from {self._service}.attendance where worker = any(%s)", list(workers))

    def _ask(self, connection: psycopg.Connection[Any], sql: str, *values: object) -> psycopg.Cursor[Any]:
        return connection.execute(vouched(sql), values)
