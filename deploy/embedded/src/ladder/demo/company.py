"""Who is in the company: invented people, where they sit, whom they report to, and who plays a part of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import fmean
from typing import Final

from framework_svc.domain.texts import ladder_of
from ladder.demo.chance import Chance
from ladder.demo.ladders import LADDERS, ladder, levels, text_of
from ladder.demo.names import FAMILY_NAMES, GIVEN_NAMES

SMALLEST: Final = 24
"""Fewer people could not play every part."""
SHARES: Final = {"engineering": 0.5, "customer-success": 0.28}
"""Of those who are not in charge; the rest is in operations."""
TEAM: Final = 8
SITES: Final = {"Leeds": None, "Bristol": None, "Rotterdam": "Europe/Amsterdam"}
"""Where people work, with a time zone where it is not the company's."""
STRICT: Final = -0.6
GENEROUS: Final = 0.6
"""How far two of the leads rate from what the others would give."""
SKILL: Final = 0.05
GROWTH: Final = 0.2
"""How far people are above what their first level asks, on average, and how much they grow in a year."""
JOINING_DAYS: Final = (819, 340, 130, 180, 220, 250)
"""The first days of those who join later, counted from the founding; the first one is still ahead at the present."""


@dataclass
class Member:
    """One invented person; level, title and manager are the present ones and change as the history goes on."""

    number: int
    given_name: str
    family_name: str
    level: str | None
    title: str
    department: str
    site: str
    manager: int | None
    starts_on: date
    joins_later: bool = False
    leads: bool = False
    skill: float = 0.0
    growth: float = 0.0
    strictness: float = 0.0
    id: str = ""
    gone: bool = False

    @property
    def email(self) -> str:
        """Their address at the invented company."""
        return f"{self.given_name}.{self.family_name}@brightwater.example".lower().replace(" ", "")

    @property
    def family(self) -> str:
        """The ladder they sit in."""
        return ladder_of(self.level or "")

    @property
    def works(self) -> str:
        """The list of works that evidence about them speaks of."""
        return "people" if self.department == "People" else self.family

    @property
    def is_engineering_manager(self) -> bool:
        """Whether they are on the management track."""
        return self.level is not None and self.level.startswith("engineering.m")


@dataclass
class Company:
    """Everybody, and the parts some of them play."""

    chance: Chance
    size: int
    founded: date
    members: list[Member] = field(init=False)

    def __post_init__(self) -> None:
        if self.size < SMALLEST:
            raise ValueError(f"a demo company has at least {SMALLEST} people")
        self._names = self._shuffled_names()
        self.members = [*self._in_charge(), *self._families()]
        self._cast()

    # ---- those with a part

    @property
    def director(self) -> Member:
        """Leads the company; approves what no HR admin may."""
        return self.members[0]

    @property
    def hr(self) -> Member:
        """The first HR admin."""
        return self.members[1]

    @property
    def partner(self) -> Member:
        """The second HR admin, evaluated by the first."""
        return self.members[2]

    @property
    def admins(self) -> tuple[Member, Member]:
        """Both HR admins."""
        return self.hr, self.partner

    def reports_of(self, manager: Member) -> list[Member]:
        """Return who reports to somebody now."""
        return [one for one in self.members if one.manager == manager.number and not one.gone]

    def manager_of(self, member: Member) -> Member:
        """Return whom somebody reports to now."""
        if member.manager is None:
            raise LookupError(f"{member.number} reports to nobody")
        return self.members[member.manager]

    def _cast(self) -> None:
        """Give the parts out: to leads by their place, to the others by chance."""
        leads = [one for one in self.members if one.leads and one.manager not in (None, 0)]
        engineering = [one for one in leads if one.family == "engineering"]
        self.strict, self.departing_lead = engineering[0], engineering[-1]
        self.generous = next(one for one in leads if one.family == "customer-success")
        self.strict.strictness, self.generous.strictness = STRICT, GENEROUS
        for lead in (self.strict, self.generous):
            _make_ordinary(self.reports_of(lead))
        self._free = [one for one in self.members[3:] if not one.leads]
        self.chance.of("parts").shuffle(self._free)
        self.changes_family = self._take(lambda one: one.manager == self.generous.number)
        self.changes_team = self._take(lambda one: one.manager == self.strict.number)
        self.joiners = [self._joining(self._take(), day) for day in JOINING_DAYS[: max(3, self.size // 20)]]
        self.next_joiner, self.late_joiner = self.joiners[:2]
        self.leaver, self.away, self.analyst = self._take(), self._take(), self._take()

    def _take(self, fits: Callable[[Member], bool] = lambda _: True) -> Member:
        """Return somebody who has no part yet."""
        found = next(one for one in self._free if fits(one))
        self._free.remove(found)
        return found

    def _joining(self, member: Member, day: int) -> Member:
        member.starts_on = self.founded + timedelta(days=day)
        member.joins_later = True
        return member

    # ---- who is invented

    def _in_charge(self) -> Iterator[Member]:
        yield self._member(0, None, "Managing Director", "Management", None)
        yield self._member(1, None, "Head of People", "People", 0)
        yield self._member(2, "operations.o3", "People Partner", "People", 1)

    def _families(self) -> Iterator[Member]:
        left = self.size - 3
        sizes = {name: math.ceil(SHARES[name] * (self.size - 3)) for name in SHARES}
        sizes["operations"] = left - sum(sizes.values())
        first = 3
        for name in LADDERS:
            yield from self._family(name, first, sizes[name])
            first += sizes[name]

    def _family(self, name: str, first: int, size: int) -> Iterator[Member]:
        """Invent the people of one ladder: its head, leads where there are enough, and teams as even as can be."""
        teams = math.ceil((size - 1) / TEAM) if size > 5 else 0
        track = levels(name, 1) if name == "engineering" else levels(name)
        yield self._placed(first, track[-1], 0, leads=True)
        for place in range(teams):
            level = track[-2] if name != "engineering" or place % 2 else track[0]
            yield self._placed(first + 1 + place, level, first, leads=True)
        for place in range(size - 1 - teams):
            manager = first + 1 + place % teams if teams else first
            yield self._placed(first + 1 + teams + place, self._level(levels(name), place), manager)

    def _level(self, offered: tuple[str, ...], place: int) -> str:
        return self.chance.of("level", place, offered[0]).choices(offered[:4], weights=(3, 4, 3, 1))[0]

    def _placed(self, number: int, level: str, manager: int, *, leads: bool = False) -> Member:
        family = ladder(ladder_of(level)).name
        member = self._member(number, level, text_of(level).title, family, manager)
        member.leads = leads
        return member

    def _member(self, number: int, level: str | None, title: str, department: str, manager: int | None) -> Member:
        given, family = self._names[number]
        chance = self.chance.of("person", number)
        return Member(
            number=number,
            given_name=given,
            family_name=family,
            level=level,
            title=title,
            department=department,
            site=chance.choices(tuple(SITES), weights=(5, 3, 2))[0],
            manager=manager,
            starts_on=self.founded - timedelta(weeks=chance.randint(18, 310)),
            skill=chance.gauss(SKILL, 0.3),
            growth=min(0.7, max(-0.2, chance.gauss(GROWTH, 0.15))),
            strictness=chance.uniform(-0.12, 0.12),
        )

    def _shuffled_names(self) -> list[tuple[str, str]]:
        pairs = [(given, family) for given in GIVEN_NAMES for family in FAMILY_NAMES]
        self.chance.of("names").shuffle(pairs)
        return pairs


def _make_ordinary(team: list[Member]) -> None:
    """Let a team be as good as any other on average, so that what its lead makes of it is the lead's doing."""
    skill, growth = fmean(one.skill for one in team), fmean(one.growth for one in team)
    for one in team:
        one.skill += SKILL - skill
        one.growth += GROWTH - growth
