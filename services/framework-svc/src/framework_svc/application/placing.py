"""Placing people at levels: by hand, by what an import stated, by the clock; and taking it back."""

from collections.abc import Iterable
from datetime import date, datetime

from chassis.deadlines import Due
from chassis.kernel import DomainError, Event
from chassis.unit import Unit
from framework_svc.application.drafting import framework
from framework_svc.domain.errors import LineProblem, NobodyMeant, NoSuchPerson, NotOffered, NotPlaceable
from framework_svc.domain.occupancy import Occupancy, OfferedLevel
from framework_svc.domain.placement_events import PlacementsOpened, Reason
from framework_svc.domain.placements import Line, Placement
from framework_svc.domain.texts import ladder_of


class Placing:
    """Every way in which somebody comes to a level or leaves it."""

    def place(
        self,
        unit: Unit,
        person: str,
        level: str,
        effective_on: date,
        reason: Reason,
        evaluation: str | None = None,
        criteria: tuple[str, ...] = (),
    ) -> Placement:
        """Place somebody from a day on; a day ahead is planned."""
        known = unit.directory.person(person)
        if known is None or known.erased:
            raise NoSuchPerson(
                f"person {person!r}: nobody here is called so; give the id or the work e-mail address of the directory."
            )
        now = _placements(unit, person)
        _offered(unit, level).admit(person, level)
        calendar = unit.directory.calendar(person)
        decided = now.place(
            unit.new_id("placement"),
            level,
            effective_on,
            reason,
            today=calendar.local_date(unit.now),
            due_at=calendar.start_of_day(effective_on),
            version=framework(unit).version,
            evaluation=evaluation,
            criteria=criteria,
        )
        return record(unit, person, decided)

    def place_group(
        self, unit: Unit, people: Iterable[str], level: str, effective_on: date, reason: Reason
    ) -> tuple[str, ...]:
        """Place several people at one level, all or none; return them."""
        group = tuple(dict.fromkeys(people))
        for person in group:
            self.place(unit, person, level, effective_on, reason)
        return group

    def with_job_title(self, unit: Unit, title: str) -> tuple[str, ...]:
        """Return who has a job title and has not left; titles are compared without case and by their digests alone."""
        meant = unit.digest(f"title/{' '.join(title.casefold().split())}")  # the normal form people-svc publishes
        here = (person for person in unit.directory.people() if person.status != "left")
        found = tuple(person.id for person in here if person.job_title_group == meant)
        if not found:
            raise NobodyMeant("job_title: nobody who is here has this one; write it as the directory does.")
        return found

    def place_lines(self, unit: Unit, lines: Iterable[Line]) -> tuple[str, ...]:
        """Place the people of a file, all or none; return them. Raises `NotPlaceable` with the problem of each line.

        A file names a person by id or by e-mail address.
        """
        lines = tuple(lines)
        by_email = _by_email(unit) if any("@" in line.person for line in lines) else {}
        placed: list[str] = []
        problems: list[LineProblem] = []
        for line in lines:
            try:
                person = by_email.get(line.person.casefold(), line.person)
                self.place(unit, person, line.level, line.effective_on, line.reason)
                placed.append(person)
            except NoSuchPerson as why:
                problems.append(LineProblem(field=f"line {line.number}, person", value=line.person, remedy=str(why)))
            except NotOffered as why:
                problems.append(LineProblem(field=f"line {line.number}, level", value=line.level, remedy=str(why)))
        if problems:
            raise NotPlaceable(tuple(problems))
        return tuple(placed)

    def state_placement(
        self, unit: Unit, person: str, ladder: str, track: str, level: str, effective_on: date
    ) -> Placement:
        """Place somebody where an import says they sit, or list why that cannot be."""
        now = _placements(unit, person)
        try:
            found = self.meant(unit, ladder, track, level)
            known = unit.directory.person(person)
            reason = now.reason_for(effective_on, known.starts_on if known else None)
            after = self.place(unit, person, found.level, effective_on, reason)
            return record(unit, person, after.settle())
        except DomainError as why:
            return record(unit, person, now.refuse(ladder, track, level, effective_on, str(why)))

    def meant(self, unit: Unit, ladder: str, track: str, level: str) -> OfferedLevel:
        """Return the published level that words mean; NotOffered where there is none."""
        wanted = ladder.strip().casefold()
        for name, published in framework(unit).published.items():
            if wanted in (name.casefold(), published.ladder.name.casefold()):
                found = (unit.find(Occupancy, name) or Occupancy()).find(track, level)
                if found is None:
                    raise NotOffered(f"“{ladder}” has no one level “{level}” in track “{track}”.")
                return found
        raise NotOffered(f"No ladder “{ladder}” is published.")

    def try_again(self, unit: Unit) -> None:
        """Try again to place everybody whose stated placement was refused."""
        waiting = unit.rows("select person from refused_placements where workspace = %(workspace)s order by person")
        for row in waiting:
            stated = _placements(unit, row["person"]).statement
            if stated:
                self.state_placement(
                    unit, row["person"], stated.ladder, stated.track, stated.level, stated.effective_on
                )

    def take_back(self, unit: Unit, person: str, placement: str) -> Placement:
        """Take back a plan, or withdraw a placement recorded by mistake."""
        before = _placements(unit, person)
        after = record(unit, person, before.take_back(placement))
        for level in after.held() - before.held():
            _offered(unit, level).take_back(level)
        return after

    def forget(self, unit: Unit, person: str) -> None:
        """Count an erased person at no level any more."""
        now = unit.find(Placement, person)
        if now is not None:
            record(unit, person, now.vacate())

    def when_due(self, unit: Unit, deadline: Due) -> datetime | None:
        """Begin a planned placement on its day; the plans of somebody who left end."""
        person, placement = deadline.subject, deadline.id.rpartition("/")[2]
        now = unit.get(Placement, person)
        known = unit.directory.person(person)
        if known is None or known.status == "left":
            record(unit, person, now.end_plans("left"))
        else:
            record(unit, person, now.begin(placement, framework(unit).version))
        return None


def _by_email(unit: Unit) -> dict[str, str]:
    """Return everybody's id by their work e-mail address."""
    reached = [(person.id, person.work_email) for person in unit.directory.people() if person.work_email]
    addresses = unit.opened([email for _, email in reached])
    return {address.casefold(): person for (person, _), address in zip(reached, addresses, strict=True) if address}


def _placements(unit: Unit, person: str) -> Placement:
    return unit.find(Placement, person) or Placement(person=person)


def _offered(unit: Unit, level: str) -> Occupancy:
    return unit.find(Occupancy, ladder_of(level)) or Occupancy()


def record(unit: Unit, person: str, decided: Event | tuple[Event, ...]) -> Placement:
    """Record what was decided about a person's placements, and whom it moves between levels."""
    before = _placements(unit, person)
    events = (decided,) if isinstance(decided, Event) else decided
    if not events:
        return before
    if unit.find(Placement, person) is None:
        unit.record(Placement, person, PlacementsOpened(person=person))
    after = unit.record(Placement, person, *events)
    for level in sorted(after.held() - before.held()):
        unit.record(Occupancy, ladder_of(level), _offered(unit, level).seat(person, level))
    for level in sorted(before.held() - after.held()):
        unit.record(Occupancy, ladder_of(level), _offered(unit, level).leave(person, level))
    return after
