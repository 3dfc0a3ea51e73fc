"""The agenda: what is to happen when, in working hours, played in order as far as the present."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from chassis.calendar import Calendar
from ladder.demo.chance import Chance
from ladder.demo.stage import Stage

Deed = Callable[[], object]

_DAY = timedelta(days=1)
_OPENS, _HOURS = time(9), 8.0


@dataclass
class Agenda:
    """Deeds by moment. A day is counted from the founding; what would come after `until` does not happen."""

    stage: Stage
    chance: Chance
    calendar: Calendar
    founded: date
    until: datetime
    each_day: Callable[[], None]
    _waiting: list[tuple[datetime, int, Deed]] = field(default_factory=list[tuple[datetime, int, Deed]])
    _count: int = 0

    @property
    def today(self) -> int:
        """The present day, counted from the founding."""
        return (self.stage.clock.at.date() - self.founded).days

    def on(self, day: int, what: str, deed: Deed) -> None:
        """Let something happen on a day, or on the next working day, at an hour that follows from its name."""
        at = self.working_day(day)
        hour = timedelta(hours=_HOURS * self.chance.of("hour", what, day).random())
        self.at(datetime.combine(at, _OPENS, UTC) + hour, deed)

    def at(self, moment: datetime, deed: Deed) -> None:
        """Let something happen at a moment."""
        if moment <= self.until:
            self._count += 1
            heapq.heappush(self._waiting, (moment, self._count, deed))

    def working_day(self, day: int) -> date:
        """Return the day so many days after the founding, or the first working day after it."""
        at = self.founded + day * _DAY
        while not self.calendar.is_working_day(at):
            at += _DAY
        return at

    def play(self) -> None:
        """Let everything happen in its order, day by day: after each day every follower catches up."""
        while self._waiting:
            day = self._waiting[0][0].date()
            self.each_day()
            while self._waiting and self._waiting[0][0].date() == day:
                moment, _, deed = heapq.heappop(self._waiting)
                self.stage.go_to(moment)
                deed()
            self.stage.settle()
        self.stage.go_to(self.until)
        self.stage.settle()
