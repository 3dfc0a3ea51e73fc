"""The evaluation: one employee in one cycle by one evaluator, revision by revision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field

from chassis.kernel import Event, Personal, State, Unsealed
from evaluation_svc.domain.cycle import checked_substitute
from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid, NotFound, NotNow, OwnCase, Unfinished
from evaluation_svc.domain.evaluation_changes import changes
from evaluation_svc.domain.evaluation_events import (
    Acknowledged,
    AnswerOverdue,
    ApprovalOverdue,
    Approved,
    Assigned,
    Begun,
    DueTimes,
    EvaluationCancelled,
    EvaluationOverdue,
    EvaluatorKept,
    EvidenceAdded,
    EvidenceRemoved,
    Examined,
    Excused,
    ExcuseReason,
    Extended,
    HandedOver,
    Held,
    LineCleared,
    LineNotSeen,
    LineRated,
    NotFinished,
    PushBackAnswered,
    ReactedTo,
    Reaction,
    Recalled,
    Released,
    ReleasedHow,
    Reopened,
    ReturnComment,
    Returned,
    SelfAssessmentOpened,
    SelfAssessmentOverdue,
    Submitted,
    SubstituteNamed,
    Terms,
    Withdrawn,
)
from evaluation_svc.domain.lines import (
    Kept,
    Line,
    LineDraft,
    Said,
    begun,
    checked_rating,
    checked_text,
    evidence_changes,
    sealed_part,
)
from evaluation_svc.domain.precheck import Code, compared_codes, mean_rating, own_codes
from evaluation_svc.domain.revisions import Hold, Reacted, Revision

Status = Literal[
    "not started",
    "draft",
    "submitted",
    "returned",
    "approved",
    "released",
    "acknowledged",
    "excused",
    "not finished",
    "cancelled",
]
WRITABLE: frozenset[Status] = frozenset({"not started", "draft", "returned"})
UNFINISHED: frozenset[Status] = frozenset({"not started", "draft", "returned", "submitted"})
ENDED: frozenset[Status] = frozenset({"excused", "not finished", "cancelled"})


class Evaluation(State):
    """not started → draft → submitted → (returned → submitted)* → approved → released → acknowledged."""

    KIND = "evaluation"

    evaluation: str
    employee: str
    evaluator: str
    former_evaluators: tuple[str, ...] = ()
    substitute: str | None = None
    terms: Terms
    due: DueTimes
    entered_at: datetime
    status: Status = "not started"
    revision: Revision
    earlier: tuple[Revision, ...] = ()
    hold: Hold | None = None
    excused: ExcuseReason | None = None
    kept_despite: tuple[str | None, ...] = ()
    self_opened: dict[str, datetime] = Field(default_factory=dict[str, datetime])
    examined_by: frozenset[str] = frozenset()
    reactions: dict[str, tuple[Reacted, ...]] = Field(default_factory=dict[str, tuple[Reacted, ...]])
    texts: dict[str, Said] = Field(default_factory=dict[str, Said])
    texts_written: int = 0
    withdrawn: dict[str, date] = Field(default_factory=dict[str, date])

    # What it is now

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """Every revision, the first one first."""
        return (*self.earlier, self.revision)

    @property
    def released_revision(self) -> Revision | None:
        """The revision the employee is shown: the newest released one."""
        return next((one for one in reversed(self.revisions) if one.released_at), None)

    @property
    def approved_revision(self) -> Revision | None:
        """The newest approved revision."""
        return next((one for one in reversed(self.revisions) if one.approved_at), None)

    @property
    def released_parts(self) -> frozenset[str]:
        """The texts that the employee is shown: of released lines, of reactions and of their answers."""
        lines = [line for one in self.revisions if one.released_at for line in one.lines.values()]
        reactions = [one for each in self.reactions.values() for one in each]
        said = (part for one in reactions for part in (one.part, one.answer_part))
        evidence = (one.part for line in lines for one in line.evidence)
        return frozenset(part for part in (*evidence, *(line.reason_part for line in lines), *said) if part)

    @property
    def raters(self) -> frozenset[str]:
        """Everybody who rated a line of the present revision."""
        return frozenset(line.by for line in self.revision.lines.values() if line.by is not None)

    @property
    def is_writable(self) -> bool:
        """Tell whether the evaluator may change lines now."""
        return self.status in WRITABLE

    @property
    def is_unfinished(self) -> bool:
        """Tell whether it still is on its way to approval."""
        return self.status in UNFINISHED

    def line(self, competency: str) -> Line:
        """Return the line of a competency of this evaluation, as far as it is written; NotFound for any other."""
        if competency not in self.terms.competencies:
            raise NotFound(f"{competency!r} is not rated in this evaluation.")
        return self.revision.lines.get(competency, Line(competency=competency))

    def standing_lines(self, revision: Revision | None = None) -> tuple[Line, ...]:
        """Return the written lines in the order of the form, without evidence that was withdrawn."""
        lines = (revision or self.revision).lines
        return tuple(self._standing(lines[one]) for one in self.terms.competencies if one in lines)

    def own_codes(self) -> tuple[Code, ...]:
        """Return the codes the evaluator may see before submitting: those about their own text and ratings."""
        return own_codes(self.standing_lines(), len(self.terms.competencies))

    def approvers_exclude(self, acting: str | None = None) -> frozenset[str]:
        """Return who may not decide on this evaluation: employee, evaluator, whoever acts for them, who rated it."""
        return frozenset({self.employee, self.evaluator, *self.raters, *([acting] if acting else [])})

    # Entering a cycle, and what HR arranges

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
        if employee == evaluator:
            raise Invalid("evaluator", evaluator, "nobody evaluates themselves; there is the self-assessment for that.")
        return Assigned(
            evaluation=evaluation,
            employee=employee,
            evaluator=evaluator,
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
        if evaluator == self.employee:
            raise Invalid("evaluator", evaluator, "nobody evaluates themselves; there is the self-assessment for that.")
        return HandedOver(
            before=self.evaluator,
            evaluator=evaluator,
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

    def extend(self, due: DueTimes, self_submitted: bool, by: str, at: datetime) -> Extended:
        """Move due dates to later days."""
        self._must_be(UNFINISHED, "no date of it is waited for")
        old, new = self.due.days, due.days
        for name in ("self_due", "manager_due", "approval_due", "conversations_by"):
            if getattr(new, name) < getattr(old, name):
                raise Invalid(name, getattr(new, name).isoformat(), "dates only extend: give the same or a later day.")
        return Extended(due=due, is_open=self.is_writable, awaits_self_assessment=not self_submitted, by=by, at=at)

    def excuse(self, reason: ExcuseReason, by: str, at: datetime, acting: str | None = None) -> Excused:
        """Excuse the evaluation; what was written is kept."""
        self._must_not_be_involved(by, acting, "excuses")
        self._must_be(UNFINISHED, "only one that is not approved yet can be excused")
        return Excused(reason=reason, by=by, at=at)

    def end_unfinished(self, at: datetime) -> tuple[NotFinished, ...]:
        """End it with its cycle, unless it is approved (those still go to release) or has ended before."""
        return (NotFinished(at=at),) if self.is_unfinished else ()

    def end_cancelled(self, at: datetime) -> tuple[EvaluationCancelled, ...]:
        """End it with a cancelled cycle."""
        if self.released_revision:
            raise NotNow("Something in this cycle is released already; close it instead of cancelling it.")
        return () if self.status == "cancelled" else (EvaluationCancelled(at=at),)

    # What the evaluator does

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

    # What whoever approves does

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

    # Release, and what the employee does

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

    def hold_back(self, reason: str, by: str, at: datetime, acting: str | None = None) -> Held:
        """Keep it from being released, with a reason, until HR releases it."""
        self._must_not_be_involved(by, acting, "holds")
        self._must_be({"approved"}, "only one that is approved and not released can be held")
        if self.hold:
            raise AlreadyThere("This evaluation is held already.")
        part, text = self._text("hold", reason)
        return Held(part=part, reason=text, by=by, at=at)

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
            raise NotFound(f"There is no score for {competency!r}.")
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
        part, written = self._text(f"answer/{competency}", text)
        return PushBackAnswered(revision=waiting.revision, competency=competency, part=part, text=written, by=by, at=at)

    def waiting_push_back(self, competency: str) -> Reacted | None:
        """Return the push-back on a score that waits for an answer, if there is one."""
        latest = self.reactions.get(competency, ())[-1:]
        return next((one for one in latest if one.waits), None)

    # Clocks

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

    # Withdrawal

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

    # Rules

    def _must_be(self, statuses: frozenset[Status] | set[Status], rule: str) -> None:
        if self.status == "excused":
            raise NotNow("This evaluation is excused, which is final for its cycle; plan a cycle for this one person.")
        if self.status not in statuses:
            raise NotNow(f"This evaluation is {self.status}; {rule}.")

    def _must_not_have_ended(self, what: str) -> None:
        if self.status in ENDED:
            raise NotNow(f"This evaluation is {self.status}; it cannot be {what} any more.")

    def _must_not_be_involved(self, by: str, acting: str | None, verb: str) -> None:
        if by in self.approvers_exclude(acting):
            raise OwnCase(f"Nobody {verb} an evaluation of which they are the employee or the evaluator.")

    def _must_be_the_employee(self, by: str, verb: str) -> None:
        if by != self.employee:
            raise Forbidden(f"Only the employee can {verb} their own evaluation.")

    def _must_be_complete(self) -> None:
        competencies = self.terms.competencies
        if missing := tuple(one for one in competencies if not self.line(one).is_complete):
            raise Unfinished(f"Rate or mark as not seen: {', '.join(missing)}.", missing)
        if not self.terms.evidence_required:
            return
        lines = self.standing_lines()
        if bare := tuple(line.competency for line in lines if line.rating is not None and not line.evidence):
            raise Unfinished(f"This cycle asks for evidence with every rating: {', '.join(bare)}.", bare)

    # Parts of decisions

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
        text, _ = sealed_part(self.employee, part, draft.not_seen)
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

    def _text(self, prefix: str, text: str) -> tuple[str, Personal]:
        """Return the next part of the stream and the text about the employee as that part."""
        part = f"{prefix}/{self.texts_written + 1}"
        return part, Unsealed(person=self.employee, part=part, text=checked_text("text", text))

    def _standing(self, line: Line) -> Line:
        evidence = tuple(one for one in line.evidence if one.part not in self.withdrawn)
        return line.model_copy(update={"evidence": evidence})

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case Assigned():
                return cls(
                    evaluation=event.evaluation,
                    employee=event.employee,
                    evaluator=event.evaluator,
                    substitute=event.substitute,
                    terms=event.terms,
                    due=event.due,
                    entered_at=event.at,
                    revision=Revision(started_at=event.at),
                )
            case _:
                evaluation = begun(state)
                return evaluation.model_copy(update=changes(evaluation, event))
