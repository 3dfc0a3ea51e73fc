"""Which of the elements that matter to an occupation become competencies of its draft."""

from collections.abc import Callable

from chassis.kernel import Frozen
from framework_svc.documents.onet.elements import LEFT_OUT, Wording
from framework_svc.documents.onet.ratings import Domain, Rated
from framework_svc.documents.onet.text import slug

MOST_RATED = 7
"""Competencies from skills, knowledge and work activities together; a ladder of many more is not read."""
MOST_STYLES = 4

_TURNS: tuple[Domain, ...] = ("activity", "knowledge", "skill")


class Selection(Frozen):
    """The elements chosen, in order of rank, and those that matter but were refused, each with the reason."""

    chosen: tuple[Rated, ...]
    refused: tuple[tuple[Rated, str], ...]


def selected(kept: list[Rated], words: Callable[[Rated], Wording]) -> Selection:
    """Return the elements of a draft from those that matter, best first.

    Work activities, knowledge and skills take turns, so that none of them crowds the others out; near relatives of
    an element that is in stay out.
    """
    refused = tuple(
        (rated, reason) for rated in kept if (reason := LEFT_OUT.get(rated.element) or LEFT_OUT.get(rated.name))
    )
    taking = _Taking([rated for rated in kept if rated not in [element for element, _ in refused]], words)
    turn = 0
    while len(taking.chosen) < MOST_RATED and any(taking.best(domain) for domain in _TURNS):
        taking.take(_TURNS[turn % len(_TURNS)])
        turn += 1
    for _ in range(MOST_STYLES):
        taking.take("style")
    return Selection(chosen=tuple(taking.chosen), refused=refused)


class _Taking:
    """A selection in the making."""

    def __init__(self, free: list[Rated], words: Callable[[Rated], Wording]) -> None:
        self._free, self._words = free, words
        self._taken: set[str] = set()
        self.chosen: list[Rated] = []

    def best(self, domain: Domain) -> Rated | None:
        """Return the best element of a domain that is still free and no near relative of one that is in."""
        return next((rated for rated in self._free if rated.domain == domain and self._is_new(rated)), None)

    def take(self, domain: Domain) -> None:
        """Take the best free element of a domain, if there is one."""
        if found := self.best(domain):
            self._free.remove(found)
            self._taken |= self._keys(found)
            self.chosen.append(found)

    def _is_new(self, rated: Rated) -> bool:
        return self._taken.isdisjoint(self._keys(rated))

    def _keys(self, rated: Rated) -> set[str]:
        """Return what no two competencies may share: their kin, and their name, from which the id comes."""
        words = self._words(rated)
        return {words.kin, slug(words.name)}
