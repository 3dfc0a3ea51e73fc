"""What one process destroys every other forgets: the key database tells whose keys, and they leave the caches."""

from __future__ import annotations

import json
import threading
import time
from typing import Final

import psycopg
import structlog

from chassis.cipher.cipher import Cipher
from chassis.postgres import refusal

__all__ = ["SURE_FOR", "Forgetting"]

log = structlog.get_logger(__name__)
BEAT: Final = 0.5
"""Seconds between two questions to the listening connection: what was told before an answer has arrived with it."""
SURE_FOR: Final = 2.0
"""Seconds after such a question was asked in which the caches count; a key read elsewhere is destroyed no later here."""
_AGAIN: Final = 0.5


class Forgetting:
    """Listens to the key database for the ciphers of one process, on a connection of its own.

    While it cannot be sure to have heard of everything, because the connection was lost, hangs or never came about, no
    kept key is used: each is asked for, and one that was destroyed opens nothing.
    """

    def __init__(self, dsn: str, *ciphers: Cipher) -> None:
        self._dsn, self._ciphers = dsn, ciphers
        self._sure_until = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forgetting", daemon=True)

    @property
    def sure(self) -> bool:
        """Whether everything that was destroyed until a moment ago is forgotten here."""
        return time.monotonic() < self._sure_until

    def start(self) -> None:
        """Begin to listen; from now on kept keys count only while it is `sure`."""
        for cipher in self._ciphers:
            cipher.keep_keys_while(lambda: self.sure)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._connected() as connection:
                    connection.execute("listen ladder_keys")
                    self._forget(None)
                    self._listen(connection)
            except psycopg.Error as error:
                log.warning("cannot hear of destroyed keys", because=refusal(error))
                self._stopping.wait(_AGAIN)
            finally:
                self._sure_until = 0.0

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=5,
            application_name="keys forgetting",
            keepalives_idle=2,
            keepalives_interval=1,
            keepalives_count=3,
            tcp_user_timeout=5000,
        )

    def _listen(self, connection: psycopg.Connection) -> None:
        while not self._stopping.is_set():
            asked = time.monotonic()
            connection.execute("select 1")
            self._hear(connection, 0)
            self._sure_until = asked + SURE_FOR
            self._hear(connection, BEAT)

    def _hear(self, connection: psycopg.Connection, timeout: float) -> None:
        for told in connection.notifies(timeout=timeout):
            self._forget(_whose(told.payload))

    def _forget(self, person: tuple[str, str] | None) -> None:
        for cipher in self._ciphers:
            cipher.forget(person)


def _whose(told: str) -> tuple[str, str] | None:
    """Return whose keys are destroyed; None, which is everybody's, for what another role of the database made up."""
    try:
        found = json.loads(told)
    except ValueError:
        return None
    match found:
        case [str() as workspace, str() as person]:
            return workspace, person
        case _:
            return None
