"""What the evaluator does: the draft line by line, opening the self-assessment, submitting and recalling."""

from __future__ import annotations

from datetime import datetime

from chassis.kernel import Event
from evaluation_svc.domain.errors import Invalid, NotFound, Unfinished
from evaluation_svc.domain.evaluation.standing import WRITABLE, Standing
from evaluation_svc.domain.evaluation_events import (
    Begun,
    EvidenceAdded,
    EvidenceRemoved,
    LineCleared,
    LineNotSeen,
    LineRated,
    Recalled,
    SelfAssessmentOpened,
    Submitted,
)
from evaluation_svc.domain.lines import Kept, Line, LineDraft, checked_rating, evidence_changes, sealed_part
from evaluation_svc.domain.precheck import compared_codes, mean_rating


class Drafting(Standing):
    """What the evaluator does."""

    def draft_line(self, draft: LineDraft, by: str, at: datetime) -> tuple[Event, ...]:
        """Return what the draft of one line changes: its rating or "not seen", and its evidence."""
        self._must_be(WRITABLE, "only a draft or a returned one can be changed")
        line = self.line(draft.competency)
        if draft.rating is not None and draft.not_seen is not None:
            raise Invalid("rating", draft.rating, "give a rating, or say that it was not seen, not both.")
        verdict = self._verdict(line, draft, by, at)
        texts = self.texts_written + sum(isinstance(event, LineNotSeen) for event in verdict)
        changes = evidence_changes(self.employee, "evidence", line.evidence, draft, texts, by)
        events: tuple[Event, ...] = (
            *verdict,
            *(EvidenceRemoved(competency=draft.competency, part=part, by=by, at=at) for part in changes.removed),
            *(EvidenceAdded(competency=draft.competency, evidence=one, at=at) for one in changes.added),
        )
        return (Begun(by=by, at=at), *events) if events and self.status == "not started" else events

    def open_self_assessment(self, by: str, at: datetime) -> tuple[SelfAssessmentOpened, ...]:
        """Record the first time that this evaluator opens the self-assessment."""
        return () if by in self.self_opened else (SelfAssessmentOpened(by=by, at=at),)

    def submit(
        self,
        by: str,
        at: datetime,
        approval_due_at: datetime,
        self_ratings: dict[str, float] | None = None,
        other_means: tuple[float, ...] = (),
    ) -> Submitted:
        """Hand it to HR, with the codes of the pre-check.

        `self_ratings` are those of a submitted self-assessment, `other_means` the means of the other evaluations
        this evaluator has submitted in the cycle.
        """
        self._must_be(WRITABLE, "only a draft or a returned one can be submitted")
        self._must_be_complete()
        lines = self.standing_lines()
        mean = mean_rating(lines)
        means = (*other_means, mean) if mean is not None else other_means
        codes = (*self.own_codes(), *compared_codes(lines, self_ratings or {}, means))
        return Submitted(codes=codes, mean=mean, approval_due_at=approval_due_at, by=by, at=at)

    def recall(self, by: str, at: datetime, due_at: datetime | None = None) -> Recalled:
        """Take it back to a draft, until HR approves or returns it; it is due at `due_at` (the cycle's day)."""
        self._must_be({"submitted"}, "it can be recalled only until HR approves or returns it")
        return Recalled(manager_due_at=due_at or self.due.manager_at, by=by, at=at)

    def _must_be_complete(self) -> None:
        competencies = self.terms.competencies
        if missing := tuple(one for one in competencies if not self.line(one).is_complete):
            raise Unfinished(f"Rate or mark as not seen: {', '.join(missing)}.", missing)
        if not self.terms.evidence_required:
            return
        lines = self.standing_lines()
        if bare := tuple(line.competency for line in lines if line.rating is not None and not line.evidence):
            raise Unfinished(f"This cycle asks for evidence with every rating: {', '.join(bare)}.", bare)

    def _verdict(self, line: Line, draft: LineDraft, by: str, at: datetime) -> tuple[Event, ...]:
        """Return what changes in the rating or the "not seen" of a line, if anything does."""
        peeked = by in self.self_opened
        if draft.rating is not None:
            if checked_rating(draft.rating) == line.rating:
                return ()
            return (
                LineRated(
                    competency=line.competency,
                    rating=draft.rating,
                    before=line.rating,
                    after_self_assessment=peeked,
                    by=by,
                    at=at,
                ),
            )
        if draft.not_seen is not None:
            return self._not_seen(line, draft, by, at)
        if not line.is_complete:
            return ()
        return (
            LineCleared(competency=line.competency, before=line.rating, after_self_assessment=peeked, by=by, at=at),
        )

    def _not_seen(self, line: Line, draft: LineDraft, by: str, at: datetime) -> tuple[Event, ...]:
        if isinstance(draft.not_seen, Kept):
            if draft.not_seen.part != line.reason_part:
                raise NotFound(f"The line {line.competency} has no reason {draft.not_seen.part!r}.")
            return ()
        if draft.not_seen is None:
            return ()
        part = f"not-seen/{line.competency}/{self.texts_written + 1}"
        text, _ = sealed_part(self.employee, part, draft.not_seen, "not_seen")
        return (
            LineNotSeen(
                competency=line.competency,
                part=part,
                reason=text,
                before=line.rating,
                after_self_assessment=by in self.self_opened,
                by=by,
                at=at,
            ),
        )
