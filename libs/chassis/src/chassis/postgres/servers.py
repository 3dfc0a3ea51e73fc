"""A database of a PostgreSQL server and how each role reaches it, embedded or by URL."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from psycopg.conninfo import make_conninfo

__all__ = ["Database", "External", "Server", "role_name"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")


def role_name(service: str, role: str) -> str:
    """Return the name of a database role: `<service>_<role>`; refuse what could not be an SQL name."""
    for name in (service, role):
        if not _NAME.match(name):
            raise ValueError(f"{name!r}: a name of lower-case letters, digits and underscores")
    return f"{service}_{role}"


class Server(Protocol):
    """One database and the ways into it.

    The administrator's way is for the migrate step alone; at run time only the roles of a service are used.
    """

    def admin_dsn(self) -> str:
        """Return the connection string of a role that may create schemas and roles."""
        ...

    def dsn(self, service: str, role: str) -> str:
        """Return the connection string of `<service>_<role>`; roles of a service: `owner`, `app`, `follower`."""
        ...

    def password(self, service: str, role: str) -> str | None:
        """Return the password that the migrate step gives a role it makes; None: the server needs none."""
        ...


@dataclass(frozen=True)
class Database:
    """A database of the embedded server: its socket is closed to other accounts, so no role has a password."""

    host: str
    name: str = "ladder"

    def admin_dsn(self) -> str:
        """Return the connection string of the superuser."""
        return make_conninfo(host=self.host, dbname=self.name, user="postgres")

    def dsn(self, service: str, role: str) -> str:
        """Return the connection string of one role of a service."""
        return make_conninfo(host=self.host, dbname=self.name, user=role_name(service, role))

    def password(self, service: str, role: str) -> str | None:
        """Return None."""


@dataclass(frozen=True)
class External:
    """A database of somebody else's server.

    `url` is the administrator's (`LADDER_DATABASE_URL`). `urls` holds the connection strings of single roles by role
    name (`LADDER_EVALUATION_URL` for `evaluation_app`, `LADDER_EVALUATION_FOLLOWER_URL`, `…_OWNER_URL`). A role without
    one connects to `url`'s database under its own name, with a password made from `secret` (`LADDER_ROLE_SECRET`), or
    with none (`.pgpass`, certificate, trust).
    """

    url: str = field(repr=False)
    urls: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    secret: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> External | None:
        """Return the server that the environment names, or None when `LADDER_DATABASE_URL` is not set."""
        url = environ.get("LADDER_DATABASE_URL")
        return cls(url, _role_urls(environ), environ.get("LADDER_ROLE_SECRET")) if url else None

    def admin_dsn(self) -> str:
        """Return the administrator's URL."""
        return self.url

    def dsn(self, service: str, role: str) -> str:
        """Return the connection string of one role of a service."""
        name = role_name(service, role)
        if name in self.urls:
            return self.urls[name]
        password = self.password(service, role)
        return make_conninfo(self.url, user=name, password=password or "")

    def password(self, service: str, role: str) -> str | None:
        """Return the role's password: HMAC-SHA256 of its name under `secret`; None when it has a URL of its own."""
        name = role_name(service, role)
        if self.secret is None or name in self.urls:
            return None
        return hmac.new(self.secret.encode(), name.encode(), hashlib.sha256).hexdigest()


def _role_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the URLs of single roles: `LADDER_<SERVICE>_URL`, `…_FOLLOWER_URL` and `…_OWNER_URL`."""
    urls: dict[str, str] = {}
    for variable, url in environ.items():
        match = re.fullmatch(r"LADDER_([A-Z0-9]+)(_FOLLOWER|_OWNER|)_URL", variable)
        if match and match[1] not in ("DATABASE", "KEYS"):
            urls[f"{match[1].lower()}{match[2].lower() or '_app'}"] = url
    return urls
