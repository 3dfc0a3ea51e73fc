"""What is heard: once, in causal order, and never silently not, in whatever order and however often it arrives."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import psycopg
import pytest
from structlog.testing import capture_logs

from chassis.cipher import KeysUnavailable
from chassis.consumer import CRASHES, TRIES, AheadOfUpstream, Consumer, Handler, HoleInFeed
from chassis.feed import Epoch, Feed, Head, Page
from chassis.kernel import DomainError
from chassis.parked import listed, shown
from chassis.postgres import pool
from chassis.steps import arm
from chassis.testing import Killed, killed_at
from chassis.unit import LostRace, Unit
from contracts.envelope import Envelope, Published, Reached

from . import toy
from .conftest import Pair


class Deaf:
    """A feed that has nothing: only delivered records arrive."""

    def events(self, topic: str, workspace: str, after: int, limit: int = 200) -> Page:
        return Page((), after)

    def heads(self, topic: str) -> Any:
        return iter(())

    def epochs(self, workspace: str) -> Sequence[Epoch]:
        return ()


class Shelf(Deaf):
    """A feed of given records."""

    def __init__(self, *records: Envelope, epochs: Sequence[Epoch] = ()) -> None:
        self.records, self.known = list(records), epochs

    def events(self, topic: str, workspace: str, after: int, limit: int = 200) -> Page:
        found = [
            one for one in self.records if (one.topic, one.workspace) == (topic, workspace) and one.sequence > after
        ]
        return Page(tuple(found[:limit]), after)

    def heads(self, topic: str) -> Any:
        last = {one.workspace: one for one in self.records if one.topic == topic}
        return iter([Head(one.workspace, one.epoch, one.sequence) for one in last.values()])

    def epochs(self, workspace: str) -> Sequence[Epoch]:
        return self.known


def consumer(
    pair: Pair,
    feeds: Mapping[str, Feed] | None = None,
    handlers: Mapping[type[Published], Sequence[Handler]] | None = None,
    **more: Any,
) -> Consumer:
    """Return the reader's consumer with other feeds or handlers."""
    ours = pair.reader.consumer
    return Consumer(
        ours.store,
        ours.pool,
        ours.follower_pool,
        feeds if feeds is not None else ours.feeds,
        handlers if handlers is not None else ours.handlers,
        ours.new_unit,
        facts=ours.facts,
        withdraw=ours.withdraw,
        **more,
    )


def with_handler(*handlers: Handler) -> dict[type[Published], Sequence[Handler]]:
    return {toy.NotebookLineWritten: handlers}


def written(pair: Pair, workspace: str, *texts: str) -> list[Envelope]:
    pair.open(workspace)
    for text in texts:
        pair.write(workspace, text)
    return pair.sent(workspace)


def parked(pair: Pair, workspace: str) -> list[tuple[int, str, str]]:
    sql = "select sequence, reason, status from reader.parked where workspace = %s order by sequence"
    return [(row["sequence"], row["reason"], row["status"]) for row in pair.rows(sql, workspace)]


def waiting(pair: Pair, workspace: str) -> list[Any]:
    rows = pair.rows("select waiting from reader.inbox where workspace = %s", workspace)
    return rows[0]["waiting"] if rows else []


def rebranded(record: Envelope, **changes: Any) -> Envelope:
    return record.model_copy(update=changes)


# -- order and repetition


def test_what_is_heard_is_applied_with_its_facts_and_its_position(pair: Pair, workspace: str) -> None:
    written(pair, workspace, "one", "two", "three")

    pair.settle(workspace)

    assert pair.heard(workspace) == ([1, 2, 3], 1)
    assert pair.tally(workspace).numbers == (1, 2, 3)
    assert pair.at(workspace) == 4


def test_every_order_of_arrival_and_every_repetition_gives_what_the_right_order_gives(pair: Pair) -> None:
    for number, order in enumerate(itertools.permutations(range(4))):
        workspace = f"order{number}"
        records = written(pair, workspace, "one", "two", "three", "four")
        hears = consumer(pair, {"toy.v1": Deaf()})

        for place in (*order, *reversed(order), *order):
            hears.offer([records[place]])
            hears.step(workspace)

        assert pair.heard(workspace) == ([1, 2, 3, 4], 1), order
        assert pair.tally(workspace).numbers == (1, 2, 3, 4), order


@pytest.mark.parametrize(
    "lost", list(itertools.chain.from_iterable(itertools.combinations(range(4), n) for n in range(5)))
)
def test_whatever_is_lost_on_the_way_comes_from_the_feed(pair: Pair, workspace: str, lost: tuple[int, ...]) -> None:
    records = written(pair, workspace, "one", "two", "three", "four")
    hears = consumer(pair)

    hears.offer([record for place, record in enumerate(records) if place not in lost])
    assert workspace in hears.behind()
    hears.step(workspace)

    assert pair.heard(workspace) == ([1, 2, 3, 4], 1)
    assert workspace not in hears.behind()


@pytest.mark.parametrize(("left", "after", "missing"), [((0, 2), 2, 3), ((1, 2), 0, 2)])
def test_a_hole_in_the_feed_is_told_and_nothing_is_applied_past_it(
    pair: Pair, workspace: str, left: tuple[int, ...], after: int, missing: int
) -> None:
    records = written(pair, workspace, "one", "two", "three")
    feed = Shelf(*(records[place] for place in left))

    with capture_logs() as told, pytest.raises(HoleInFeed):
        consumer(pair, {"toy.v1": feed}).step(workspace)

    assert pair.heard(workspace) == ([], 0)
    assert pair.at(workspace) == 0
    alarm = {"event": "hole in the feed", "log_level": "error", "topic": "toy.v1", "workspace": workspace}
    assert told == [{**alarm, "after": after, "missing": missing}]

    feed.records = records
    assert consumer(pair, {"toy.v1": feed}).step(workspace) == "done"
    assert pair.tally(workspace).numbers == (1, 2, 3)


def test_a_hole_behind_the_position_is_told_too(pair: Pair, workspace: str) -> None:
    records = written(pair, workspace, "one", "two", "three")
    feed = Shelf(records[0])
    hears = consumer(pair, {"toy.v1": feed})
    hears.step(workspace)
    feed.records.append(records[2])

    with pytest.raises(HoleInFeed):
        hears.step(workspace)

    assert pair.at(workspace) == records[0].sequence


class Mute(Deaf):
    """A feed that nobody may ask for events."""

    def events(self, topic: str, workspace: str, after: int, limit: int = 200) -> Page:
        raise AssertionError(f"the feed of {topic} was asked")


def test_what_was_delivered_is_applied_without_asking_any_feed(pair: Pair, workspace: str) -> None:
    records = written(pair, workspace, "one", "two")
    hears = consumer(pair, {"toy.v1": Mute(), "other.v1": Mute()})

    for record in records:
        hears.offer([record])
        assert hears.step(workspace) == "done"

    assert pair.tally(workspace).numbers == (1, 2)


def test_what_there_was_no_room_for_comes_from_the_feed(
    pair: Pair, workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.consumer.delivered.OFFERED", 2)
    records = written(pair, workspace, "one", "two", "three", "four")
    hears = consumer(pair)

    hears.offer(records)
    assert hears.step(workspace) == "done"

    assert pair.tally(workspace).numbers == (1, 2, 3, 4)


def test_a_topic_that_waits_is_looked_at_again_when_what_it_needs_is_delivered(pair: Pair, workspace: str) -> None:
    line, caused, _ = toy_and_other(pair, workspace)
    hears = consumer(pair, {"other.v1": Shelf(caused), "toy.v1": Deaf()})
    assert hears.step(workspace) == "waiting"

    hears.offer([line])
    assert hears.step(workspace) == "done"

    assert pair.tally(workspace).numbers == (1,)
    assert pair.tally(workspace, "n2").numbers == (100,)


def test_two_consumers_of_one_service_double_nothing(pair: Pair, workspace: str) -> None:
    written(pair, workspace, *(f"line {n}" for n in range(20)))
    together = threading.Barrier(2)

    def hear(one: Consumer) -> None:
        together.wait(10)
        one.step(workspace)

    threads = [threading.Thread(target=hear, args=(consumer(pair),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert pair.heard(workspace) == (list(range(1, 21)), 1)
    assert pair.tally(workspace).numbers == tuple(range(1, 21))


def overtaken(hears: Consumer, by: Callable[[], object]) -> None:
    """Let something happen once, right after a consumer has read its position."""
    position = hears.position

    def then_the_other(*given: Any) -> Any:
        found = position(*given)
        hears.position = position
        by()
        return found

    hears.position = then_the_other  # pyright: ignore[reportAttributeAccessIssue] - this one object's, just once


def test_a_consumer_overtaken_between_reading_and_writing_applies_nothing_twice(pair: Pair, workspace: str) -> None:
    written(pair, workspace, "one", "two")
    first, second = consumer(pair), consumer(pair)

    overtaken(first, lambda: second.step(workspace))
    assert first.step(workspace) == "done"

    assert pair.heard(workspace) == ([1, 2], 1)
    assert pair.tally(workspace).numbers == (1, 2)


def test_a_consumer_overtaken_by_half_a_run_copies_no_fact_twice(pair: Pair, workspace: str) -> None:
    records = written(pair, workspace, "one", "two")

    def only_copies(unit: Unit, heard: Any, envelope: Envelope) -> None:
        unit.copy(
            "insert into lines (workspace, notebook, number) values (%(workspace)s, 'n1', %(number)s)"
            " on conflict (workspace, notebook, number) do update set times = lines.times + 1",
            {"number": heard.number},
        )

    first = consumer(pair, handlers=with_handler(only_copies))
    second = consumer(pair, {"toy.v1": Shelf(records[0])}, with_handler(only_copies))

    overtaken(first, lambda: second.step(workspace))
    assert first.step(workspace) == "done"

    assert pair.heard(workspace) == ([1, 2], 1)
    assert pair.at(workspace) == records[1].sequence


def test_two_topics_of_one_workspace_are_consumed_one_after_the_other(pair: Pair, workspace: str) -> None:
    line, caused, _ = toy_and_other(pair, workspace)
    held, go_on, passed = threading.Event(), threading.Event(), list[str]()

    def hold_the_first() -> None:
        passed.append(threading.current_thread().name)
        if len(passed) == 1:
            held.set()
            go_on.wait(10)

    def start(name: str, hears: Consumer) -> threading.Thread:
        thread = threading.Thread(target=hears.step, args=(workspace,), name=name)
        thread.start()
        return thread

    def waits_for_a_lock() -> bool:
        sql = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        return bool(pair.rows(sql))

    arm("during a consumer", hold_the_first)
    first = start("first", consumer(pair, {"toy.v1": Shelf(line)}))
    assert held.wait(10)
    second = start("second", consumer(pair, {"other.v1": Shelf(rebranded(caused, after=()))}))
    while second.is_alive() and not waits_for_a_lock():
        second.join(0.01)
    while_held = list(passed)
    go_on.set()
    for thread in (first, second):
        thread.join()

    assert (while_held, passed) == (["first"], ["first", "second"])
    assert pair.tally(workspace).numbers == (1,)
    assert pair.tally(workspace, "n2").numbers == (100,)


def test_a_position_ahead_of_what_was_published_is_an_alarm(pair: Pair, workspace: str) -> None:
    first, second = written(pair, workspace, "one", "two")
    pair.settle(workspace)

    with capture_logs() as told:
        assert workspace not in consumer(pair, {"toy.v1": Shelf(first, second)}).behind()
        assert told == []
        assert workspace not in consumer(pair, {"toy.v1": Shelf(first)}).behind()

    alarm = {"event": "consumer ahead of upstream", "log_level": "error"}
    assert told == [{**alarm, "topic": "toy.v1", "workspace": workspace}]


def test_what_an_upstream_that_fell_behind_publishes_is_applied_only_in_a_new_epoch(pair: Pair, workspace: str) -> None:
    first, _ = written(pair, workspace, "one", "two")
    pair.settle(workspace)
    feed = Shelf(first)
    hears = consumer(pair, {"toy.v1": feed})
    assert workspace not in hears.behind()

    pair.write(workspace, "three")
    feed.records = pair.sent(workspace)
    assert workspace in hears.behind()
    with pytest.raises(AheadOfUpstream):
        hears.step(workspace)
    assert pair.tally(workspace).numbers == (1, 2)

    later = f"{first.epoch}-later"
    feed.records, feed.known = [first, in_epoch(first, later, 3, 2, 20)], (Epoch(first.epoch, 0), Epoch(later, 2))
    assert workspace in hears.behind()
    assert hears.step(workspace) == "done"
    assert pair.tally(workspace).numbers == (1, 20)


@pytest.mark.parametrize(
    "point", ["during a consumer", "before append", "before commit", "after commit", "after consumer commit"]
)
def test_a_crash_at_any_point_loses_and_doubles_nothing(pair: Pair, workspace: str, point: str) -> None:
    written(pair, workspace, "one", "two")
    with killed_at(point):
        consumer(pair).step(workspace)

    consumer(pair).step(workspace)

    assert pair.heard(workspace) == ([1, 2], 1)
    assert pair.tally(workspace).numbers == (1, 2)


def test_a_type_nobody_here_knows_moves_the_position(pair: Pair, workspace: str) -> None:
    (record,) = written(pair, workspace, "one")
    hears = consumer(pair, {"toy.v1": Deaf()})

    hears.offer([rebranded(record, type="toy.something-new.v1", data=b"\xff not json")])

    assert hears.step(workspace) == "done"
    assert pair.at(workspace) == record.sequence
    assert parked(pair, workspace) == []


# -- causal order


def toy_and_other(pair: Pair, workspace: str) -> tuple[Envelope, Envelope, Shelf]:
    """Return a line of the toy's topic, an event of another topic that needs it, and the other topic's feed."""
    (line,) = written(pair, workspace, "one")
    needs = (Reached(topic="toy.v1", epoch=line.epoch, sequence=line.sequence),)
    caused = rebranded(
        line,
        topic="other.v1",
        source="other",
        eventid="00000000-0000-4000-8000-" + f"{abs(hash(workspace)) % 10**12:012}",
        subject="notebook/n2",
        data=line.data.replace(b'"number":1', b'"number":100'),
        sequence=1,
        previous=0,
        after=needs,
    )
    return line, caused, Shelf(caused)


def test_an_event_waits_visibly_for_what_its_producer_had_heard_and_goes_on_by_itself(
    pair: Pair, workspace: str
) -> None:
    line, caused, other = toy_and_other(pair, workspace)
    late = Shelf()
    hears = consumer(pair, {"other.v1": other, "toy.v1": late})

    assert hears.step(workspace) == "waiting"
    needed = {"topic": "toy.v1", "epoch": line.epoch, "sequence": line.sequence}
    assert waiting(pair, workspace) == [{"event": caused.eventid, "topic": "other.v1", "sequence": 1, "needs": needed}]
    assert pair.heard(workspace) == ([], 0)

    late.records.append(line)
    assert hears.step(workspace) == "done"

    assert pair.tally(workspace).numbers == (1,)
    assert pair.tally(workspace, "n2").numbers == (100,)
    assert waiting(pair, workspace) == []
    assert parked(pair, workspace) == []


@pytest.mark.parametrize("careful", [False, True])
def test_two_topics_that_wait_for_each_other_in_turn_are_applied_in_one_step(
    pair: Pair, workspace: str, careful: bool
) -> None:
    _, caused, other = toy_and_other(pair, workspace)
    pair.write(workspace, "two")
    first, second = pair.sent(workspace)
    answers = rebranded(second, after=(Reached(topic="other.v1", epoch=caused.epoch, sequence=caused.sequence),))
    hears = consumer(pair, {"other.v1": other, "toy.v1": Shelf(first, answers)}, careful=careful)

    assert hears.step(workspace) == "done"

    assert pair.tally(workspace).numbers == (1, 2)
    assert pair.tally(workspace, "n2").numbers == (100,)


def test_two_topics_that_wait_are_both_shown(pair: Pair, workspace: str) -> None:
    _, caused, other = toy_and_other(pair, workspace)
    third = Shelf(rebranded(caused, topic="third.v1"))
    hears = consumer(pair, {"other.v1": other, "third.v1": third, "toy.v1": Shelf()})

    hears.step(workspace)

    assert sorted(one["topic"] for one in waiting(pair, workspace)) == ["other.v1", "third.v1"]


def test_nobody_waits_for_a_topic_that_is_not_heard_here(pair: Pair, workspace: str) -> None:
    _, _, other = toy_and_other(pair, workspace)

    assert consumer(pair, {"other.v1": other}).step(workspace) == "done"

    assert pair.tally(workspace, "n2").numbers == (100,)


def test_a_sweep_takes_up_an_event_whose_cause_was_consumed_by_another_process(pair: Pair, workspace: str) -> None:
    _, _, other = toy_and_other(pair, workspace)
    waits = consumer(pair, {"other.v1": other, "toy.v1": Shelf()})
    assert waits.step(workspace) == "waiting"

    consumer(pair).step(workspace)

    assert workspace in waits.behind()
    assert waits.step(workspace) == "done"
    assert pair.tally(workspace, "n2").numbers == (100,)


def test_what_a_service_publishes_names_what_it_had_consumed(pair: Pair, workspace: str) -> None:
    records = written(pair, workspace, "one", "two")

    pair.settle(workspace)

    sent = pair.reader.feed.events("reader.v1", workspace, 0).records
    assert [one.after for one in sent] == [(Reached(topic="toy.v1", epoch=records[1].epoch, sequence=3),)] * 2
    assert [one.causationid for one in sent] == [one.eventid for one in records]


# -- failure


def test_a_poison_event_is_parked_with_later_events_of_its_subject_and_the_others_go_on(
    pair: Pair, workspace: str
) -> None:
    for notebook in ("n1", "n2"):
        pair.open(workspace, notebook)
    pair.write(workspace, "good")
    pair.write(workspace, "poison")
    pair.write(workspace, "other", notebook="n2")
    pair.write(workspace, "after the poison")

    pair.settle(workspace)

    assert pair.tally(workspace).numbers == (1,)
    assert pair.tally(workspace, "n2").numbers == (1,)
    assert parked(pair, workspace) == [
        (4, "CannotCount", "parked"),
        (6, "an earlier event of this subject is parked", "parked"),
    ]
    assert pair.at(workspace) == 6


def test_later_runs_park_events_of_a_parked_subject_too(pair: Pair, workspace: str) -> None:
    written(pair, workspace, "poison")
    pair.settle(workspace)

    pair.write(workspace, "later")
    pair.settle(workspace)

    assert [sequence for sequence, _, _ in parked(pair, workspace)] == [2, 3]


def test_unreadable_data_is_parked_by_the_names_of_its_fields_and_not_by_its_values(pair: Pair, workspace: str) -> None:
    (record,) = written(pair, workspace, "one")
    hears = consumer(pair, {"toy.v1": Deaf()})

    hears.offer([rebranded(record, data=b'{"number": "secret", "text": {}}')])
    hears.step(workspace)

    ((_, reason, _),) = parked(pair, workspace)
    assert reason.startswith("ValidationError at ")
    assert "number" in reason
    assert "secret" not in reason


def test_a_text_of_another_workspace_is_parked_and_never_copied(pair: Pair, workspace: str) -> None:
    (record,) = written(pair, workspace, "one")
    hears = consumer(pair, {"toy.v1": Deaf()})
    moved = rebranded(record, workspace=f"{workspace}-other")

    hears.offer([moved])
    hears.step(moved.workspace)

    assert parked(pair, moved.workspace) == [(record.sequence, "ValidationError at text", "parked")]
    assert pair.heard(moved.workspace) == ([], 0)


def test_bytes_that_are_no_text_are_parked_as_they_came(pair: Pair, workspace: str) -> None:
    (record,) = written(pair, workspace, "one")
    hears = consumer(pair, {"toy.v1": Deaf()})
    strange = rebranded(record, data=b'\xff\x00 {"number": 1}')

    hears.offer([strange])
    hears.step(workspace)

    (found,) = listed(pair.reader, workspace)
    assert shown(pair.reader, workspace, found.event_id)[1] == strange


def test_a_passing_failure_is_tried_again_and_then_applied(pair: Pair, workspace: str) -> None:
    written(pair, workspace, "one", "two")
    failures = iter(range(TRIES - 1))

    def fails_at_first(unit: Unit, heard: Any, envelope: Envelope) -> None:
        if next(failures, None) is not None:
            raise RuntimeError("passing")
        toy.when_line_written_then_count_it(unit, heard, envelope)

    hears = consumer(pair, handlers=with_handler(fails_at_first))
    steps = [hears.step(workspace) for _ in range(2)]

    assert steps == ["failed", "done"]
    assert pair.tally(workspace).numbers == (1, 2)
    assert parked(pair, workspace) == []


def test_a_failure_that_does_not_pass_is_parked_after_its_tries_which_outlive_the_process(
    pair: Pair, workspace: str
) -> None:
    written(pair, workspace, "one")

    def fails(unit: Unit, heard: Any, envelope: Envelope) -> None:
        raise RuntimeError("never passes")

    steps = [consumer(pair, handlers=with_handler(fails)).step(workspace) for _ in range(TRIES)]

    assert steps == ["failed"] * (TRIES - 1) + ["done"]
    assert parked(pair, workspace) == [(2, "RuntimeError", "parked")]


def test_a_failing_topic_is_not_tried_again_because_another_topic_moves(pair: Pair, workspace: str) -> None:
    _, _, other = toy_and_other(pair, workspace)
    tried: list[str] = []

    def fails_on_toy(unit: Unit, heard: Any, envelope: Envelope) -> None:
        tried.append(envelope.topic)
        if envelope.topic == "toy.v1":
            raise RuntimeError("passing")

    other.records = [rebranded(one, after=()) for one in other.records]
    hears = consumer(pair, {"toy.v1": pair.toy.feed, "other.v1": other}, with_handler(fails_on_toy))

    assert hears.step(workspace) == "failed"
    assert tried == ["toy.v1", "other.v1"]


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("gone"),
        psycopg.errors.IdleInTransactionSessionTimeout("stopped for long"),
        KeysUnavailable("gone"),
    ],
)
def test_an_outage_costs_an_event_none_of_its_tries(pair: Pair, workspace: str, error: Exception) -> None:
    written(pair, workspace, "one")

    def cannot_work(unit: Unit, heard: Any, envelope: Envelope) -> None:
        raise error

    for _ in range(TRIES + 1):
        with pytest.raises(type(error)):
            consumer(pair, handlers=with_handler(cannot_work)).step(workspace)

    assert pair.rows("select 1 from reader.attempts where workspace = %s", workspace) == []
    pair.settle(workspace)
    assert pair.tally(workspace).numbers == (1,)


def test_an_upstream_that_does_not_answer_holds_up_none_of_the_others(pair: Pair, workspace: str) -> None:
    class Away(Deaf):
        def heads(self, topic: str) -> Any:
            raise OSError("nobody answers")

    written(pair, workspace, "one")
    hears, found = consumer(pair, {"other.v1": Away(), "toy.v1": pair.toy.feed}, careful=True), list[str]()

    with pytest.raises(OSError, match="nobody answers"):
        found.extend(hears.behind())

    assert workspace in found
    assert hears.care.needed


def test_an_event_that_ends_the_process_again_and_again_is_parked_untried(pair: Pair, workspace: str) -> None:
    tries: list[int] = []

    def ends_the_process(unit: Unit, heard: Any, envelope: Envelope) -> None:
        tries.append(1)
        raise Killed

    written(pair, workspace, "one")
    for _ in range(CRASHES - 1):
        with pytest.raises(Killed):
            consumer(pair, handlers=with_handler(ends_the_process), careful=True).step(workspace)
    assert consumer(pair, handlers=with_handler(ends_the_process), careful=True).step(workspace) == "done"

    assert len(tries) == CRASHES - 1
    assert parked(pair, workspace) == [(2, "the process ended while this event was applied", "parked")]


def test_after_an_unclean_end_a_passing_failure_is_no_crash(pair: Pair, workspace: str) -> None:
    written(pair, workspace, "one")
    failures = iter(range(CRASHES))

    def fails_at_first(unit: Unit, heard: Any, envelope: Envelope) -> None:
        if next(failures, None) is not None:
            raise RuntimeError("passing")
        toy.when_line_written_then_count_it(unit, heard, envelope)

    hears = consumer(pair, handlers=with_handler(fails_at_first), careful=True)
    steps = [hears.step(workspace) for _ in range(CRASHES + 1)]

    assert steps == ["failed"] * CRASHES + ["done"]
    assert pair.tally(workspace).numbers == (1,)


def test_after_unclean_ends_an_event_that_waits_is_not_taken_for_one_that_ends_the_process(
    pair: Pair, workspace: str
) -> None:
    line, _, other = toy_and_other(pair, workspace)
    late = Shelf()
    for _ in range(CRASHES):
        waits = consumer(pair, {"other.v1": other, "toy.v1": late}, careful=True)
        assert [waits.step(workspace) for _ in range(CRASHES)] == ["waiting"] * CRASHES

    late.records.append(line)
    assert consumer(pair, {"other.v1": other, "toy.v1": late}, careful=True).step(workspace) == "done"

    assert parked(pair, workspace) == []
    assert pair.tally(workspace, "n2").numbers == (100,)


def test_after_an_unclean_end_a_lost_race_is_no_crash(pair: Pair, workspace: str) -> None:
    written(pair, workspace, "one")
    races = iter(range(CRASHES))

    def loses_at_first(unit: Unit, heard: Any, envelope: Envelope) -> None:
        if next(races, None) is not None:
            raise LostRace
        toy.when_line_written_then_count_it(unit, heard, envelope)

    assert consumer(pair, handlers=with_handler(loses_at_first), careful=True).step(workspace) == "done"

    assert parked(pair, workspace) == []
    assert pair.tally(workspace).numbers == (1,)


def test_a_rule_that_says_no_is_parked_at_once(pair: Pair, workspace: str) -> None:
    class Refused(DomainError):
        pass

    def refuses(unit: Unit, heard: Any, envelope: Envelope) -> None:
        raise Refused("no")

    written(pair, workspace, "one")
    consumer(pair, handlers=with_handler(refuses)).step(workspace)

    assert parked(pair, workspace) == [(2, "Refused", "parked")]


# -- epochs


def in_epoch(record: Envelope, epoch: str, sequence: int, previous: int, number: int) -> Envelope:
    """Return a line as the log recorded it in a later epoch."""
    return rebranded(
        record,
        epoch=epoch,
        sequence=sequence,
        previous=previous,
        eventid=f"00000000-0000-4000-8000-{sequence:04}{number:08}",
        data=record.data.replace(b'"number":1', f'"number":{number}'.encode()),
    )


@pytest.mark.parametrize("through", ["the feed", "delivery"])
def test_after_a_restore_a_consumer_goes_on_from_where_the_new_epoch_began(
    pair: Pair, workspace: str, through: str
) -> None:
    first = written(pair, workspace, "one", "two", "three")[0]
    pair.settle(workspace)
    later = f"{first.epoch}-later"
    again = in_epoch(first, later, 3, 2, 20)
    feed = Shelf(first, again, epochs=(Epoch(first.epoch, 0), Epoch(later, 2)))
    hears = consumer(pair, {"toy.v1": feed})

    if through == "delivery":
        hears.offer([again])
    else:
        assert workspace in hears.behind()
    assert hears.step(workspace) == "done"

    assert pair.tally(workspace).numbers == (1, 20)
    at = pair.reader.consumer.position(workspace, "toy.v1")
    assert (at.epoch, at.sequence) == (later, 3)
    assert workspace not in hears.behind()


def test_a_late_record_of_an_ended_epoch_is_dropped(pair: Pair, workspace: str) -> None:
    first, second = written(pair, workspace, "one", "two")
    later = f"{first.epoch}-later"
    feed = Shelf(first, in_epoch(first, later, 3, 2, 20), epochs=(Epoch(first.epoch, 0), Epoch(later, 2)))
    hears = consumer(pair, {"toy.v1": feed})
    hears.step(workspace)

    hears.offer([rebranded(second, sequence=4, previous=3)])
    hears.step(workspace)

    assert pair.tally(workspace).numbers == (1, 20)


def test_records_of_two_epochs_that_arrive_together_are_applied_by_who_heard_nothing_before(
    pair: Pair, workspace: str
) -> None:
    first, _, lost = written(pair, workspace, "one", "two", "three")
    later = f"{first.epoch}-later"
    again = in_epoch(first, later, 3, 2, 20)
    feed = Shelf(first, again, epochs=(Epoch(first.epoch, 0), Epoch(later, 2)))
    hears = consumer(pair, {"toy.v1": feed})

    hears.offer([first, again, lost])
    hears.step(workspace)

    assert pair.tally(workspace).numbers == (1, 20)


def test_what_an_ended_epoch_lost_counts_as_reached(pair: Pair, workspace: str) -> None:
    first, second = written(pair, workspace, "one", "two")
    later = f"{first.epoch}-later"
    toys = Shelf(first, in_epoch(first, later, 3, 2, 20), epochs=(Epoch(first.epoch, 0), Epoch(later, 2)))
    needs = (Reached(topic="toy.v1", epoch=first.epoch, sequence=9),)
    caused = rebranded(second, topic="other.v1", sequence=1, previous=0, after=needs, subject="notebook/n2")
    hears = consumer(pair, {"other.v1": Shelf(caused), "toy.v1": toys})

    assert hears.step(workspace) == "done"

    assert pair.tally(workspace, "n2").numbers == (2,)


def test_an_event_recorded_already_before_a_restore_is_not_recorded_again(pair: Pair, workspace: str) -> None:
    first, second = written(pair, workspace, "one", "two")
    pair.settle(workspace)
    later = f"{first.epoch}-later"
    repeated = [rebranded(one, epoch=later) for one in (first, second)]
    feed = Shelf(*repeated, epochs=(Epoch(first.epoch, 0), Epoch(later, 0)))

    hears = consumer(pair, {"toy.v1": feed})
    assert workspace in hears.behind()
    hears.step(workspace)

    assert pair.tally(workspace).numbers == (1, 2)
    at = cast("Any", pair.reader.consumer.position(workspace, "toy.v1"))
    assert (at.epoch, at.sequence) == (later, 3)


def test_what_is_recorded_already_is_moved_past_even_with_a_single_connection(pair: Pair, workspace: str) -> None:
    first, second = written(pair, workspace, "one", "two")
    pair.settle(workspace)
    later = f"{first.epoch}-later"
    repeated = [rebranded(one, epoch=later) for one in (first, second)]
    feed = Shelf(*repeated, epochs=(Epoch(first.epoch, 0), Epoch(later, 0)))

    with pool(pair.database.dsn("reader", "app"), 1, "reader app", wait=1) as single:
        hears = consumer(pair, {"toy.v1": feed})
        hears.pool = single
        assert workspace in hears.behind()
        assert hears.step(workspace) == "done"

    assert pair.at(workspace) == second.sequence
    assert parked(pair, workspace) == []
    assert pair.heard(workspace) == ([1, 2], 1)
