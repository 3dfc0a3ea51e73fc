"""Leadership: of several processes of a service, one runs a follower. It saves work; safety is in every transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg
import structlog

from chassis.postgres import refusal

log = structlog.get_logger(__name__)

BEAT: Final = 0.25
"""Seconds between two looks at the lock connection: a leader that was killed is replaced within about one."""
TRUSTED_FOR: Final = 1.0
"""Seconds after a good look in which a lock counts as held; a process that was stopped longer looks again first."""
_SESSION: Final = "-c idle_session_timeout=3s -c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1"


class Leadership:
    """Advisory locks of one process, one per follower, on a direct connection (no pool, no PgBouncer).

    PostgreSQL ends the session of a process that has stopped beating after three seconds, so that a stopped leader is
    replaced; when it goes on, `holds` says no before it does anything.
    """

    def __init__(self, dsn: str, service: str, roles: Sequence[str], gained: Callable[[str], None]) -> None:
        self._dsn, self._service, self._roles, self._gained = dsn, service, tuple(roles), gained
        self._held: set[str] = set()
        self._looked_at = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{service} leadership", daemon=True)

    def start(self) -> None:
        """Begin to ask for the locks."""
        self._thread.start()

    def stop(self) -> None:
        """Give every lock back."""
        self._stopping.set()
        self._thread.join(10)

    def holds(self, role: str) -> bool:
        """Return whether this process leads in a role, as of at most a second ago."""
        return role in self._held and time.monotonic() - self._looked_at < TRUSTED_FOR

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(
                    self._dsn, autocommit=True, connect_timeout=5, options=_SESSION, application_name=self._name
                ) as connection:
                    while not self._stopping.wait(BEAT):
                        self._look(connection)
            except psycopg.Error as error:
                log.warning("leadership lost", service=self._service, because=refusal(error))
                self._stopping.wait(BEAT)
            finally:
                self._held = set()

    @property
    def _name(self) -> str:
        return f"{self._service} leadership"

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        """Ask for the locks not held; asking is the beat, and proves that those held still are."""
        at = time.monotonic()
        wanted = [role for role in self._roles if role not in self._held]
        sql = "select r, pg_try_advisory_lock(hashtextextended('ladder.leads.' || %s || '.' || r, 0)) from unnest(%s::text[]) r"
        rows = connection.execute(sql, (self._service, wanted)).fetchall()
        gained = {role for role, is_ours in rows if is_ours}
        self._held |= gained
        self._looked_at = at
        for role in sorted(gained):
            log.info("leadership gained", service=self._service, follower=role)
            self._gained(role)
