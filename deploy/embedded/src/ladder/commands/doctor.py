"""What `ladder doctor` looks at: the machine, the data, the port and, where there is one, the installation itself."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer
from rich.table import Column, Table

from chassis.cipher import CipherError, erasures_path
from chassis.postgres import AlreadyRunning, StartFailed, UnsafeDurability, Unsupported, default_home
from chassis.postgres.places import may_enter, supported, unprivileged
from ladder.commands.reach import Way, allow_unsafe, is_installed, operator, socket_of
from ladder.commands.running import Port
from ladder.commands.terminal import Refused, out, steps
from ladder.home import BUILD_ANEW, UNFINISHED, half_restored, outside_the_data

commands = typer.Typer()
ENOUGH: Final = 2**30
"""Bytes of free disk space below which the doctor warns."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is empty where all is well, `advice` one that an installation runs without."""

    what: str
    how: str
    remedy: str = ""
    advice: bool = False


@commands.command()
def doctor(port: Port = 8000) -> None:
    """Look at this installation: what is well, and the remedy for what is not.

    Exit code 1 when something is not well. Advice, such as where the list of erasures should be, leaves it at 0.
    """
    home = default_home()
    running = socket_of(home) is not None
    found = [_machine(), *_data(home), _erasures(home), _durability(), _port(port, running), *_installation(home, running)]
    out.print(table_of(found), markup=False)
    if any(one.remedy and not one.advice for one in found):
        raise typer.Exit(1)


def table_of(found: Sequence[Finding]) -> Table:
    """Lay out the findings; a path that is longer than its column goes on in the next line, none of it is left out."""
    headings = (Column(heading, overflow="fold") for heading in ("what", "how it is", "what to do"))
    table = Table(*headings, box=None, pad_edge=False)
    for one in found:
        table.add_row(one.what, one.how, one.remedy or "-", style="yellow" if one.remedy else "")
    return table


def _elsewhere() -> bool:
    """Tell whether PostgreSQL is somebody else's: then nothing of it is started here."""
    return "LADDER_DATABASE_URL" in os.environ


def _machine() -> Finding:
    if _elsewhere():
        return Finding("PostgreSQL", "the one LADDER_DATABASE_URL names")
    try:
        supported()
    except Unsupported as error:
        return Finding("PostgreSQL", "cannot run here", str(error))
    return Finding("PostgreSQL", "embedded, on Linux with glibc")


def _data(home: Path) -> Iterator[Finding]:
    there = next(path for path in (home, *home.parents) if path.exists())
    account = None if _elsewhere() else unprivileged(home / "postgres")
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding("data", str(home), f"{there} cannot be written: set LADDER_HOME to a folder you may write.")
    elif not may_enter(account, home):
        name = account.name if account else ""
        yield Finding("data", str(home), f"The account {name} may not enter it: set LADDER_HOME to one it may enter.")
    else:
        yield Finding("data", str(home))
    if (home / UNFINISHED).exists():
        yield Finding("demo company", "cut off, or being built", f"Wait for it; if it was cut off, {BUILD_ANEW}.")
    if remedy := half_restored(home):
        yield Finding("restore", "cut off, or under way", remedy)
    free = os.statvfs(there).f_bavail * os.statvfs(there).f_frsize
    yield Finding("free disk space", f"{free // 2**20} MiB", "" if free > ENOUGH else "Make room: PostgreSQL needs it.")


def _erasures(home: Path) -> Finding:
    where = f"{erasures_path(home)}"
    return Finding("list of erasures", where, outside_the_data(home), advice=True)


def _durability() -> Finding:
    if allow_unsafe():
        remedy = "Unset LADDER_ALLOW_UNSAFE_SYNC: what was acknowledged may be lost."
        return Finding("durability", "not asked for", remedy)
    return Finding("durability", "asked for")


def _port(port: int, running: bool) -> Finding:
    if running:
        return Finding("system", "running")
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        remedy = "Choose another with --port or LADDER_PORT."
        return Finding("system", f"not running, and port {port} cannot be used ({error.strerror})", remedy)
    return Finding("system", f"not running; port {port} is free")


def _installation(home: Path, running: bool) -> Iterator[Finding]:
    """Look at a running system, or start the composition to look at it."""
    if not is_installed(home):
        yield Finding("installation", "none yet: `ladder up` makes one")
        return
    if (home / UNFINISHED).exists() or half_restored(home):
        return
    try:
        with operator() as way, steps(kept=False) as say:
            say("Looking at the installation and its record")
            yield from _parts(way)
    except (Refused, AlreadyRunning, StartFailed, Unsupported, UnsafeDurability, CipherError, OSError) as error:
        log = "Look at that server and its log." if _elsewhere() else f"See {home / 'postgres.log'}."
        remedy = "Run `ladder up`, which says more." if running else log
        yield Finding("installation", f"does not start: {error}", remedy)


def _parts(way: Way) -> Iterator[Finding]:
    yield Finding("workspaces", str(len(way.ask("GET", "/workspaces"))))
    yield from of_parts(_readiness(way)["parts"])
    parked = len(way.ask("GET", "/parked"))
    yield Finding("parked events", str(parked), "See `ladder parked list`." if parked else "")
    verdict = way.ask("POST", "/verification")
    broken = len(verdict["broken"])
    remedy = "See `ladder verify`; keep this data, and restore a backup beside it." if broken else ""
    yield Finding("record", f"{verdict['events']} events, {broken} invariants broken", remedy)


def of_parts(parts: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Say which parts are not well, and which follower runs and fails: that one tries again by itself, in vain so far."""
    unwell = [f"{one['service']} {one['name']}" for one in parts if not one["ok"]]
    yield Finding("parts", f"not well: {', '.join(unwell)}" if unwell else "all well", _restart(unwell))
    for one in parts:
        if one["ok"] and one["detail"]:
            waiting = f" ({one['waiting']} workspaces wait)" if one["waiting"] else ""
            remedy = "It tries again by itself; its log says with what. Mend that, or tell who wrote it."
            yield Finding(f"{one['service']} {one['name']}", f"fails: {one['detail']}{waiting}", remedy)


def _readiness(way: Way) -> Any:
    return way.client.get("/readyz").json()


def _restart(unwell: list[str]) -> str:
    return "End the system and start it again; see its log." if unwell else ""
