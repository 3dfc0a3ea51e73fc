"""What our append costs beside the statement it sends, and beside the least that any append could do."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, cast

import ledger
import psycopg
from measuring import Figure, ratio

from chassis.cipher import Cipher, Grant, prepare_keys
from chassis.identity import Actor
from chassis.postgres import Database, Embedded
from chassis.service import Service, connect_in_process
from chassis.sql import vouched
from chassis.store import Connection, set_workspace
from chassis.unit import Answer, CommandInfo, Unit

ALONE = 2_000
"""Appends of each kind by one writer, in turns."""
TOGETHER = 1_600
"""Appends of each kind by many writers, before the next kind has its turn."""
ROUNDS = 5
WORKSPACES = 20

Bare = tuple[str, dict[str, Any]]
Job = Callable[[], None]
Writer = Callable[[Connection, Any], None]


def figures(home: Path, postgres_says: Callable[[str], None]) -> Iterator[Figure]:
    """Measure appends by one writer, and commits per second by eight and sixteen."""
    with _bench(home) as bench:
        postgres_says(bench.version())
        yield from _alone(bench)
        for writers in (8, 16):
            yield from _together(bench, writers)


class Bench:
    """The ledger over one PostgreSQL, and the four ways to write what one of its commands decides."""

    def __init__(self, service: Service, database: Database, stack: ExitStack) -> None:
        self.service, self._database, self._stack = service, database, stack
        self._numbers = itertools.count(1)
        with psycopg.connect(database.admin_dsn()) as admin:
            admin.execute("create table bare (stream text, version bigint, state bytea, primary key (stream, version))")

    def version(self) -> str:
        """Return PostgreSQL's version."""
        with self.service.pool.connection() as connection:
            return str(connection.info.parameter_status("server_version"))

    def decided(self) -> Unit:
        """Return the unit of a command that has read and decided: two events on a new stream, one to be published."""
        number = next(self._numbers)
        workspace, command = f"w{number % WORKSPACES}", f"command {number}"
        info = CommandInfo(workspace, "ann", command, correlation_id=command, digest=bytes(32))
        with self.service.pool.connection() as connection:
            unit = self.service.unit(connection, info, Actor(workspace=workspace, person="ann", roles=frozenset()))
            entered = ledger.Entered(account="travel", amount=number, text="two nights in Leeds and the train " * 6)
            unit.record(ledger.Entry, f"e{number}", entered, ledger.Balanced(account="travel", by="ann"))
        return unit

    def bare(self) -> Bare:
        """Return the statement and the parameters that writing such a unit comes to."""
        store, unit = self.service.store, self.decided()
        with self.service.pool.connection() as connection:
            set_workspace(connection, unit.workspace)
            stored, writing = store.prepare(unit, _answer(unit), connection)
        return store.recorder.statement(stored, writing)

    def connect(self, *, autocommit: bool, admin: bool = False) -> Connection:
        """Return a connection of bare psycopg as the service's role, or as the administrator."""
        dsn = self._database.admin_dsn() if admin else self._database.dsn("ledger", "app")
        return cast("Connection", self._stack.enter_context(psycopg.connect(dsn, autocommit=autocommit)))

    def pooled(self) -> Connection:
        """Return a connection of the service's own pool, to keep."""
        return self._stack.enter_context(self.service.pool.connection())

    def append(self, connection: Connection, unit: Unit) -> None:
        """Write a unit as a service does, in a transaction that is open."""
        self.service.store.append(unit, _answer(unit), connection)

    def begin_and_append(self, connection: Connection, unit: Unit) -> None:
        """Open the transaction and write a unit."""
        set_workspace(connection, unit.workspace)
        self.append(connection, unit)


def _answer(unit: Unit) -> Answer:
    return Answer(id=unit.decided[0].id, etag="2")


def send(connection: Connection, bare: Bare) -> None:
    """Send the statement by bare psycopg; it commits by itself."""
    connection.execute(vouched(bare[0]), bare[1], prepare=True).fetchone()


def send_and_commit(connection: Connection, bare: Bare) -> None:
    """Send the statement by bare psycopg in a transaction that is open, and commit."""
    send(connection, bare)
    connection.commit()


def insert(connection: Connection, bare: Bare) -> None:
    """Insert one row of the same bytes into a table without rules; it commits by itself."""
    params = bare[1]
    size = sum(len(value if isinstance(value, bytes) else str(value)) for value in params.values() if value is not None)
    values = (params["u_stream_1"], 1, bytes(size))
    connection.execute("insert into bare (stream, version, state) values (%s, %s, %s)", values, prepare=True)


def _alone(bench: Bench) -> Iterator[Figure]:
    """Let one writer append in every way in turn, so that noise hits all of them."""
    ours, open_transaction = bench.pooled(), bench.connect(autocommit=False)
    statement, plain = bench.connect(autocommit=True), bench.connect(autocommit=True, admin=True)
    times: dict[str, list[float]] = {"ours": [], "statement": [], "in a transaction": [], "insert": []}
    for _ in range(ALONE):
        unit = bench.decided()
        set_workspace(ours, unit.workspace)
        times["ours"].append(_timed(lambda unit=unit: bench.append(ours, unit)))
        bare = bench.bare()
        times["statement"].append(_timed(lambda bare=bare: send(statement, bare)))
        bare = bench.bare()
        open_transaction.execute("select 1")
        times["in a transaction"].append(_timed(lambda bare=bare: send_and_commit(open_transaction, bare)))
        times["insert"].append(_timed(lambda bare=bare: insert(plain, bare)))
    found = {name: median(taken) for name, taken in times.items()}
    yield Figure("append, 1 writer ÷ the same statement by bare psycopg", found["ours"] / found["statement"], "×", "≤ 1.3")
    yield Figure(
        "append, 1 writer ÷ the same statement and COMMIT by bare psycopg", found["ours"] / found["in a transaction"], "×"
    )
    yield Figure("append, 1 writer ÷ one bare INSERT + COMMIT of the same bytes", found["ours"] / found["insert"], "×", "≤ 2")
    yield Figure("the same statement by bare psycopg ÷ one bare INSERT + COMMIT", found["statement"] / found["insert"], "×")
    yield Figure("append, 1 writer", found["ours"] * 1e6, "µs")


def _together(bench: Bench, writers: int) -> Iterator[Figure]:
    """Let many threads append, ours and bare in turn."""
    ours: list[float] = []
    statement: list[float] = []
    with _writers(bench, writers) as (pooled, plain):
        for _ in range(ROUNDS):
            units = [bench.decided() for _ in range(TOGETHER)]
            ours.append(_per_second(bench.begin_and_append, pooled, units))
            statement.append(_per_second(send, plain, [bench.bare() for _ in range(TOGETHER)]))
    name = f"append, {writers} writers ÷ the same statement by bare psycopg"
    yield Figure(name, ratio(ours, statement), "× commits/s", "≥ 0.8")
    yield Figure(f"append, {writers} writers", median(ours), "commits/s")


@contextmanager
def _writers(bench: Bench, count: int) -> Generator[tuple[list[Connection], list[Connection]]]:
    with ExitStack() as stack:
        pooled = [stack.enter_context(bench.service.pool.connection()) for _ in range(count)]
        plain = [bench.connect(autocommit=True) for _ in range(count)]
        stack.callback(lambda: [one.close() for one in plain])
        yield pooled, plain


def _per_second(write: Writer, connections: Sequence[Connection], jobs: Sequence[Any]) -> float:
    """Return how many jobs a second so many threads do, each with a connection of its own and its share of the jobs."""

    def work(number: int) -> None:
        for job in jobs[number :: len(connections)]:
            write(connections[number], job)

    with ThreadPoolExecutor(len(connections)) as threads:
        began = time.perf_counter()
        list(threads.map(work, range(len(connections))))
        return len(jobs) / (time.perf_counter() - began)


def _timed(job: Job) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


@contextmanager
def _bench(home: Path) -> Generator[Bench]:
    with ExitStack() as stack:
        server = stack.enter_context(Embedded(home / "ledger"))
        database = server.create_database("ledger")
        key = prepare_keys(database, home, [Grant("ledger", "entry", may_make=True)], {})
        cipher = Cipher.connect(database, "ledger", key, home / "erasures")
        stack.callback(cipher.close)
        service = ledger.service()
        service.migrate(database)
        service.open(database, cipher, size=20)
        stack.callback(service.close)
        connect_in_process([service])
        yield Bench(service, database, stack)
