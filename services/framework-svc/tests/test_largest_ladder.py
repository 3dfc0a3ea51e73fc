"""The largest ladder that may be published, however it is built: one event of at most 256 kB holds all of it."""

from __future__ import annotations

from typing import cast

import pytest

from chassis.kernel import Event, evolve
from framework_svc.domain.errors import TooLarge
from framework_svc.domain.framework import Framework
from framework_svc.domain.publication import publish
from framework_svc.domain.texts import (
    NOT_EXPECTED,
    Cell,
    Competency,
    Expectation,
    Ladder,
    Level,
    PublishedLadder,
    Track,
)
from framework_svc.messaging import ladder_form

LARGEST_EVENT = 256_000
LONG_ID = "a" * 60
WORDY = Expectation(required=3, behaviours=("ß" * 290,) * 5, examples=("“" * 190,) * 5)
SPARE = Expectation(required=3, behaviours=("-",))


def ladder(levels: int, competencies: int, cell: Cell, name: str) -> tuple[Ladder, tuple[Competency, ...]]:
    """A ladder of that many levels, of which each but the first has `cell` for every competency."""
    known = tuple(Competency(id=f"c{n}", name="-", area="-") for n in range(competencies))
    first: dict[str, Cell] = {one.id: SPARE for one in known}
    cells: dict[str, Cell] = {one.id: cell for one in known}
    all_levels = tuple(
        Level(id=f"{name[:55]}{n}", code=f"{n}", title="-", scope="-", expectations=cells if n else first)
        for n in range(levels)
    )
    return Ladder(id=name, name="-", tracks=(Track(id="t", name="-", levels=all_levels),)), known


def after(framework: Framework, decided: Event | tuple[Event, ...]) -> Framework:
    events = decided if isinstance(decided, tuple) else (decided,)
    return cast("Framework", evolve(Framework, list(events), framework))


def size(of: Ladder, known: tuple[Competency, ...]) -> int:
    """The bytes in which a ladder is published."""
    form = ladder_form(1, PublishedLadder(ladder=of, competencies=known, changed_in=1))
    return len(form.model_dump_json().encode())


def published(of: Ladder, known: tuple[Competency, ...]) -> None:
    framework = after(Framework(), Framework().draft.replace_ladder(of, known))
    publish(after(framework, framework.mark_ready(of.id)), "-", (), {})


@pytest.mark.parametrize(("levels", "name"), [(2, "e"), (12, LONG_ID)], ids=["few short ids", "many long ids"])
@pytest.mark.parametrize("cell", [NOT_EXPECTED, SPARE, WORDY], ids=["not expected", "spare", "wordy"])
def test_a_ladder_is_refused_that_is_more_than_one_event_of_256_kb(cell: Cell, levels: int, name: str) -> None:
    small = size(*ladder(levels, 10, cell, name))
    each = (size(*ladder(levels, 20, cell, name)) - small) / 10
    too_large = ladder(levels, 11 + int((LARGEST_EVENT - small) // each), cell, name)
    assert LARGEST_EVENT < size(*too_large) < LARGEST_EVENT * 1.3

    with pytest.raises(TooLarge, match="Split it in two"):
        published(*too_large)


def test_a_ladder_of_half_an_event_is_published() -> None:
    half = ladder(8, 4, WORDY, "engineering")
    assert size(*half) > LARGEST_EVENT / 2
    published(*half)
