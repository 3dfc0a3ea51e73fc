"""Read models: rows and position move together, one owner at a time, and a rebuild never shows half of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from chassis.projection import BATCH, Hole, Overtaken, Projections, RecordedEvent, Rows, View
from chassis.steps import arm, disarm
from chassis.store import Connection
from chassis.testing import assert_live_equals_rebuilt, killed_at

from .conftest import Pair
from .toy import NotebookList


def live(pair: Pair, workspace: str) -> list[dict[str, Any]]:
    with pair.toy.reader(workspace) as reader:
        return reader.rows("select * from notebook_list where workspace = %(workspace)s order by notebook")


def follow(pair: Pair, workspace: str) -> None:
    while pair.toy.projections.step(workspace) == "more":
        pass


def test_rows_follow_the_record(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two")

    follow(pair, workspace)

    (row,) = live(pair, workspace)
    assert (row["notebook"], row["owner"], row["lines"], row["closed"]) == ("n1", "ann", 2, False)
    assert row["last"]["part"] == "line/2"
    assert pair.toy.projections.position(workspace) == 3


def test_more_events_than_a_batch_are_followed_batch_by_batch(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, *(str(n) for n in range(BATCH)))

    assert pair.toy.projections.step(workspace) == "more"
    assert live(pair, workspace)[0]["lines"] == BATCH - 1
    assert pair.toy.projections.step(workspace) == "done"
    assert live(pair, workspace)[0]["lines"] == BATCH


def test_a_crash_before_the_commit_moves_neither_rows_nor_position(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    with killed_at("before view commit"):
        pair.toy.projections.step(workspace)

    assert live(pair, workspace) == []
    assert pair.toy.projections.position(workspace) == 0
    follow(pair, workspace)
    assert len(live(pair, workspace)) == 1


def test_workspaces_with_something_to_follow_are_named(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    assert workspace in pair.toy.projections.behind()

    follow(pair, workspace)

    assert workspace not in pair.toy.projections.behind()


def test_of_two_owners_of_a_view_one_is_undone_and_nothing_is_counted_twice(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two")
    both_have_read = threading.Barrier(2)

    def read_together(*given: Any) -> Any:
        found = pair.toy.projections.read(*given)
        both_have_read.wait(10)
        return found

    owners = [_with_read(pair, read_together) for _ in range(2)]
    progress: list[str] = []
    threads = [threading.Thread(target=_follow_into, args=(one, workspace, progress)) for one in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(progress) == ["done", "more"]
    assert live(pair, workspace)[0]["lines"] == 2


class OncePerNotebook(View):
    """A view whose fold does not take a row for one that is there already."""

    NAME = "notebook_list"
    COLUMNS = NotebookList.COLUMNS
    KEY = NotebookList.KEY

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        if rows.get((entry.id,)) is not None:
            raise TypeError("opened twice")


def test_rows_of_a_faster_owner_that_a_fold_cannot_make_sense_of_are_no_failure(pair: Pair, workspace: str) -> None:
    pair.open(workspace)

    def read_then_let_the_other_pass(*given: Any) -> Any:
        found = pair.toy.projections.read(*given)
        follow(pair, workspace)
        return found

    late = _with_read(pair, read_then_let_the_other_pass)
    late.views = (OncePerNotebook(),)

    assert late.step(workspace) == "more"
    assert len(live(pair, workspace)) == 1


def test_a_fold_that_fails_by_itself_fails_its_step(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    follow(pair, workspace)
    pair.write(workspace, "one")
    late = _with_read(pair, pair.toy.projections.read)
    late.views = (OncePerNotebook(),)

    with pytest.raises(TypeError):
        late.step(workspace)


def _follow_into(owner: Projections, workspace: str, progress: list[str]) -> None:
    progress.append(owner.step(workspace))


def _with_read(pair: Pair, read: Any) -> Projections:
    class ReadingTogether(Projections):
        def read(self, connection: Connection, workspace: str, after: int, limit: int) -> list[RecordedEvent]:
            return read(connection, workspace, after, limit)

    ours = pair.toy.projections
    return ReadingTogether(ours.schema, ours.pool, ours.views, ours.mapper)


def test_a_rebuild_gives_the_rows_that_following_gave(pair: Pair, workspace: str) -> None:
    for notebook in ("n1", "n2"):
        pair.open(workspace, notebook)
        pair.write(workspace, "one", "two", notebook=notebook)
    pair.close_notebook(workspace, "n2")
    follow(pair, workspace)

    assert_live_equals_rebuilt(pair.toy, workspace)


def test_a_difference_between_live_and_rebuilt_rows_is_noticed(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    follow(pair, workspace)
    pair.rows("update toy.notebook_list_rows set lines = 7 where workspace = %s", workspace)

    with pytest.raises(AssertionError, match="notebook_list"):
        assert_live_equals_rebuilt(pair.toy, workspace)


def test_a_rebuild_mends_wrong_rows_and_touches_no_other_workspace(pair: Pair, workspace: str) -> None:
    other = f"{workspace}-other"
    for one in (workspace, other):
        pair.open(one)
        follow(pair, one)
        pair.rows("update toy.notebook_list_rows set lines = 7 where workspace = %s", one)

    assert pair.toy.projections.rebuild("notebook_list", workspace) == 1

    assert live(pair, workspace)[0]["lines"] == 0
    assert live(pair, other)[0]["lines"] == 7


def test_a_kill_during_a_rebuild_leaves_the_live_rows_whole(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one")
    follow(pair, workspace)
    before = live(pair, workspace)

    with killed_at("during rebuild"):
        pair.toy.projections.rebuild("notebook_list", workspace)

    assert live(pair, workspace) == before
    pair.toy.projections.rebuild("notebook_list", workspace)
    assert live(pair, workspace) == before


def test_while_a_view_is_rebuilt_its_live_rows_are_read_and_followed(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    follow(pair, workspace)
    seen: list[int] = []

    def meanwhile() -> None:
        disarm()
        pair.write(workspace, "written during the rebuild")
        follow(pair, workspace)
        seen.append(live(pair, workspace)[0]["lines"])

    arm("during rebuild", meanwhile)
    pair.toy.projections.rebuild("notebook_list", workspace)

    assert seen == [1]
    assert live(pair, workspace)[0]["lines"] == 1
    assert_live_equals_rebuilt(pair.toy, workspace)


def test_a_batch_that_began_before_a_rebuild_ended_is_done_again_on_the_new_rows(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    follow(pair, workspace)
    pair.write(workspace, "one")

    def rebuild_first(*given: Any) -> Any:
        found = pair.toy.projections.read(*given)
        pair.toy.projections.rebuild("notebook_list", workspace)
        return found

    assert _with_read(pair, rebuild_first).step(workspace) == "more"

    follow(pair, workspace)
    assert live(pair, workspace)[0]["lines"] == 1


def test_a_hole_in_the_record_stops_the_follower(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two", "three")
    pair.rows("delete from toy.events where workspace = %s and sequence = 3", workspace)

    with pytest.raises(Hole):
        pair.toy.projections.step(workspace)

    assert live(pair, workspace) == []


def test_of_two_rebuilds_at_once_one_is_undone_and_the_rows_are_right(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two")
    follow(pair, workspace)

    def meanwhile() -> None:
        disarm()
        pair.toy.projections.rebuild("notebook_list", workspace)

    arm("during rebuild", meanwhile)
    with pytest.raises(Overtaken):
        pair.toy.projections.rebuild("notebook_list", workspace)

    assert live(pair, workspace)[0]["lines"] == 2
    assert_live_equals_rebuilt(pair.toy, workspace)


def test_a_rebuild_takes_back_nothing_that_a_reader_was_shown(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    follow(pair, workspace)
    shown: list[int] = []
    others: list[threading.Thread] = []
    waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

    def read(connection: Connection, workspace: str, after: int, limit: int) -> list[RecordedEvent]:
        found = pair.toy.projections.read(connection, workspace, after, limit)
        reads.append(len(found))
        if reads == [1, 0, 0]:  # the last look at the record before the swap
            pair.write(workspace, "written between the last read and the swap")
            other = threading.Thread(target=follow, args=(pair, workspace))
            others.append(other)
            other.start()
            while other.is_alive() and not pair.rows(waiting):
                other.join(0.01)
            shown.append(pair.toy.projections.position(workspace))
        return found

    reads: list[int] = []
    _with_read(pair, read).rebuild("notebook_list", workspace)
    shown.append(pair.toy.projections.position(workspace))
    others[0].join()

    assert shown == sorted(shown)
    assert live(pair, workspace)[0]["lines"] == 1


def test_rows_that_a_rebuild_cut_off_left_behind_go_with_the_next(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    follow(pair, workspace)
    pair.rows(
        "insert into toy.notebook_list_rows (workspace, generation, notebook) values (%s, 7, 'n1'), (%s, 8, 'n1')",
        workspace,
        workspace,
    )

    pair.toy.projections.rebuild("notebook_list", workspace)

    rows = pair.rows("select generation from toy.notebook_list_rows where workspace = %s", workspace)
    assert rows == [{"generation": 1}]
