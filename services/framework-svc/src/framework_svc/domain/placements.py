"""Where a person sits from when: which placement counts on a day, what may be decided, and what a listener is told."""

from collections.abc import Container
from datetime import date, datetime
from typing import Literal, Self

from chassis.kernel import Event, Frozen, Invalid, State
from framework_svc.domain.errors import NoSuchPlacement
from framework_svc.domain.placement_events import (
    PersonPlaced,
    PlacementCountsAgain,
    PlacementPlanned,
    PlacementsOpened,
    PlacementWithdrawn,
    PlanEnded,
    Reason,
    SeatsVacated,
    StatementRefused,
    StatementSettled,
)


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


class Line(Frozen):
    """Where a line of a file says somebody sits from a day on, and why."""

    number: int
    person: str
    level: str
    effective_on: date
    reason: Reason


class Statement(Frozen):
    """What an import stated and nobody could place."""

    ladder: str
    track: str
    level: str
    effective_on: date
    why: str


class Placement(State):
    """The placements of one person, by effective day.

    Of one day the last decided counts, also where an earlier plan begins after it; when that one is withdrawn, the
    one decided before it counts again.
    """

    KIND = "placement"

    person: str = ""
    seats: tuple[Seat, ...] = ()
    statement: Statement | None = None
    vacated: bool = False

    def on(self, day: date) -> Seat | None:
        """Return where the person sat on `day`."""
        return next((seat for seat in reversed(self._begun()) if seat.effective_on <= day), None)

    def present(self) -> Seat | None:
        """Return where the person sits: the last placement whose day has come."""
        return self.on(date.max)

    def seat(self, placement: str) -> Seat:
        """Return one placement."""
        found = next((seat for seat in self.seats if seat.placement == placement), None)
        if found is None:
            raise NoSuchPlacement(f"This person has no placement “{placement}”.")
        return found

    def counts(self, placement: str) -> bool:
        """Whether a placement that has begun is the one that counts of its day."""
        return self._of_day(self.seat(placement).effective_on)[-1].placement == placement

    def says_twice(self, level: str, day: date) -> bool:
        """Whether a placement of this day at this level has begun: after a withdrawal, that another one remains."""
        return any(seat.level == level for seat in self._of_day(day))

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
        seat = next((seat for seat in self.planned() if seat.placement == placement), None)
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

    def take_back(self, placement: str) -> tuple[Event, ...]:
        """Take back a plan, or withdraw a placement that was recorded by mistake."""
        seat = self.seat(placement)
        if seat.planned:
            return (PlanEnded(placement=placement, why="taken back"),)
        withdrawn = PlacementWithdrawn(placement=placement, level=seat.level, effective_on=seat.effective_on)
        others = [other for other in self._of_day(seat.effective_on) if other != seat]
        if others and self.counts(placement):
            return (withdrawn, PlacementCountsAgain(placement=others[-1].placement))
        return (withdrawn,)

    def without(self, placements: Container[str], statement: Statement | None) -> tuple[Event, ...]:
        """Take placements back that nobody stated after all, the last first, and list the statement that is left."""
        now, decided = self, list[Event]()
        for seat in reversed([seat for seat in self.seats if seat.placement in placements]):
            for event in now.take_back(seat.placement):
                decided.append(event)
                now = self.evolve(now, event)
        return (*decided, *self._listed_as(statement))

    def _listed_as(self, statement: Statement | None) -> tuple[Event, ...]:
        if statement == self.statement:
            return ()
        return (StatementRefused(**statement.model_dump()) if statement else StatementSettled(),)

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

    def settle(self) -> StatementSettled | tuple[()]:
        """Take a statement off the list, once what is stated now is so."""
        return StatementSettled() if self.statement else ()

    def reason_for(self, effective_on: date, first_day: date | None) -> Reason:
        """Return the reason of a stated placement: an import says where, not why.

        From their first day on somebody sits there because they were hired; whoever was here before and sat nowhere
        was placed too late, which is corrected.
        """
        if self.present():
            return "move"
        return "hire" if first_day is not None and effective_on <= first_day else "correction"

    def _begun(self) -> tuple[Seat, ...]:
        return tuple(seat for seat in self.seats if not seat.planned)

    def _of_day(self, day: date) -> tuple[Seat, ...]:
        """Return what has begun on a day, as decided: the last one counts."""
        return tuple(seat for seat in self._begun() if seat.effective_on == day)

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
            case PlacementCountsAgain():
                return now
            case StatementSettled():
                return now._with(now.seats, statement=None)
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
