"""What time and second thoughts do to an evaluation: days that pass, texts that are withdrawn."""

from __future__ import annotations

from datetime import date, datetime

from evaluation_svc.domain.errors import AlreadyThere, Forbidden, NotFound
from evaluation_svc.domain.evaluation.standing import ENDED, Standing
from evaluation_svc.domain.evaluation_events import (
    AnswerOverdue,
    ApprovalOverdue,
    EvaluationOverdue,
    SelfAssessmentOverdue,
    Withdrawn,
)


class Lasting(Standing):
    """Clocks and withdrawal."""

    def note_self_assessment_overdue(
        self, at: datetime, *, submitted: bool, late: bool
    ) -> tuple[SelfAssessmentOverdue, ...]:
        """Record that the day for the self-assessment passed without one."""
        if submitted or self.status in ENDED or self.released_revision:
            return ()
        return (SelfAssessmentOverdue(due_at=self.due.self_at, at=at, late=late),)

    def note_overdue(self, due_at: datetime, at: datetime, *, late: bool) -> tuple[EvaluationOverdue, ...]:
        """Record that the day for the evaluation passed and it is not submitted."""
        return (EvaluationOverdue(due_at=due_at, at=at, late=late),) if self.is_writable else ()

    def note_approval_overdue(self, due_at: datetime, at: datetime, *, late: bool) -> tuple[ApprovalOverdue, ...]:
        """Record that it has waited for HR past its time."""
        return (ApprovalOverdue(due_at=due_at, at=at, late=late),) if self.status == "submitted" else ()

    def note_answer_overdue(self, competency: str, at: datetime, *, late: bool) -> tuple[AnswerOverdue, ...]:
        """Record that a push-back has waited for its answer past its time."""
        waiting = self.waiting_push_back(competency)
        if waiting is None or waiting.answer_due_at is None:
            return ()
        return (AnswerOverdue(competency=competency, due_at=waiting.answer_due_at, at=at, late=late),)

    def withdraw(self, part: str, reason: str, by: str, on: date, *, is_hr: bool) -> Withdrawn:
        """Withdraw a text written about the wrong person: its author, or HR about anybody but themselves."""
        said = self.texts.get(part)
        may = said is not None and (by == said.author or (is_hr and by != self.employee))
        if not may and part not in self.released_parts:
            raise NotFound(f"There is no text {part!r} in this evaluation.")
        if not may:
            raise Forbidden("A text is withdrawn by its author, or by HR where it is not about themselves.")
        if part in self.withdrawn:
            raise AlreadyThere("This text is withdrawn already.")
        return Withdrawn(part=part, reason=self._text("withdrawal", reason)[1], by=by, on=on)
