"""What an evaluation keeps of each revision, of reactions to its scores, and of a hold."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from chassis.kernel import Frozen, Personal
from evaluation_svc.domain.evaluation_events import (
    Reaction,
    ReleasedHow,
    ReturnComment,
)
from evaluation_svc.domain.lines import (
    Line,
)
from evaluation_svc.domain.precheck import Code


class Reacted(Frozen):
    """One reaction to a score, with its answer if it was a push-back that got one."""

    revision: int
    competency: str
    reaction: Reaction
    reason: Personal | None
    part: str | None
    at: datetime
    answer_due_at: datetime | None = None
    answer: Personal | None = None
    answer_part: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Tell whether this is a push-back without an answer."""
        return self.reaction == "push back" and self.answered_at is None


class Return(Frozen):
    """HR's feedback at one return."""

    by: str
    at: datetime
    comments: tuple[ReturnComment, ...]


class Revision(Frozen):
    """One revision: its lines and what became of them. `because` is why HR started it (None for the first)."""

    number: int = 1
    lines: dict[str, Line] = Field(default_factory=dict[str, Line])
    because: Personal | None = None
    started_at: datetime
    submitted_at: datetime | None = None
    codes: tuple[Code, ...] = ()
    returns: tuple[Return, ...] = ()
    approved_at: datetime | None = None
    approved_by: str | None = None
    together: bool = False
    self_ratings: dict[str, float] = Field(default_factory=dict[str, float])
    release_due_at: datetime | None = None
    released_at: datetime | None = None
    released_how: ReleasedHow | None = None
    acknowledged_at: datetime | None = None


class Hold(Frozen):
    """HR keeps an approved revision from being released."""

    by: str
    at: datetime
    reason: Personal
