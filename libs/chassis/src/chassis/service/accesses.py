"""Who read a personal document of somebody else: kept for whom it is about, and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from chassis.sql import vouched
from chassis.store import Connection

TABLES = (
    """create table if not exists {schema}.access (
    workspace text not null, at timestamptz not null, actor text not null, capacity text not null, what text not null,
    subject text not null, id text not null)""",
    "create index if not exists access_subject on {schema}.access (workspace, subject, at)",
)


class Access(NamedTuple):
    """One reading: who read it and as what, which kind of document, whom it is about, and its id."""

    actor: str
    capacity: str
    what: str
    subject: str
    id: str


def note(connection: Connection, schema: str, workspace: str, access: Access, at: datetime | None) -> None:
    """Write one reading down, at a moment or, without one, now."""
    sql = f"""insert into {schema}.access (workspace, at, actor, capacity, what, subject, id)
    values (%s, coalesce(%s, clock_timestamp()), %s, %s, %s, %s, %s)"""
    connection.execute(vouched(sql), (workspace, at, *access), prepare=True)
