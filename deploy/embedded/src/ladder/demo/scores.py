"""What people are really like, and what their manager and they themselves make of it: ratings in half points."""

from __future__ import annotations

from dataclasses import dataclass, field

from framework_svc.domain.texts import ladder_of
from ladder.demo.chance import Chance
from ladder.demo.company import Member
from ladder.demo.ladders import bars, text_of


@dataclass
class Scores:
    """Ability by person and competency: what their first level asks, how good they are, and how they have grown."""

    chance: Chance
    first_levels: dict[int, str] = field(default_factory=dict[int, str])
    _offsets: dict[tuple[int, str], float] = field(default_factory=dict[tuple[int, str], float])

    def ability(self, member: Member, competency: str, cycle: int) -> float:
        """Return how able somebody really is when a cycle (1, 2, 3) comes."""
        level = self._first_level(member)
        above = member.skill + self._offset(member, competency) + (cycle - 1) * member.growth
        return _expected(level, competency) + _flattened(above)

    def by_manager(self, member: Member, manager: Member, competency: str, cycle: int) -> float:
        """Return the rating a manager gives."""
        noise = self.chance.of("rating", member.number, competency, cycle).gauss(0.0, 0.15)
        return half_point(self.ability(member, competency, cycle) + manager.strictness + noise)

    def by_self(self, member: Member, competency: str, cycle: int) -> float:
        """Return the rating somebody gives themselves: mostly a little higher, some of them lower."""
        confidence = self.chance.of("confidence", member.number).choice((-0.4, 0.0, 0.2, 0.3, 0.5))
        noise = self.chance.of("own rating", member.number, competency, cycle).gauss(0.0, 0.3)
        return half_point(self.ability(member, competency, cycle) + confidence + noise)

    def readiness(self, member: Member, target: str, cycle: int) -> float:
        """Return how far above (or below) what a level asks somebody is, on average."""
        asked = bars(target)
        above = [self.ability(member, competency, cycle) - required for competency, required in asked.items()]
        return sum(above) / len(above)

    def _offset(self, member: Member, competency: str) -> float:
        """Return what somebody is better (or worse) at than at the rest."""
        asked = (member.number, competency)
        if asked not in self._offsets:
            self._offsets[asked] = self.chance.of("offset", *asked).gauss(0.0, 0.4)
        return self._offsets[asked]

    def _first_level(self, member: Member) -> str:
        """Return the level somebody had when the history began, or when they came to their present ladder."""
        level = member.level or ""
        known = self.first_levels.get(member.number)
        if known is None or ladder_of(known) != ladder_of(level):
            known = self.first_levels[member.number] = level
        return known


def half_point(value: float) -> float:
    """Return the nearest half point of the scale from 1 to 5."""
    return min(5.0, max(1.0, round(value * 2) / 2))


def _flattened(above: float) -> float:
    """Return how far somebody is above the bar, where every further half point is twice as hard as the first."""
    return above if above < 0.5 else 0.5 + (above - 0.5) / 2  # a level is half a point to a point above the one before


def _expected(level: str, competency: str) -> float:
    """Return what a level asks; where it asks nothing, somewhat less than its next levels do."""
    if competency in bars(level):
        return bars(level)[competency]
    following = [bars(one)[competency] for one in text_of(level).next if competency in bars(one)]
    return max(1.5, min(following) - 0.75) if following else 2.0
