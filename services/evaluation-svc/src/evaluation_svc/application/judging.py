"""Evaluations: what the evaluator, whoever approves, the manager and the employee do with one."""

from __future__ import annotations

from chassis.unit import Unit
from evaluation_svc.application.drafts import TypedLine, Vague, line_draft
from evaluation_svc.application.people import (
    ANSWER_WITHIN,
    acting,
    answers_push_back,
    approval_due,
    release_due,
    submission_due,
    today,
)
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import EvidenceAdded, Reaction
from evaluation_svc.domain.notes import Observation
from evaluation_svc.domain.self_assessment import SelfAssessment

_OTHER_MEANS = (
    "select mean from evaluation_list where workspace = %(workspace)s and cycle = %(cycle)s"
    " and evaluator = %(evaluator)s and evaluation <> %(evaluation)s and mean is not null"
)


class Judging:
    """What people do with one evaluation."""

    vague: Vague

    def draft_line(self, unit: Unit, evaluation: str, line: TypedLine) -> Evaluation:
        """Write one line of the draft: its rating or "not seen", and its whole evidence."""
        state = unit.get(Evaluation, evaluation)
        draft = line_draft(unit, state.line(line.competency), line, Observation, self.vague)
        events = state.draft_line(draft, unit.actor.person, unit.now)
        for event in events:
            if isinstance(event, EvidenceAdded) and event.evidence.cites:
                self._cite(unit, evaluation, event.evidence.cites, event.evidence.part)
        return unit.record(Evaluation, evaluation, events)

    def draft_lines(self, unit: Unit, evaluation: str, lines: tuple[TypedLine, ...]) -> Evaluation:
        """Write a whole draft of lines, as a scorecard brings it; competencies it leaves out stay as they are."""
        for line in lines:
            self.draft_line(unit, evaluation, line)
        return unit.get(Evaluation, evaluation)

    def open_self_assessment(self, unit: Unit, evaluation: str) -> Evaluation:
        """Record that the evaluator opens the self-assessment."""
        opened = unit.get(Evaluation, evaluation).open_self_assessment(unit.actor.person, unit.now)
        return unit.record(Evaluation, evaluation, opened)

    def submit(self, unit: Unit, evaluation: str) -> Evaluation:
        """Hand an evaluation to HR, with the codes of the pre-check."""
        state = unit.get(Evaluation, evaluation)
        due = approval_due(unit.directory, state.due, unit.now)
        submitted = state.submit(
            unit.actor.person, unit.now, due, self._self_ratings(unit, evaluation), self._other_means(unit, state)
        )
        return unit.record(Evaluation, evaluation, submitted)

    def recall(self, unit: Unit, evaluation: str) -> Evaluation:
        """Take a submitted evaluation back."""
        state = unit.get(Evaluation, evaluation)
        due = submission_due(unit.directory, state, unit.now)
        return unit.record(Evaluation, evaluation, state.recall(unit.actor.person, unit.now, due))

    def examine(self, unit: Unit, evaluation: str) -> Evaluation:
        """Record that somebody who may approve it opened it."""
        state = unit.get(Evaluation, evaluation)
        return unit.record(
            Evaluation, evaluation, state.examine(unit.actor.person, unit.now, acting(unit.directory, state))
        )

    def approve(self, unit: Unit, evaluation: str) -> Evaluation:
        """Approve an evaluation; where the cycle's rule says so it is released at once."""
        return self._approve(unit, evaluation, together=False)

    def approve_together(self, unit: Unit, evaluations: tuple[str, ...]) -> None:
        """Approve several without a code, each opened before; all or none."""
        for evaluation in evaluations:
            self._approve(unit, evaluation, together=True)

    def give_back(self, unit: Unit, evaluation: str, comments: dict[str, str]) -> Evaluation:
        """Return an evaluation with specific feedback per competency."""
        state = unit.get(Evaluation, evaluation)
        due = submission_due(unit.directory, state, unit.now)
        returned = state.give_back(comments, unit.actor.person, unit.now, acting(unit.directory, state), due)
        return unit.record(Evaluation, evaluation, returned)

    def reopen(self, unit: Unit, evaluation: str, reason: str) -> Evaluation:
        """Start the next revision of an approved evaluation."""
        state = unit.get(Evaluation, evaluation)
        due = submission_due(unit.directory, state, unit.now)
        reopened = state.reopen(reason, unit.actor.person, unit.now, acting(unit.directory, state), due)
        return unit.record(Evaluation, evaluation, reopened)

    def release(self, unit: Unit, evaluation: str) -> Evaluation:
        """Show an approved evaluation to the employee: their manager, or HR for them."""
        state = unit.get(Evaluation, evaluation)
        is_manager = "manager" in unit.directory.relation(unit.actor.person, state.employee)
        involved = unit.actor.person in state.approvers_exclude(acting(unit.directory, state))
        is_hr = "hr" in unit.actor.roles and not (involved if state.hold else is_manager)
        return unit.record(Evaluation, evaluation, state.release(unit.actor.person, unit.now, is_hr=is_hr))

    def hold(self, unit: Unit, evaluation: str, reason: str) -> Evaluation:
        """Keep an approved evaluation from being released."""
        state = unit.get(Evaluation, evaluation)
        held = state.hold_back(reason, unit.actor.person, unit.now, acting(unit.directory, state))
        return unit.record(Evaluation, evaluation, held)

    def acknowledge(self, unit: Unit, evaluation: str) -> Evaluation:
        """Say that one has read one's evaluation."""
        return unit.record(
            Evaluation, evaluation, unit.get(Evaluation, evaluation).acknowledge(unit.actor.person, unit.now)
        )

    def react(self, unit: Unit, evaluation: str, competency: str, reaction: Reaction, reason: str | None) -> Evaluation:
        """Answer one released score of one's own."""
        state = unit.get(Evaluation, evaluation)
        answers = answers_push_back(unit.directory, state)
        due = unit.directory.calendar(answers).add_working_days(unit.now, ANSWER_WITHIN)
        reacted = state.react(competency, reaction, reason, unit.actor.person, unit.now, due)
        return unit.record(Evaluation, evaluation, reacted)

    def answer(self, unit: Unit, evaluation: str, competency: str, text: str) -> Evaluation:
        """Answer a push-back."""
        answered = unit.get(Evaluation, evaluation).answer(competency, text, unit.actor.person, unit.now)
        return unit.record(Evaluation, evaluation, answered)

    def withdraw(self, unit: Unit, evaluation: str, part: str, reason: str) -> Evaluation:
        """Withdraw one text of an evaluation; a cited observation is withdrawn with it."""
        state = unit.get(Evaluation, evaluation)
        on, is_hr = today(unit.directory, unit.now), "hr" in unit.actor.roles
        withdrawn = state.withdraw(part, reason, unit.actor.person, on, is_hr=is_hr)
        return unit.record(Evaluation, evaluation, withdrawn)

    def _approve(self, unit: Unit, evaluation: str, *, together: bool) -> Evaluation:
        state = unit.get(Evaluation, evaluation)
        due = release_due(unit.directory, state, unit.now)
        decide = state.approve_together if together else state.approve
        events = decide(
            unit.actor.person,
            unit.now,
            due,
            self._self_ratings(unit, evaluation),
            acting(unit.directory, state),
            release_now=due is None,
        )
        return unit.record(Evaluation, evaluation, events)

    def _self_ratings(self, unit: Unit, evaluation: str) -> dict[str, float]:
        own = unit.find(SelfAssessment, evaluation)
        return own.submitted_ratings if own else {}

    def _other_means(self, unit: Unit, state: Evaluation) -> tuple[float, ...]:
        """Return the means of the other evaluations this evaluator has submitted in the cycle, as they were handed in.

        They come from a view that may be an event behind: the pre-check advises and decides nothing.
        """
        rows = unit.rows(
            _OTHER_MEANS,
            {"cycle": state.terms.cycle, "evaluator": state.evaluator, "evaluation": state.evaluation},
        )
        return tuple(row["mean"] for row in rows)

    def _cite(self, unit: Unit, evaluation: str, note: str, part: str) -> None:
        cited = unit.get(Observation, note).cite(evaluation, part, unit.actor.person, unit.now)
        unit.record(Observation, note, cited)
