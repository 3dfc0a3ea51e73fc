"""What HR arranges around an evaluation: who enters, evaluates and approves, by when, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from evaluation_svc.domain.cycle import checked_evaluator, checked_substitute
from evaluation_svc.domain.errors import AlreadyThere, Invalid, NotNow
from evaluation_svc.domain.evaluation.standing import UNFINISHED, Standing
from evaluation_svc.domain.evaluation_events import (
    Assigned,
    DueTimes,
    EvaluationCancelled,
    EvaluatorKept,
    Excused,
    ExcuseReason,
    Extended,
    HandedOver,
    NotFinished,
    SubstituteNamed,
    Terms,
)


class Arranging(Standing):
    """Entering a cycle, and what HR arranges."""

    @staticmethod
    def assign(
        evaluation: str,
        employee: str,
        evaluator: str,
        terms: Terms,
        due: DueTimes,
        at: datetime,
        substitute: str | None = None,
    ) -> Assigned:
        """Let somebody enter an open cycle."""
        return Assigned(
            evaluation=evaluation,
            employee=employee,
            evaluator=checked_evaluator(employee, evaluator),
            substitute=substitute,
            terms=terms,
            due=due,
            at=at,
        )

    def hand_over(self, evaluator: str, manager_due_at: datetime, by: str, at: datetime) -> HandedOver:
        """Give the evaluation to another evaluator."""
        self._must_not_have_ended("handed over")
        if evaluator == self.evaluator:
            raise AlreadyThere("This person is the evaluator already.")
        return HandedOver(
            before=self.evaluator,
            evaluator=checked_evaluator(self.employee, evaluator),
            manager_due_at=manager_due_at,
            is_open=self.is_writable,
            by=by,
            at=at,
        )

    def keep_evaluator(self, manager: str | None, by: str, at: datetime) -> EvaluatorKept:
        """Let the evaluator stay although the employee has another manager now."""
        self._must_not_have_ended("kept with its evaluator")
        return EvaluatorKept(manager=manager, by=by, at=at)

    def name_substitute(self, substitute: str, admins_left: Iterable[str], by: str, at: datetime) -> SubstituteNamed:
        """Name who approves this one, where no HR admin is left for it."""
        self._must_not_have_ended("given a substitute")
        checked_substitute(self.employee, self.evaluator, substitute, admins_left)
        return SubstituteNamed(substitute=substitute, by=by, at=at)

    def extend(self, due: DueTimes, approval_due_at: datetime, self_submitted: bool, by: str, at: datetime) -> Extended:
        """Move due dates to later days; what is submitted then waits for HR until `approval_due_at`."""
        self._must_be(UNFINISHED, "no date of it is waited for")
        old, new = self.due.days, due.days
        for name in ("self_due", "manager_due", "approval_due", "conversations_by"):
            if getattr(new, name) < getattr(old, name):
                raise Invalid(name, getattr(new, name).isoformat(), "dates only extend: give the same or a later day.")
        return Extended(
            due=due,
            is_open=self.is_writable,
            awaits_self_assessment=not self_submitted,
            approval_due_at=approval_due_at if self.status == "submitted" else None,
            by=by,
            at=at,
        )

    def excuse(self, reason: ExcuseReason, by: str, at: datetime, acting: str | None = None) -> Excused:
        """Excuse the evaluation; what was written is kept."""
        self._must_not_be_involved(by, acting, "excuses")
        self._must_be(UNFINISHED, "only one that is not approved yet can be excused")
        if self.approved_revision is not None:
            raise NotNow("This evaluation was approved and is being corrected; only one never approved can be excused.")
        return Excused(reason=reason, by=by, at=at)

    def end_unfinished(self, at: datetime) -> tuple[NotFinished, ...]:
        """End it with its cycle, unless it is approved (those still go to release) or has ended before.

        What was reopened goes on: an approved revision stands behind it, and corrections are made after closing too.
        """
        return (NotFinished(at=at),) if self.is_unfinished and self.approved_revision is None else ()

    def end_cancelled(self, at: datetime) -> tuple[EvaluationCancelled, ...]:
        """End it with a cancelled cycle."""
        if self.released_revision:
            raise NotNow("Something in this cycle is released already; close it instead of cancelling it.")
        return () if self.status == "cancelled" else (EvaluationCancelled(at=at),)
