"""Why PostgreSQL did not take a connection, in a word that a log line may hold."""

from __future__ import annotations

from typing import Final

import psycopg

__all__ = ["refusal"]

_SAID: Final = {
    "too many clients": "too_many_connections",
    "remaining connection slots": "too_many_connections",
    "too many connections": "too_many_connections",
    "starting up": "starting",
    "recovery mode": "starting",
    "shutting down": "stopping",
    "password": "password",
    "does not exist": "no_such_role_or_database",
}


def refusal(error: psycopg.Error) -> str:
    """Return the reason of a failed connection or statement: one of ours, else the SQLSTATE, else `unknown`.

    A refused connection carries no SQLSTATE, and its text names hosts and roles; it is read here and not passed on.
    """
    said = str(error)
    return next((reason for words, reason in _SAID.items() if words in said), error.sqlstate or "unknown")
