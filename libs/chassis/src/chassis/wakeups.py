"""Wake-ups between the processes of a service: the names of changed workspaces, by PostgreSQL's LISTEN and NOTIFY."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import psycopg
import structlog
from psycopg import sql

from chassis.postgres import refusal

log = structlog.get_logger(__name__)

Kind = Literal["changed", "moved"]
"""`changed`: the record grew, followers have work; `moved`: followers did it, whoever waits for them looks again."""

EVERY: Final = 0.005
"""Seconds between two NOTIFYs: one in every commit would cost a fourth of the commits."""
_LONGEST: Final = 7_500
_AGAIN: Final = 0.5


class Wakeups:
    """Tells other processes which workspaces changed, and hears it of them.

    Names are hints: what a lost connection missed is found by comparing everything, which `lost` is called for.
    """

    def __init__(
        self, dsn: str, service: str, hear: Callable[[Kind, Iterable[str]], None], lost: Callable[[], None]
    ) -> None:
        self._dsn, self._service, self._hear, self._lost = dsn, service, hear, lost
        self._pending = _nothing()
        self._there = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=target, name=f"{service} {name}", daemon=True)
            for target, name in ((self._tell, "notify"), (self._listen, "listen"))
        ]

    def start(self) -> None:
        """Begin to tell and to listen."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both."""
        with self._there:
            self._stopping = True
            self._there.notify_all()
        for thread in self._threads:
            thread.join(10)

    def announce(self, kind: Kind, workspace: str) -> None:
        """Say that a workspace changed; it is told with the next NOTIFY."""
        with self._there:
            self._pending[kind].add(workspace)
            self._there.notify_all()

    def _tell(self) -> None:
        while not self._stopping:
            try:
                with self._connected("notify") as connection:
                    self._tell_on(connection)
            except psycopg.Error as error:
                log.warning("cannot notify", service=self._service, because=refusal(error))
                time.sleep(_AGAIN)

    def _tell_on(self, connection: psycopg.Connection[Any]) -> None:
        while not self._stopping:
            with self._there:
                self._there.wait_for(lambda: self._stopping or any(self._pending.values()))
                taken, self._pending = self._pending, _nothing()
            try:
                self._notify(connection, taken)
            except psycopg.Error:
                self._keep(taken)  # it is told over the next connection: nobody looks by itself for half a minute
                raise
            time.sleep(EVERY)

    def _notify(self, connection: psycopg.Connection[Any], names: Mapping[Kind, set[str]]) -> None:
        for kind, some in names.items():
            for payload in _packed(some):
                connection.execute("select pg_notify(%s, %s)", (self._channel(kind), payload))

    def _keep(self, names: Mapping[Kind, set[str]]) -> None:
        with self._there:
            for kind, some in names.items():
                self._pending[kind] |= some

    def _listen(self) -> None:
        while not self._stopping:
            try:
                with self._connected("listen") as connection:
                    for kind in self._pending:
                        connection.execute(sql.SQL("listen {}").format(sql.Identifier(self._channel(kind))))
                    self._lost()
                    while not self._stopping:
                        for heard in connection.notifies(timeout=1.0):
                            kind = "changed" if heard.channel == self._channel("changed") else "moved"
                            self._hear(kind, heard.payload.split(" "))
            except psycopg.Error as error:
                log.warning("cannot listen", service=self._service, because=refusal(error))
                time.sleep(_AGAIN)

    def _connected(self, what: str) -> psycopg.Connection[Any]:
        name = f"{self._service} {what}"
        return psycopg.connect(self._dsn, autocommit=True, connect_timeout=5, application_name=name)

    def _channel(self, kind: Kind) -> str:
        return f"ladder_{self._service}_{kind}"


def _nothing() -> dict[Kind, set[str]]:
    return {"changed": set(), "moved": set()}


def _packed(names: Iterable[str]) -> Iterator[str]:
    """Yield payloads of names, each shorter than what PostgreSQL takes (8,000 bytes)."""
    payload = ""
    for name in sorted(names):
        if payload and len(payload) + len(name) >= _LONGEST:
            yield payload
            payload = name
        else:
            payload = f"{payload} {name}" if payload else name
    if payload:
        yield payload
