"""The database roles of a service, and the checks that keep a run-time connection honest."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from chassis.postgres.servers import Server, role_name

__all__ = [
    "SERVICE_ROLES",
    "Privileged",
    "UnsafeDurability",
    "check_durable",
    "make_role",
    "prepare_lock",
    "prepare_service",
    "refuse_superuser",
    "search_path",
]

SERVICE_ROLES = ("owner", "app", "follower")


class UnsafeDurability(Exception):
    """The server may lose what it has acknowledged."""


class Privileged(Exception):
    """A run-time role could pass by row level security."""


def prepare_service(server: Server, service: str) -> None:
    """Make the schema `<service>` and its roles `_owner`, `_app` and `_follower`; run again it changes nothing.

    Two that run at once wait for each other.
    """
    with psycopg.connect(server.admin_dsn()) as admin:
        prepare_lock(admin)
        owner, *others = (make_role(admin, server, service, role) for role in SERVICE_ROLES)
        schema = sql.Identifier(service)
        admin.execute(sql.SQL("create schema if not exists {} authorization {}").format(schema, owner))
        for role in others:
            admin.execute(sql.SQL("grant usage on schema {} to {}").format(schema, role))
        for role in (owner, *others):
            search_path(admin, role, schema)


def prepare_lock(admin: psycopg.Connection[Any]) -> None:
    """Wait until this transaction is the only one of this database that prepares roles and schemas."""
    admin.execute("select pg_advisory_xact_lock(hashtextextended('ladder.prepare', 0))")


def make_role(admin: psycopg.Connection[Any], server: Server, service: str, role: str) -> sql.Identifier:
    """Make the login role `<service>_<role>` unless it exists, and return its name.

    Roles belong to the whole server, so another database's migrate step may make the same one at this moment.
    """
    name = role_name(service, role)
    identifier = sql.Identifier(name)
    password = server.password(service, role)
    login = sql.SQL("login password {}").format(sql.Literal(password)) if password else sql.SQL("login")
    if admin.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone() is None:
        try:
            with admin.transaction():
                admin.execute(sql.SQL("create role {} {}").format(identifier, login))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            pass
    elif password:
        admin.execute(sql.SQL("alter role {} {}").format(identifier, login))
    if admin.info.parameter_status("is_superuser") != "on":
        # Whoever made a role administers it, but may hand it a schema only as its member.
        admin.execute(sql.SQL("grant {} to current_user").format(identifier))
    return identifier


def search_path(admin: psycopg.Connection[Any], role: sql.Identifier, schema: sql.Identifier) -> None:
    """Let `role` find the tables of `schema` without naming it, in this database."""
    database = sql.Identifier(admin.info.dbname)
    admin.execute(sql.SQL("alter role {} in database {} set search_path = {}, pg_temp").format(role, database, schema))


def refuse_superuser(connection: psycopg.Connection[Any]) -> None:
    """Raise `Privileged` when the connection's role is a superuser or bypasses row level security."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            "select rolname from pg_roles where rolname in (session_user, current_user) and (rolsuper or rolbypassrls)"
        )
        row = cursor.fetchone()
    if row:
        raise Privileged(f"The role {row[0]} passes by row level security; connect as a role of the service.")


def check_durable(connection: psycopg.Connection[Any], allow_unsafe: bool = False) -> None:
    """Raise `UnsafeDurability` when what the server acknowledges may be lost, unless `allow_unsafe`.

    `allow_unsafe` is the setting LADDER_ALLOW_UNSAFE_SYNC.
    """
    names = ("fsync", "synchronous_commit", "full_page_writes")
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(
            "select name from pg_settings where name = any(%s) and setting = 'off' order by name", (list(names),)
        )
        off = [row[0] for row in cursor]
    if off and not allow_unsafe:
        raise UnsafeDurability(
            f"The server runs with {', '.join(f'{name}=off' for name in off)} and may lose what it acknowledged; "
            "switch it on, or set LADDER_ALLOW_UNSAFE_SYNC=1 where loss does not matter."
        )
