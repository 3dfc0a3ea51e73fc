"""Deadlines on virtual time: each fires once when due, however late; what ended does not fire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis import clock as wall
from chassis.deadlines import Due
from chassis.kernel import DomainError
from chassis.testing import assert_live_equals_rebuilt, killed_at
from chassis.unit import Unavailable, Unit

from . import toy
from .conftest import Clock, Pair

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def clock(pair: Pair) -> Iterator[Clock]:
    pair.clock.at = MONDAY
    yield pair.clock
    pair.clock.at = None


def at(pair: Pair, clock: Clock, workspace: str, hours: float) -> str:
    """Let the clock stand some hours after Monday and the clockwork look; return what the step says."""
    clock.at = MONDAY + timedelta(hours=hours)
    pair.settle(workspace)
    progress = pair.toy.clockwork.step(workspace)
    pair.settle(workspace)
    return progress


def notebook(pair: Pair, workspace: str, name: str = "n1") -> toy.Notebook:
    with pair.toy.reader(workspace) as reader:
        found = reader.state(toy.Notebook, name)[0]
    assert found is not None
    return found


def closings(pair: Pair, workspace: str) -> list[dict[str, Any]]:
    sql = """select stream, actor, recorded_at from toy.events where workspace = %s and topic = 'notebook.closed'
    order by sequence"""
    return pair.rows(sql, workspace)


def test_a_deadline_fires_when_it_is_due_and_not_before(pair: Pair, workspace: str, clock: Clock) -> None:
    pair.open(workspace, hours=24)

    at(pair, clock, workspace, 23.9)
    assert not notebook(pair, workspace).closed
    at(pair, clock, workspace, 24)

    assert closings(pair, workspace) == [
        {"stream": f"{workspace}/notebook/n1", "actor": "clock", "recorded_at": MONDAY + timedelta(hours=24)}
    ]


def test_a_deadline_fires_once(pair: Pair, workspace: str, clock: Clock) -> None:
    pair.open(workspace, hours=1)

    for hours in (1, 1, 2, 50):
        at(pair, clock, workspace, hours)

    assert len(closings(pair, workspace)) == 1
    assert workspace not in pair.toy.clockwork.behind()


def test_after_downtime_a_deadline_fires_late_and_once(pair: Pair, workspace: str, clock: Clock) -> None:
    pair.open(workspace, hours=1)
    pair.settle(workspace)
    clock.at = MONDAY + timedelta(days=400)

    assert workspace in pair.toy.clockwork.behind()
    at(pair, clock, workspace, 24 * 400)

    assert [row["recorded_at"] for row in closings(pair, workspace)] == [MONDAY + timedelta(days=400)]


def test_a_deadline_that_ended_does_not_fire(pair: Pair, workspace: str, clock: Clock) -> None:
    pair.open(workspace, hours=1)
    pair.close_notebook(workspace)

    at(pair, clock, workspace, 2)

    assert [row["actor"] for row in closings(pair, workspace)] == ["ann"]


def test_the_earliest_deadline_fires_first(pair: Pair, workspace: str, clock: Clock) -> None:
    for name, hours in (("late", 3), ("early", 1), ("middle", 2)):
        pair.open(workspace, name, hours)

    at(pair, clock, workspace, 4)

    assert [row["stream"].rsplit("/")[-1] for row in closings(pair, workspace)] == ["early", "middle", "late"]


def test_a_deadline_asked_to_wait_is_asked_again_at_that_time(
    pair: Pair, workspace: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []
    answer = toy.Notebooks().when_due

    def waits_a_day(unit: Any, due: Due) -> datetime | None:
        asked.append(unit.now)
        return unit.now + timedelta(hours=24) if len(asked) == 1 else answer(unit, due)

    monkeypatch.setattr(pair.toy.application, "when_due", waits_a_day, raising=True)
    pair.open(workspace, hours=1)
    for hours in (1, 2, 24.9, 25, 60):
        at(pair, clock, workspace, hours)

    assert asked == [MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=25)]
    assert len(closings(pair, workspace)) == 1


def test_a_deadline_whose_firing_was_cut_off_before_its_mark_records_nothing_twice(
    pair: Pair, workspace: str, clock: Clock
) -> None:
    pair.open(workspace, hours=1)
    pair.settle(workspace)
    clock.at = MONDAY + timedelta(hours=1)
    with killed_at("between firing and mark"):
        pair.toy.clockwork.step(workspace)

    assert pair.toy.clockwork.step(workspace) == "done"

    assert len(closings(pair, workspace)) == 1
    assert workspace not in pair.toy.clockwork.behind()


def test_a_deadline_whose_firing_broke_before_it_was_written_fires_at_the_next_step(
    pair: Pair, workspace: str, clock: Clock
) -> None:
    pair.open(workspace, hours=1)
    pair.settle(workspace)
    clock.at = MONDAY + timedelta(hours=1)
    with killed_at("before append"):
        pair.toy.clockwork.step(workspace)

    assert workspace in pair.toy.clockwork.behind()
    assert pair.toy.clockwork.step(workspace) == "done"
    assert len(closings(pair, workspace)) == 1


def test_a_consequence_that_may_happen_again_and_again_is_still_recorded_once(
    pair: Pair, workspace: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writes_a_line(unit: Unit, due: Due) -> datetime | None:
        pair.toy.application.write(unit, due.subject, "due")
        return None

    monkeypatch.setattr(pair.toy.application, "when_due", writes_a_line, raising=True)
    pair.open(workspace, hours=1)
    pair.settle(workspace)
    clock.at = MONDAY + timedelta(hours=1)
    with killed_at("between firing and mark"):
        pair.toy.clockwork.step(workspace)

    assert pair.toy.clockwork.step(workspace) == "done"

    assert notebook(pair, workspace).lines == 1
    assert workspace not in pair.toy.clockwork.behind()


def test_a_deadline_that_a_rule_refuses_is_asked_later_and_holds_up_no_other(
    pair: Pair, workspace: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NotNow(DomainError):
        pass

    answer = toy.Notebooks().when_due
    refusals = iter(range(1))

    def refuses_once(unit: Any, due: Due) -> datetime | None:
        if due.subject == "n1" and next(refusals, None) is not None:
            raise NotNow("not now")
        return answer(unit, due)

    monkeypatch.setattr(pair.toy.application, "when_due", refuses_once, raising=True)
    for name in ("n1", "n2"):
        pair.open(workspace, name, hours=1)

    at(pair, clock, workspace, 1)
    assert (notebook(pair, workspace, "n1").closed, notebook(pair, workspace, "n2").closed) == (False, True)
    at(pair, clock, workspace, 1.5)
    assert notebook(pair, workspace, "n1").closed


def test_rebuilt_deadlines_are_those_that_stood_and_none_fires_again(pair: Pair, workspace: str, clock: Clock) -> None:
    pair.open(workspace, hours=1)
    pair.open(workspace, "n2", hours=100)
    at(pair, clock, workspace, 2)

    assert_live_equals_rebuilt(pair.toy, workspace)
    at(pair, clock, workspace, 3)

    assert len(closings(pair, workspace)) == 1


@pytest.mark.parametrize("seconds", [5, -5])
def test_a_process_away_from_the_databases_clock_fires_no_deadline(
    pair: Pair, workspace: str, clock: Clock, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    clock.at = None
    pair.open(workspace, hours=-1)
    pair.settle(workspace)
    present = wall.now
    monkeypatch.setattr(wall, "now", lambda: present() + timedelta(seconds=seconds))

    with pytest.raises(Unavailable, match="clock"):
        pair.toy.clockwork.step(workspace)

    assert closings(pair, workspace) == []
    assert workspace in pair.toy.clockwork.behind()
