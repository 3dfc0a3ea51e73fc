"""Choosing an occupation by its code or by any of its titles."""

import re
from collections import defaultdict
from typing import Protocol

from chassis.kernel import DomainError, Frozen

MOST_CANDIDATES = 10
LONGEST_QUERY = 200
_CODE = re.compile(r"\s*(\d\d-\d{4})(\.\d\d)?\s*")

Words = tuple[str, ...]


class Occupation(Frozen):
    """An occupation of O*NET®-SOC; `matched` is the title that the query met (its own or an alternate one)."""

    code: str
    title: str
    description: str = ""
    matched: str = ""

    def shown(self) -> str:
        """Return code and title, with the title that was met where it is another."""
        also = f" (“{self.matched}”)" if self.matched and self.matched != self.title else ""
        return f"{self.code} {self.title}{also}".strip()


class NoSingleOccupation(DomainError):
    """A title means several occupations, or none; `candidates` are offered, best first."""

    def __init__(self, message: str, candidates: list[Occupation]) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class Findable(Protocol):
    """What can be searched for an occupation: an archive."""

    def find(self, query: str) -> list[Occupation]:
        """Return the occupations meant, best first."""
        ...


def choose(archive: Findable, query: str) -> Occupation:
    """Return the one occupation that `query` (a code or a title) means; raises `NoSingleOccupation`."""
    candidates = archive.find(query)
    if len(candidates) == 1 and (_CODE.fullmatch(query) or _words(query) in _readings(candidates[0].matched)):
        return candidates[0]
    if not candidates:
        raise NoSingleOccupation(f"Nothing in this archive is called “{query}”. Give a code such as 29-1141.00.", [])
    listed = "; ".join(candidate.shown() for candidate in candidates)
    raise NoSingleOccupation(f"“{query}” is no single occupation. Choose one by its code: {listed}.", candidates)


class Titles:
    """The titles of an archive's occupations."""

    def __init__(self, occupations: dict[str, tuple[str, str]], others: list[tuple[str, str]]) -> None:
        self._occupations = occupations
        self._titles = [(code, title) for code, (title, _) in occupations.items() if title]
        self._others = others

    def find(self, query: str) -> list[Occupation]:
        """Return the occupations meant, best first: by code, by title, by another title, by words, or the nearest."""
        query = query[:LONGEST_QUERY]
        if code := _CODE.fullmatch(query):
            return self._by_code(code.group(1), code.group(2))
        wanted = _words(query)
        if not wanted:
            return []
        ways = (self._equal(self._titles, wanted), self._equal(self._others, wanted), self._containing(wanted))
        return next((found for found in ways if found), None) or self._nearest(query)

    def _by_code(self, code: str, detail: str | None) -> list[Occupation]:
        exact = f"{code}{detail or '.00'}"
        if exact in self._occupations:
            return [self._occupation(exact)]
        alike = [self._occupation(other) for other in sorted(self._occupations) if other.startswith(code)]
        return alike[:MOST_CANDIDATES]

    def _equal(self, titles: list[tuple[str, str]], wanted: Words) -> list[Occupation]:
        return self._distinct([(code, title) for code, title in titles if wanted in _readings(title)])

    def _containing(self, wanted: Words) -> list[Occupation]:
        sought = set(wanted)
        met = [(code, title) for code, title in (*self._titles, *self._others) if sought <= set(_words(title))]
        return self._distinct(met)

    def _nearest(self, query: str) -> list[Occupation]:
        sought = _trigrams(query)
        best: dict[str, tuple[float, str]] = defaultdict(lambda: (0.0, ""))
        for code, title in (*self._titles, *self._others):
            grams = _trigrams(title)
            likeness = len(sought & grams) / len(sought | grams)
            if likeness > best[code][0]:
                best[code] = (likeness, title)
        ranked = sorted(((likeness, code, title) for code, (likeness, title) in best.items()), reverse=True)
        return [self._occupation(code, title) for likeness, code, title in ranked[:5] if likeness > 0.2]

    def _distinct(self, met: list[tuple[str, str]]) -> list[Occupation]:
        first: dict[str, str] = {}
        for code, title in met:
            first.setdefault(code, title)
        return [self._occupation(code, title) for code, title in first.items()][:MOST_CANDIDATES]

    def _occupation(self, code: str, matched: str = "") -> Occupation:
        title, description = self._occupations[code]
        return Occupation(code=code, title=title, description=description, matched=matched or title)


def _readings(title: str) -> tuple[Words, ...]:
    """Return a title's words as a whole, and without or within its brackets: “HR Specialist (Human Resources …)”."""
    outside, _, inside = title.partition("(")
    return (_words(title), _words(outside), _words(inside))


def _words(text: str) -> Words:
    return tuple(_singular(word) for word in re.findall(r"[a-z0-9]+", text.lower()))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _trigrams(text: str) -> set[str]:
    plain = f"  {' '.join(_words(text))} "
    return {plain[n : n + 3] for n in range(len(plain) - 2)}
