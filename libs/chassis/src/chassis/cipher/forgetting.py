"""What one process destroys every other forgets: the key database tells whose keys, and they leave the caches."""

from __future__ import annotations

import json
import threading
from typing import Final

import psycopg
import structlog

from chassis.cipher.cipher import Cipher

__all__ = ["Forgetting"]

log = structlog.get_logger(__name__)
_AGAIN: Final = 0.5


class Forgetting:
    """Listens to the key database for one cipher, on a connection of its own.

    Where the connection was lost everything is forgotten: what was told meanwhile is not known.
    """

    def __init__(self, dsn: str, cipher: Cipher) -> None:
        self._dsn, self._cipher = dsn, cipher
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forgetting", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(
                    self._dsn, autocommit=True, connect_timeout=5, application_name="keys forgetting"
                ) as connection:
                    connection.execute("listen ladder_keys")
                    self._cipher.forget(None)
                    self._listen(connection)
            except psycopg.Error as error:
                log.warning("cannot hear of destroyed keys", error=type(error).__name__)
                self._stopping.wait(_AGAIN)

    def _listen(self, connection: psycopg.Connection) -> None:
        while not self._stopping.is_set():
            for told in connection.notifies(timeout=0.5):
                workspace, person = json.loads(told.payload)
                self._cipher.forget((workspace, person))
