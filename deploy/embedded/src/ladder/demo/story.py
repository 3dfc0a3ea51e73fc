"""The whole history of the demo company, from its founding on a Monday 26 months ago to the present."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from chassis.clock import now
from chassis.virtual import StandingClock
from ladder.composition import Composition
from ladder.demo import founding
from ladder.demo.agenda import Agenda
from ladder.demo.between import Between
from ladder.demo.chance import Chance
from ladder.demo.company import Company
from ladder.demo.rounds import ROUNDS, YearlyRound
from ladder.demo.scores import Scores
from ladder.demo.setting import Setting
from ladder.demo.stage import Stage
from ladder.demo.words import Words

MONTHS: Final = 26
PEOPLE: Final = 120
COMMANDS_A_PERSON: Final = 22
"""About how many commands the history of one person takes: by this it is told how far the whole is."""



class Say(Protocol):
    """Hears what is being done, and how much of it is done where that is known."""

    def __call__(self, step: str, done: int = 0, total: int | None = None, /) -> object:
        """Hear one thing."""
        ...


_HOUR: Final = timedelta(hours=1)


def beginning(now: datetime) -> datetime:
    """Return nine o'clock on the Monday 26 months (of 30.4 days) before a moment."""
    day = (now - timedelta(days=round(MONTHS * 30.4))).date()
    monday = day - timedelta(days=day.weekday())
    return datetime(monday.year, monday.month, monday.day, 9, tzinfo=UTC)


def build(
    system: Composition,
    clock: StandingClock,
    seed: int,
    say: Say,
    *,
    people: int = PEOPLE,
    until: datetime | None = None,
) -> str:
    """Build the demo company in a composition that runs on a virtual clock; return its workspace.

    `until` is the present of the story, by default an hour ago: the clock never passes the database's.
    """
    ends = until or now() - _HOUR
    return Story(system, clock, seed, people, ends, say).play()


class Story:
    """Sets the stage and plays everything on it."""

    def __init__(
        self, system: Composition, clock: StandingClock, seed: int, people: int, until: datetime, say: Say
    ) -> None:
        chance, founded = Chance(seed), clock.at.date()
        stage = Stage(system, clock, f"ws_demo{seed:08d}", f"demo/{seed}")
        calendar = founding.calendar(founded.year, until.year + 1)
        company = Company(chance, people, founded)
        agenda = Agenda(stage, chance, calendar, founded, until, self._tell)
        words = Words(chance, lambda: clock.at.date())
        self.setting = Setting(stage, agenda, company, chance, Scores(chance), words)
        self.rounds = tuple(YearlyRound(self.setting, one) for one in ROUNDS)
        self.between = Between(self.setting, self.rounds)
        self.say = say

    def play(self) -> str:
        """Play the history as far as the present; return the workspace."""
        self._tell()
        founding.found(self.setting)
        for yearly in self.rounds:
            yearly.begin()
        self.between.begin()
        self.setting.agenda.play()
        return self.setting.stage.workspace

    def _tell(self) -> None:
        """Say how much of the history is played, about."""
        size = self.setting.company.size
        step = f"Building the demo company: {size} people, {MONTHS} months of history"
        total = COMMANDS_A_PERSON * size
        self.say(step, min(self.setting.stage.commands, total - 1), total)
