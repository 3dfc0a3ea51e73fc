"""The use cases of the framework: drafting, publishing, placing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final

from chassis.deadlines import Due
from chassis.kernel import DomainError, Event, Frozen, NotFound
from chassis.unit import Unit
from framework_svc import templates
from framework_svc.documents import exchange
from framework_svc.domain import publication
from framework_svc.domain.events import Source
from framework_svc.domain.framework import FRAMEWORK, Framework
from framework_svc.domain.placements import Occupancy, Placement, Reason
from framework_svc.domain.texts import CompetencyFate, Ladder, ladder_of

BEGINS: Final = "placement from a future date"


class Taken(Frozen):
    """What a file brought into the draft: ladders that are new there, and ladders it replaced."""

    added: tuple[str, ...]
    replaced: tuple[str, ...]


class Frameworks:
    """What HR does with the framework, and where people are placed in it."""

    # ---- the draft

    def framework(self, unit: Unit) -> Framework:
        """Return the framework, empty before anything was drafted."""
        return unit.find(Framework, FRAMEWORK) or Framework()

    def edit(self, unit: Unit, decide: Callable[[Framework], Event | Sequence[Event]]) -> Framework:
        """Record one edit of the draft, as `decide` takes it from the framework as it is."""
        return unit.record(Framework, FRAMEWORK, decide(self.framework(unit)))

    def import_document(self, unit: Unit, document: exchange.Document, source: Source = "import") -> Taken:
        """Add or replace ladders of the draft by id, with the competencies they speak of and the file's scale."""
        known = self.framework(unit)
        described = {competency.id: competency for competency in document.competencies}
        if document.scale is not None and document.scale != known.scale:
            self.edit(unit, lambda framework: framework.write_scale(document.scale or ()))
        for ladder in document.ladders:
            brought = exchange.competencies_used((ladder,), described)
            self.edit(
                unit, lambda framework, one=ladder, brought=brought: framework.replace_ladder(one, brought, source)
            )
        ids = [ladder.id for ladder in document.ladders]
        return Taken(
            added=tuple(one for one in ids if one not in known.ladders),
            replaced=tuple(one for one in ids if one in known.ladders),
        )

    def copy_template(self, unit: Unit, name: str) -> Taken:
        """Copy a template into the draft."""
        if name not in templates.NAMES:
            raise NotFound(f"There is no template {name!r}. There are: {', '.join(templates.NAMES)}.")
        return self.import_document(unit, exchange.read(templates.text(name)), "template")

    def replace_ladder(self, unit: Unit, ladder: Ladder, edition: int | None = None) -> Framework:
        """Replace a ladder of the draft."""
        return self.edit(unit, lambda framework: framework.replace_ladder(ladder, edition=edition))

    def mark_ready(self, unit: Unit, ladder: str, edition: int | None = None) -> Framework:
        """Mark a ladder ready: refused while it has holes."""
        return self.edit(unit, lambda framework: framework.mark_ready(ladder, edition))

    # ---- publishing

    def publish(
        self,
        unit: Unit,
        note: str,
        fates: tuple[CompetencyFate, ...] = (),
        expected: tuple[str, ...] | None = None,
    ) -> int:
        """Publish the ladders that are ready as the next version; return its number."""
        framework = self.framework(unit)
        planned = publication.plan(framework)
        seats = self.seats(unit, (*framework.published, *planned.ladders))
        unit.record(Framework, FRAMEWORK, publication.publish(framework, note, fates, seats, expected))
        for name in (*planned.taken, *planned.dropped):
            occupancy = self._occupancy(unit, name)
            unit.record(Occupancy, name, occupancy.offer(planned.version, planned.ladders.get(name)))
        return planned.version

    def seats(self, unit: Unit, ladders: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return who counts at each level of some ladders."""
        return {
            level: people
            for ladder in dict.fromkeys(ladders)
            for level, people in self._occupancy(unit, ladder).at_levels().items()
        }

    def archive(self, unit: Unit, ladder: str) -> Framework:
        """Let a published ladder take no new placements."""
        archived = self.edit(unit, lambda framework: framework.archive(ladder))
        closed = self._occupancy(unit, ladder).close()
        if closed:
            unit.record(Occupancy, ladder, closed)
        return archived

    # ---- placing

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
        """Place somebody at a published level from a day on; a future day is planned."""
        if unit.directory.person(person) is None:
            raise NotFound(f"There is no person {person!r}.")
        now = unit.find(Placement, person) or Placement()
        calendar = unit.directory.calendar(person)
        decided = now.place(
            placement_id(person, now),
            level,
            effective_on,
            reason,
            today=calendar.local_date(unit.now),
            due_at=calendar.start_of_day(effective_on),
            version=self.framework(unit).version,
            evaluation=evaluation,
            criteria=criteria,
        )
        if not decided:
            return now
        ladder = ladder_of(level)
        taken = self._occupancy(unit, ladder).seat(person, level)
        if taken:
            unit.record(Occupancy, ladder, taken)
        return self._placed(unit, person, now, decided)

    def place_stated(
        self, unit: Unit, person: str, ladder: str, track: str, level: str, effective_on: date
    ) -> Placement | None:
        """Place somebody where an import says they sit, or list why not."""
        now = unit.find(Placement, person) or Placement()
        known = self._ladder_meant(unit, ladder)
        offered = self._occupancy(unit, known).find(track, level) if known else None
        if offered is not None:
            try:
                return self.place(unit, person, offered.level, effective_on, now.reason_for())
            except DomainError as refused:
                why = str(refused)
        elif known:
            why = f"The published ladder “{known}” has no one level that is meant by “{level}”."
        else:
            why = f"No ladder “{ladder}” is published."
        listed = now.refuse(ladder, track, level, effective_on, why)
        return unit.record(Placement, person, listed) if listed else None

    def take_back(self, unit: Unit, person: str, placement: str) -> Placement:
        """Take back a planned placement, or withdraw one recorded by mistake."""
        now = unit.get(Placement, person)
        return self._placed(unit, person, now, now.take_back(placement))

    def forget(self, unit: Unit, person: str) -> None:
        """An erased person counts at no level any more."""
        now = unit.find(Placement, person)
        if now is not None and (vacated := now.vacate()):
            self._placed(unit, person, now, vacated)

    def when_due(self, unit: Unit, deadline: Due) -> datetime | None:
        """Begin a planned placement whose day has come."""
        now = unit.get(Placement, deadline.subject)
        begun = now.begin(deadline.id.partition("/")[2], self.framework(unit).version)
        if begun:
            self._placed(unit, deadline.subject, now, begun)
        return None

    def _placed(self, unit: Unit, person: str, before: Placement, events: Event | Sequence[Event]) -> Placement:
        """Record on a person's placements, and give back the seats they hold no more."""
        after = unit.record(Placement, person, events)
        for level in sorted(before.held() - after.held()):
            left = self._occupancy(unit, ladder_of(level)).leave(person, level)
            if left:
                unit.record(Occupancy, ladder_of(level), left)
        return after

    def _occupancy(self, unit: Unit, ladder: str) -> Occupancy:
        return unit.find(Occupancy, ladder) or Occupancy()

    def _ladder_meant(self, unit: Unit, words: str) -> str | None:
        wanted = words.strip().casefold()
        published = self.framework(unit).published
        return next((n for n, one in published.items() if wanted in (n.casefold(), one.ladder.name.casefold())), None)


def placement_id(person: str, placements: Placement) -> str:
    """Return the id of a person's next placement: whose it is, and which one."""
    numbers = [int(seat.placement.rpartition(".")[2]) for seat in placements.seats]
    return f"{person}.{max(numbers, default=0) + 1}"


def whose(placement: str) -> str:
    """Return whose placement this is."""
    return placement.rpartition(".")[0]
