"""What was delivered and waits for its turn: of a place whose records are all dropped nothing stays in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chassis.consumer.delivered import Delivered
from chassis.consumer.positions import At
from chassis.feed import Feed
from chassis.testing import RECORD

WORKSPACE, TOPIC = RECORD.workspace, RECORD.topic
DROPPING: dict[str, Callable[[Delivered], object]] = {
    "it was applied": lambda one: one.forget(WORKSPACE, TOPIC, RECORD.sequence),
    "its position has passed": lambda one: one.after(WORKSPACE, TOPIC, At(RECORD.epoch, RECORD.sequence, stored=True)),
    "another epoch is followed": lambda one: one.after(WORKSPACE, TOPIC, At("another", 0, stored=True)),
    "its epoch is of no log": lambda one: one.forget_epoch(WORKSPACE, TOPIC, RECORD.epoch),
}


class Unasked(Feed):
    """The feed of an upstream that nobody asks here."""


FEEDS: dict[str, Feed] = {TOPIC: Unasked()}  # pyright: ignore[reportAbstractUsage] - nothing of it is called


@pytest.fixture
def one() -> Delivered:
    found = Delivered(FEEDS)
    found.add([RECORD])
    return found


@pytest.mark.parametrize("why", DROPPING)
def test_nothing_stays_of_a_place_whose_last_record_is_dropped_because(one: Delivered, why: str) -> None:
    assert one.has_any(WORKSPACE, TOPIC)

    DROPPING[why](one)

    assert one == Delivered(FEEDS)


def test_a_record_that_is_not_dropped_keeps_its_place(one: Delivered) -> None:
    one.forget(WORKSPACE, TOPIC, RECORD.sequence - 1)

    assert one.after(WORKSPACE, TOPIC, At(RECORD.epoch, RECORD.previous, stored=True)) == [RECORD]
