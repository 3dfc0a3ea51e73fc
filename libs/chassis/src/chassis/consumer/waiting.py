"""Causal order: an event waits until what its publisher had consumed before it (`after`) is consumed here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from chassis.consumer.positions import NOWHERE, At, is_reached
from chassis.feed import Feed
from chassis.sql import vouched
from chassis.store import Connection
from contracts.envelope import Envelope, Reached

TABLES = (
    """create table if not exists {schema}.inbox (
    workspace text primary key, waiting jsonb not null default '[]') with (fillfactor = 50)""",
)


@dataclass
class Waiting:
    """What may be applied now, and the row of a workspace that says what it waits for."""

    schema: str
    feeds: Mapping[str, Feed]

    def lock(self, connection: Connection, workspace: str, topic: str) -> None:
        """Let one transaction at a time consume for a workspace, and forget what this topic was waiting for."""
        sql = f"""insert into {self.schema}.inbox as i (workspace) values (%s) on conflict (workspace) do update
        set waiting = (select coalesce(jsonb_agg(w), '[]') from jsonb_array_elements(i.waiting) w
        where w ->> 'topic' <> %s)"""
        connection.execute(vouched(sql), (workspace, topic), prepare=True)

    def ready(self, records: Sequence[Envelope], consumed: Mapping[str, At]) -> list[Envelope]:
        """Return the records of the first one's epoch before the first that has to wait."""
        ready: list[Envelope] = []
        for record in records:
            if record.epoch != records[0].epoch or self._missing(record, consumed) is not None:
                break
            ready.append(record)
        return ready

    def note(self, connection: Connection, record: Envelope, consumed: Mapping[str, At]) -> None:
        """Write down what a record waits for, for whoever asks why nothing moves."""
        missing = self._missing(record, consumed)
        needs = None if missing is None else missing.model_dump()
        waiting = [{"event": record.eventid, "topic": record.topic, "sequence": record.sequence, "needs": needs}]
        sql = f"update {self.schema}.inbox set waiting = waiting || %s where workspace = %s"
        connection.execute(vouched(sql), (Jsonb(waiting), record.workspace))

    def _missing(self, record: Envelope, consumed: Mapping[str, At]) -> Reached | None:
        """Return the first position a record builds on that this service hears of and has not consumed yet."""
        for wanted in record.after:
            if wanted.topic == record.topic or wanted.topic not in self.feeds:
                continue
            at = consumed.get(wanted.topic, NOWHERE)
            if not is_reached(self.feeds[wanted.topic], record.workspace, at, wanted):
                return wanted
        return None
