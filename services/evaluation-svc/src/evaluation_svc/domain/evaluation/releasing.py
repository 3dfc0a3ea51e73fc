"""Release, what the employee does from then on, and the answers to them."""

from __future__ import annotations

from datetime import datetime

from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid, NotNow, NotPartOfIt
from evaluation_svc.domain.evaluation.standing import Standing
from evaluation_svc.domain.evaluation_events import (
    Acknowledged,
    PushBackAnswered,
    ReactedTo,
    Reaction,
    Released,
    ReleasedHow,
)


class Releasing(Standing):
    """Release, and what the employee does."""

    def release(self, by: str, at: datetime, *, is_hr: bool) -> Released:
        """Show the approved revision to the employee: the manager, or HR for them."""
        self._must_be({"approved"}, "only an approved one can be released")
        if self.hold and not is_hr:
            raise NotNow("HR holds this evaluation; only HR can release it.")
        if self.terms.release == "on date" and not is_hr:
            raise NotNow("All evaluations of this cycle are released on one date.")
        return Released(revision=self.revision.number, how="by HR" if is_hr else "by the manager", by=by, at=at)

    def release_by_clock(self, at: datetime, *, late: bool) -> tuple[Released, ...]:
        """Release it by itself when its time has come, unless it is held, reopened or released by then."""
        if self.status != "approved" or self.hold:
            return ()
        how: ReleasedHow = "on the date" if self.terms.release == "on date" else "by itself"
        return (Released(revision=self.revision.number, how=how, by=None, at=at, late=late),)

    def acknowledge(self, by: str, at: datetime) -> Acknowledged:
        """Say that one has read it, which is not agreeing."""
        self._must_be_the_employee(by, "acknowledge")
        shown = self.released_revision
        if shown is None:
            raise NotNow("Nothing of this evaluation is released yet; acknowledge it once you can read it.")
        if shown.acknowledged_at is not None:
            raise AlreadyThere("You have acknowledged this evaluation already.")
        return Acknowledged(revision=shown.number, by=by, at=at)

    def react(
        self, competency: str, reaction: Reaction, reason: str | None, by: str, at: datetime, answer_due_at: datetime
    ) -> ReactedTo:
        """Answer one released score; a push-back needs a reason and waits for an answer until `answer_due_at`."""
        self._must_be_the_employee(by, "react to")
        shown = self.released_revision
        if shown is None:
            raise NotNow("There is no released score yet.")
        if competency not in shown.lines or shown.lines[competency].rating is None:
            raise NotPartOfIt(f"There is no score for {competency!r}.")
        if reaction == "push back" and not (reason or "").strip():
            raise Invalid("reason", reason, "say what you see differently.")
        part, text = self._text(f"reaction/{competency}", reason) if reason else (None, None)
        waits = reaction == "push back"
        return ReactedTo(
            revision=shown.number,
            competency=competency,
            reaction=reaction,
            part=part,
            reason=text,
            answer_due_at=answer_due_at if waits else None,
            answer_by=self.evaluator if waits else None,
            at=at,
        )

    def answer(self, competency: str, text: str, by: str, at: datetime) -> PushBackAnswered:
        """Answer a push-back; nothing is overwritten."""
        waiting = self.waiting_push_back(competency)
        if waiting is None:
            raise NotNow("No push-back on this score waits for an answer.")
        part, written = self._text(f"answer/{competency}", text, "text")
        return PushBackAnswered(revision=waiting.revision, competency=competency, part=part, text=written, by=by, at=at)

    def _must_be_the_employee(self, by: str, verb: str) -> None:
        if by != self.employee:
            raise Forbidden(f"Only the employee can {verb} their own evaluation.")
