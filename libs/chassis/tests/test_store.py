"""What a unit of work writes: everything in one statement, gapless, once, and seen by its own workspace alone."""

from __future__ import annotations

import os
import random
import socket
import threading
from collections import defaultdict
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest

from chassis import clock as wall
from chassis.feed import Epoch
from chassis.kernel import DomainError
from chassis.record import flaws_in
from chassis.service import Access
from chassis.sql import vouched
from chassis.statement import FEW
from chassis.steps import arm, disarm
from chassis.testing import until
from chassis.unit import Answer, KeyReused, PreconditionFailed, Unavailable, Unit

from . import toy
from .conftest import Pair


def events(pair: Pair, workspace: str) -> list[dict[str, Any]]:
    return pair.rows("select * from toy.events where workspace = %s order by sequence", workspace)


# -- one statement


def test_a_command_writes_events_head_published_rows_and_key_together(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    executed = pair.write(workspace, "one", "two", command="write twice")

    stored = events(pair, workspace)
    assert [(row["sequence"], row["version"], row["topic"]) for row in stored] == [
        (1, 1, "notebook.opened"),
        (2, 2, "notebook.line-written"),
        (3, 3, "notebook.line-written"),
    ]
    assert [row["command_key"] for row in stored[1:]] == ["write twice", None]
    assert [row["answer"] for row in stored[1:]] == [{"id": "n1"}, None]
    (head,) = pair.rows("select * from toy.head where workspace = %s", workspace)
    assert (head["sequence"], head["published"]) == (3, {"toy.v1": 3})
    assert [(one.sequence, one.previous) for one in pair.sent(workspace)] == [(2, 0), (3, 2)]
    assert (executed.position.sequence, [one.sequence for one in executed.published]) == (3, [3])


@pytest.mark.parametrize("lines", [1, 2, FEW, FEW + 1, 3 * FEW])
def test_units_of_every_size_leave_the_same_kind_of_record(pair: Pair, workspace: str, lines: int) -> None:
    pair.open(workspace)

    pair.write(workspace, *(f"line {n}" for n in range(lines)))
    pair.close_notebook(workspace)

    stored = events(pair, workspace)
    assert [row["version"] for row in stored] == list(range(1, lines + 3))
    assert list(flaws_in("toy", iter(stored))) == []
    sent = pair.sent(workspace)
    assert [one.sequence for one in sent] == list(range(2, lines + 3))
    assert [one.previous for one in sent] == [0, *range(2, lines + 2)]
    assert [UUID(one.eventid) for one in sent] == [row["event_id"] for row in stored[1:]]


def test_a_command_that_breaks_before_its_commit_writes_nothing(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    arm("before commit", _fail)

    with pytest.raises(ZeroDivisionError):
        pair.write(workspace, "lost")

    assert len(events(pair, workspace)) == 1
    assert pair.sent(workspace) == []
    assert pair.rows("select sequence from toy.head where workspace = %s", workspace) == [{"sequence": 1}]


def test_a_refused_command_writes_nothing(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.close_notebook(workspace)

    with pytest.raises(toy.AlreadyClosed):
        pair.write(workspace, "too late")

    assert len(events(pair, workspace)) == 2


def test_sequences_have_no_holes_and_a_tailing_reader_loses_nothing(pair: Pair) -> None:
    workspaces = [f"tail{n}" for n in range(20)]
    for one in workspaces:
        for writer in range(8):
            pair.open(one, f"n{writer}")
    writing = threading.Event()
    seen: dict[str, list[int]] = defaultdict(list)

    def write(writer: int) -> None:
        dice = random.Random(writer)
        for n in range(60):
            workspace = dice.choice(workspaces)
            texts = ["x"] * dice.choice((1, 1, 2, 3))
            rolled_back = dice.random() < 0.1

            def decide(unit: Unit, texts: list[str] = texts, rolled_back: bool = rolled_back) -> Answer:
                pair.toy.application.write(unit, f"n{writer}", *texts)
                if rolled_back:
                    _roll_back_after_append(pair, unit)
                return Answer()

            with suppress(_RolledBack, Unavailable):
                pair.run(workspace, decide, f"tail {writer} {n}")

    def tail() -> None:
        done = False
        while not done:
            done = writing.is_set()
            for workspace in workspaces:
                after = seen[workspace][-1] if seen[workspace] else 0
                sql = "select sequence from toy.events where workspace = %s and sequence > %s order by sequence"
                with pair.toy.follower_pool.connection() as connection:
                    seen[workspace] += [row["sequence"] for row in connection.execute(sql, (workspace, after))]

    reader = threading.Thread(target=tail)
    reader.start()
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, range(8)))
    writing.set()
    reader.join()

    heads = {row["workspace"]: row["sequence"] for row in pair.rows("select workspace, sequence from toy.head")}
    assert {one: seen[one] for one in workspaces} == {one: list(range(1, heads[one] + 1)) for one in workspaces}
    for one in workspaces:
        sent = pair.toy.feed.events("toy.v1", one, 0, 10_000).records
        assert sent[0].previous == 0
        assert all(later.previous == earlier.sequence for earlier, later in pairwise(sent))


class _RolledBack(Exception):
    """The transaction ends without a commit although its statement ran."""


def _roll_back_after_append(pair: Pair, unit: Unit) -> None:
    reading = cast("Any", unit.reading)
    stored, writing = pair.toy.store.prepare(unit, Answer(), reading.connection)
    with suppress(psycopg.errors.UniqueViolation):
        pair.toy.store.recorder.write(stored, writing, reading.connection)
    raise _RolledBack


def test_the_first_append_of_a_workspace_mints_its_epoch_and_no_later_one_does(pair: Pair, workspace: str) -> None:
    first = pair.open(workspace)
    pair.write(workspace, "one")

    minted = pair.rows("select epoch, base from toy.epochs where workspace = %s", workspace)

    assert minted == [{"epoch": first.position.epoch, "base": 0}]
    assert pair.toy.feed.epochs(workspace) == [Epoch(first.position.epoch, 0)]


@pytest.mark.parametrize("seconds", [5, -5])
def test_a_process_away_from_the_databases_clock_refuses_to_write(
    pair: Pair, workspace: str, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    present = wall.now
    monkeypatch.setattr(wall, "now", lambda: present() + timedelta(seconds=seconds))

    with pytest.raises(Unavailable, match="clock"):
        pair.open(workspace)

    assert events(pair, workspace) == []


def test_where_a_virtual_clock_stands_the_machines_own_does_not_matter(
    pair: Pair, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = wall.now
    monkeypatch.setattr(wall, "now", lambda: present() + timedelta(seconds=5))
    monkeypatch.setattr(pair.clock, "at", datetime(2026, 3, 2, 12, tzinfo=UTC))

    pair.open(workspace)

    assert len(events(pair, workspace)) == 1


def test_recorded_time_never_runs_back(pair: Pair, workspace: str) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    try:
        pair.clock.at = noon
        pair.open(workspace)
        pair.clock.at = noon - timedelta(hours=1)
        pair.write(workspace, "the clock was put back")
    finally:
        pair.clock.at = None

    assert [row["recorded_at"] for row in events(pair, workspace)] == [noon, noon]


# -- repeats and races


def test_a_repeat_gets_the_same_answer_and_writes_nothing(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    first = pair.write(workspace, "once", command="same key")
    again = pair.write(workspace, "once", command="same key")

    assert (again.answer, again.repeated, first.repeated) == (first.answer, True, False)
    assert len(events(pair, workspace)) == 2


def test_a_repeat_answers_a_position_at_which_all_that_was_written_is_shown(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    first = pair.write(workspace, "one", "two", "three", command="same key")

    again = pair.write(workspace, "one", "two", "three", command="same key")

    assert (again.repeated, again.position, again.published) == (True, first.position, first.published)


def test_a_repeat_gets_its_first_answer_even_when_it_would_be_refused_now(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    first = pair.write(workspace, "once", command="same key")
    pair.close_notebook(workspace)

    again = pair.write(workspace, "once", command="same key")

    assert (again.answer, again.repeated) == (first.answer, True)


def test_a_repeat_gets_its_first_answer_even_when_it_would_change_nothing_now(pair: Pair, workspace: str) -> None:
    def close_if_open(unit: Unit) -> Answer:
        if unit.get(toy.Notebook, "n1").closed:
            return Answer(status=204)
        pair.toy.application.close(unit, "n1")
        return Answer(status=201)

    pair.open(workspace)
    first = pair.run(workspace, close_if_open, "close it", b"a body")

    again = pair.run(workspace, close_if_open, "close it", b"a body")

    assert (first.answer.status, again.answer.status, again.repeated) == (201, 201, True)
    with pytest.raises(KeyReused):
        pair.run(workspace, close_if_open, "close it", b"another body")


def test_a_key_used_with_another_body_is_refused(pair: Pair, workspace: str) -> None:
    def decide(unit: Unit) -> Answer:
        pair.toy.application.write(unit, "n1", "a line")
        return Answer()

    pair.open(workspace)
    pair.run(workspace, decide, "a key", b"one body")

    with pytest.raises(KeyReused):
        pair.run(workspace, decide, "a key", b"another body")


def test_the_same_command_sent_many_times_at_once_is_done_once(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    together = threading.Barrier(6)

    def send(_: int) -> bool:
        together.wait()
        return pair.write(workspace, "once", command="the same").repeated

    with ThreadPoolExecutor(6) as senders:
        repeated = list(senders.map(send, range(6)))

    assert sorted(repeated) == [False, True, True, True, True, True]
    assert len(events(pair, workspace)) == 2


def test_whoever_loses_a_race_decides_again_on_what_the_other_wrote(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    both_have_read = threading.Barrier(2)
    runs: list[int] = []

    def decide(unit: Unit) -> Answer:
        lines = unit.get(toy.Notebook, "n1").lines
        runs.append(lines)
        if len(runs) <= 2:
            both_have_read.wait(10)
        pair.toy.application.write(unit, "n1", "a line")
        return Answer(id=f"line {lines + 1}")

    with ThreadPoolExecutor(2) as both:
        executed = list(both.map(pair.run, [workspace] * 2, [decide] * 2, ("one", "two")))

    assert sorted(str(one.answer.id) for one in executed) == ["line 1", "line 2"]
    assert runs == [0, 0, 1]


def test_a_rule_over_two_streams_holds_under_concurrency_by_its_guard_stream(pair: Pair, workspace: str) -> None:
    """At most one open notebook in the workspace; each command opens another one."""
    together = threading.Barrier(4)

    class TwoAtOnce(DomainError):
        pass

    def open_only_one(number: int) -> str:
        def decide(unit: Unit) -> Answer:
            guard = unit.find(toy.Notebook, "guard")
            if guard is not None:
                raise TwoAtOnce("There is an open notebook already.")
            if first_time:
                first_time.clear()
                together.wait(10)
            pair.toy.application.open(unit, "guard", "ann")
            pair.toy.application.open(unit, f"n{number}", "ann")
            return Answer()

        first_time = [True]
        try:
            pair.run(workspace, decide, f"open {number}")
        except TwoAtOnce:
            return "refused"
        return "opened"

    with ThreadPoolExecutor(4) as all_at_once:
        results = sorted(all_at_once.map(open_only_one, range(4)))

    assert results == ["opened", "refused", "refused", "refused"]
    assert len(events(pair, workspace)) == 2


def test_a_stream_that_has_moved_on_fails_the_precondition(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one")

    def decide(unit: Unit) -> Answer:
        unit.expect(toy.Notebook, "n1", 1)
        return Answer()

    with pytest.raises(PreconditionFailed):
        pair.run(workspace, decide)


# -- a connection cut around the commit


def _fail() -> None:
    raise ZeroDivisionError


def _writing(pair: Pair, workspace: str, command: str, cut: Any) -> Any:
    """Return a decision that hands its connection to `cut` when it is taken for the first time."""
    uncut = [True]

    def decide(unit: Unit) -> Answer:
        pair.toy.application.write(unit, "n1", command)
        if uncut:
            uncut.clear()
            cut(cast("Any", unit.reading).connection)
        return Answer(id=command)

    return decide


def _hang_up(connection: psycopg.Connection[Any]) -> None:
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("point", ["before append", "before commit", "after commit"])
@pytest.mark.parametrize("how", ["line cut", "backend ended"])
def test_a_caller_learns_what_became_of_a_command_whose_connection_was_cut(
    pair: Pair, workspace: str, point: str, how: str
) -> None:
    pair.open(workspace)

    def cut_at_the_point(connection: psycopg.Connection[Any]) -> None:
        pid = connection.info.backend_pid

        def cut() -> None:
            disarm(point)
            if how == "line cut":
                _hang_up(connection)
            else:
                pair.rows("select pg_terminate_backend(%s, 5000)", pid)

        arm(point, cut)

    decide = _writing(pair, workspace, "cut", cut_at_the_point)
    executed = pair.run(workspace, decide, "cut")
    again = pair.run(workspace, decide, "cut")

    assert executed.answer == again.answer == Answer(id="cut")
    assert again.repeated
    assert [row["command_id"] for row in events(pair, workspace)][1:] == ["cut"]


def test_a_commit_that_arrives_after_the_line_was_cut_is_neither_lost_nor_doubled(pair: Pair, workspace: str) -> None:
    """The cut backend still waits for the head row, and commits later: a look-up right after the cut finds nothing."""
    pair.open(workspace)
    with psycopg.connect(pair.database.admin_dsn()) as holder:
        holder.execute("select 1 from toy.head where workspace = %s for update", (workspace,))

        def cut_once_it_waits(connection: psycopg.Connection[Any]) -> None:
            pid = connection.info.backend_pid

            def cut() -> None:
                waiting = "select 1 from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
                until(lambda: pair.rows(waiting, pid))
                _hang_up(connection)
                holder.rollback()

            threading.Thread(target=cut).start()

        executed = pair.run(workspace, _writing(pair, workspace, "late", cut_once_it_waits), "late")

    assert executed.answer == Answer(id="late")
    assert [row["command_id"] for row in events(pair, workspace)][1:] == ["late"]


def test_a_store_that_cannot_answer_says_so_and_the_same_command_may_be_sent_again(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    with psycopg.connect(pair.database.admin_dsn()) as holder:
        holder.execute("select 1 from toy.head where workspace = %s for update", (workspace,))
        with pytest.raises(Unavailable):
            pair.run(workspace, _impatient(pair), "later")

    assert not pair.write(workspace, "a line", command="later").repeated


def test_a_process_that_was_stopped_within_a_command_says_that_it_may_be_sent_again(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    def stopped_for_long(connection: psycopg.Connection[Any]) -> None:
        pid = connection.info.backend_pid
        connection.execute("set local idle_in_transaction_session_timeout = '1ms'")
        while pair.rows("select 1 from pg_stat_activity where pid = %s", pid):
            pass

    with pytest.raises(Unavailable):
        pair.run(workspace, _writing(pair, workspace, "later", stopped_for_long), "later")

    assert not pair.write(workspace, "a line", command="later").repeated


def _impatient(pair: Pair) -> Any:
    def decide(unit: Unit) -> Answer:
        cast("Any", unit.reading).connection.execute("set local lock_timeout = '50ms'")
        pair.toy.application.write(unit, "n1", "a line")
        return Answer()

    return decide


# -- maintenance


@contextmanager
def an_index_being_built(pair: Pair) -> Generator[None]:
    """Hold the building of an index open: it waits for the snapshot of an old transaction."""

    def build() -> None:
        pair.rows("create index concurrently events_actor on toy.events (actor)")

    with ThreadPoolExecutor(1) as beside, psycopg.connect(pair.database.admin_dsn()) as old:
        old.execute("set transaction isolation level repeatable read")
        old.execute("create temporary table unrelated (n int)")
        old.execute("select count(*) from toy.head")
        built = beside.submit(build)
        waiting = "select 1 as found from pg_stat_progress_create_index where phase = 'waiting for old snapshots'"
        until(lambda: bool(pair.rows(waiting)))
        yield
        assert not built.done()
        old.rollback()
        built.result()
        pair.rows("drop index concurrently toy.events_actor")


@contextmanager
def an_open_transaction(pair: Pair, statement: str) -> Generator[None]:
    """Hold the locks of a statement."""
    with psycopg.connect(pair.database.admin_dsn()) as maintaining:
        maintaining.execute(statement.encode())
        yield


def commits_beside(pair: Pair, workspace: str, maintenance: AbstractContextManager[None]) -> bool:
    """Tell whether a command commits while maintenance goes on, and not only once it ends."""
    stalled = (
        "select 1 as found from pg_stat_activity where datname = current_database()"
        " and cardinality(pg_blocking_pids(pid)) > 0 and query not like 'create index%%'"
    )
    with ThreadPoolExecutor(1) as beside, maintenance:
        written = beside.submit(pair.write, workspace, "beside maintenance")
        until(lambda: written.done() or bool(pair.rows(stalled)))
        return written.done()


def test_a_command_commits_while_an_index_is_being_built_beside_an_old_transaction(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    assert commits_beside(pair, workspace, an_index_being_built(pair))

    assert pair.rows("select sequence from toy.head where workspace = %s", workspace) == [{"sequence": 2}]


def test_a_command_commits_while_its_tables_are_being_analysed(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    assert commits_beside(pair, workspace, an_open_transaction(pair, "analyze toy.events, toy.head, toy.published"))


def test_a_lock_that_stalls_a_command_until_it_is_given_back_is_seen(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    assert not commits_beside(pair, workspace, an_open_transaction(pair, "lock table toy.events in exclusive mode"))

    until(lambda: len(events(pair, workspace)) == 2)


# -- row level security


def test_without_the_applications_own_filter_no_foreign_row_is_seen(pair: Pair, workspace: str) -> None:
    both = {workspace, f"{workspace}-foreign"}
    for one in both:
        pair.open(one, hours=1)
        pair.write(one, "a line")
        pair.settle(one)
        pair.toy.access(one, Access("hanna", "hr", "read", "ann", "n1"))

    def there(service: Any, table: str) -> set[str]:
        return {row["workspace"] for row in pair.rows(f"select workspace from {service.name}.{table}")} & both

    def seen(service: Any, table: str) -> set[str]:
        with service.connection(workspace) as connection:
            return {row["workspace"] for row in connection.execute(f"select workspace from {service.name}.{table}")}

    of_toy = ("events", "head", "published", "epochs", "notebook_list", "deadlines_rows", "followed", "relayed", "access")
    of_reader = ("events", "published", "positions", "inbox", "lines")
    for service, tables in ((pair.toy, of_toy), (pair.reader, of_reader)):
        for table in tables:
            assert (there(service, table), seen(service, table)) == (both, {workspace}), table
    with pair.toy.connection(workspace) as connection:
        rows = connection.execute("select topic from toy.events where stream like %s", ("%foreign%",)).fetchall()
    assert rows == []


def test_without_a_workspace_set_no_row_is_seen(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    with pair.toy.pool.connection() as connection:
        assert connection.execute("select 1 from toy.events").fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        "update toy.events set topic = 'x'",
        "delete from toy.events",
        "update toy.published set type = 'x'",
        "delete from toy.published",
        "truncate toy.events",
        "update toy.notebook_list_rows set lines = 9",
        "delete from toy.access",
        "update toy.access set actor = 'nobody'",
        "update toy.epochs set workspace = workspace",
        "alter table toy.events disable row level security",
    ],
)
def test_the_application_cannot_change_what_is_recorded(pair: Pair, workspace: str, statement: str) -> None:
    with pair.toy.connection(workspace) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(vouched(statement))


@pytest.mark.parametrize("table", ["events", "published", "head", "positions", "epochs", "inbox", "parked", "access"])
def test_a_follower_cannot_write_what_commands_write(pair: Pair, table: str) -> None:
    with pair.toy.follower_pool.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(vouched(f"insert into toy.{table} (workspace) values ('w')"))


def test_the_application_cannot_write_for_another_workspace(pair: Pair, workspace: str) -> None:
    sql = "insert into toy.epochs (workspace, epoch, base, minted_at) values ('other', 'e', 0, now())"

    with pair.toy.connection(workspace) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(sql)
