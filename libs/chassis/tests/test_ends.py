"""How processes end: one that was killed is found by the next, and the event that kills is parked; one told to, drains.

toy (in the test) → feed over HTTP → reader workers, as processes of their own
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.consumer import CRASHES
from chassis.consumer.care import Care
from chassis.testing import until

from .conftest import Pair
from .stage import Stage, staged
from .toying import DEADLY


@pytest.fixture
def stage(pair: Pair, tmp_path: Path) -> Iterator[Stage]:
    """No broker answers: what was published reaches the workers by the feed."""
    with staged(pair, tmp_path) as one:
        yield one


@pytest.fixture
def quiet(stage: Stage, workspace: str) -> str:
    """A workspace with three lines that harm nobody."""
    stage.pair.open(workspace)
    stage.pair.write(workspace, "one", "two", "three")
    return workspace


def attempts(stage: Stage, workspace: str) -> list[tuple[int, int]]:
    rows = stage.pair.rows("select sequence, begun from reader.attempts where workspace = %s order by 1", workspace)
    return [(row["sequence"], row["begun"]) for row in rows]


def test_an_event_that_kills_every_worker_is_found_by_the_next_ones_and_parked(stage: Stage, quiet: str) -> None:
    deadly = f"{quiet}-deadly"
    stage.pair.open(deadly)
    stage.pair.write(deadly, DEADLY)
    assert stage.start("reader", "worker").ends() == -signal.SIGKILL
    assert attempts(stage, deadly) == []

    for tried in range(1, CRASHES):
        assert stage.start("reader", "worker").ends() == -signal.SIGKILL
        assert attempts(stage, deadly) == [(2, tried)]
    last = stage.start("reader", "worker")

    until(lambda: stage.pair.at(deadly) == 2, "the deadly event parked")
    (parked,) = stage.pair.rows("select reason, status from reader.parked where workspace = %s", deadly)
    assert parked == {"reason": "the process ended while this event was applied", "status": "parked"}
    until(lambda: stage.pair.heard(quiet) == ([1, 2, 3], 1), "the others' lines")
    until(lambda: stage.count("reader.attendance") == 1, "the end of care")
    assert last.is_told_to_end() == 0
    assert stage.count("reader.attendance") == 0


def test_after_an_end_in_order_no_attempt_is_written_down(stage: Stage, quiet: str) -> None:
    first = stage.start("reader", "worker")
    until(lambda: stage.pair.heard(quiet) == ([1, 2, 3], 1))
    assert first.is_told_to_end() == 0
    stage.pair.write(quiet, "four", "five")

    second = stage.start("reader", "worker")

    until(lambda: stage.pair.heard(quiet) == ([1, 2, 3, 4, 5], 1))
    assert second.is_told_to_end() == 0
    assert attempts(stage, quiet) == []


def test_a_worker_that_goes_on_learns_that_another_was_killed(stage: Stage, quiet: str) -> None:
    stays, goes = stage.start("reader", "worker"), stage.start("reader", "worker")
    until(lambda: stage.count("reader.attendance") == 2, "both at work")

    goes.send(signal.SIGKILL)

    until(lambda: "worker ended uncleanly" in stays.wrote(), "word of it")
    until(lambda: stage.count("reader.attendance") == 1, "the end of care")
    assert stays.is_told_to_end() == 0
    assert stage.count("reader.attendance") == 0


def test_care_is_for_what_was_there_at_the_unclean_end_and_ends_with_it(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two", "three")
    first, second, third = pair.sent(workspace)
    place, elsewhere = (workspace, "toy.v1"), first.model_copy(update={"workspace": "another"})
    care = Care(needed=True)
    assert care.suspects(third)

    care.compared(care.comparing(), {place: (("", 0), (second.epoch, second.sequence))})
    assert [care.suspects(one) for one in (first, second, third, elsewhere)] == [True, True, False, False]

    later = {place: ((second.epoch, second.sequence), (third.epoch, 9)), ("another", "toy.v1"): (("", 0), ("e1", 2))}
    care.compared(care.comparing(), later)
    assert not care.needed


def test_a_comparison_that_began_before_the_unclean_end_says_nothing_about_it(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one")
    care = Care()
    began = care.comparing()
    care.take()
    care.compared(began, {})
    assert care.needed
    assert care.suspects(pair.sent(workspace)[0])
