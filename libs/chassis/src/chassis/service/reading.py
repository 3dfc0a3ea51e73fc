"""How a unit or a request reads: one connection, one transaction, one workspace."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from chassis.identity import Directory
from chassis.kernel import Event, State, evolve
from chassis.projection import RECORD_COLUMNS, RecordedEvent, recorded
from chassis.sql import vouched
from chassis.store import Connection, Store
from chassis.unit import Row
from contracts.envelope import Sealed

S = TypeVar("S", bound=State)


@dataclass
class ConnectedReading:
    """What a unit may read and copy."""

    store: Store
    connection: Connection
    workspace: str
    now: datetime

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[Row]:
        """Read rows; `%(workspace)s` is always given."""
        values = {**(params or {}), "workspace": self.workspace}
        return self.connection.execute(vouched(sql), values, prepare=True).fetchall()

    def load(self, stream: str) -> tuple[list[Event], int]:
        """Return the events of a stream and its version."""
        return self.store.load(self.connection, stream)

    def with_commands(self, stream: str) -> list[tuple[str, Event]]:
        """Return the events of a stream, each with the id of the command that recorded it."""
        sql = f"""select command_id, topic, state from {self.store.service}.events
        where workspace = %(workspace)s and stream = %(stream)s order by version"""
        read = self.store.mapper.read
        return [(row["command_id"], read(row["topic"], bytes(row["state"]))) for row in self.rows(sql, {"stream": stream})]

    def ids(self, kind: str) -> list[str]:
        """Return the id of every stream of a kind, in their order."""
        prefix = f"{self.workspace}/{kind}/"
        sql = f"""select substr(stream, %(from)s) as id from {self.store.service}.events
        where workspace = %(workspace)s and version = 1 and starts_with(stream, %(prefix)s) order by stream"""
        return [row["id"] for row in self.rows(sql, {"prefix": prefix, "from": len(prefix) + 1})]

    def write(self, sql: str, params: dict[str, Any] | None = None) -> None:
        """Write a copied fact."""
        self.connection.execute(vouched(sql), {**(params or {}), "workspace": self.workspace}, prepare=True)

    def open_many(self, sealed: Sequence[Sealed]) -> list[str | None]:
        """Decrypt personal texts; None where erased or withdrawn."""
        return self.store.cipher.open_many(self.workspace, sealed)

    def digest(self, text: str) -> str:
        """Return the HMAC of a text under the workspace's key."""
        return self.store.cipher.digest(self.workspace, text)

    def directory(self) -> Directory:
        """Return the people of the workspace."""
        return Directory(self.rows, self.now)


@dataclass
class Reader(ConnectedReading):
    """What a request may read."""

    def row(self, sql: str, params: dict[str, Any] | None = None) -> Row | None:
        """Read one row, or None."""
        rows = self.rows(sql, params)
        return rows[0] if rows else None

    def state(self, cls: type[S], identifier: str) -> tuple[S | None, int]:
        """Return the state of a stream and its version."""
        events, version = self.load(cls.stream(self.workspace, identifier))
        return evolve(cls, events), version

    def states(self, cls: type[S], identifiers: Collection[str]) -> dict[str, S]:
        """Return the states of many streams by id, asking once; what nothing was recorded on is left out."""
        sql = f"""select stream, topic, state from {self.store.service}.events
        where workspace = %(workspace)s and stream = any(%(streams)s) order by stream, version"""
        streams = {cls.stream(self.workspace, one): one for one in identifiers}
        found: dict[str, S | None] = {}
        for row in self.rows(sql, {"streams": list(streams)}):
            event, known = self.store.mapper.read(row["topic"], bytes(row["state"])), streams[row["stream"]]
            found[known] = cls.evolve(found.get(known), event)
        return {one: state for one, state in found.items() if state is not None}

    def history(self, cls: type[State], identifier: str) -> list[RecordedEvent]:
        """Return what the record holds of a stream."""
        sql = f"""select {RECORD_COLUMNS} from {self.store.service}.events
        where workspace = %(workspace)s and stream = %(stream)s order by version"""
        rows = self.rows(sql, {"stream": cls.stream(self.workspace, identifier)})
        return [recorded(row, self.store.mapper) for row in rows]

    def open(self, sealed: Sealed | None) -> str | None:
        """Decrypt a personal text; None when it is absent, erased or withdrawn."""
        return None if sealed is None else self.open_many([sealed])[0]
