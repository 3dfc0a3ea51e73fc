"""The relay: everything published, in order, its position after the acknowledgement; one workspace stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from chassis.feed import PAGE
from chassis.relay import Refused, Relay
from chassis.steps import arm, disarm
from contracts.envelope import Envelope

from .conftest import Pair


class Killed(Exception):
    """Stands for the end of the process at a failpoint."""


def kill() -> None:
    raise Killed


@dataclass
class Broker:
    """A sink that keeps what it acknowledged, and refuses what it is told to refuse."""

    refusing: set[str] = field(default_factory=set[str])
    taken: list[Envelope] = field(default_factory=list[Envelope])

    def send(self, records: Sequence[Envelope]) -> None:
        if records[0].workspace in self.refusing:
            raise Refused
        self.taken.extend(records)

    def sequences(self, workspace: str) -> list[int]:
        return [one.sequence for one in self.taken if one.workspace == workspace]


def relay(pair: Pair, broker: Broker) -> Relay:
    ours = pair.toy.relay
    return Relay(ours.service, ours.schema, ours.pool, ours.topics, broker)


def position(pair: Pair, workspace: str) -> int:
    rows = pair.rows("select sequence from toy.relayed where workspace = %s", workspace)
    return rows[0]["sequence"] if rows else 0


def test_what_is_published_is_sent_in_order_and_then_the_position_moves(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two")
    broker = Broker()
    sends = relay(pair, broker)

    assert workspace in sends.behind()
    assert sends.step(workspace) == "done"

    assert broker.taken == pair.sent(workspace)
    assert position(pair, workspace) == 3
    assert workspace not in sends.behind()
    sends.step(workspace)
    assert len(broker.taken) == 2


def test_more_than_a_page_is_sent_page_by_page(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, *("x" for _ in range(PAGE + 1)))
    broker = Broker()

    assert [relay(pair, broker).step(workspace) for _ in range(2)] == ["more", "done"]

    assert broker.sequences(workspace) == list(range(2, PAGE + 3))


def test_after_a_crash_between_send_and_position_it_is_sent_again_and_heard_once(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two")
    arm("between send and position", kill)
    with pytest.raises(Killed):
        pair.toy.relay.step(workspace)
    pair.reader.consumer.step(workspace)
    assert position(pair, workspace) == 0
    disarm()

    pair.settle(workspace)

    assert position(pair, workspace) == 3
    assert pair.heard(workspace) == ([1, 2], 1)
    assert pair.tally(workspace).numbers == (1, 2)


def test_a_refused_record_stops_its_workspace_and_no_other_and_nothing_overtakes_it(pair: Pair, workspace: str) -> None:
    other = f"{workspace}-other"
    for one in (workspace, other):
        pair.open(one)
        pair.write(one, "one")
    broker = Broker(refusing={workspace})
    sends = relay(pair, broker)

    assert (sends.step(workspace), sends.step(other)) == ("failed", "done")
    assert (sends.blocked, broker.sequences(workspace), broker.sequences(other)) == ({workspace}, [], [2])

    pair.write(workspace, "two")
    assert sends.step(workspace) == "failed"
    broker.refusing.clear()
    assert sends.step(workspace) == "done"

    assert broker.sequences(workspace) == [2, 3]
    assert sends.blocked == set()


def test_of_two_relays_neither_moves_the_position_back(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one")
    broker = Broker()
    slow, fast = relay(pair, broker), relay(pair, broker)

    def meanwhile() -> None:
        disarm()
        pair.write(workspace, "two")
        fast.step(workspace)

    arm("between send and position", meanwhile)
    slow.step(workspace)

    assert position(pair, workspace) == 3
    assert broker.sequences(workspace) == [2, 2, 3]
