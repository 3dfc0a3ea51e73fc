"""The whole history of the demo company, from its founding on a Monday 26 months ago to the present."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from ladder.composition import Composition
from ladder.demo import founding
from ladder.demo.agenda import Agenda
from ladder.demo.between import Between
from ladder.demo.chance import Chance
from ladder.demo.company import Company
from ladder.demo.rounds import ROUNDS, YearlyRound
from ladder.demo.scores import Scores
from ladder.demo.setting import Setting
from ladder.demo.stage import Stage, VirtualClock
from ladder.demo.words import Words

MONTHS: Final = 26
PEOPLE: Final = 120
COMMANDS_A_PERSON: Final = 22
"""About how many commands the history of one person takes: what progress is measured by."""

Say = Callable[[str], None]
Progress = Callable[[float, str], None]
"""Hears which share is done, from 0 to 1, and what is being played."""

_HOUR: Final = timedelta(hours=1)


def beginning(now: datetime) -> datetime:
    """Return nine o'clock on the Monday 26 months (of 30.4 days) before a moment."""
    day = (now - timedelta(days=round(MONTHS * 30.4))).date()
    monday = day - timedelta(days=day.weekday())
    return datetime(monday.year, monday.month, monday.day, 9, tzinfo=UTC)


def build(
    system: Composition,
    clock: VirtualClock,
    seed: int,
    say: Say,
    *,
    people: int = PEOPLE,
    until: datetime | None = None,
    progress: Progress = lambda _share, _what: None,
) -> str:
    """Build the demo company in a composition that runs on a virtual clock; return its workspace.

    `until` is the present of the story, by default an hour ago: the clock never passes the database's.
    """
    ends = until or datetime.fromtimestamp(time.time(), UTC) - _HOUR
    return Story(system, clock, seed, people, ends, say, progress).play()


class Story:
    """Sets the stage and plays everything on it."""

    def __init__(
        self, system: Composition, clock: VirtualClock, seed: int, people: int, until: datetime, say: Say, progress: Progress
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
        self.say, self.progress, self.chapter = say, progress, ""

    def play(self) -> str:
        """Play the history as far as the present; return the workspace."""
        self._begin(f"Founding the company with {self.setting.company.size} people")
        founding.found(self.setting)
        for yearly in self.rounds:
            yearly.begin()
        self.between.begin()
        self.setting.agenda.play()
        self.progress(1.0, "The present")
        return self.setting.stage.workspace

    def _tell(self, at: datetime) -> None:
        """Say which chapter is being played, when it begins, and how far the whole is."""
        day = (at.date() - self.setting.company.founded).days
        open_now = [one.name for one in self.rounds if one.day - 11 <= day <= one.day + 60]
        self._begin(open_now[0] if open_now else "Notes, moves and promotions")

    def _begin(self, chapter: str) -> None:
        if chapter != self.chapter:
            self.chapter = chapter
            self.say(chapter)
        done = self.setting.stage.commands / (COMMANDS_A_PERSON * self.setting.company.size)
        self.progress(min(done, 0.99), chapter)
