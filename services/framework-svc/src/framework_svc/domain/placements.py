"""Who sits at which level from when, and which levels are offered and taken."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field

from chassis.kernel import Event, Frozen, Invalid, State
from framework_svc.domain.errors import NoSuchPlacement, NotOffered
from framework_svc.domain.texts import PublishedLadder, ladder_of

Reason = Literal["hire", "promotion", "move", "correction"]


# --- events of a person's placements ----------------------------------------------------------------------------------


class PlacementsOpened(Event):
    """From now on the placements of this person are kept."""

    TOPIC = "placement.opened"
    person: str


class PersonPlaced(Event):
    """From `effective_on` on somebody sits at `level` of framework version `version`.

    A promotion may name the evaluation and the readiness criteria it rests on.
    """

    TOPIC = "placement.person-placed"
    placement: str
    level: str
    effective_on: date
    reason: Reason
    version: int
    evaluation: str | None = None
    criteria: tuple[str, ...] = ()


class PlacementPlanned(Event):
    """Somebody will sit at `level` from a future day on; `due_at` is when that day begins where they are."""

    TOPIC = "placement.planned"
    placement: str
    level: str
    effective_on: date
    due_at: datetime
    reason: Reason
    evaluation: str | None = None
    criteria: tuple[str, ...] = ()


class PlanEnded(Event):
    """A planned placement will not happen: taken back, or the person left."""

    TOPIC = "placement.plan-ended"
    placement: str
    why: Literal["taken back", "left", "erased"]


class PlacementWithdrawn(Event):
    """A placement was recorded by mistake and never was."""

    TOPIC = "placement.withdrawn"
    placement: str
    level: str
    effective_on: date


class StatementRefused(Event):
    """An import stated where somebody sits, and it could not be placed: in its own words, and why."""

    TOPIC = "placement.statement-refused"
    ladder: str
    track: str
    level: str
    effective_on: date
    why: str


class SeatsVacated(Event):
    """The person is erased and counts at no level any more; their history keeps its dates and levels."""

    TOPIC = "placement.seats-vacated"


# --- a person's placements --------------------------------------------------------------------------------------------


class Seat(Frozen):
    """One placement; `planned` until its day comes."""

    placement: str
    level: str
    effective_on: date
    reason: Reason
    version: int | None = None
    evaluation: str | None = None
    criteria: tuple[str, ...] = ()
    planned: bool = False
    due_at: datetime | None = None


class Statement(Frozen):
    """What an import stated and nobody could place."""

    ladder: str
    track: str
    level: str
    effective_on: date
    why: str


class Placement(State):
    """The placements of one person, by effective day; of one day the last recorded counts."""

    KIND = "placement"

    person: str = ""
    seats: tuple[Seat, ...] = ()
    statement: Statement | None = None
    vacated: bool = False

    def on(self, day: date) -> Seat | None:
        """Return where the person sat on `day`."""
        begun = [seat for seat in self.seats if not seat.planned and seat.effective_on <= day]
        return begun[-1] if begun else None

    def present(self) -> Seat | None:
        """Return where the person sits: the last placement whose day has come."""
        return self.on(date.max)

    def planned(self) -> tuple[Seat, ...]:
        """Return what is planned, the earliest first."""
        return tuple(sorted((seat for seat in self.seats if seat.planned), key=lambda seat: seat.effective_on))

    def held(self) -> frozenset[str]:
        """Return the levels that must not be dropped for this person: where they sit and where they will."""
        if self.vacated:
            return frozenset()
        present = self.present()
        return frozenset(seat.level for seat in (present, *self.planned()) if seat)

    def place(
        self,
        placement: str,
        level: str,
        effective_on: date,
        reason: Reason,
        *,
        today: date,
        due_at: datetime,
        version: int,
        evaluation: str | None = None,
        criteria: tuple[str, ...] = (),
    ) -> PersonPlaced | PlacementPlanned | tuple[()]:
        """Place from a day on; a future day is planned. What is so already records nothing."""
        if self._says_so(level, effective_on):
            return ()
        if (evaluation or criteria) and reason != "promotion":
            raise Invalid("reason", reason, "Only a promotion names the evaluation and criteria it rests on.")
        if effective_on > today:
            return PlacementPlanned(
                placement=placement,
                level=level,
                effective_on=effective_on,
                due_at=due_at,
                reason=reason,
                evaluation=evaluation,
                criteria=criteria,
            )
        return PersonPlaced(
            placement=placement,
            level=level,
            effective_on=effective_on,
            reason=reason,
            version=version,
            evaluation=evaluation,
            criteria=criteria,
        )

    def begin(self, placement: str, version: int) -> PersonPlaced | tuple[()]:
        """Turn a plan into a placement, its day having come; a plan taken back meanwhile records nothing."""
        seat = next((seat for seat in self.seats if seat.placement == placement and seat.planned), None)
        if seat is None:
            return ()
        return PersonPlaced(
            placement=placement,
            level=seat.level,
            effective_on=seat.effective_on,
            reason=seat.reason,
            version=version,
            evaluation=seat.evaluation,
            criteria=seat.criteria,
        )

    def take_back(self, placement: str) -> PlanEnded | PlacementWithdrawn:
        """Take back a plan, or withdraw a placement that was recorded by mistake."""
        seat = next((seat for seat in self.seats if seat.placement == placement), None)
        if seat is None:
            raise NoSuchPlacement("This person has no such placement.")
        if seat.planned:
            return PlanEnded(placement=placement, why="taken back")
        return PlacementWithdrawn(placement=placement, level=seat.level, effective_on=seat.effective_on)

    def end_plans(self, why: Literal["left", "erased"]) -> tuple[PlanEnded, ...]:
        """End every plan."""
        return tuple(PlanEnded(placement=seat.placement, why=why) for seat in self.planned())

    def vacate(self) -> tuple[Event, ...]:
        """Count at no level any more."""
        return () if self.vacated else (*self.end_plans("erased"), SeatsVacated())

    def refuse(self, ladder: str, track: str, level: str, effective_on: date, why: str) -> StatementRefused | tuple[()]:
        """List a statement that cannot be placed, once."""
        new = Statement(ladder=ladder, track=track, level=level, effective_on=effective_on, why=why)
        if new == self.statement:
            return ()
        return StatementRefused(ladder=ladder, track=track, level=level, effective_on=effective_on, why=why)

    def reason_for(self) -> Reason:
        """Return the reason of a stated placement: an import says where, not why."""
        return "move" if self.present() else "hire"

    def _says_so(self, level: str, effective_on: date) -> bool:
        until = [seat for seat in self.seats if seat.effective_on <= effective_on]
        return bool(until) and until[-1].level == level

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Return the placements after `event`."""
        now = state or cls()
        match event:
            case PlacementsOpened():
                return now.model_copy(update={"person": event.person})
            case PersonPlaced():
                return now._with(now._replacing(Seat(**event.model_dump())), statement=None)
            case PlacementPlanned():
                return now._with((*now.seats, Seat(**event.model_dump(), planned=True)), statement=None)
            case PlanEnded() | PlacementWithdrawn():
                return now._with(now._without(event.placement))
            case StatementRefused():
                return now._with(now.seats, statement=Statement(**event.model_dump()))
            case SeatsVacated():
                return now._with(now.seats, vacated=True)
            case _:
                raise TypeError(f"{type(event).__name__} is no event of a placement")

    def _without(self, placement: str) -> tuple[Seat, ...]:
        return tuple(seat for seat in self.seats if seat.placement != placement)

    def _replacing(self, begun: Seat) -> tuple[Seat, ...]:
        """A plan that begins keeps its place: of one day the last decided counts, not the last to begin."""
        if all(seat.placement != begun.placement for seat in self.seats):
            return (*self.seats, begun)
        return tuple(begun if seat.placement == begun.placement else seat for seat in self.seats)

    def _with(self, seats: tuple[Seat, ...], **changes: object) -> Self:
        """Seats stand by day, those of one day as decided."""
        ordered = tuple(sorted(seats, key=lambda seat: seat.effective_on))
        return self.model_copy(update={"seats": ordered, **changes})


# --- the levels of a ladder, offered and taken: the guard between publishing and placing ------------------------------


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

    def seat(self, person: str, level: str) -> SeatTaken | tuple[()]:
        """Take a seat for somebody; refused where none is offered."""
        if person in self.seats.get(level, frozenset()):
            return ()
        if level not in self.offered:
            raise NotOffered(f"“{level}” is no level of the published framework.")
        if self.closed:
            raise NotOffered(f"“{ladder_of(level)}” is archived and takes no new placements.")
        return SeatTaken(person=person, level=level)

    def leave(self, person: str, level: str) -> SeatLeft | tuple[()]:
        """Give a seat back."""
        return SeatLeft(person=person, level=level) if person in self.seats.get(level, frozenset()) else ()

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
