"""What a domain stands on: values that are copied with changes, and events that know what they hold."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from chassis.kernel import Entry, Event, EventMapper, Frozen, Invalid, Personal, Unsealed, all_topics


class Remark(Frozen):
    text: Personal
    answers: tuple[Remark, ...] = ()


class Plain(Event):
    TOPIC = "kernel.plain"

    text: str
    grades: dict[str, float] = Field(default_factory=dict[str, float])


class Direct(Event):
    TOPIC = "kernel.direct"

    text: Personal | None = None


class Deep(Event):
    TOPIC = "kernel.deep"

    remarks: dict[str, tuple[Remark, ...]]


class Heir(Direct):
    TOPIC = "kernel.heir"


@pytest.mark.parametrize(("event", "personal"), [(Plain, False), (Direct, True), (Deep, True), (Heir, True)])
def test_an_event_knows_whether_it_may_hold_personal_text(event: type[Event], personal: bool) -> None:
    assert event.PERSONAL is personal


@pytest.mark.parametrize("parent", [Event, Plain])
def test_an_event_without_a_stored_name_is_refused(parent: type[Event]) -> None:
    with pytest.raises(TypeError, match="Nameless: give the event a TOPIC"):
        type("Nameless", (parent,), {"__module__": __name__})


def test_a_stored_name_that_belongs_to_another_event_is_refused() -> None:
    with pytest.raises(TypeError, match=r"TOPIC 'kernel\.plain' belongs to Plain"):
        type("Twin", (Event,), {"__module__": __name__, "TOPIC": "kernel.plain"})

    assert all_topics()["kernel.plain"] is Plain


@pytest.mark.parametrize(
    "event",
    [
        Direct(text=Unsealed(person="ann", part="remark", text="a secret")),
        Deep(remarks={"a": (Remark(text=Unsealed(person="ann", part="remark", text="a secret")),)}),
    ],
)
def test_personal_text_is_never_written_in_the_clear(event: Event) -> None:
    with pytest.raises(Exception, match="part 'remark' would be written in the clear") as refused:
        EventMapper().to_stored_event(Entry("w/remark/1", 1, event))

    assert "a secret" not in str(refused.value)
    with pytest.raises(Exception, match="would be written in the clear"):
        event.model_dump_json()


class Cell(Frozen):
    value: int = 0
    note: str | None = None


class Sheet(Frozen):
    name: str
    cells: dict[str, Cell] = Field(default_factory=dict[str, Cell])


@pytest.mark.parametrize("changes", [{}, {"name": "second"}, {"cells": {"a": Cell(value=1)}}])
def test_a_copy_of_a_value_is_what_pydantic_would_make_of_it(changes: dict[str, Any]) -> None:
    sheet = Sheet(name="first")

    ours, theirs = sheet.model_copy(update=changes), BaseModel.model_copy(sheet, update=changes)

    assert ours == theirs
    assert type(ours) is Sheet
    assert ours.model_fields_set == theirs.model_fields_set
    assert ours.model_dump(exclude_unset=True) == theirs.model_dump(exclude_unset=True)
    assert sheet == Sheet(name="first")
    assert Sheet.model_validate_json(ours.model_dump_json()) == theirs
    with pytest.raises(ValidationError, match="frozen"):
        ours.name = "third"  # pyright: ignore[reportAttributeAccessIssue] - what is tried here


def test_a_deep_copy_shares_nothing() -> None:
    sheet = Sheet(name="first", cells={"a": Cell(value=1)})

    assert sheet.model_copy(deep=True).cells is not sheet.cells
    assert sheet.model_copy().cells is sheet.cells


@pytest.mark.parametrize("text", ["a\0b", "\0"])
def test_no_event_holds_a_character_that_no_row_can(text: str) -> None:
    entry = Entry("w/notebook/n1", 1, Plain(text=text))
    with pytest.raises(Invalid, match=r"U\+0000"):
        EventMapper().to_stored_event(entry)


def test_a_text_about_that_character_is_kept() -> None:
    entry = Entry("w/notebook/n1", 1, Plain(text="\\u0000 and \\\\u0000"))
    stored = EventMapper().to_stored_event(entry)
    assert EventMapper().to_domain_event(stored).event == entry.event
