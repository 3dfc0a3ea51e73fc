"""Self-assessments: the employee's own view of one evaluation."""

from __future__ import annotations

from chassis.unit import Unit
from evaluation_svc.application.drafts import TypedLine, Vague, line_draft
from evaluation_svc.application.people import today
from evaluation_svc.domain.errors import Forbidden, NotNow
from evaluation_svc.domain.evaluation import ENDED, Evaluation
from evaluation_svc.domain.known import known_status
from evaluation_svc.domain.lines import Line
from evaluation_svc.domain.notes import Example
from evaluation_svc.domain.self_assessment import SelfAssessment, SelfExampleAdded


class SelfAssessing:
    """What the employee does with their self-assessment."""

    vague: Vague

    def draft_self_line(self, unit: Unit, evaluation: str, line: TypedLine) -> SelfAssessment:
        """Write one line of the own self-assessment."""
        state = self._own(unit, evaluation)
        before = state.lines.get(line.competency, Line(competency=line.competency))
        events = state.draft_line(line_draft(unit, before, line, Example, self.vague), unit.now)
        for event in events:
            if isinstance(event, SelfExampleAdded) and event.example.cites:
                self._cite_example(unit, evaluation, event.example.cites, event.example.part)
        return unit.record(SelfAssessment, evaluation, events)

    def submit_self_assessment(self, unit: Unit, evaluation: str) -> SelfAssessment:
        """Hand the own self-assessment in; a late one is taken until release, and marked."""
        about = self._mine(unit, evaluation)
        submitted = self._own(unit, evaluation).submit(
            unit.now, about.due.self_at, released=about.released_revision is not None
        )
        return unit.record(SelfAssessment, evaluation, submitted)

    def withdraw_self_text(self, unit: Unit, evaluation: str, part: str, reason: str) -> SelfAssessment:
        """Withdraw one text of a self-assessment."""
        state = unit.get(SelfAssessment, evaluation)
        on, is_hr = today(unit.directory, unit.now), "hr" in unit.actor.roles
        withdrawn = state.withdraw(part, reason, unit.actor.person, on, is_hr=is_hr)
        return unit.record(SelfAssessment, evaluation, withdrawn)

    def _own(self, unit: Unit, evaluation: str) -> SelfAssessment:
        """Return the own self-assessment, begun now if it was not."""
        about = self._mine(unit, evaluation)
        found = unit.find(SelfAssessment, evaluation)
        if found is not None:
            return found
        begun = SelfAssessment.begin(evaluation, about.employee, about.terms.competencies, unit.now)
        return unit.record(SelfAssessment, evaluation, begun)

    def _mine(self, unit: Unit, evaluation: str) -> Evaluation:
        about = unit.get(Evaluation, evaluation)
        if about.employee != unit.actor.person:
            raise Forbidden("Only the employee writes their self-assessment.")
        if (status := known_status(about)) in ENDED:
            raise NotNow(f"The evaluation is {status}; no self-assessment is asked for any more.")
        return about

    def _cite_example(self, unit: Unit, evaluation: str, note: str, part: str) -> None:
        cited = unit.get(Example, note).cite(evaluation, part, unit.actor.person, unit.now)
        unit.record(Example, note, cited)
