"""The embedded PostgreSQL: one server process per data folder, started again when it dies, ended with this process."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import psycopg
import structlog
from psycopg import sql

from chassis.postgres.leftovers import AlreadyRunning, forget_foreign_pid, status, wait_for_farewell
from chassis.postgres.places import Account, Unsupported, binaries, may_enter, socket_folder, supported, unprivileged
from chassis.postgres.servers import Database

__all__ = ["Embedded", "StartFailed", "holder"]

DATABASE = "ladder"
LOCK = "postgres.lock"
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "io_method": "sync",
    "jit": "off",
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    # A log holds no personal data: no statements, no parameters, no key values of a conflict.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
LOG_MAX = 10_000_000
# Runs in the child, before it becomes PostgreSQL: takes the account, asks to be shut down (fast) with its parent
# thread, and leaves at once when that has died in the meantime.
_LAUNCH = """
import ctypes, os, sys
parent, uid, gid, *command = sys.argv[1:]
if int(uid):
    os.setgroups([int(gid)]); os.setgid(int(gid)); os.setuid(int(uid))
ctypes.CDLL(None).prctl(1, 2, 0, 0, 0)
if os.getppid() != int(parent):
    sys.exit(1)
os.umask(0o077)
os.execv(command[0], command)
"""

log = structlog.get_logger(__name__)


class StartFailed(Exception):
    """PostgreSQL would not start; the message holds the last lines of its log."""


def holder(home: Path) -> str | None:
    """Return the id of the process that has the data below `home` open ("?" where it has not said it yet), or None."""
    try:
        with (home / LOCK).open() as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return handle.read().strip() or "?"
    except OSError:
        return None  # no lock yet, or a folder that is not ours to read: the start itself says which
    return None


class Embedded:
    """The server over the data below `home`, reached through a unix socket only.

    PostgreSQL is a child of a thread of its own, because the signal that ends it with its parent follows the thread
    that started it. When PostgreSQL dies by itself that thread starts it again and then calls `on_restart` with the
    exit code. `settings` overrides `SETTINGS`.
    """

    def __init__(
        self,
        home: Path,
        settings: Mapping[str, str] | None = None,
        on_restart: Callable[[int], None] | None = None,
    ) -> None:
        supported()
        self.home = home.resolve()
        self.data = self.home / "postgres"
        self.log_file = self.home / "postgres.log"
        self.restarts = 0
        self._settings = {**SETTINGS, **(settings or {})}
        self._on_restart = on_restart
        self._account: Account | None = None
        self._lock: IO[str] | None = None
        self._socket: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None

    def __enter__(self) -> Embedded:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def pid(self) -> int | None:
        """The process id of PostgreSQL, None while it is down."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    @property
    def database(self) -> Database:
        """The installation's database."""
        return self.on(DATABASE)

    def on(self, database: str) -> Database:
        """Return another database of this server."""
        if self._socket is None:
            raise RuntimeError("the server is not started")
        return Database(str(self._socket), database)

    def create_database(self, name: str) -> Database:
        """Make the database `name` unless it exists."""
        database = self.on(name)
        with psycopg.connect(self.on("postgres").admin_dsn(), autocommit=True) as admin:
            if admin.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
                admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return database

    def drop_database(self, name: str) -> None:
        """Remove the database `name` and end its connections."""
        with psycopg.connect(self.on("postgres").admin_dsn(), autocommit=True) as admin:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def start(self) -> Embedded:
        """Start the server and return when it answers; the first start makes the data.

        Raises `AlreadyRunning`, `Unsupported` or `StartFailed`.
        """
        if self._thread is not None:
            raise RuntimeError("the server is started already")
        self._stopping.clear()
        self._started.clear()
        self._failure = None
        try:
            self._open_home()
        except BaseException:
            self._close_home()
            raise
        self._thread = threading.Thread(target=self._supervise, name="postgres", daemon=True)
        self._thread.start()
        atexit.register(self.stop)
        self._started.wait()
        if self._failure is not None:
            self.stop()
            raise self._failure
        try:
            self.create_database(DATABASE)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the server: clients are disconnected, what was acknowledged stays. Stopped already: nothing happens."""
        atexit.unregister(self.stop)
        self._stopping.set()
        if self._thread is not None:
            self._end_process()
            self._thread.join()
            self._thread = None
        self._close_home()

    # -- the folder

    def _open_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        self._take_lock()
        self._account = unprivileged(self.data)
        if not may_enter(self._account, self.home):
            name = self._account.name if self._account else ""
            raise Unsupported(
                f"As root PostgreSQL runs under the account {name}, which may not enter {self.home}; "
                "set LADDER_HOME to a folder it may enter, such as /var/lib/ladder."
            )
        self._socket = socket_folder(self.home, self._account)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_MAX:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    def _take_lock(self) -> None:
        """Hold the lock file for as long as this process lives; the system lets go of it even after a kill."""
        handle = open(self.home / LOCK, "a+", opener=_for_us_alone)  # noqa: SIM115 - it is kept
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            holder = handle.read().strip()
            handle.close()
            raise AlreadyRunning(f"A system is already running on {self.home} (process {holder or '?'}).") from None
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        self._lock = handle

    def _close_home(self) -> None:
        if self._socket is not None:
            shutil.rmtree(self._socket, ignore_errors=True)
            self._socket = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -- the thread that is PostgreSQL's parent

    def _supervise(self) -> None:
        try:
            self._launch_until_ready()
        except BaseException as error:  # noqa: BLE001  (raised again in the thread that called start)
            self._failure = error
        self._started.set()
        while self._process is not None and self._failure is None and not self._stopping.is_set():
            code = self._process.wait()
            if not self._stopping.is_set():
                self._recover(code)

    def _recover(self, code: int) -> None:
        """Start PostgreSQL again, more and more patiently, until it answers or this server is stopped."""
        log.error("postgres died", exit_code=code)
        pause = 0.1
        while not self._stopping.is_set():
            try:
                self._launch_until_ready()
            except Exception as error:  # noqa: BLE001  (whatever stands in the way, only trying again can help)
                log.error("postgres restart failed", error=type(error).__name__, log=str(self.log_file))
                self._stopping.wait(pause)
                pause = min(pause * 2, 5)
                continue
            self.restarts += 1
            log.warning("postgres restarted", restarts=self.restarts)
            self._tell_restart(code)
            return

    def _tell_restart(self, code: int) -> None:
        if self._on_restart is None or self._stopping.is_set():
            return
        try:
            self._on_restart(code)
        except Exception as error:  # noqa: BLE001  (this thread's end would be PostgreSQL's)
            log.error("postgres restart callback failed", error=type(error).__name__)

    def _launch_until_ready(self) -> None:
        programs = binaries(self.home, self._account)
        wait_for_farewell(self.data)
        if not (self.data / "PG_VERSION").exists():
            self._make_data(programs)
        forget_foreign_pid(self.data)
        arguments = [f"--{name}={value}" for name, value in self._settings.items()]
        arguments += ["-D", str(self.data), f"--unix_socket_directories={_quoted(self._socket)}"]
        with open(self.log_file, "ab", opener=_for_us_alone) as output:
            self._process = self._spawn([str(programs / "postgres"), *arguments], output)
        if self._stopping.is_set():
            self._end_process()
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Return when PostgreSQL takes connections. No limit: recovery takes as long as the log it has to replay."""
        slow = time.monotonic() + 2
        while not self._stopping.is_set():
            if process.poll() is not None:
                raise StartFailed(f"PostgreSQL ended with code {process.returncode}:\n{_tail(self.log_file)}")
            if status(self.data, process.pid) == "ready":
                return
            if time.monotonic() > slow:
                log.info("postgres starting", log=str(self.log_file))
                slow = time.monotonic() + 10
            time.sleep(0.005)

    def _make_data(self, programs: Path) -> None:
        """Make the data folder whole or not at all: a kill in between leaves a folder that the next start removes."""
        log.info("postgres making data", data=str(self.data))
        new = self.home / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if self._account:
            os.chown(new, self._account.uid, self._account.gid)
        command = [str(programs / "initdb"), "-D", str(new), "--username=postgres", "--auth=trust", "--encoding=UTF8"]
        command += ["--no-instructions", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        with open(self.log_file, "ab", opener=_for_us_alone) as output:
            code = self._spawn(command, output).wait()
        if code != 0:
            raise StartFailed(f"PostgreSQL's initdb ended with code {code}:\n{_tail(self.log_file)}")
        new.rename(self.data)
        descriptor = os.open(self.home, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def _spawn(self, command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        uid, gid = (self._account.uid, self._account.gid) if self._account else (0, 0)
        return subprocess.Popen(  # noqa: S603  (our own interpreter and program)
            [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), str(uid), str(gid), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
            start_new_session=True,  # Ctrl-C in a terminal is for us alone; we stop the server when we are done with it
        )

    def _end_process(self) -> None:
        """Ask for a fast shutdown, then for an immediate one, then kill."""
        process = self._process
        if process is None:
            return
        for signal_number, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            if process.poll() is not None:
                return
            process.send_signal(signal_number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                log.warning("postgres slow to stop", signal=signal_number.name)


def _quoted(folder: Path | None) -> str:
    """Return a folder as one item of a list that commas separate."""
    return '"' + str(folder).replace('"', '""') + '"'


def _for_us_alone(path: str, flags: int) -> int:
    """Open a file that no other account may read: PostgreSQL's log repeats values of what it refused."""
    return os.open(path, flags, 0o600)


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-5:])
