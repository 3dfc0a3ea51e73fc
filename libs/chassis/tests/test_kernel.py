"""What a domain stands on: which events hold personal text, wherever in them it is."""

from __future__ import annotations

import pytest
from pydantic import Field

from chassis.kernel import Event, Frozen, Personal


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
