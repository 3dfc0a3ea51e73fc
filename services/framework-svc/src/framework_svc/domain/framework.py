"""The framework of a workspace: its draft, what was last published, and what leads from one to the other."""

from typing import Self

from pydantic import Field

from chassis.kernel import Event, State
from framework_svc.domain.draft import Draft
from framework_svc.domain.errors import AlreadyArchived, HasHoles, NotPublished
from framework_svc.domain.framework_events import (
    LadderArchived,
    LadderCarried,
    LadderDropped,
    LadderMarkedReady,
    LadderReplaced,
    LadderTaken,
    VersionPublished,
)
from framework_svc.domain.structure import Hole, holes
from framework_svc.domain.texts import DEFAULT_SCALE, Anchor, CompetencyFate, PublishedLadder

FRAMEWORK = "framework"
"""The id of the one framework of a workspace."""


class Framework(State):
    """The draft and the last published version."""

    KIND = "framework"

    draft: Draft = Draft()
    version: int = 0
    published: dict[str, PublishedLadder] = Field(default_factory=dict[str, PublishedLadder])
    published_scale: tuple[Anchor, ...] = DEFAULT_SCALE
    fates: tuple[CompetencyFate, ...] = ()
    archived: frozenset[str] = frozenset()

    def published_levels(self) -> tuple[str, ...]:
        """Return the full ids of the levels of the last version."""
        return tuple(level for ladder in self.published.values() for level in ladder.ladder.level_ids())

    def holes(self, ladder: str) -> tuple[Hole, ...]:
        """Return what a ladder of the draft lacks to be ready."""
        levels = {level for other in self.draft.ladders.values() for level in other.level_ids()}
        return holes(self.draft.ladder(ladder), self.draft.competencies, levels | set(self.published_levels()))

    def as_publishable(self, ladder: str) -> PublishedLadder:
        """Return a ladder of the draft as the next version would hold it."""
        text = self.draft.ladder(ladder)
        used = set(text.competency_ids())
        competencies = tuple(known for name, known in self.draft.competencies.items() if name in used)
        return PublishedLadder(ladder=text, competencies=competencies, changed_in=self.version + 1)

    def reset_ladder(self, ladder: str, edition: int | None = None) -> LadderReplaced:
        """Go back to the ladder as it was last published; competencies keep their present texts."""
        self.draft.expect(f"ladder/{ladder}", edition)
        if ladder not in self.published:
            raise NotPublished(f"“{ladder}” was never published.")
        last = self.published[ladder]
        missing = tuple(known for known in last.competencies if known.id not in self.draft.competencies)
        return LadderReplaced(ladder=last.ladder, competencies=missing, source="last published")

    def mark_ready(self, ladder: str, edition: int | None = None) -> LadderMarkedReady | tuple[()]:
        """Say that a ladder may go out; refused while it has holes."""
        self.draft.edited(ladder, edition)
        found = self.holes(ladder)
        if found:
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            first = "; ".join(hole.sentence() for hole in found[:3])
            raise HasHoles(f"“{ladder}” is not ready: {first}{more}.")
        return () if ladder in self.draft.ready else LadderMarkedReady(ladder=ladder)

    def archive(self, ladder: str) -> LadderArchived:
        """Let a published ladder take no new placements."""
        if ladder not in self.published:
            raise NotPublished(f"“{ladder}” is not published.")
        if ladder in self.archived:
            raise AlreadyArchived(f"“{ladder}” is archived already.")
        return LadderArchived(ladder=ladder)

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Return the framework after `event`; the first event finds an empty one."""
        now = state or cls()
        match event:
            case LadderTaken():
                return now._having(published=now.published | {event.published.ladder.id: event.published})
            case LadderDropped():
                left = {name: ladder for name, ladder in now.published.items() if name != event.ladder}
                return now._having(published=left, archived=now.archived - {event.ladder})
            case VersionPublished():
                return now._having(version=event.version, published_scale=event.scale, fates=event.fates)
            case LadderArchived():
                return now._having(archived=now.archived | {event.ladder})
            case LadderCarried():
                return now
            case _:
                return now._having(draft=now.draft.after(event))

    def _having(self, **changes: object) -> Self:
        return self.model_copy(update=changes)
