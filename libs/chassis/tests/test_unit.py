"""The unit of work by itself: what a decision reads, what it collects, and the ids that follow from its command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.identity import Actor
from chassis.kernel import Event, NotFound
from chassis.unit import Answer, CommandInfo, Position, PreconditionFailed, Unit

from . import toy

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Memory:
    """Streams in memory, in the place of a database."""

    streams: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    written: list[str] = field(default_factory=list[str])

    def load(self, stream: str) -> tuple[list[Event], int]:
        events = self.streams.get(stream, [])
        return events, len(events)

    def with_commands(self, stream: str) -> list[tuple[str, Event]]:
        return [("c1", event) for event in self.streams.get(stream, [])]

    def ids(self, kind: str) -> list[str]:
        return [stream.split("/")[2] for stream in self.streams if stream.split("/")[1] == kind]

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return []

    def write(self, sql: str, params: dict[str, Any] | None = None) -> None:
        self.written.append(sql)

    def open_many(self, sealed: Sequence[Any]) -> list[str | None]:
        return [None for _ in sealed]

    def digest(self, text: str) -> str:
        return text

    def directory(self) -> Any:
        return unit


def unit(memory: Memory | None = None, command: str = "c1", *, may_copy: bool = False) -> Unit:
    actor = Actor(workspace="w", person="ann", roles=frozenset())
    return Unit(CommandInfo("w", "ann", command, command), actor, NOON, memory or Memory(), may_copy)


def opened(lines: int = 0) -> Memory:
    events: list[Event] = [toy.Opened(owner="ann")]
    memory = Memory()
    one = unit(memory)
    one.record(toy.Notebook, "n1", *events)
    for n in range(lines):
        one.record(toy.Notebook, "n1", one.get(toy.Notebook, "n1").write(str(n)))
    memory.streams["w/notebook/n1"] = [decided.event for decided in one.decided]
    return memory


def test_what_a_unit_recorded_is_what_it_reads() -> None:
    one = unit(opened(lines=1))

    one.record(toy.Notebook, "n1", one.get(toy.Notebook, "n1").write("two"))

    assert one.get(toy.Notebook, "n1").lines == 2
    assert one.version(toy.Notebook, "n1") == 3


def test_events_have_their_place_in_their_stream_and_in_the_command() -> None:
    one = unit(opened())
    notebook = one.get(toy.Notebook, "n1")

    one.record(toy.Notebook, "n1", (notebook.write("a"), notebook.close()), ())
    one.record(toy.Notebook, "n2", toy.Opened(owner="bob"))

    assert [(decided.index, decided.stream, decided.version) for decided in one.decided] == [
        (1, "w/notebook/n1", 2),
        (2, "w/notebook/n1", 3),
        (3, "w/notebook/n2", 1),
    ]


def test_nothing_is_recorded_by_an_empty_decision() -> None:
    one = unit(opened())

    state = one.record(toy.Notebook, "n1", ())

    assert (state.lines, one.decided) == (0, [])


def test_a_stream_that_has_no_events_is_not_found() -> None:
    assert unit().find(toy.Notebook, "n1") is None
    with pytest.raises(NotFound):
        unit().get(toy.Notebook, "n1")


def test_a_precondition_is_about_the_stream_as_it_was_loaded() -> None:
    one = unit(opened())
    one.record(toy.Notebook, "n1", one.get(toy.Notebook, "n1").close())

    one.expect(toy.Notebook, "n1", 1)
    one.expect(toy.Notebook, "n1", None)
    with pytest.raises(PreconditionFailed):
        one.expect(toy.Notebook, "n1", 2)


def test_new_ids_follow_from_the_command_so_that_a_repeat_makes_the_same() -> None:
    first, repeat, other = unit(), unit(), unit(command="c2")

    made = [first.new_id("nb"), first.new_id("nb")]

    assert made == [repeat.new_id("nb"), repeat.new_id("nb")]
    assert len({*made, other.new_id("nb")}) == 3
    assert all(one.startswith("nb_") for one in made)


def test_event_ids_follow_from_the_command_and_the_place_in_it() -> None:
    def ids(command: str) -> list[Any]:
        one = unit(opened(), command)
        one.record(toy.Notebook, "n1", one.get(toy.Notebook, "n1").write("a"), toy.Closed())
        return [decided.event_id for decided in one.decided]

    assert ids("c1") == ids("c1")
    assert len({*ids("c1"), *ids("c2")}) == 4


def test_each_heard_event_of_a_run_counts_its_own_events() -> None:
    one = unit(opened())
    one.record(toy.Notebook, "n1", toy.LineWritten(text=_text("a"), length=1))
    one.next_command(CommandInfo("w", "ann", "c2", "c2"), one.actor)
    one.record(toy.Notebook, "n1", toy.LineWritten(text=_text("b"), length=1))

    assert [(decided.info.command_id, decided.index) for decided in one.decided] == [("c1", 1), ("c2", 1)]


def _text(text: str) -> Any:
    from chassis.kernel import Unsealed

    return Unsealed(person="ann", part=text, text=text)


def test_only_what_is_heard_may_copy_facts() -> None:
    memory = Memory()

    unit(memory, may_copy=True).copy("insert")
    with pytest.raises(TypeError):
        unit(memory).copy("insert")

    assert memory.written == ["insert"]


def test_an_answer_leaves_out_what_it_does_not_say() -> None:
    assert Answer(status=201, id="n1").model_dump() == {"status": 201, "id": "n1"}


def test_a_position_is_read_back_as_it_was_written() -> None:
    position = Position("toy", "0a1b", 42)

    assert Position.parse(str(position)) == position
    for wrong in ("toy/0a1b", "toy/0a1b/x", "/0a1b/1", "toy/0a1b/-1"):
        with pytest.raises(ValueError, match=r"."):
            Position.parse(wrong)
