"""Editing the draft of a framework."""

from collections.abc import Iterable

from chassis.kernel import Event
from chassis.unit import Unit
from framework_svc.domain.events import Source
from framework_svc.domain.framework import FRAMEWORK, Framework
from framework_svc.domain.texts import Anchor, Cell, Competency, Ladder, Level


def framework(unit: Unit) -> Framework:
    """Return the framework of the workspace; an empty one before its first edit."""
    return unit.find(Framework, FRAMEWORK) or Framework()


class Drafting:
    """One method for each way to change the draft; `edition` is the edition of the part that was seen."""

    def replace_ladder(
        self, unit: Unit, ladder: Ladder, competencies: tuple[Competency, ...], edition: int | None
    ) -> Framework:
        """Add or replace a ladder with the competencies it brings."""
        decided = framework(unit).replace_ladder(ladder, competencies, edition=edition)
        return unit.record(Framework, FRAMEWORK, decided)

    def bring(
        self,
        unit: Unit,
        ladders: Iterable[Ladder],
        competencies: tuple[Competency, ...],
        scale: tuple[Anchor, ...] | None,
        source: Source,
        template: str | None = None,
    ) -> Framework:
        """Take the content of a file into the draft: its scale, competencies and ladders, all or nothing."""
        for competency in competencies:
            self._record(unit, framework(unit).describe_competency(competency))
        if scale is not None:
            self._record(unit, framework(unit).write_scale(scale))
        for ladder in ladders:
            self._record(unit, framework(unit).replace_ladder(ladder, (), source, template))
        return framework(unit)

    def remove_ladder(self, unit: Unit, ladder: str, edition: int | None) -> Framework:
        """Take a ladder out of the draft."""
        return unit.record(Framework, FRAMEWORK, framework(unit).remove_ladder(ladder, edition))

    def reset_ladder(self, unit: Unit, ladder: str, edition: int | None) -> Framework:
        """Go back to the ladder as last published."""
        return unit.record(Framework, FRAMEWORK, framework(unit).reset_ladder(ladder, edition))

    def set_level(
        self, unit: Unit, ladder: str, track: str, level: Level, place: int | None, edition: int | None
    ) -> Framework:
        """Add, reword or move a level."""
        return unit.record(Framework, FRAMEWORK, framework(unit).set_level(ladder, track, level, place, edition))

    def remove_level(self, unit: Unit, ladder: str, level: str, edition: int | None) -> Framework:
        """Take a level out of the draft."""
        return unit.record(Framework, FRAMEWORK, framework(unit).remove_level(ladder, level, edition))

    def set_expectation(
        self, unit: Unit, ladder: str, level: str, competency: str, cell: Cell | None, edition: int | None
    ) -> Framework:
        """Write or empty a cell."""
        decided = framework(unit).set_expectation(ladder, level, competency, cell, edition)
        return unit.record(Framework, FRAMEWORK, decided)

    def describe_competency(self, unit: Unit, competency: Competency, edition: int | None) -> Framework:
        """Add or reword a competency."""
        self._record(unit, framework(unit).describe_competency(competency, edition))
        return framework(unit)

    def write_scale(self, unit: Unit, scale: tuple[Anchor, ...], edition: int | None) -> Framework:
        """Write the anchors of the rating scale."""
        self._record(unit, framework(unit).write_scale(scale, edition))
        return framework(unit)

    def mark_ready(self, unit: Unit, ladder: str, edition: int | None) -> Framework:
        """Mark a ladder as ready."""
        self._record(unit, framework(unit).mark_ready(ladder, edition))
        return framework(unit)

    def remove_ready_mark(self, unit: Unit, ladder: str) -> Framework:
        """Take the mark back."""
        self._record(unit, framework(unit).remove_ready_mark(ladder))
        return framework(unit)

    @staticmethod
    def _record(unit: Unit, decided: Event | tuple[()]) -> None:
        """Record what was decided, which may be that nothing changes."""
        if isinstance(decided, Event):
            unit.record(Framework, FRAMEWORK, decided)
