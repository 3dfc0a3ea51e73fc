"""The draft of a framework: its parts, each with an edition, and every edit that may be made of them."""

from typing import Self

from pydantic import Field

from chassis.kernel import Event, Frozen
from framework_svc.domain import edits
from framework_svc.domain.errors import InUse, NoSuchDraft, Stale
from framework_svc.domain.framework_events import (
    CompetencyDescribed,
    CompetencyLeftLadder,
    CompetencyRemoved,
    ExpectationSet,
    LadderDescribed,
    LadderMarkedReady,
    LadderRemoved,
    LadderReplaced,
    LevelRemoved,
    LevelSet,
    ReadyMarkRemoved,
    ScaleWritten,
    Source,
    TrackRemoved,
    TrackSet,
)
from framework_svc.domain.structure import (
    faults_in_cell,
    faults_in_competency,
    faults_in_ladder,
    faults_in_level,
    faults_in_scale,
    refuse,
)
from framework_svc.domain.texts import DEFAULT_SCALE, Anchor, Cell, Competency, Ladder, Level, Track


class Draft(Frozen):
    """What the next version is edited from.

    `editions` counts the edits of each part (`ladder/engineering`, `competency/communication`, `scale`): whoever edits
    names the edition they saw, so two people can work on two ladders at once.
    """

    scale: tuple[Anchor, ...] = DEFAULT_SCALE
    competencies: dict[str, Competency] = Field(default_factory=dict[str, Competency])
    ladders: dict[str, Ladder] = Field(default_factory=dict[str, Ladder])
    ready: frozenset[str] = frozenset()
    editions: dict[str, int] = Field(default_factory=dict[str, int])

    # --- what is there ------------------------------------------------------------------------------------------------

    def ladder(self, ladder: str) -> Ladder:
        """Return a ladder."""
        try:
            return self.ladders[ladder]
        except KeyError:
            raise NoSuchDraft(f"The draft has no ladder “{ladder}”.") from None

    def track(self, ladder: str, track: str) -> Track:
        """Return a track of a ladder of the draft."""
        found = next((found for found in self.ladder(ladder).tracks if found.id == track), None)
        if found is None:
            raise NoSuchDraft(f"“{ladder}” has no track “{track}” in the draft.")
        return found

    def level(self, ladder: str, level: str) -> Level:
        """Return a level of a ladder of the draft by its full or short id."""
        found = self.ladder(ladder).level(level)
        if found is None:
            raise NoSuchDraft(f"“{ladder}” has no level “{level}” in the draft.")
        return found

    def competency(self, competency: str) -> Competency:
        """Return a competency of the draft."""
        try:
            return self.competencies[competency]
        except KeyError:
            raise NoSuchDraft(f"The draft has no competency “{competency}”; describe it first.") from None

    def edition(self, part: str) -> int:
        """Return the number an edit of a part has to name: how often it was edited, 0 while it is not there."""
        kind, _, name = part.partition("/")
        there = {"ladder": self.ladders, "competency": self.competencies}.get(kind, (name,))
        return self.editions.get(part, 0) if name in there else 0

    def expect(self, part: str, edition: int | None) -> None:
        """Refuse whoever has seen another edition of a part than the present one (None: any)."""
        if edition is not None and edition != self.edition(part):
            raise Stale("Somebody else has edited this since you opened it; load it again and repeat your change.")

    def ladders_using(self, competency: str) -> tuple[str, ...]:
        """Return the ladders of the draft that speak of a competency."""
        return tuple(name for name, ladder in self.ladders.items() if competency in ladder.competency_ids())

    # --- edits --------------------------------------------------------------------------------------------------------

    def replace_ladder(
        self,
        ladder: Ladder,
        competencies: tuple[Competency, ...] = (),
        source: Source = "edit",
        template: str | None = None,
        edition: int | None = None,
    ) -> LadderReplaced:
        """Add or replace a ladder; the competencies it brings are added or reworded."""
        self.expect(f"ladder/{ladder.id}", edition)
        refuse(faults_in_ladder(ladder))
        for competency in competencies:
            refuse(faults_in_competency(competency))
        brought = {competency.id for competency in competencies}
        for used in ladder.competency_ids():
            if used not in brought:
                self.competency(used)
        written_here = source in ("edit", "matrix")  # an import, a template and a version bring their own provenance
        traced = edits.with_origin(ladder, self.ladders.get(ladder.id)) if written_here else ladder
        told = tuple(self._traced(brings) for brings in competencies) if written_here else competencies
        new = tuple(brings for brings in told if self.competencies.get(brings.id) != brings)
        return LadderReplaced(ladder=traced, competencies=new, source=source, template=template)

    def describe_ladder(
        self, ladder: str, name: str, description: str, credit_lines: tuple[str, ...], edition: int | None = None
    ) -> LadderDescribed:
        """Change a ladder's name, description and credit lines."""
        changed = self.edited(ladder, edition).model_copy(
            update={"name": name, "description": description, "credits": credit_lines}
        )
        refuse(faults_in_ladder(changed))
        return LadderDescribed(ladder=ladder, name=name, description=description, credits=credit_lines)

    def remove_ladder(self, ladder: str, edition: int | None = None) -> LadderRemoved:
        """Take a ladder out of the draft."""
        self.edited(ladder, edition)
        return LadderRemoved(ladder=ladder)

    def set_track(
        self, ladder: str, track: str, name: str, place: int | None = None, edition: int | None = None
    ) -> TrackSet:
        """Add, rename or move a track; without a place it stays where it is, a new one comes last."""
        text = self.edited(ladder, edition)
        where = _place([found.id for found in text.tracks], track, place)
        refuse(faults_in_ladder(edits.with_track(text, track, name, where)))
        return TrackSet(ladder=ladder, track=track, name=name, place=where)

    def remove_track(self, ladder: str, track: str, edition: int | None = None) -> TrackRemoved:
        """Take a track out with its levels."""
        self.edited(ladder, edition)
        self.track(ladder, track)
        return TrackRemoved(ladder=ladder, track=track)

    def set_level(
        self, ladder: str, track: str, level: Level, place: int | None = None, edition: int | None = None
    ) -> LevelSet:
        """Add, reword or move a level; the expectations it has stay unless `level` brings its own."""
        text = self.edited(ladder, edition)
        refuse(faults_in_level(level))
        for competency in level.expectations:
            self.competency(competency)
        old = text.level(level.id)
        known = old.expectations if old else {}
        cells = {name: edits.cell_with_origin(cell, known.get(name)) for name, cell in level.expectations.items()}
        where = _place([found.id for found in self.track(ladder, track).levels], level.id, place)
        kept = level.model_copy(update={"expectations": cells or known})
        return LevelSet(ladder=ladder, track=track, level=kept, place=where)

    def remove_level(self, ladder: str, level: str, edition: int | None = None) -> LevelRemoved:
        """Take a level out of the draft (publishing refuses while somebody sits there)."""
        self.edited(ladder, edition)
        return LevelRemoved(ladder=ladder, level=self.level(ladder, level).id)

    def set_expectation(
        self, ladder: str, level: str, competency: str, cell: Cell | None, edition: int | None = None
    ) -> ExpectationSet:
        """Write what a level asks of a competency, or empty the cell with None."""
        self.edited(ladder, edition)
        found = self.level(ladder, level)
        self.competency(competency)
        if cell is not None:
            refuse(faults_in_cell(cell))
        traced = edits.cell_with_origin(cell, found.expectations.get(competency))
        return ExpectationSet(ladder=ladder, level=found.id, competency=competency, cell=traced)

    def drop_competency(self, ladder: str, competency: str, edition: int | None = None) -> CompetencyLeftLadder:
        """Take a competency out of every level of a ladder."""
        if competency not in self.edited(ladder, edition).competency_ids():
            raise NoSuchDraft(f"No level of “{ladder}” speaks of “{competency}”.")
        return CompetencyLeftLadder(ladder=ladder, competency=competency)

    def describe_competency(
        self, competency: Competency, edition: int | None = None
    ) -> CompetencyDescribed | tuple[()]:
        """Add or reword a competency."""
        self.expect(f"competency/{competency.id}", edition)
        refuse(faults_in_competency(competency))
        traced = self._traced(competency)
        return () if traced == self.competencies.get(competency.id) else CompetencyDescribed(competency=traced)

    def remove_competency(self, competency: str, edition: int | None = None) -> CompetencyRemoved:
        """Take a competency out of the draft once no ladder uses it."""
        self.competency(competency)
        self.expect(f"competency/{competency}", edition)
        used = self.ladders_using(competency)
        if used:
            raise InUse(f"“{competency}” is used by {', '.join(used)}; take it out of these ladders first.")
        return CompetencyRemoved(competency=competency)

    def write_scale(self, scale: tuple[Anchor, ...], edition: int | None = None) -> ScaleWritten | tuple[()]:
        """Write the anchors of the rating scale; they take effect with the next version."""
        self.expect("scale", edition)
        refuse(faults_in_scale(scale))
        return () if scale == self.scale else ScaleWritten(scale=scale)

    def remove_ready_mark(self, ladder: str) -> ReadyMarkRemoved | tuple[()]:
        """Take the mark back."""
        self.ladder(ladder)
        return ReadyMarkRemoved(ladder=ladder) if ladder in self.ready else ()

    def edited(self, ladder: str, edition: int | None) -> Ladder:
        """Return a ladder that is about to be edited by somebody who has seen this edition of it."""
        text = self.ladder(ladder)
        self.expect(f"ladder/{ladder}", edition)
        return text

    def _traced(self, competency: Competency) -> Competency:
        return edits.competency_with_origin(competency, self.competencies.get(competency.id))

    # --- what an edit makes of it -------------------------------------------------------------------------------------

    def after(self, event: Event) -> Self:  # noqa: C901 - one match is the only place of change
        """Return the draft after `event`, an edit of it."""
        match event:
            case LadderReplaced():
                return self._with_competencies(event.competencies)._with(event.ladder)
            case LadderDescribed():
                described = {"name": event.name, "description": event.description, "credits": event.credits}
                return self._with(self.ladders[event.ladder].model_copy(update=described))
            case LadderRemoved():
                left = {name: ladder for name, ladder in self.ladders.items() if name != event.ladder}
                return self._edit(f"ladder/{event.ladder}", {event.ladder}, ladders=left)
            case TrackSet():
                ladder = self.ladders[event.ladder]
                return self._with(edits.with_track(ladder, event.track, event.name, event.place))
            case TrackRemoved():
                return self._with(edits.without_track(self.ladders[event.ladder], event.track))
            case LevelSet():
                return self._with(edits.with_level(self.ladders[event.ladder], event.track, event.level, event.place))
            case LevelRemoved():
                return self._with(edits.without_level(self.ladders[event.ladder], event.level))
            case ExpectationSet():
                ladder = self.ladders[event.ladder]
                return self._with(edits.with_cell(ladder, event.level, event.competency, event.cell))
            case CompetencyLeftLadder():
                return self._with(edits.without_competency(self.ladders[event.ladder], event.competency))
            case CompetencyDescribed():
                return self._with_competencies((event.competency,))
            case CompetencyRemoved():
                left = {name: known for name, known in self.competencies.items() if name != event.competency}
                return self._edit(f"competency/{event.competency}", set(), competencies=left)
            case ScaleWritten():
                return self._edit("scale", set(), scale=event.scale)
            case LadderMarkedReady():
                return self._having(ready=self.ready | {event.ladder})
            case ReadyMarkRemoved():
                return self._having(ready=self.ready - {event.ladder})
            case _:
                raise TypeError(f"{type(event).__name__} is no event of a framework")

    def _with(self, ladder: Ladder) -> Self:
        return self._edit(f"ladder/{ladder.id}", {ladder.id}, ladders=self.ladders | {ladder.id: ladder})

    def _with_competencies(self, competencies: tuple[Competency, ...]) -> Self:
        now = self
        for competency in competencies:
            known = now.competencies | {competency.id: competency}
            using = set(now.ladders_using(competency.id))
            now = now._edit(f"competency/{competency.id}", using, competencies=known)
        return now

    def _edit(self, part: str, no_longer_ready: set[str], **changes: object) -> Self:
        editions = self.editions | {part: self.editions.get(part, 0) + 1}  # goes on after a removal
        return self._having(editions=editions, ready=self.ready - no_longer_ready, **changes)

    def _having(self, **changes: object) -> Self:
        return self.model_copy(update=changes)


def _place(present: list[str], what: str, wanted: int | None) -> int:
    """Return where `what` goes among the others: `wanted`, else where it is, else last."""
    others = [name for name in present if name != what]
    if wanted is not None:
        return max(0, min(wanted, len(others)))
    return present.index(what) if what in present else len(others)
