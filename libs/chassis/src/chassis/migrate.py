"""The migrate step: a service's schema, tables, views, row level security and grants; again it changes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from chassis.postgres import Server, prepare_service
from chassis.sql import vouched

_TABLE = re.compile(r"create table (?:if not exists )?\{schema\}\.(\w+)", re.IGNORECASE)
_VIEW = re.compile(r"create (?:or replace )?view \{schema\}\.(\w+)", re.IGNORECASE)

APPEND_ONLY = frozenset({"events", "published", "epochs"})
"""Tables the application may add to and read, and never change."""
FOLLOWED = frozenset({"followed", "relayed", "attendance"})
"""Tables only followers write."""


def migrate(
    server: Server, service: str, record: Iterable[str], facts: Iterable[str], views: Mapping[str, Sequence[str]]
) -> None:
    """Bring the schema of a service up to date.

    `record` are the tables of the chassis, `facts` those the application fills, `views` the read models by name, which
    only followers write. Statements already applied are passed over; each holds `{schema}` where the schema's name goes.
    A view whose statements are others than before is made anew, empty, and followed again from the first event.
    """
    prepare_service(server, service)
    with psycopg.connect(server.dsn(service, "owner")) as owner:
        owner.execute("select pg_advisory_xact_lock(hashtextextended('ladder.migrate.' || current_schema, 0))")
        owner.execute(_fill("create table if not exists {schema}.migrations (statement text primary key)", service))
        for statements, writer in ((record, "app"), (facts, "facts")):
            for statement in statements:
                if _is_new(owner, service, _digest(statement)):
                    _apply(owner, service, statement, writer)
        for name, statements in views.items():
            looks = f"view {name} {_digest(*statements)}"
            _forget_others(owner, service, name, looks)
            if _is_new(owner, service, looks):
                _drop(owner, service, name)
                for statement in statements:
                    _apply(owner, service, statement, "follower")


def _digest(*statements: str) -> str:
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()


def _is_new(owner: psycopg.Connection[Any], service: str, mark: str) -> bool:
    """Say whether what a mark stands for was not applied yet, and note that it is now."""
    noted = "insert into {schema}.migrations (statement) values (%s) on conflict do nothing"
    return owner.execute(_fill(noted, service), (mark,)).rowcount == 1


def _forget_others(owner: psycopg.Connection[Any], service: str, view: str, mark: str) -> None:
    """Forget how a view looked before: going back to an earlier look is a change too."""
    others = "delete from {schema}.migrations where statement like %s and statement <> %s"
    owner.execute(_fill(others, service), (f"view {view} %", mark))


def _drop(owner: psycopg.Connection[Any], service: str, view: str) -> None:
    """Take the rows of a view away, and how far it was followed; its owner is under row level security elsewhere."""
    owner.execute(_fill(f"drop table if exists {{schema}}.{view}_rows cascade", service))
    owner.execute(_fill("alter table {schema}.followed no force row level security", service))
    owner.execute(_fill("delete from {schema}.followed where name = %s", service), (view,))
    owner.execute(_fill("alter table {schema}.followed force row level security", service))


def _apply(owner: psycopg.Connection[Any], service: str, statement: str, writer: str) -> None:
    owner.execute(_fill(statement, service))
    if found := _TABLE.search(statement):
        _protect(owner, service, found[1], writer)
    elif found := _VIEW.search(statement):
        _grant(owner, service, found[1], "select", "app")
        _grant(owner, service, found[1], "select", "follower")


def _protect(owner: psycopg.Connection[Any], service: str, table: str, writer: str) -> None:
    """Force row level security: the application sees one workspace, followers all; each writes only its own tables."""
    name = sql.Identifier(service, table)
    own = sql.SQL("workspace = current_setting('ladder.workspace', true)")
    owner.execute(sql.SQL("alter table {} enable row level security").format(name))
    owner.execute(sql.SQL("alter table {} force row level security").format(name))
    for role, condition in (("app", own), ("follower", sql.SQL("true"))):
        owner.execute(sql.SQL("drop policy if exists {} on {}").format(sql.Identifier(role), name))
        owner.execute(
            sql.SQL("create policy {} on {} to {} using ({}) with check ({})").format(
                sql.Identifier(role), name, sql.Identifier(f"{service}_{role}"), condition, condition
            )
        )
    follower_writes = writer == "follower" or table in FOLLOWED
    _grant(owner, service, table, _rights(table, writer, follower_writes), "app")
    _grant(owner, service, table, "select, insert, update, delete" if follower_writes else "select", "follower")


def _rights(table: str, writer: str, follower_writes: bool) -> LiteralString:
    if follower_writes:
        return "select"
    if table in APPEND_ONLY or table == "access":
        return "select, insert"
    return "select, insert, update, delete" if writer == "facts" else "select, insert, update"


def _grant(owner: psycopg.Connection[Any], service: str, table: str, rights: LiteralString, role: str) -> None:
    owner.execute(
        sql.SQL("grant {} on {} to {}").format(
            sql.SQL(rights), sql.Identifier(service, table), sql.Identifier(f"{service}_{role}")
        )
    )


def _fill(statement: str, service: str) -> sql.SQL:
    return sql.SQL(vouched(statement.replace("{schema}", service)))
