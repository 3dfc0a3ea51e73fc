"""Connections to the real PostgreSQL: each statement is a place to be held at, and a COMMIT may lose its reply."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

from chassis.postgres import Pool

from .scheduler import Fate

LOCK_TIMEOUT = "1ms"
"""Whoever holds a lock stands still while somebody waits for it, so no wait is worth a longer one."""


class Points(Protocol):
    """Who is told of the places a task passes."""

    def reach(self, place: str, *, failpoint: bool = False) -> None:
        """Pass a place."""
        ...

    def at_commit(self, place: str) -> Fate:
        """Pass a COMMIT."""
        ...


class _Cursor(psycopg.Cursor[DictRow]):
    """Says where it is before it sends anything."""

    def execute(self, query: Any, params: Any = None, **how: Any) -> _Cursor:
        _line(self).pause(query)
        return super().execute(query, params, **how)

    def executemany(self, query: Any, params_seq: Any, **how: Any) -> None:
        _line(self).pause(query)
        super().executemany(query, params_seq, **how)


def _line(cursor: _Cursor) -> Line:
    return cast("Line", cursor.connection)


class Line(psycopg.Connection[DictRow]):
    """One connection of a task."""

    points: Points

    def pause(self, query: object) -> None:
        """Pass the place before a statement."""
        self.points.reach(" ".join(str(query).split()[:3]))

    def commit(self) -> None:
        """Commit, unless the connection breaks: before, and nothing is kept; or after, and nobody is told."""
        if self.info.transaction_status == TransactionStatus.IDLE:
            return
        fate = self.points.at_commit("commit")
        if fate == "cut before":
            super().rollback()  # at once: a backend that finds out by itself would let go of its locks at some moment
        else:
            super().commit()
        if fate != "kept":
            self.close()
            raise psycopg.OperationalError("the connection broke around COMMIT")


class Lines(Pool):
    """The connections of one role in one process: as many as tasks need, none shared, nothing done behind their backs.

    It stands where a pool stands, but has no threads of its own: what they did would depend on the real clock.
    """

    def __init__(self, dsn: str, points: Points, *, autocommit: bool = False) -> None:
        self._dsn, self._points, self._autocommit = dsn, points, autocommit
        self._idle: list[Line] = []

    @contextmanager
    def connection(self, timeout: float | None = None) -> Generator[Line]:
        """Lend a connection: committed at the end, rolled back when something was raised."""
        line = self._idle.pop() if self._idle else self._new()
        try:
            yield line
            line.commit()
        except BaseException:
            with contextlib.suppress(psycopg.Error):
                line.rollback()
            raise
        finally:
            if not line.closed:
                self._idle.append(line)

    def close(self, timeout: float = 5.0) -> None:
        """Keep the connections: a process that starts again is given them anew."""

    def end(self) -> None:
        """Close every connection for good."""
        while self._idle:
            self._idle.pop().close()

    def _new(self) -> Line:
        options = f"-c lock_timeout={LOCK_TIMEOUT} -c timezone=UTC"
        line = Line.connect(
            self._dsn,
            autocommit=self._autocommit,
            row_factory=dict_row,
            cursor_factory=_Cursor,
            prepare_threshold=2,
            options=options,
        )
        line.points = self._points
        return line

