"""Whoever hears of placements knows what this service knows, in whatever order they are decided, begun and withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import cast

from chassis.kernel import Event, evolve
from contracts import framework as contract
from contracts.envelope import Published
from framework_svc.domain.placement_events import PlacementsOpened
from framework_svc.domain.placements import Placement
from framework_svc.messaging import published

DAY = date(2026, 6, 1)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
DUE = datetime(2026, 6, 1, tzinfo=UTC)
IC1, IC2 = "engineering.ic1", "engineering.ic2"
LONGEST = 6
"""How many decisions the orders that are tried have; two levels, two days and six decisions hold every kind of tie."""


@dataclass(frozen=True)
class OneADay:
    """Keeps one level for each day, as evaluation-svc does."""

    rows: frozenset[tuple[date, str]] = frozenset()

    def hear(self, told: Published) -> OneADay:
        match told:
            case contract.PersonPlaced():
                others = {row for row in self.rows if row[0] != told.effective_on}
                return OneADay(frozenset(others | {(told.effective_on, told.level)}))
            case contract.PlacementEnded():
                return OneADay(self.rows - {(told.effective_on, told.level)})
            case _:
                return self

    def on(self, day: date) -> str | None:
        return max((row for row in self.rows if row[0] <= day), default=(day, None))[1]


@dataclass(frozen=True)
class AllHeard:
    """Keeps everything it heard and lets the last one of the latest day count, as gap-svc does."""

    heard: tuple[tuple[date, str], ...] = ()

    def hear(self, told: Published) -> AllHeard:
        match told:
            case contract.PersonPlaced():
                return AllHeard((*self.heard, (told.effective_on, told.level)))
            case contract.PlacementEnded():
                ended = (told.effective_on, told.level)
                return AllHeard(tuple(one for one in self.heard if one != ended))
            case _:
                return self

    def on(self, day: date) -> str | None:
        begun = [one for one in reversed(self.heard) if one[0] <= day]
        return max(begun, key=lambda one: one[0])[1] if begun else None


@dataclass(frozen=True)
class Course:
    """What was decided about somebody so far, and what two listeners know of it."""

    now: Placement
    listeners: tuple[OneADay | AllHeard, ...] = (OneADay(), AllHeard())
    told: tuple[str, ...] = field(default=(), compare=False)

    def then(self, told: str, decided: Event | tuple[Event, ...]) -> Course:
        now, listeners = self.now, self.listeners
        for event in (decided,) if isinstance(decided, Event) else decided:
            now = cast(Placement, evolve(Placement, [event], now))
            form = published(event, now)
            listeners = tuple(one.hear(form) for one in listeners) if form else listeners
        return Course(now, listeners, (*self.told, told))

    def next(self) -> Iterator[Course]:
        """Yield every course one decision longer."""
        number = f"pl_{len(self.told)}"
        for level in (IC1, IC2):
            for words, day, today in (("the day before", BEFORE, DAY), ("that day", DAY, DAY), ("a plan", DAY, BEFORE)):
                placed = self.now.place(number, level, day, "move", today=today, due_at=DUE, version=1)
                yield self.then(f"{level} from {words}", placed)
        for seat in self.now.seats:
            yield self.then(f"{seat.placement} is taken back", self.now.take_back(seat.placement))
            if seat.planned:
                yield self.then(f"{seat.placement} begins", self.now.begin(seat.placement, 1))

    def disagreement(self) -> str | None:
        for day in (BEFORE, DAY, AFTER):
            seat = self.now.on(day)
            ours = seat.level if seat else None
            for listener in self.listeners:
                if listener.on(day) != ours:
                    return f"{'; '.join(self.told)}: {listener} says {listener.on(day)} on {day}, we say {ours}"
        return None


def test_listeners_agree_with_us_after_every_order_of_placing_planning_beginning_and_taking_back() -> None:
    courses = {Course(cast(Placement, evolve(Placement, [PlacementsOpened(person="maya")])))}
    for _ in range(LONGEST):
        courses = {after for course in courses for after in course.next()}
        wrong = [found for course in courses if (found := course.disagreement())]
        assert not wrong, min(wrong, key=len)
