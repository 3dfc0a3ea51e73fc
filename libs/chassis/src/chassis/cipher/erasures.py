"""The list of erasures: a file outside data and key backups that says which keys must never come back."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chassis.cipher.errors import ErasuresMissing

__all__ = ["Destroyed", "Erasures", "erasures_path"]


@dataclass(frozen=True)
class Destroyed:
    """A key that was destroyed: a person's, or the key of one part of a stream about a person."""

    workspace: str
    person: str
    stream: str | None = None
    part: str | None = None


def erasures_path(home: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the list's place: `LADDER_ERASURES`, else `<home>/erasures`."""
    return Path(environ.get("LADDER_ERASURES") or home / "erasures")


class Erasures:
    """The list: JSON lines of opaque ids. The first line names the installation, every other one destroyed key."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, installation: str) -> None:
        """Make the list of a new installation, unless it is there."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write([json.dumps({"installation": installation})], os.O_CREAT)

    def append(self, destroyed: Iterable[Destroyed], at: str) -> None:
        """Write what is about to be destroyed, on disk before this returns; `at` is an ISO 8601 time."""
        lines: list[str] = []
        for each in destroyed:
            place = {} if each.part is None else {"stream": each.stream, "part": each.part}
            lines.append(json.dumps({"at": at, "workspace": each.workspace, "person": each.person, **place}))
        try:
            self._write(lines)
        except FileNotFoundError:
            raise self._missing() from None

    def read(self, installation: str) -> set[Destroyed]:
        """Return everything on the list; raise `ErasuresMissing` when it is not there or is another installation's."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            raise self._missing() from None
        entries = [json.loads(line) for line in lines if _whole(line)]
        if not entries or entries[0].get("installation") != installation:
            raise ErasuresMissing(f"The list of erasures {self.path} belongs to another installation.")
        return {
            Destroyed(each["workspace"], each["person"], each.get("stream"), each.get("part")) for each in entries[1:]
        }

    def _write(self, lines: Iterable[str], create: int = 0) -> None:
        # A line broken off by a crash is closed by the newline before the next one, and passed over when reading.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | create, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            started = os.fstat(descriptor).st_size > 0
            os.write(descriptor, ("\n" * started + "".join(f"{line}\n" for line in lines)).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _missing(self) -> ErasuresMissing:
        return ErasuresMissing(
            f"The list of erasures {self.path} is missing; put it back (it is kept outside the backups) or set "
            "LADDER_ERASURES to its place. Without it an erased text could come back."
        )


def _whole(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
