"""Connection pools: rows are dicts, every wait has an end, and a connection that died while idle is not handed out."""

from __future__ import annotations

import select
from typing import Any, Final

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

__all__ = ["INTERRUPTED", "Pool", "pool"]

INTERRUPTED: Final = (
    psycopg.OperationalError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
)
"""What becomes of a transaction whose connection or server goes, or whose process was stopped in its midst: nothing of
it is there, and whoever began it may try again. (psycopg counts the timeouts of a session among internal errors.)"""


_OPTIONS: Final = (
    "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=10s -c timezone=UTC"
)


class Pool(ConnectionPool[psycopg.Connection[DictRow]]):
    """A pool that hands out no connection that died while idle.

    The base class can check too, but then waits a second before it looks at the next connection.
    """

    def getconn(self, timeout: float | None = None) -> psycopg.Connection[DictRow]:
        """Return a living connection; raise PoolTimeout when there is none within `timeout` seconds."""
        while True:
            connection = super().getconn(timeout)
            if not _hung_up(connection):
                return connection
            connection.close()
            self.putconn(connection)


def pool(
    dsn: str,
    size: int,
    name: str,
    *,
    wait: float = 10,
    autocommit: bool = False,
) -> Pool:
    """Return an open pool of at most `size` connections, shown as `name` in `pg_stat_activity`.

    A caller waits at most `wait` seconds for a connection. A statement is prepared when it has been used twice.
    """
    return Pool(
        dsn,
        connection_class=psycopg.Connection[DictRow],
        kwargs={
            "row_factory": dict_row,
            "application_name": name,
            "options": _OPTIONS,
            "prepare_threshold": 2,
            "connect_timeout": 10,
            "autocommit": autocommit,
        },
        min_size=min(1, size),
        max_size=size,
        timeout=wait,
        name=name,
        reconnect_timeout=wait,
        open=True,
    )


def _hung_up(connection: psycopg.Connection[Any]) -> bool:
    """Say whether the server has ended an idle connection; costs no round trip.

    A server says nothing on an idle connection, except its farewell; one that has something to say is asked properly.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return False
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return True
    return False
