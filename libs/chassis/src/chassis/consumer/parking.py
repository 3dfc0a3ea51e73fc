"""What could not be applied: kept with how it arrived and why, so that nothing is lost and nothing else waits for it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from chassis.consumer.positions import place
from chassis.sql import vouched
from chassis.store import Connection, Pool, transaction
from contracts.envelope import Envelope

log = structlog.get_logger(__name__)

TABLES = (
    """create table if not exists {schema}.parked (
    workspace text not null, topic text not null, epoch text not null, sequence bigint not null,
    subject text not null, type text not null, event_id uuid not null, envelope jsonb not null, reason text not null,
    status text not null, parked_at timestamptz not null default clock_timestamp(),
    primary key (workspace, topic, epoch, sequence))""",
    "create index if not exists parked_subject on {schema}.parked (workspace, topic, subject) where status = 'parked'",
    """create table if not exists {schema}.unreadable (
    workspace text not null default '', topic text not null, partition int not null, "offset" bigint not null,
    key bytea, value bytea, headers jsonb not null, reason text not null,
    arrived_at timestamptz not null default clock_timestamp(), primary key (workspace, topic, partition, "offset"))""",
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of a broker that carries no event: its place, its bytes (headers in base64), and why, without values."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | None]]
    reason: str


@dataclass
class Parking:
    """The rows of parked events and of unreadable records."""

    schema: str
    pool: Pool

    def park(self, connection: Connection, record: Envelope, reason: str) -> None:
        """Keep an event that could not be applied."""
        sql = f"""insert into {self.schema}.parked (workspace, topic, epoch, sequence, subject, type, event_id,
        envelope, reason, status) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'parked') on conflict do nothing"""
        about = (record.subject, record.type, record.eventid)
        connection.execute(vouched(sql), (*place(record), *about, Jsonb(_as_parked(record)), reason))

    def mark_replayed(self, connection: Connection, record: Envelope) -> bool:
        """Say that a parked event was applied after all; tell whether it was still parked."""
        sql = f"""update {self.schema}.parked set status = 'replayed'
        where workspace = %s and topic = %s and epoch = %s and sequence = %s and status = 'parked'"""
        return connection.execute(vouched(sql), place(record)).rowcount == 1

    def put_aside(self, arrived: Unreadable) -> None:
        """Keep what came on a topic and is no event; what it may have been the feed still has."""
        sql = f"""insert into {self.schema}.unreadable (topic, partition, "offset", key, value, headers, reason)
        values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing"""
        place = (arrived.topic, arrived.partition, arrived.offset)
        headers = [(name.replace("\x00", "\\0"), value) for name, value in arrived.headers]  # U+0000 fits in no jsonb
        with transaction(self.pool, "") as connection:
            values = (*place, arrived.key, arrived.value, Jsonb(headers), arrived.reason)
            connection.execute(vouched(sql), values)
        log.warning("record unreadable", topic=arrived.topic, partition=arrived.partition, offset=arrived.offset)


def _as_parked(record: Envelope) -> dict[str, Any]:
    """Return an envelope as it is kept: its data in base64, since what is parked may be no text at all."""
    return {**record.model_dump(mode="json", exclude={"data"}), "data": base64.b64encode(record.data).decode()}


def from_parked(kept: Mapping[str, Any]) -> Envelope:
    """Return the envelope that was kept when it was parked."""
    return Envelope.model_validate({**kept, "data": base64.b64decode(kept["data"])})


def reason_of(error: Exception) -> str:
    """Say what went wrong by type and field path; never by text, which may hold what somebody wrote."""
    if isinstance(error, ValidationError):
        fields = ", ".join(
            sorted({".".join(str(part) for part in one["loc"]) for one in error.errors(include_input=False)})
        )
        return f"ValidationError at {fields}"
    return type(error).__name__
