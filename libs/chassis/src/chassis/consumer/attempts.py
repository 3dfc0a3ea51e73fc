"""How often an event was tried: the limit of tries, and which event was under way when a process ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from chassis.consumer.positions import place
from chassis.sql import vouched
from chassis.store import Connection, Pool, transaction
from contracts.envelope import Envelope

TRIES = 4
"""How often an event that fails for no permanent reason is tried before it is parked."""
CRASHES = 3
"""At which attempt an event that was under way at an unclean end is parked untried."""

TABLES = (
    """create table if not exists {schema}.attempts (
    workspace text not null, topic text not null, epoch text not null, sequence bigint not null,
    tries int not null, error text, primary key (workspace, topic, epoch, sequence))""",
    "alter table {schema}.attempts add column if not exists begun int not null default 0",
)


@dataclass
class Attempts:
    """The rows of attempts; `_begun` is what this process has counted as under way, by workspace and topic."""

    schema: str
    pool: Pool
    _begun: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def failed(self, record: Envelope, reason: str) -> int:
        """Count a try that ended in an error; return how many there were."""
        self._begun.pop((record.workspace, record.topic), None)
        sql = f"""insert into {self.schema}.attempts as a (workspace, topic, epoch, sequence, tries, error)
        values (%s, %s, %s, %s, 1, %s) on conflict (workspace, topic, epoch, sequence)
        do update set tries = a.tries + 1, error = excluded.error, begun = 0 returning tries as count"""
        return self._counted(record, sql, reason)

    def ends_processes(self, record: Envelope) -> bool:
        """Commit an attempt before trying; return True when this event was under way too often at an unclean end.

        A process counts once, however often it tries: a lost race or a database away is no crash.
        """
        if self._begun.get((record.workspace, record.topic)) == record.eventid:
            return False
        sql = f"""insert into {self.schema}.attempts as a (workspace, topic, epoch, sequence, tries, begun)
        values (%s, %s, %s, %s, 0, 1) on conflict (workspace, topic, epoch, sequence)
        do update set begun = a.begun + 1 returning begun as count"""
        too_often = self._counted(record, sql) >= CRASHES
        self._begun[record.workspace, record.topic] = record.eventid
        return too_often

    def not_begun(self, connection: Connection, record: Envelope) -> None:
        """An event that waits is not under way, so it ends no process."""
        if self._begun.pop((record.workspace, record.topic), None) is not None:
            sql = f"""update {self.schema}.attempts set begun = begun - 1
            where workspace = %s and topic = %s and epoch = %s and sequence = %s"""
            connection.execute(vouched(sql), place(record))

    def _counted(self, record: Envelope, sql: str, *values: object) -> int:
        with transaction(self.pool, record.workspace) as connection:
            row = connection.execute(vouched(sql), (*place(record), *values)).fetchone()
        return row["count"] if row else 1
