"""Accounts, sessions and the keys that sign actor tokens: plain tables, since none of them is history."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any, Protocol

from chassis.identity import SigningKey
from chassis.kernel import Frozen
from chassis.store import Connection

INSTALLATION = "-"
"""Where the keys of the installation are kept: under no workspace's name."""

LIFETIME = timedelta(hours=12)
PURPOSE = "signing key"

TABLES = (
    "create table if not exists {schema}.accounts (workspace text not null, person text not null,"
    " password text, changed_at timestamptz not null, primary key (workspace, person))",
    "create table if not exists {schema}.sessions (workspace text not null, session text not null,"
    " person text not null, created_at timestamptz not null, expires_at timestamptz not null, revoked_at timestamptz,"
    " primary key (workspace, session))",
    "create index if not exists sessions_by_person on {schema}.sessions (workspace, person)",
    "create table if not exists {schema}.signing_keys (workspace text not null, kid text not null,"
    " wrapped bytea not null, created_at timestamptz not null, primary key (workspace, kid))",
)

FORGET = (
    "delete from accounts where workspace = %(workspace)s and person = %(person)s",
    "delete from sessions where workspace = %(workspace)s and person = %(person)s",
)
"""What an erasure takes away, in the transaction that records it."""


class Wrapping(Protocol):
    """What seals a secret under the installation key for one purpose."""

    def wrap(self, purpose: str, secret: bytes) -> bytes:
        """Return the secret sealed."""
        ...

    def unwrap(self, purpose: str, wrapped: bytes) -> bytes:
        """Return the secret again."""
        ...


class Session(Frozen):
    """Somebody signed in: an opaque id, until it expires or is revoked."""

    session: str
    person: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Return whether the session lets its person act at `now`."""
        return self.revoked_at is None and now < self.expires_at


# ---- accounts: `workspace` is the one the connection was opened for


def account(connection: Connection, workspace: str, person: str) -> dict[str, Any] | None:
    """Return the account of somebody, or None."""
    sql = "select person, password, changed_at from accounts where workspace = %s and person = %s"
    return connection.execute(sql, (workspace, person)).fetchone()


def set_password(connection: Connection, workspace: str, person: str, password: str | None, now: datetime) -> None:
    """Keep the hash of a password (None: no password), and end the person's sessions."""
    connection.execute(
        "insert into accounts (workspace, person, password, changed_at) values (%s, %s, %s, %s)"
        " on conflict (workspace, person) do update set password = excluded.password, changed_at = excluded.changed_at",
        (workspace, person, password, now),
    )
    revoke_all(connection, workspace, person, now)


# ---- sessions


def open_session(connection: Connection, workspace: str, person: str, now: datetime) -> Session:
    """Begin a session of somebody who has proved who they are."""
    session = Session(
        session=f"se_{secrets.token_urlsafe(24)}", person=person, created_at=now, expires_at=now + LIFETIME
    )
    connection.execute(
        "insert into sessions (workspace, session, person, created_at, expires_at) values (%s, %s, %s, %s, %s)",
        (workspace, session.session, person, now, session.expires_at),
    )
    return session


def session(connection: Connection, workspace: str, identifier: str) -> Session | None:
    """Return a session, or None."""
    sql = (
        "select session, person, created_at, expires_at, revoked_at from sessions where workspace = %s and session = %s"
    )
    row = connection.execute(sql, (workspace, identifier)).fetchone()
    return None if row is None else Session(**row)


def revoke(connection: Connection, workspace: str, identifier: str, now: datetime) -> None:
    """End a session; one that has ended stays as it is."""
    connection.execute(
        "update sessions set revoked_at = %s where workspace = %s and session = %s and revoked_at is null",
        (now, workspace, identifier),
    )


def revoke_all(connection: Connection, workspace: str, person: str, now: datetime) -> None:
    """End every session of a person."""
    connection.execute(
        "update sessions set revoked_at = %s where workspace = %s and person = %s and revoked_at is null",
        (now, workspace, person),
    )


# ---- signing keys: the connection was opened for `INSTALLATION`


def signing_keys(connection: Connection, wrapping: Wrapping) -> list[SigningKey]:
    """Return the keys that sign actor tokens, newest first."""
    sql = "select wrapped from signing_keys where workspace = %s order by created_at desc, kid"
    rows = connection.execute(sql, (INSTALLATION,)).fetchall()
    return [_read_key(wrapping.unwrap(PURPOSE, bytes(row["wrapped"]))) for row in rows]


def add_signing_key(connection: Connection, wrapping: Wrapping, now: datetime) -> SigningKey:
    """Make a new key, which signs from now on; older ones are still met until their tokens have expired."""
    key = SigningKey.generate()
    wrapped = wrapping.wrap(PURPOSE, json.dumps({"kid": key.kid, "private": key.private}).encode())
    connection.execute(
        "insert into signing_keys (workspace, kid, wrapped, created_at) values (%s, %s, %s, %s)",
        (INSTALLATION, key.kid, wrapped, now),
    )
    return key


def ensure_signing_key(connection: Connection, wrapping: Wrapping, now: datetime) -> list[SigningKey]:
    """Return the signing keys, making the first one when there is none; processes starting together make one."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended('people.signing_keys', 0))")
    return signing_keys(connection, wrapping) or [add_signing_key(connection, wrapping, now)]


def _read_key(text: bytes) -> SigningKey:
    found = json.loads(text)
    return SigningKey(kid=found["kid"], private=found["private"])
