"""The relay: everything published, in order, its position after the acknowledgement; one workspace stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from chassis.feed import PAGE
from chassis.relay import MANY, Refused, Relay, Unreachable
from chassis.restored import begin_epochs
from chassis.service.health import ahead
from chassis.steps import arm, disarm
from chassis.testing import killed_at
from contracts.envelope import Envelope

from .conftest import Pair


@dataclass
class Broker:
    """A sink that keeps what it acknowledged, and refuses what it is told to refuse."""

    refusing: set[str] = field(default_factory=set[str])
    away: bool = False
    taken: list[Envelope] = field(default_factory=list[Envelope])
    times: int = 0

    def newest(self) -> list[Envelope]:
        return self.taken[-1:]

    def send(self, records: Sequence[Envelope]) -> None:
        self.times += 1
        if self.away:
            raise Unreachable
        for record in records:
            if record.workspace in self.refusing:
                raise Refused
            self.taken.append(record)

    def sequences(self, workspace: str) -> list[int]:
        return [one.sequence for one in self.taken if one.workspace == workspace]


def relay(pair: Pair, broker: Broker) -> Relay:
    ours = pair.toy.relay
    return Relay(ours.service, ours.pool, ours.topic, broker)


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
    with killed_at("between send and position"):
        pair.toy.relay.step(workspace)
    pair.reader.consumer.step(workspace)
    assert position(pair, workspace) == 0

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


def test_what_many_workspaces_have_published_is_sent_together(pair: Pair, workspace: str) -> None:
    names = [f"{workspace}-{letter}" for letter in "abc"]
    for one in names:
        pair.open(one)
        pair.write(one, "one", "two")
    broker = Broker()
    sends = relay(pair, broker)

    assert sends.steps([*names, f"{workspace}-without"]) == {**dict.fromkeys(names, "done"), f"{workspace}-without": "done"}

    assert broker.times == 1
    assert [(broker.sequences(one), position(pair, one)) for one in names] == [([2, 3], 3)] * 3
    assert not set(names) & set(sends.behind())


def test_what_is_refused_among_many_is_found_and_the_others_go_on(pair: Pair, workspace: str) -> None:
    names = [f"{workspace}-{letter}" for letter in "abc"]
    for one in names:
        pair.open(one)
        pair.write(one, "one")
    broker = Broker(refusing={names[1]})
    sends = relay(pair, broker)

    assert sends.steps(names) == {names[0]: "done", names[1]: "failed", names[2]: "done"}

    assert sends.blocked == {names[1]}
    assert [position(pair, one) for one in names] == [2, 0, 2]
    assert (broker.sequences(names[1]), broker.sequences(names[2])) == ([], [2])


def test_while_nobody_takes_anything_many_are_tried_once_and_all_come_again(pair: Pair, workspace: str) -> None:
    names = [f"{workspace}-{letter}" for letter in "ab"]
    for one in names:
        pair.open(one)
        pair.write(one, "one")
    broker = Broker(away=True)
    sends = relay(pair, broker)

    assert sends.steps(names) == dict.fromkeys(names, "failed")
    assert (broker.times, sends.blocked) == (1, set(names))

    broker.away = False
    assert sends.steps(names) == dict.fromkeys(names, "done")
    assert sends.blocked == set()


def test_what_does_not_fit_into_one_sending_comes_with_the_next(pair: Pair, workspace: str) -> None:
    names = [f"{workspace}-{number}" for number in range(MANY // PAGE + 2)]
    for one in names:
        pair.open(one)
        pair.write(one, *("x" for _ in range(PAGE)))
    broker = Broker()
    sends = relay(pair, broker)
    left, times = names, 0
    while left:
        left, times = [one for one, progress in sends.steps(left).items() if progress == "more"], times + 1

    assert times >= 2
    assert all(broker.sequences(one) == list(range(2, PAGE + 2)) for one in names)


def test_nothing_is_sent_after_events_that_the_store_has_lost_until_a_new_epoch_begins(
    pair: Pair, workspace: str
) -> None:
    pair.open(workspace)
    pair.write(workspace, "one")
    broker = Broker()
    sends = relay(pair, broker)
    assert sends.step(workspace) == "done"
    (sent,) = broker.taken
    broker.taken = [sent.model_copy(update={"sequence": 3, "previous": 2, "eventid": str(uuid4())})]
    pair.write(workspace, "two")

    sends.doubt()
    assert (sends.step(workspace), sends.ahead) == ("failed", workspace)
    assert broker.sequences(workspace) == [3]
    assert [one.detail for one in ahead(sends, "toy")] == [
        "toy.v1 holds events the database lost; end this service and run `python -m toy_svc restored`"
    ]

    begin_epochs(pair.toy)
    assert (sends.step(workspace), sends.ahead) == ("done", "")
    assert broker.sequences(workspace) == [3, 3]


def test_what_others_keep_on_the_topic_and_what_is_known_is_no_reason_to_wait(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two")
    broker = Broker()
    sends = relay(pair, broker)
    assert sends.step(workspace) == "done"
    known = broker.taken[-1]
    broker.taken.append(known.model_copy(update={"workspace": "ws_of_others", "eventid": str(uuid4())}))
    pair.write(workspace, "three")

    sends.doubt()
    assert sends.step(workspace) == "done"


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
