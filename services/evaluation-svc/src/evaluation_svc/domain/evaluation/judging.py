"""What whoever approves does: opening, approving, returning, reopening and holding."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel import Event, Unsealed
from evaluation_svc.domain.errors import AlreadyThere, Invalid, NotNow
from evaluation_svc.domain.evaluation.standing import Standing
from evaluation_svc.domain.evaluation_events import (
    Approved,
    Examined,
    Held,
    Released,
    ReleasedHow,
    Reopened,
    ReturnComment,
    Returned,
)
from evaluation_svc.domain.lines import checked_text


class Judging(Standing):
    """What whoever approves does."""

    def examine(self, by: str, at: datetime, acting: str | None = None) -> tuple[Examined, ...]:
        """Record that somebody who may approve it opened it."""
        self._must_not_be_involved(by, acting, "approves")
        self._must_be({"submitted"}, "it does not wait for approval")
        return () if by in self.examined_by else (Examined(by=by, at=at),)

    def approve(
        self,
        by: str,
        at: datetime,
        release_due_at: datetime | None,
        self_ratings: dict[str, float] | None = None,
        acting: str | None = None,
        *,
        release_now: bool = False,
    ) -> tuple[Event, ...]:
        """Approve this revision; `release_now` where the cycle's rule releases at approval (or its date is past)."""
        self._must_not_be_involved(by, acting, "approves")
        self._must_be({"submitted"}, "only a submitted one can be approved")
        approved = self._approved(by, at, release_due_at, self_ratings, together=False)
        if not release_now:
            return (approved,)
        how: ReleasedHow = "at approval" if self.terms.release == "at approval" else "on the date"
        return (approved, Released(revision=self.revision.number, how=how, by=None, at=at))

    def approve_together(
        self,
        by: str,
        at: datetime,
        release_due_at: datetime | None,
        self_ratings: dict[str, float] | None = None,
        acting: str | None = None,
        *,
        release_now: bool = False,
    ) -> tuple[Event, ...]:
        """Approve it as one of several at once: only without a code, and once opened."""
        if self.revision.codes:
            raise NotNow("An evaluation with a reason code is approved by itself.")
        if by not in self.examined_by:
            raise NotNow("Open the evaluation before approving it together with others.")
        first, *rest = self.approve(by, at, release_due_at, self_ratings, acting, release_now=release_now)
        return (first.model_copy(update={"together": True}), *rest)

    def give_back(
        self, comments: dict[str, str], by: str, at: datetime, acting: str | None = None, due_at: datetime | None = None
    ) -> Returned:
        """Return it to the evaluator with specific feedback per competency; due again at `due_at` (the cycle's day)."""
        self._must_not_be_involved(by, acting, "returns")
        self._must_be({"submitted"}, "only a submitted one can be returned")
        if not comments:
            raise Invalid("comments", "", "say for at least one competency what to look at again.")
        written = tuple(
            self._comment(competency, text, self.texts_written + n)
            for n, (competency, text) in enumerate(comments.items(), start=1)
        )
        return Returned(comments=written, manager_due_at=due_at or self.due.manager_at, by=by, at=at)

    def reopen(
        self, reason: str, by: str, at: datetime, acting: str | None = None, due_at: datetime | None = None
    ) -> Reopened:
        """Start the next revision as a draft with the ratings copied, due at `due_at`; the old one stays shown."""
        self._must_not_be_involved(by, acting, "reopens")
        self._must_be({"approved", "released", "acknowledged"}, "only one that was approved can be reopened")
        number = self.revision.number + 1
        part, text = self._text(f"reopening/{number}", reason)
        return Reopened(
            revision=number,
            was_released=self.revision.released_at is not None,
            manager_due_at=due_at or self.due.manager_at,
            part=part,
            reason=text,
            by=by,
            at=at,
        )

    def hold_back(self, reason: str, by: str, at: datetime, acting: str | None = None) -> Held:
        """Keep it from being released, with a reason, until HR releases it."""
        self._must_not_be_involved(by, acting, "holds")
        self._must_be({"approved"}, "only one that is approved and not released can be held")
        if self.hold:
            raise AlreadyThere("This evaluation is held already.")
        part, text = self._text("hold", reason)
        return Held(part=part, reason=text, by=by, at=at)

    def _approved(
        self,
        by: str,
        at: datetime,
        release_due_at: datetime | None,
        self_ratings: dict[str, float] | None,
        *,
        together: bool,
    ) -> Approved:
        return Approved(
            revision=self.revision.number,
            self_ratings=self_ratings or {},
            release_due_at=release_due_at,
            together=together,
            by=by,
            at=at,
        )

    def _comment(self, competency: str, text: str, number: int) -> ReturnComment:
        self.line(competency)
        part = f"return/{competency}/{number}"
        words = checked_text("comments", text)
        return ReturnComment(
            competency=competency, part=part, text=Unsealed(person=self.employee, part=part, text=words)
        )
