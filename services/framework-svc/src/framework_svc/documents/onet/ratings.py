"""What the raters said: importance, level and work style figures, and how one occupation compares with all."""

import re
from collections import defaultdict
from collections.abc import Iterable
from statistics import mean, quantiles
from typing import Literal

from chassis.kernel import Frozen

Domain = Literal["skill", "knowledge", "activity", "style"]

IMPORTANT = 3.0
"""The lowest importance (scale IM, 1 to 5) that selects an element."""

_DOMAINS: tuple[tuple[str, Domain], ...] = (
    ("2.A.", "skill"),
    ("2.B.", "skill"),
    ("2.C.", "knowledge"),
    ("4.A.", "activity"),
    ("1.C.", "style"),
    ("1.D.", "style"),
)
_CODE = re.compile(r"\d\d-\d{4}\.\d\d")
_FIGURE = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,6})?")
_SCALES = {"IM", "LV", "WI", "DR"}
_ENOUGH = 500
_CUTS_OF_29_0: dict[Domain, tuple[float, ...]] = {
    "skill": (3.0, 3.25, 3.62, 4.0),
    "knowledge": (3.45, 3.87, 4.27, 4.83),
    "activity": (3.39, 3.87, 4.33, 4.88),
}
"""Where the level ratings of the kept elements of release 29.0 divide into fifths, for archives too small to tell."""


class Rated(Frozen):
    """An element of one occupation; `importance` is IM, or for the work styles of 30.x their impact WI (-3 to 3)."""

    element: str
    name: str
    domain: Domain
    importance: float
    above: float
    """How far the importance lies above the mean of all occupations."""
    hint: int
    """1 to 5: which fifth of all kept level ratings the level rating lies in; 3 where there is none."""

    @property
    def standing(self) -> float:
        """The order of choice: important here, and more so than elsewhere."""
        return self.importance + self.above


class Ratings:
    """All ratings of an archive."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.codes: set[str] = set()
        self._values: dict[str, dict[tuple[str, str], float]] = {scale: {} for scale in _SCALES}
        self._left_out: set[tuple[str, str]] = set()
        self._cuts: dict[Domain, tuple[float, ...]] = {}
        self._means: dict[str, float] = {}

    def put(self, code: str, element: str, name: str, scale: str, value: str) -> None:
        """Take in one figure; scales and elements a draft does not use, and what is no figure, pass by."""
        if scale not in _SCALES or domain_of(element, scale) is None or not _CODE.fullmatch(code):
            return
        rating = figure(value)
        if rating is None:
            return
        self._values[scale][code, element] = rating
        self.codes.add(code)
        self.names.setdefault(element, name)

    def leave_out(self, code: str, element: str) -> None:
        """Keep an element away from an occupation: its figure is unreliable, or the raters found it not relevant."""
        self._left_out.add((code, element))

    def domains(self, code: str | None = None) -> set[Domain]:
        """Return the domains with a figure, in the whole archive or for one occupation."""
        return {
            domain
            for scale in ("IM", "WI")
            for occupation, element in self._values[scale]
            if (code is None or code == occupation) and (domain := domain_of(element, scale))
        }

    def kept(self, code: str) -> list[Rated]:
        """Return what matters to an occupation (IM 3.0 or more, reliable, relevant), best first.

        Work styles of 30.x are ordered by their distinctiveness rank DR and kept where their impact WI is positive.
        """
        important = [element for (of, element) in self._values["IM"] if of == code and self._keep(code, element)]
        styles = [self._style(code, element) for (of, element) in self._values["WI"] if of == code]
        kept = [self._rated(code, element) for element in important] + [
            style for style in styles if style.importance > 0
        ]
        return sorted(kept, key=lambda rated: (-rated.standing, rated.element))

    def _keep(self, code: str, element: str) -> bool:
        return self._values["IM"].get((code, element), 0.0) >= IMPORTANT and (code, element) not in self._left_out

    def _rated(self, code: str, element: str) -> Rated:
        importance = self._values["IM"][code, element]
        domain = domain_of(element, "IM") or "skill"
        return Rated(
            element=element,
            name=self.names[element],
            domain=domain,
            importance=importance,
            above=importance - self._mean(element),
            hint=self._hint(domain, self._values["LV"].get((code, element))),
        )

    def _style(self, code: str, element: str) -> Rated:
        impact = self._values["WI"][code, element]
        rank = self._values["DR"].get((code, element), 0.0)
        return Rated(element=element, name=self.names[element], domain="style", importance=impact, above=rank, hint=3)

    def _mean(self, element: str) -> float:
        if not self._means:
            values: dict[str, list[float]] = defaultdict(list)
            for (_, other), value in self._values["IM"].items():
                values[other].append(value)
            self._means = {other: mean(figures) for other, figures in values.items()}
        return self._means[element]

    def _hint(self, domain: Domain, level: float | None) -> int:
        if level is None or domain == "style":
            return 3
        if domain not in self._cuts:
            self._cuts[domain] = self._fifths(domain)
        return 1 + sum(level > cut for cut in self._cuts[domain])

    def _fifths(self, domain: Domain) -> tuple[float, ...]:
        levels = [
            level
            for (code, element), level in self._values["LV"].items()
            if domain_of(element, "LV") == domain and self._keep(code, element)
        ]
        return tuple(quantiles(levels, n=5)) if len(levels) >= _ENOUGH else _CUTS_OF_29_0[domain]


def collected(long: Iterable[tuple[str, ...]], wide: Iterable[tuple[str, ...]]) -> Ratings:
    """Return the ratings in rows of the two layouts: a row per figure, or a row with importance and level beside."""
    ratings = Ratings()
    for code, element, name, scale, value, suppress, not_relevant in long:
        ratings.put(code, element, name, scale, value)
        if suppress == "Y" or not_relevant == "Y":
            ratings.leave_out(code, element)
    for code, element, name, importance, level in wide:
        ratings.put(code, element, name, "IM", importance)
        ratings.put(code, element, name, "LV", level)
    return ratings


def domain_of(element: str, scale: str) -> Domain | None:
    """Return what an element is; the scales WI and DR rate work styles, whatever their ids."""
    if scale in ("WI", "DR"):
        return "style"
    return next((domain for beginning, domain in _DOMAINS if element.startswith(beginning)), None)


def figure(text: str) -> float | None:
    """Return a plain decimal figure, None for anything else (words, infinities, what is no number)."""
    return float(text) if _FIGURE.fullmatch(text) else None
