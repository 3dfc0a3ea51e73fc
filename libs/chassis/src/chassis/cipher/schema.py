"""The key database: schema `keys`, and who may make, open and destroy keys of which kind of stream."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from chassis.cipher.erasures import Erasures, erasures_path
from chassis.cipher.errors import WrongInstallationKey
from chassis.cipher.sealing import InstallationKey
from chassis.cipher.settling import settle
from chassis.postgres import External, Server, make_role, prepare_lock, role_name, search_path

__all__ = ["DESTROYER", "Grant", "keys_server", "prepare_keys"]

DESTROYER = "people"
"""The one service whose role may destroy keys."""

ERASED = "LE001"
"""SQLSTATE of a part key made for an erased person."""

TABLES: tuple[LiteralString, ...] = (
    "create table keys.installation (one bool primary key default true check (one), value text not null)",
    """
    create table keys.grants (
        service_role text not null, kind text not null, may_make bool not null, may_open bool not null,
        primary key (service_role, kind), check (may_open or not may_make))
    """,
    """
    create table keys.workspace_keys (workspace text primary key, wrapped bytea not null)
    """,
    """
    create table keys.person_keys (
        workspace text not null, person text not null, wrapped bytea, key text, destroyed_at timestamptz,
        primary key (workspace, person),
        check ((wrapped is null) = (destroyed_at is not null)))
    """,
    """
    create table keys.part_keys (
        workspace text not null, person text not null, stream text not null, part text not null,
        kind text generated always as (split_part(stream, '/', 2)) stored,
        wrapped bytea, key text, person_key text, destroyed_at timestamptz,
        primary key (workspace, person, stream, part),
        check (split_part(stream, '/', 1) = workspace),
        check ((wrapped is null) = (destroyed_at is not null)))
    """,
)
STORAGE: tuple[LiteralString, ...] = (
    # What an update leaves behind of a destroyed key is cleared away at the next visit of the autovacuum.
    "alter table keys.person_keys set (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)",
    "alter table keys.part_keys set (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)",
)
FUNCTIONS: tuple[LiteralString, ...] = (
    # Locks the person's key against its destruction: whoever comes second sees what the first has done.
    """
    create function keys.part_of_a_living_person() returns trigger
    language plpgsql security definer set search_path = keys, pg_temp as $$
    declare living record;
    begin
        if new.wrapped is null then return new; end if;
        select p.key, p.destroyed_at into living from keys.person_keys p
         where p.workspace = new.workspace and p.person = new.person for share;
        if living.destroyed_at is not null then raise exception 'erased' using errcode = 'LE001'; end if;
        if living.key is distinct from new.person_key then return null; end if;  -- another maker was faster
        return new;
    end $$
    """,
    "create trigger living before insert on keys.part_keys"
    " for each row execute function keys.part_of_a_living_person()",
    """
    create function keys.destroy_person(at_workspace text, of_person text) returns void
    language sql security definer set search_path = keys, pg_temp as $$
        insert into keys.person_keys as k (workspace, person, destroyed_at) values (at_workspace, of_person, now())
        on conflict (workspace, person) do update
        set wrapped = null, destroyed_at = coalesce(k.destroyed_at, now());
        update keys.part_keys set wrapped = null, destroyed_at = now()
         where workspace = at_workspace and person = of_person and destroyed_at is null;
    $$
    """,
    """
    create function keys.destroy_part(at_workspace text, of_person text, of_stream text, of_part text)
    returns void language sql security definer set search_path = keys, pg_temp as $$
        insert into keys.part_keys as k (workspace, person, stream, part, destroyed_at)
        values (at_workspace, of_person, of_stream, of_part, now())
        on conflict (workspace, person, stream, part) do update
        set wrapped = null, destroyed_at = coalesce(k.destroyed_at, now());
    $$
    """,
    # A part that went with its person is not listed by itself: the list of erasures names the person only.
    """
    create function keys.tombstones()
    returns table (workspace text, person text, stream text, part text)
    language sql stable security definer set search_path = keys, pg_temp as $$
        select p.workspace, p.person, null::text, null::text from keys.person_keys p where p.destroyed_at is not null
        union all
        select k.workspace, k.person, k.stream, k.part from keys.part_keys k
          left join keys.person_keys p on p.workspace = k.workspace and p.person = k.person
         where k.destroyed_at is not null and p.destroyed_at is null
    $$
    """,
    "revoke execute on function keys.destroy_person, keys.destroy_part, keys.tombstones from public",
    # Every process that listens forgets at once what another has destroyed.
    """
    create function keys.tell_destroyed() returns trigger
    language plpgsql set search_path = keys, pg_temp as $$
    begin
        if new.destroyed_at is not null then
            perform pg_notify('ladder_keys', json_build_array(new.workspace, new.person)::text);
        end if;
        return null;
    end $$
    """,
    "create trigger told after insert or update on keys.person_keys"
    " for each row execute function keys.tell_destroyed()",
    "create trigger told after insert or update on keys.part_keys"
    " for each row execute function keys.tell_destroyed()",
)
POLICIES: tuple[LiteralString, ...] = (
    "alter table keys.person_keys enable row level security",
    "alter table keys.part_keys enable row level security",
    "create policy read on keys.person_keys for select using"
    " (exists (select 1 from keys.grants g where g.service_role = current_user))",
    "create policy make on keys.person_keys for insert with check (wrapped is not null and"
    " exists (select 1 from keys.grants g where g.service_role = current_user and g.may_make))",
    "create policy open on keys.part_keys for select using"
    " (kind in (select g.kind from keys.grants g where g.service_role = current_user and g.may_open))",
    "create policy make on keys.part_keys for insert with check (wrapped is not null and"
    " split_part(stream, '/', 2) in"
    " (select g.kind from keys.grants g where g.service_role = current_user and g.may_make))",
)
RIGHTS: tuple[LiteralString, ...] = (
    "grant usage on schema keys to {}",
    "grant select on keys.installation, keys.grants to {}",
    "grant select, insert on keys.workspace_keys, keys.person_keys, keys.part_keys to {}",
)
DESTROYER_RIGHTS: LiteralString = (
    "grant execute on function keys.destroy_person, keys.destroy_part, keys.tombstones to {}"
)


@dataclass(frozen=True)
class Grant:
    """`service` may open the keys of streams of `kind`, and make them when `may_make`."""

    service: str
    kind: str
    may_make: bool = False


def keys_server(server: Server, environ: Mapping[str, str] = os.environ) -> Server:
    """Return where the keys are: the database of `LADDER_KEYS_URL`, else beside the data in `server`.

    A service's way there may be named by itself, `LADDER_KEYS_EVALUATION_URL`.
    """
    url = environ.get("LADDER_KEYS_URL")
    if not url:
        return server
    matches = ((re.fullmatch(r"LADDER_KEYS_([A-Z0-9]+)_URL", name), value) for name, value in environ.items())
    urls = {role_name("keys", match[1].lower()): value for match, value in matches if match}
    return External(url, urls, environ.get("LADDER_ROLE_SECRET"))


def prepare_keys(
    server: Server,
    home: Path,
    grants: Iterable[Grant],
    environ: Mapping[str, str] = os.environ,
    only: str | None = None,
) -> InstallationKey:
    """Make the schema `keys` with its roles, grants and list of erasures, and return the installation key.

    Run again it changes nothing but the grants, which become exactly `grants` (those of service `only`, where it is
    given), and destroys again what an older backup of the keys brought back. Raises `WrongInstallationKey` or
    `ErasuresMissing` and leaves everything as it was.
    """
    erasures = Erasures(erasures_path(home, environ))
    with psycopg.connect(server.admin_dsn()) as admin:
        prepare_lock(admin)
        _make_schema(admin, server)
        key = _installation_key(admin, home, erasures, environ)
        _grant(admin, server, list(grants), only)
        settle(admin, lambda: erasures.read(key.check))
    return key


def _make_schema(admin: psycopg.Connection[Any], server: Server) -> None:
    owner = make_role(admin, server, "keys", "owner")
    admin.execute(sql.SQL("create schema if not exists keys authorization {}").format(owner))
    admin.execute(sql.SQL("set local role {}").format(owner))
    admin.execute("create table if not exists keys.migrations (statement text primary key)")
    for statement in (*TABLES, *STORAGE, *FUNCTIONS, *POLICIES):
        _apply(admin, sql.SQL(statement))
    admin.execute("reset role")


def _apply(admin: psycopg.Connection[Any], statement: sql.SQL | sql.Composed) -> None:
    """Run a statement that was not run before: running it again would lock out whoever uses the keys meanwhile."""
    known = hashlib.sha256(statement.as_bytes(admin)).hexdigest()
    if admin.execute("select 1 from keys.migrations where statement = %s", (known,)).fetchone() is None:
        admin.execute(statement)
        admin.execute("insert into keys.migrations values (%s)", (known,))


def _installation_key(
    admin: psycopg.Connection[Any], home: Path, erasures: Erasures, environ: Mapping[str, str]
) -> InstallationKey:
    """Return the key; make it only when nothing has been wrapped yet."""
    row = admin.execute("select value from keys.installation").fetchone()
    key = InstallationKey.load(home, environ)
    if row is None:
        key = key or InstallationKey.make(home)
        erasures.begin(key.check)
        admin.execute("insert into keys.installation (value) values (%s)", (key.check,))
    elif key is None:
        raise WrongInstallationKey(
            f"The installation key is missing; put it back into {home} or LADDER_INSTALLATION_KEY."
        )
    elif key.check != row[0]:
        raise WrongInstallationKey("The keys of this installation were wrapped with another installation key.")
    return key


def _grant(admin: psycopg.Connection[Any], server: Server, grants: list[Grant], only: str | None) -> None:
    roles = {
        service: make_role(admin, server, "keys", service) for service in {DESTROYER, *(g.service for g in grants)}
    }
    owner = sql.Identifier(role_name("keys", "owner"))
    for role in roles.values():
        search_path(admin, role, sql.Identifier("keys"))
    admin.execute(sql.SQL("set local role {}").format(owner))
    for role in roles.values():
        for statement in RIGHTS:
            _apply(admin, sql.SQL(statement).format(role))
    _apply(admin, sql.SQL(DESTROYER_RIGHTS).format(roles[DESTROYER]))
    role = None if only is None else role_name("keys", only)
    admin.execute("delete from keys.grants where %s::text is null or service_role = %s", (role, role))
    for grant in grants:
        admin.execute(
            "insert into keys.grants values (%s, %s, %s, true)",
            (role_name("keys", grant.service), grant.kind, grant.may_make),
        )
    admin.execute("reset role")
