"""Parked events: shown without their texts, replayed in order by subject, discarded with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from chassis import parked
from chassis.kernel import Invalid, NotFound
from chassis.unit import Unit
from contracts.envelope import Envelope

from . import toy
from .conftest import Pair


@pytest.fixture
def mend(pair: Pair) -> Iterator[Callable[[], None]]:
    """What somebody does who mends the handler: from then on it counts poison too."""
    handlers = pair.reader.heard
    broken = handlers[toy.NotebookLineWritten]

    def counts_everything(unit: Unit, line: Any, envelope: Envelope) -> None:
        unit.record(toy.Tally, envelope.subject.split("/")[1], toy.Heard(number=line.number))

    yield lambda: handlers.update({toy.NotebookLineWritten: [counts_everything]})
    handlers[toy.NotebookLineWritten] = broken


def poisoned(pair: Pair, workspace: str) -> list[UUID]:
    """Let a notebook's second line be poison, and return the ids of the events that are parked for it."""
    for notebook in ("n1", "n2"):
        pair.open(workspace, notebook)
    for text in ("good", "poison", "after it"):
        pair.write(workspace, text)
    pair.write(workspace, "another", notebook="n2")
    pair.settle(workspace)
    return [one.event_id for one in parked.listed(pair.reader, workspace)]


def test_parked_events_are_listed_in_order_with_the_reason(pair: Pair, workspace: str) -> None:
    poisoned(pair, workspace)

    found = parked.listed(pair.reader, workspace)

    assert [(one.subject, one.sequence, one.reason) for one in found] == [
        ("notebook/n1", 4, "CannotCount"),
        ("notebook/n1", 5, "an earlier event of this subject is parked"),
    ]
    assert set(found) <= set(parked.listed(pair.reader))


def test_a_parked_event_is_shown_as_it_arrived(pair: Pair, workspace: str) -> None:
    first, _ = poisoned(pair, workspace)

    found, arrived = parked.shown(pair.reader, workspace, first)

    assert found.event_id == first
    assert arrived == next(one for one in pair.sent(workspace) if one.eventid == str(first))
    assert b"poison" not in arrived.data


def test_once_the_handler_is_mended_a_replay_applies_them_in_order(
    pair: Pair, workspace: str, mend: Callable[[], None]
) -> None:
    both = poisoned(pair, workspace)
    mend()

    replayed = parked.replay(pair.reader, workspace)

    assert replayed == parked.Replayed(tuple(both), ())
    assert pair.tally(workspace).numbers == (1, 2, 3)
    assert parked.listed(pair.reader, workspace) == []
    assert [one.event_id for one in parked.listed(pair.reader, workspace, "replayed")] == both


def test_after_a_replay_the_subject_goes_on_without_being_parked(
    pair: Pair, workspace: str, mend: Callable[[], None]
) -> None:
    poisoned(pair, workspace)
    mend()
    parked.replay(pair.reader, workspace)

    pair.write(workspace, "later")
    pair.settle(workspace)

    assert pair.tally(workspace).numbers == (1, 2, 3, 4)


def test_a_replay_stops_at_the_first_failure_of_a_subject(pair: Pair, workspace: str) -> None:
    first, _ = poisoned(pair, workspace)

    replayed = parked.replay(pair.reader, workspace, "notebook/n1")

    assert replayed.applied == ()
    assert [one.event_id for one in replayed.stopped] == [first]
    assert pair.tally(workspace).numbers == (1,)
    assert len(parked.listed(pair.reader, workspace)) == 2


def test_a_replay_of_one_subject_leaves_the_others_alone(pair: Pair, workspace: str) -> None:
    poisoned(pair, workspace)

    assert parked.replay(pair.reader, workspace, "notebook/n2") == parked.Replayed((), ())
    assert len(parked.listed(pair.reader, workspace)) == 2


def test_an_event_recorded_by_a_replay_that_was_cut_off_is_marked_and_not_recorded_again(
    pair: Pair, workspace: str
) -> None:
    first, second = poisoned(pair, workspace)
    parked.discard(pair.reader, workspace, first, "a test of the feed")
    parked.replay(pair.reader, workspace)
    pair.rows("update reader.parked set status = 'parked' where event_id = %s", second)

    replayed = parked.replay(pair.reader, workspace)

    assert replayed.applied == (second,)
    assert pair.tally(workspace).numbers == (1, 3)
    assert parked.listed(pair.reader, workspace) == []


def test_discarding_keeps_the_event_with_the_reason(pair: Pair, workspace: str) -> None:
    first, _ = poisoned(pair, workspace)

    parked.discard(pair.reader, workspace, first, "written by mistake")

    (discarded,) = parked.listed(pair.reader, workspace, "discarded")
    assert discarded.reason == "CannotCount; discarded: written by mistake"
    with pytest.raises(NotFound):
        parked.discard(pair.reader, workspace, first, "again")


def test_nothing_is_discarded_without_a_reason_or_from_another_workspace(pair: Pair, workspace: str) -> None:
    first, _ = poisoned(pair, workspace)

    with pytest.raises(Invalid):
        parked.discard(pair.reader, workspace, first, "  ")
    with pytest.raises(NotFound):
        parked.discard(pair.reader, f"{workspace}-other", first, "not mine")
    with pytest.raises(NotFound):
        parked.shown(pair.reader, f"{workspace}-other", first)


def test_an_event_that_was_replayed_or_discarded_meanwhile_is_not_applied_again(
    pair: Pair, workspace: str, mend: Callable[[], None]
) -> None:
    def tally() -> tuple[int, ...]:
        return pair.tally(workspace, "n1").numbers

    first, second = [parked.shown(pair.reader, workspace, one)[1] for one in poisoned(pair, workspace)]
    mend()
    parked.discard(pair.reader, workspace, UUID(first.eventid), "not wanted")
    before = tally()

    assert not pair.reader.consumer.apply_parked(first)
    assert tally() == before
    assert pair.reader.consumer.apply_parked(second)
    assert not pair.reader.consumer.apply_parked(second)
    assert tally() == (*before, 3)
