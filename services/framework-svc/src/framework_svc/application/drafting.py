"""Editing the draft of a framework."""

from collections.abc import Iterable

from chassis.kernel import Event
from chassis.unit import Unit
from framework_svc.domain.framework import FRAMEWORK, Framework
from framework_svc.domain.framework_events import Source
from framework_svc.domain.texts import Anchor, Cell, Competency, Ladder, Level


def framework(unit: Unit) -> Framework:
    """Return the framework of the workspace; an empty one before its first edit."""
    return unit.find(Framework, FRAMEWORK) or Framework()


class Drafting:
    """One method for each way to change the draft; `edition` is the edition of the part that was seen."""

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
            _record(unit, framework(unit).draft.describe_competency(competency))
        if scale is not None:
            _record(unit, framework(unit).draft.write_scale(scale))
        for ladder in ladders:
            _record(unit, framework(unit).draft.replace_ladder(ladder, (), source, template))
        return framework(unit)

    # --- ladders ------------------------------------------------------------------------------------------------------

    def replace_ladder(
        self, unit: Unit, ladder: Ladder, competencies: tuple[Competency, ...], edition: int | None
    ) -> Framework:
        """Add or replace a ladder with the competencies it brings."""
        return _record(unit, framework(unit).draft.replace_ladder(ladder, competencies, edition=edition))

    def describe_ladder(
        self,
        unit: Unit,
        ladder: str,
        edition: int | None,
        *,
        name: str | None = None,
        description: str | None = None,
        credit_lines: tuple[str, ...] | None = None,
    ) -> Framework:
        """Change a ladder's name, description or credit lines; what is None stays."""
        now = framework(unit).draft.ladder(ladder)
        decided = framework(unit).draft.describe_ladder(
            ladder,
            now.name if name is None else name,
            now.description if description is None else description,
            now.credits if credit_lines is None else credit_lines,
            edition,
        )
        return _record(unit, decided)

    def remove_ladder(self, unit: Unit, ladder: str, edition: int | None) -> Framework:
        """Take a ladder out of the draft."""
        return _record(unit, framework(unit).draft.remove_ladder(ladder, edition))

    def reset_ladder(self, unit: Unit, ladder: str, edition: int | None) -> Framework:
        """Go back to the ladder as last published."""
        return _record(unit, framework(unit).reset_ladder(ladder, edition))

    def mark_ready(self, unit: Unit, ladder: str, edition: int | None) -> Framework:
        """Mark a ladder as ready."""
        return _record(unit, framework(unit).mark_ready(ladder, edition))

    def remove_ready_mark(self, unit: Unit, ladder: str) -> Framework:
        """Take the mark back."""
        return _record(unit, framework(unit).draft.remove_ready_mark(ladder))

    # --- tracks, levels and what they ask -----------------------------------------------------------------------------

    def set_track(
        self, unit: Unit, ladder: str, track: str, name: str, place: int | None, edition: int | None
    ) -> Framework:
        """Add, rename or move a track."""
        return _record(unit, framework(unit).draft.set_track(ladder, track, name, place, edition))

    def remove_track(self, unit: Unit, ladder: str, track: str, edition: int | None) -> Framework:
        """Take a track out of the draft with its levels."""
        return _record(unit, framework(unit).draft.remove_track(ladder, track, edition))

    def set_level(
        self, unit: Unit, ladder: str, track: str, level: Level, place: int | None, edition: int | None
    ) -> Framework:
        """Add, reword or move a level."""
        return _record(unit, framework(unit).draft.set_level(ladder, track, level, place, edition))

    def remove_level(self, unit: Unit, ladder: str, level: str, edition: int | None) -> Framework:
        """Take a level out of the draft."""
        return _record(unit, framework(unit).draft.remove_level(ladder, level, edition))

    def set_expectation(
        self, unit: Unit, ladder: str, level: str, competency: str, cell: Cell | None, edition: int | None
    ) -> Framework:
        """Write or empty a cell."""
        return _record(unit, framework(unit).draft.set_expectation(ladder, level, competency, cell, edition))

    # --- competencies and the scale -----------------------------------------------------------------------------------

    def describe_competency(self, unit: Unit, competency: Competency, edition: int | None) -> Framework:
        """Add or reword a competency."""
        return _record(unit, framework(unit).draft.describe_competency(competency, edition))

    def remove_competency(self, unit: Unit, competency: str, edition: int | None) -> Framework:
        """Take a competency that no ladder uses out of the draft."""
        return _record(unit, framework(unit).draft.remove_competency(competency, edition))

    def drop_competency(self, unit: Unit, ladder: str, competency: str, edition: int | None) -> Framework:
        """Take a competency out of every level of one ladder."""
        return _record(unit, framework(unit).draft.drop_competency(ladder, competency, edition))

    def write_scale(self, unit: Unit, scale: tuple[Anchor, ...], edition: int | None) -> Framework:
        """Write the anchors of the rating scale."""
        return _record(unit, framework(unit).draft.write_scale(scale, edition))


def _record(unit: Unit, decided: Event | tuple[()]) -> Framework:
    """Record what was decided, which may be that nothing changes."""
    return unit.record(Framework, FRAMEWORK, decided) if isinstance(decided, Event) else framework(unit)
