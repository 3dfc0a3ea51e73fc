"""Backups: data and keys in an archive each, made while the system runs; a restore ends in new epochs and a verdict."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chassis.cipher import keys_server
from chassis.postgres import Server, binaries
from chassis.steps import failpoint

FORMAT: Final = "career-ladder-backup/v1"
DATA, KEYS, CONTENTS = "data.dump", "keys.dump", "contents.json"

Say = Callable[[str], None]


class BackupRefused(Exception):
    """A backup cannot be made or brought back; the text says why and what to do."""


@dataclass(frozen=True)
class Whose:
    """The installation a backup is of: the schemas of its services, and the check of its key."""

    schemas: Sequence[str]
    key: str


@dataclass(frozen=True)
class Made:
    """A backup that was made: where, and how many bytes its archives have."""

    folder: Path
    sizes: Mapping[str, int]


def backup(server: Server, folder: Path, whose: Whose, now: datetime, say: Say) -> Made:
    """Write the archives into a new folder. The data goes first: every key it needs is committed before it is used."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupRefused(f"{folder} is not empty; name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    say("Writing the data")
    _dump(server.admin_dsn(), folder / DATA, whose.schemas)
    say("Writing the keys")
    _dump(keys_server(server).admin_dsn(), folder / KEYS, ["keys"])
    contents = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "schemas": list(whose.schemas),
        "installation": whose.key,
        "sha256": {name: _digest(folder / name) for name in (DATA, KEYS)},
    }
    (folder / CONTENTS).write_text(json.dumps(contents, indent=2) + "\n")
    return Made(folder, {name: (folder / name).stat().st_size for name in (DATA, KEYS)})


def fitting(server: Server, folder: Path, whose: Whose) -> dict[str, Any]:
    """Return what a backup says it contains; refuse one that is not whole or of another system, and data in its way."""
    contents = _checked(folder, whose)
    _refuse_data(server, whose.schemas)
    return contents


def bring_back(server: Server, folder: Path, contents: Mapping[str, Any], say: Say) -> None:
    """Replace the schemas of a migrated, empty database by those of a `fitting` backup; its roles are there already."""
    for what, archive, where, names in (
        ("data", DATA, server, contents["schemas"]),
        ("keys", KEYS, keys_server(server), ["keys"]),
    ):
        say(f"Bringing the {what} back")
        failpoint(f"before the {what} come back")
        _drop(where, names)
        _restore(where.admin_dsn(), folder / archive)


def _checked(folder: Path, whose: Whose) -> dict[str, Any]:
    try:
        contents: dict[str, Any] = json.loads((folder / CONTENTS).read_text())
    except (OSError, ValueError):
        raise BackupRefused(f"{folder} holds no backup: {CONTENTS} is missing or broken.") from None
    if contents.get("format") != FORMAT:
        raise BackupRefused(f"{folder / CONTENTS} is of format {contents.get('format')!r}; this reads {FORMAT}.")
    for name, digest in contents["sha256"].items():
        if not (folder / name).exists() or _digest(folder / name) != digest:
            raise BackupRefused(f"{folder / name} is missing or is not the file that was written.")
    if missing := set(contents["schemas"]) ^ set(whose.schemas):
        raise BackupRefused(f"The backup and this installation do not have the same services: {', '.join(missing)}.")
    if contents["installation"] != whose.key:
        raise BackupRefused(f"{folder} was made with another installation key; put that key into place, and its list.")
    return contents


def _refuse_data(server: Server, schemas: Sequence[str]) -> None:
    with psycopg.connect(server.admin_dsn()) as admin:
        for schema in schemas:
            found = admin.execute(sql.SQL("select 1 from {} limit 1").format(sql.Identifier(schema, "head"))).fetchone()
            if found is not None:
                raise BackupRefused(
                    f"There is data here already (service {schema}); restore into an empty LADDER_HOME or database."
                )


def _drop(server: Server, schemas: Sequence[str]) -> None:
    with psycopg.connect(server.admin_dsn(), autocommit=True) as admin:
        for schema in schemas:
            admin.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def _dump(dsn: str, path: Path, schemas: Sequence[str]) -> None:
    chosen = [f"--schema={schema}" for schema in schemas]
    with path.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        _run(["pg_dump", "--format=custom", "--no-password", *chosen], dsn, stdout=file)


def _restore(dsn: str, path: Path) -> None:
    with path.open("rb") as file:
        _run(["pg_restore", "--exit-on-error", "--single-transaction", "--no-password"], dsn, stdin=file)


def _run(command: list[str], dsn: str, **streams: Any) -> None:
    """Run a program of PostgreSQL on a database; the password goes through its environment, which others cannot read."""
    program, said = binaries(Path(), None) / command[0], conninfo_to_dict(dsn)
    environ = {**os.environ, **({"PGPASSWORD": str(said.pop("password"))} if said.get("password") else {})}
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        [str(program), *command[1:], "--dbname", make_conninfo("", **said)],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **streams,
    )
    if done.returncode != 0:
        raise BackupRefused(f"{command[0]} failed: {done.stderr.strip()[-300:]}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()

