"""What is written about people: evidence that fits the competency and the rating, and what is said around a score."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ladder.demo.chance import Chance
from ladder.demo.company import SITES, Member

Texts = dict[str, tuple[str, ...]]

_FEW: Final = ("two", "three", "four")
_SOME: Final = ("five", "six", "seven", "eight", "nine", "ten", "eleven")
_SHARES: Final = ("10 per cent", "15 per cent", "20 per cent", "a quarter", "30 per cent", "a third")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
PERIOD: Final = 9
LATELY: Final = 2
"""How many months evidence looks back, and a note of the day."""


@dataclass
class Words:
    """Writes about people; nobody reads a sentence about one competency twice while there are others."""

    chance: Chance
    today: Callable[[], date]
    _said: dict[tuple[int, str], list[str]] = field(default_factory=dict[tuple[int, str], list[str]])

    def evidence(self, member: Member, competency: str, rating: float, months: int = PERIOD) -> str:
        """Return what a manager saw of somebody in the last months."""
        return self._deed(member, competency, rating, months, their="their")

    def own(self, member: Member, competency: str, rating: float, months: int = PERIOD) -> str:
        """Return what somebody says of themselves."""
        deed = self._deed(member, competency, rating, months, their="my")
        return f"I {deed[0].lower()}{deed[1:]}"

    def around(self, name: str, member: Member, competency: str = "", /, **known: str) -> str:
        """Return a text that is written around a score; "" where people often write nothing."""
        found = _chapter("everywhere", "around")[name]
        return self._filled(self._one_of(found, member, competency, name), member, competency, LATELY, **known)

    def not_seen(self, member: Member, competency: str) -> str:
        """Return why something was not seen."""
        reasons = _chapter("everywhere", "not_seen")
        return self._one_of(reasons.get(competency, reasons["any"]), member, competency, "not seen")

    def _deed(self, member: Member, competency: str, rating: float, months: int, **person: str) -> str:
        said = self._said.setdefault((member.number, competency), [])
        offered = deeds(member.family, competency, int(rating), manages=member.is_engineering_manager)
        left = tuple(one for one in offered if one not in said) or offered
        sentence = self._one_of(left, member, competency, len(said))
        said.append(sentence)
        return self._filled(sentence, member, competency, months, **person)

    def _one_of(self, texts: tuple[str, ...], member: Member, *question: object) -> str:
        return self.chance.of("words", member.number, *question).choice(texts)

    def _filled(self, text: str, member: Member, competency: str, months: int, /, **known: str) -> str:
        chance = self.chance.of("filled", member.number, competency, text)
        elsewhere = [site for site in SITES if site != member.site]
        filled = text.format(
            **{
                "work": chance.choice(works(member.works)),
                "site": chance.choice(elsewhere),
                "month": self._month(chance.randint(1 if months > LATELY else 0, months - 1)),
                "n": chance.choice(_FEW),
                "m": chance.choice(_SOME),
                "pct": chance.choice(_SHARES),
                **known,
            }
        )
        return filled[:1].upper() + filled[1:]

    def _month(self, back: int) -> str:
        """Return the month so many months before this one; a note of early in a month may speak of the one before."""
        return _MONTHS[(self.today().month - 1 - back) % 12]


def deeds(ladder: str, competency: str, point: int, *, manages: bool = False) -> tuple[str, ...]:
    """Return the sentences about a competency for ratings from a whole point on."""
    chapters = (["engineering-managers"] if manages else []) + [ladder, "everywhere"]
    found = next(_texts(name)[competency] for name in chapters if competency in _texts(name))
    return tuple(found[str(point)])


def works(name: str) -> tuple[str, ...]:
    """Return what the people of a ladder work on."""
    return tuple(_texts(name)["works"])


def competencies(name: str) -> tuple[str, ...]:
    """Return what a file of texts has sentences about."""
    return tuple(one for one in _texts(name) if one not in ("works", "not_seen", "around"))


def _chapter(name: str, chapter: str) -> Texts:
    return {key: (text,) if isinstance(text, str) else tuple(text) for key, text in _texts(name)[chapter].items()}


@cache
def _texts(name: str) -> dict[str, Any]:
    return tomllib.loads(files("ladder.demo").joinpath("texts", f"{name}.toml").read_text(encoding="utf-8"))
