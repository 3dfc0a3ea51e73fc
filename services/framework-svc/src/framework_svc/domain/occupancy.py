"""The levels of a ladder, offered and taken: the guard between publishing and placing."""

from typing import Self

from pydantic import Field

from chassis.kernel import Event, Frozen, State
from framework_svc.domain.errors import NotOffered
from framework_svc.domain.texts import PublishedLadder, ladder_of


class OfferedLevel(Frozen):
    """A level one may be placed at, with the words an import may use for it."""

    level: str
    code: str
    title: str
    track: str
    track_name: str


class LevelsOffered(Event):
    """Version `version` offers these levels of the ladder; none: the ladder was dropped."""

    TOPIC = "occupancy.levels-offered"
    version: int
    levels: tuple[OfferedLevel, ...]


class LevelsClosed(Event):
    """The ladder is archived: nobody new is placed here."""

    TOPIC = "occupancy.levels-closed"


class SeatTaken(Event):
    """Somebody sits, or is planned to sit, at a level."""

    TOPIC = "occupancy.seat-taken"
    person: str
    level: str


class SeatLeft(Event):
    """Somebody no longer counts at a level."""

    TOPIC = "occupancy.seat-left"
    person: str
    level: str


class Occupancy(State):
    """The levels of one ladder and who counts at them.

    Publishing and placing both record here, so of two that race the second decides again: nobody is placed at a level
    that is being dropped.
    """

    KIND = "occupancy"

    version: int = 0
    offered: dict[str, OfferedLevel] = Field(default_factory=dict[str, OfferedLevel])
    closed: bool = False
    seats: dict[str, frozenset[str]] = Field(default_factory=dict[str, frozenset[str]])

    def offer(self, version: int, ladder: PublishedLadder | None) -> LevelsOffered:
        """Offer the levels of a published ladder, or none."""
        return LevelsOffered(version=version, levels=_offered(ladder) if ladder else ())

    def close(self) -> LevelsClosed | tuple[()]:
        """Let nobody new in."""
        return () if self.closed else LevelsClosed()

    def admit(self, person: str, level: str) -> None:
        """Refuse who may not be placed at a level: it is not offered, or takes nobody new."""
        if self._counts(person, level):
            return
        if level not in self.offered:
            raise NotOffered(
                f"level {level!r}: the published framework has none of this name; GET /framework lists them."
            )
        if self.closed:
            raise NotOffered(f"level {level!r}: “{ladder_of(level)}” is archived; choose a level of another ladder.")

    def take_back(self, level: str) -> None:
        """Refuse to let somebody fall back to a level that is published no more; an archived one has them back."""
        if level not in self.offered:
            raise NotOffered(
                f"Without this placement they would sit at “{level}”, which is not published any more. "
                "Place them elsewhere first, then take this one back."
            )

    def seat(self, person: str, level: str) -> SeatTaken | tuple[()]:
        """Count somebody at a level, once."""
        return () if self._counts(person, level) else SeatTaken(person=person, level=level)

    def leave(self, person: str, level: str) -> SeatLeft | tuple[()]:
        """Count somebody at a level no more."""
        return SeatLeft(person=person, level=level) if self._counts(person, level) else ()

    def at_levels(self) -> dict[str, tuple[str, ...]]:
        """Return who counts at each level, by id."""
        return {level: tuple(sorted(people)) for level, people in self.seats.items() if people}

    def find(self, track: str, level: str) -> OfferedLevel | None:
        """Return the level an import means by its id, code or title (and its track's id or name, where stated)."""
        wanted = level.strip().casefold()
        found = [offer for offer in self.offered.values() if wanted in _words_for(offer) and _in_track(offer, track)]
        return found[0] if len(found) == 1 else None

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Return the occupancy after `event`."""
        now = state or cls()
        match event:
            case LevelsOffered():
                offered = {offer.level: offer for offer in event.levels}
                closed = now.closed and bool(offered)  # a ladder that was dropped may come back open
                return now.model_copy(update={"version": event.version, "offered": offered, "closed": closed})
            case LevelsClosed():
                return now.model_copy(update={"closed": True})
            case SeatTaken():
                return now._seated(event.level, now.seats.get(event.level, frozenset()) | {event.person})
            case SeatLeft():
                return now._seated(event.level, now.seats.get(event.level, frozenset()) - {event.person})
            case _:
                raise TypeError(f"{type(event).__name__} is no event of an occupancy")

    def _counts(self, person: str, level: str) -> bool:
        return person in self.seats.get(level, frozenset())

    def _seated(self, level: str, people: frozenset[str]) -> Self:
        return self.model_copy(update={"seats": self.seats | {level: people}})


def _offered(published: PublishedLadder) -> tuple[OfferedLevel, ...]:
    ladder = published.ladder
    return tuple(
        OfferedLevel(
            level=ladder.full(level), code=level.code, title=level.title, track=track.id, track_name=track.name
        )
        for track in ladder.tracks
        for level in track.levels
    )


def _words_for(offer: OfferedLevel) -> set[str]:
    return {word.casefold() for word in (offer.level, offer.level.partition(".")[2], offer.code, offer.title)}


def _in_track(offer: OfferedLevel, track: str) -> bool:
    return not track.strip() or track.strip().casefold() in (offer.track.casefold(), offer.track_name.casefold())
