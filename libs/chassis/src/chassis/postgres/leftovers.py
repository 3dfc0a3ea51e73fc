"""What an earlier server left in a data folder: its processes, its pid file."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import structlog

__all__ = ["AlreadyRunning", "forget_foreign_pid", "processes_in", "status", "wait_for_farewell"]

FAREWELL = 30.0
"""Seconds that the processes of an ended server get to leave before a start gives up."""

log = structlog.get_logger(__name__)


class AlreadyRunning(Exception):
    """Another process has this data open."""


def status(data: Path, pid: int) -> str | None:
    """Return what the server `pid` says of itself in its pid file (line 8): `starting`, `ready`, `stopping`."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return lines[7].strip() if len(lines) > 7 and lines[0].strip() == str(pid) else None


def processes_in(data: Path) -> list[int]:
    """Return the living PostgreSQL processes that work in `data`."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == data and (entry / "comm").read_text().strip() == "postgres":
                    found.append(int(entry.name))
            except OSError:
                continue  # gone, ended and not yet reaped, or another account's
    return found


def wait_for_farewell(data: Path) -> None:
    """Wait for the processes of an earlier server to leave `data`.

    After a kill of our process its server shuts down within a moment; after a kill of the server its backends leave
    when they notice, and are told to at half time.
    """
    begin = time.monotonic()
    told = False
    while living := processes_in(data):
        waited = time.monotonic() - begin
        if waited > FAREWELL:
            raise AlreadyRunning(f"PostgreSQL is already running on {data} (process {living[0]}).")
        if waited > FAREWELL / 2 and not told:
            told = True
            log.warning("postgres ending leftover", processes=len(living))
            for pid in living:
                _tell(pid, signal.SIGQUIT)
        time.sleep(0.02)


def _tell(pid: int, signal_number: signal.Signals) -> None:
    try:
        os.kill(pid, signal_number)
    except ProcessLookupError:
        return


def forget_foreign_pid(data: Path) -> None:
    """Remove a pid file whose pid now belongs to some other program.

    PostgreSQL itself forgets a pid that is nobody's, but takes any process of its own account for a server. Called when
    no PostgreSQL process works in `data`.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    if Path(f"/proc/{abs(pid)}").exists():
        log.warning("postgres stale pid file", pid=pid)
        pid_file.unlink()
