"""An upstream restored to an earlier moment: what was lost is withdrawn, what is left stands, whatever arrives when.

heard → the upstream's log is an older one, in a new epoch → facts copied again, effects withdrawn → heard on
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.consumer import Consumer
from chassis.consumer.positions import Entry, Visit, entered
from chassis.feed import Epoch, Head, Page
from chassis.loss import NoWayBack, nothing_derived
from chassis.parked import listed, replay
from chassis.testing import killed_at
from contracts.envelope import Envelope

from .conftest import Pair


@dataclass
class Log:
    """The log of an upstream as its feed tells it: written to, kept, and restored to what was kept."""

    template: Envelope
    records: list[Envelope] = field(default_factory=list[Envelope])
    known: list[Epoch] = field(default_factory=list[Epoch])
    ever: list[Envelope] = field(default_factory=list[Envelope])

    def __post_init__(self) -> None:
        self.known = [Epoch("e000", 0)]

    def write(self, data: str | None = None) -> Envelope:
        """Publish one more line; it says how many were ever published."""
        number = len(self.ever) + 1
        last = self.records[-1].sequence if self.records else 0
        record = self.template.model_copy(
            update={
                "eventid": f"{self.template.workspace:0>8}-0000-4000-8000-{number:012}".replace("w", "0"),
                "epoch": self.known[-1].epoch,
                "sequence": max(last, self.known[-1].base) + 1,
                "previous": last,
                "data": self.template.data.replace(b'"number":1', f'"number":{number}'.encode())
                if data is None
                else data.encode(),
            }
        )
        self.records.append(record)
        self.ever.append(record)
        return record

    def backup(self) -> tuple[list[Envelope], list[Epoch]]:
        """Return the log as it is now."""
        return list(self.records), list(self.known)

    def restore(self, kept: tuple[list[Envelope], list[Epoch]]) -> None:
        """Be the log that was kept, from where a new epoch begins."""
        self.epochs_minted = getattr(self, "epochs_minted", 0) + 1
        self.records, self.known = list(kept[0]), list(kept[1])
        base = self.records[-1].sequence if self.records else 0
        self.known.append(Epoch(f"e{self.epochs_minted:03}", base))

    def numbers(self) -> tuple[int, ...]:
        """Return what the lines of the log say."""
        return tuple(self.ever.index(record) + 1 for record in self.records)

    # -- the feed

    def events(self, topic: str, workspace: str, after: int, limit: int = 200) -> Page:
        found = [record for record in self.records if record.sequence > after][:limit]
        return Page(tuple(found), after)

    def heads(self, topic: str) -> Iterator[Head]:
        last = self.records[-1].sequence if self.records else 0
        return iter([Head(self.template.workspace, self.known[-1].epoch, last)])

    def epochs(self, workspace: str) -> Sequence[Epoch]:
        return self.known


@pytest.fixture
def log(pair: Pair, workspace: str) -> Log:
    """An empty log; its records are like one that was really published."""
    pair.open(workspace)
    pair.write(workspace, "a line")
    return Log(pair.sent(workspace)[0])


def hearing(pair: Pair, log: Log, **changes: Any) -> Consumer:
    """Return a consumer of the reader that hears a log."""
    return replace(pair.reader.consumer, feeds={"toy.v1": log}, **changes)


def settle(hears: Consumer, workspace: str) -> None:
    """Let a consumer compare heads and apply what it can."""
    while workspace in hears.behind():
        assert hears.step(workspace) == "done"


def lines(pair: Pair, workspace: str) -> list[tuple[int, int]]:
    sql = "select number, times from reader.lines where workspace = %s order by number"
    return [(row["number"], row["times"]) for row in pair.rows(sql, workspace)]


def agrees(pair: Pair, workspace: str, log: Log) -> bool:
    """Say whether facts and effects are those of a service that never heard anything but this log."""
    numbers = log.numbers()
    return pair.tally(workspace).numbers == numbers and lines(pair, workspace) == [(n, 1) for n in sorted(numbers)]


# -- the rule


def test_facts_and_effects_of_lost_events_are_taken_back_and_those_of_others_stay(
    pair: Pair, workspace: str, log: Log
) -> None:
    hears = hearing(pair, log)
    log.write()
    kept = log.backup()
    log.write()
    settle(hears, workspace)
    assert agrees(pair, workspace, log)

    log.restore(kept)
    log.write()
    settle(hears, workspace)

    assert log.numbers() == (1, 3)
    assert agrees(pair, workspace, log)


def test_a_withdrawal_is_an_event_that_names_what_was_lost_and_is_published_like_any_other(
    pair: Pair, workspace: str, log: Log
) -> None:
    hears = hearing(pair, log)
    kept = log.backup()
    lost = log.write()
    settle(hears, workspace)

    log.restore(kept)
    settle(hears, workspace)

    sql = "select topic, cause::text, command_id from reader.events where workspace = %s order by sequence"
    assert [(row["topic"], row["cause"]) for row in pair.rows(sql, workspace)] == [
        ("tally.heard", lost.eventid),
        ("tally.recounted", lost.eventid),
    ]
    sent = pair.reader.feed.events("reader.v1", workspace, 0).records
    assert [one.type for one in sent] == ["reader.tally-grew.v1", "reader.tally-shrank.v1"]
    assert [(one.topic, one.epoch, one.sequence) for one in sent[-1].after] == [("toy.v1", "e001", 0)]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_late_records_of_an_ended_epoch_change_nothing_in_whatever_order_they_arrive(
    pair: Pair, workspace: str, log: Log, order: tuple[int, ...]
) -> None:
    hears = hearing(pair, log)
    log.write()
    kept = log.backup()
    late = [log.write(), log.write()]
    settle(hears, workspace)
    log.restore(kept)
    late += [log.write(), log.write()]

    for n in order:
        hears.offer([late[n]])
        hears.step(workspace)
    settle(hears, workspace)

    assert log.numbers() == (1, 4, 5)
    assert agrees(pair, workspace, log)


def test_what_is_lost_for_good_and_what_comes_back_from_a_later_backup_are_told_apart(
    pair: Pair, workspace: str, log: Log
) -> None:
    hears = hearing(pair, log)
    log.write()
    older = log.backup()
    log.write()
    later = log.backup()
    log.write()
    settle(hears, workspace)
    log.restore(older)
    log.write()
    settle(hears, workspace)
    assert log.numbers() == (1, 4)
    assert agrees(pair, workspace, log)

    log.restore(later)
    settle(hears, workspace)

    assert log.numbers() == (1, 2)
    assert agrees(pair, workspace, log)


@pytest.mark.parametrize("seed", range(40))
def test_after_any_writes_backups_restores_and_deliveries_the_service_agrees_with_the_log(
    pair: Pair, workspace: str, log: Log, seed: int
) -> None:
    chance = Random(seed)
    hears = hearing(pair, log)
    kept = [log.backup()]

    def deliver() -> None:
        hears.offer(chance.sample(log.ever, min(len(log.ever), 3)))
        hears.step(workspace)

    acts: list[Callable[[], object]] = [
        log.write,
        log.write,
        lambda: kept.append(log.backup()),
        lambda: log.restore(chance.choice(kept)),
        deliver,
        lambda: settle(hears, workspace),
    ]
    for _ in range(25):
        chance.choice(acts)()
    settle(hears, workspace)

    assert agrees(pair, workspace, log)


# -- together, or not at all


def test_a_crash_while_it_goes_back_leaves_everything_as_it_was(pair: Pair, workspace: str, log: Log) -> None:
    hears = hearing(pair, log)
    kept = log.backup()
    log.write()
    settle(hears, workspace)
    log.restore(kept)

    assert workspace in hears.behind()
    with killed_at("during a set-back"):
        hears.step(workspace)
    assert pair.tally(workspace).numbers == (1,)
    assert lines(pair, workspace) == [(1, 1)]

    settle(hears, workspace)
    assert agrees(pair, workspace, log)


def test_two_processes_that_learn_of_a_restore_withdraw_once(pair: Pair, workspace: str, log: Log) -> None:
    one, other = hearing(pair, log), hearing(pair, log)
    kept = log.backup()
    log.write()
    settle(one, workspace)
    assert list(other.behind()) == []
    other.step(workspace)
    log.restore(kept)
    assert workspace in one.behind()
    assert workspace in other.behind()

    assert (one.step(workspace), other.step(workspace)) == ("done", "done")

    sql = "select count(*) as n from reader.events where workspace = %s and topic = 'tally.recounted'"
    assert pair.rows(sql, workspace) == [{"n": 1}]
    assert agrees(pair, workspace, log)


def test_a_service_that_cannot_withdraw_what_it_recorded_says_so_and_stays_where_it_is(
    pair: Pair, workspace: str, log: Log
) -> None:
    hears = hearing(pair, log, withdraw=nothing_derived)
    kept = log.backup()
    log.write()
    settle(hears, workspace)
    log.restore(kept)

    assert workspace in hears.behind()
    with pytest.raises(NoWayBack, match="1 lost events"):
        hears.step(workspace)

    assert pair.tally(workspace).numbers == (1,)
    assert hears.position(workspace, "toy.v1").epoch == "e000"


# -- parked events


def test_a_lost_event_that_was_parked_can_be_replayed_no_more(pair: Pair, workspace: str, log: Log) -> None:
    hears = hearing(pair, log)
    kept = log.backup()
    log.write(data="{}")
    settle(hears, workspace)
    assert len(listed(pair.reader, workspace)) == 1

    log.restore(kept)
    settle(hears, workspace)

    assert listed(pair.reader, workspace) == []
    assert [one.status for one in listed(pair.reader, workspace, "lost")] == ["lost"]
    assert replay(pair.reader, workspace).applied == ()


def test_what_is_parked_is_not_copied_by_going_back(pair: Pair, workspace: str, log: Log) -> None:
    hears = hearing(pair, log)
    log.write(data="{}")
    kept = log.backup()
    log.write()
    settle(hears, workspace)

    log.restore(kept)
    settle(hears, workspace)

    assert lines(pair, workspace) == []
    assert [one.status for one in listed(pair.reader, workspace)] == ["parked"]


def test_what_a_replay_led_to_is_withdrawn_too(pair: Pair, workspace: str, log: Log) -> None:
    kept = log.backup()
    lost = log.write()
    broken = hearing(pair, log, handlers={each: [_refuses] for each in pair.reader.heard})
    while broken.step(workspace) == "failed":
        pass
    assert replay(pair.reader, workspace).applied == (UUID(lost.eventid),)
    assert pair.tally(workspace).numbers == (1,)

    log.restore(kept)
    settle(hearing(pair, log), workspace)

    assert pair.tally(workspace).numbers == ()


def _refuses(*_: Any) -> None:
    raise ValueError


# -- where to go on


def test_the_lowest_base_since_the_followed_epoch_is_where_one_goes_on() -> None:
    epochs = [Epoch("e1", 0), Epoch("e2", 70), Epoch("e3", 80)]

    assert entered([Visit("e1", 100, 0)], epochs) == Entry(70, 70)
    assert entered([Visit("e1", 60, 0)], epochs) == Entry(60, 70)
    assert entered([Visit("e2", 90, 70), Visit("e1", 100, 0)], epochs) == Entry(80, 80)


def test_an_epoch_the_upstream_does_not_know_counts_from_where_it_began() -> None:
    epochs = [Epoch("e1", 0), Epoch("e3", 90)]

    assert entered([Visit("e2", 80, 50), Visit("e1", 100, 0)], epochs) == Entry(50, 50)


def test_of_a_log_that_has_nothing_in_common_with_what_was_heard_everything_is_heard_again() -> None:
    assert entered([Visit("e2", 80, 50), Visit("e1", 100, 0)], [Epoch("e9", 0)]) == Entry(0, 0)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.booleans()), max_size=12))
def test_nobody_goes_on_above_what_both_logs_have_in_common(acts: list[tuple[int, int, bool]]) -> None:
    """Each act restores one of the backups, writes some events and may let the consumer follow to a place."""
    log: list[str] = ["e000"] * 5
    epochs = [Epoch("e000", 0)]
    backups = [(list(log), list(epochs))]
    heard: list[str] = list(log)
    visits = [Visit("e000", 5, 0)]
    for n, (which, written, follows) in enumerate(acts, 1):
        kept = backups[which % len(backups)]
        log, epochs = list(kept[0]), list(kept[1])
        epochs.append(Epoch(f"e{n:03}", len(log)))
        log += [f"e{n:03}"] * written
        backups.append((list(log), list(epochs)))
        if follows:
            entry = entered(visits, epochs)
            common = next((at for at, pair in enumerate(zip(heard, log, strict=False)) if pair[0] != pair[1]), None)
            assert entry.sequence <= min(common if common is not None else len(heard), len(heard))
            heard = list(log)
            visits.insert(0, Visit(epochs[-1].epoch, len(log), entry.base))
