"""Cycles: planning, opening, and everything that touches all evaluations of one."""

from __future__ import annotations

from chassis.kernel import NotFound, Sealed, Unsealed
from chassis.unit import Unit
from evaluation_svc import facts
from evaluation_svc.application.drafts import TypedLine, Vague
from evaluation_svc.application.entering import Entrant, candidates, evaluator_of, participants
from evaluation_svc.application.people import acting, approval_due, due_times, hr_admins, manager_of
from evaluation_svc.domain.cycle import Cycle, Dates, KeptLine, KeptText, Plan, Scorecard
from evaluation_svc.domain.errors import Forbidden, Invalid, NotPartOfIt
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import ExcuseReason, Terms
from evaluation_svc.domain.lines import LineDraft, TakenOver, checked_text
from evaluation_svc.domain.participants import possible_approvers
from evaluation_svc.domain.self_assessment import SelfAssessment


class Cycles:
    """What HR does with cycles."""

    def __init__(self, vague: Vague) -> None:
        self.vague = vague

    def plan(self, unit: Unit, plan: Plan) -> str:
        """Plan a cycle over a published framework version; return its id."""
        if not facts.is_published(unit, plan.framework_version):
            raise Invalid("framework_version", plan.framework_version, "give the number of a published version.")
        cycle = unit.new_id("cycle")
        unit.record(Cycle, cycle, Cycle.planning(plan, unit.actor.person, unit.now))
        return cycle

    def replan(self, unit: Unit, cycle: str, plan: Plan) -> Cycle:
        """Change the plan of a cycle before it opens."""
        if not facts.is_published(unit, plan.framework_version):
            raise Invalid("framework_version", plan.framework_version, "give the number of a published version.")
        return unit.record(Cycle, cycle, unit.get(Cycle, cycle).replan(plan, unit.actor.person, unit.now))

    def bring_scorecard(self, unit: Unit, plan: Plan, lines: tuple[TypedLine, ...]) -> str:
        """Keep a whole draft of lines for one person in an ad hoc cycle, planned until HR opens it; return its id."""
        if plan.scope != "person" or plan.of is None:
            raise Invalid("scope", plan.scope, "a scorecard without a cycle is for one person.")
        if plan.of == unit.actor.person:
            raise Forbidden("Nobody evaluates themselves; there is the self-assessment for that.")
        cycle, by = unit.new_id("cycle"), unit.actor.person
        planned = unit.record(Cycle, cycle, Cycle.planning(plan, by, unit.now, proposed=True))
        kept = tuple(self._kept_line(plan.of, line) for line in lines)
        unit.record(Cycle, cycle, planned.bring_scorecard(plan.of, kept, by, unit.now))
        return cycle

    def add_participant(self, unit: Unit, cycle: str, person: str) -> Cycle:
        """Add somebody: to the plan, or, once it is open, into the cycle."""
        state = unit.get(Cycle, cycle)
        if state.status != "open":
            return unit.record(Cycle, cycle, state.add(person, unit.actor.person, unit.now))
        (entrant,) = candidates(unit, unit.directory, state, (person,), unit.now)
        evaluation = unit.new_id("evaluation")
        entered = state.enter(entrant.candidate, evaluation, unit.actor.person, unit.now)
        self._assign(unit, cycle, state, entrant, evaluation)
        return unit.record(Cycle, cycle, entered)

    def exclude_participant(self, unit: Unit, cycle: str, person: str, reason: str) -> Cycle:
        """Leave somebody out of a planned cycle."""
        return unit.record(Cycle, cycle, unit.get(Cycle, cycle).exclude(person, reason, unit.actor.person, unit.now))

    def name_evaluator(self, unit: Unit, cycle: str, person: str, evaluator: str) -> None:
        """Name who evaluates somebody; in an open cycle the evaluation is handed over."""
        state, by = unit.get(Cycle, cycle), unit.actor.person
        if unit.directory.person(evaluator) is None:
            raise Invalid("evaluator", evaluator, "name somebody of this workspace.")
        if state.status == "planned":
            unit.record(Cycle, cycle, state.name_evaluator(person, evaluator, by, unit.now))
            return
        identifier = state.evaluation_of(person)
        evaluation = unit.get(Evaluation, identifier)
        due = due_times(unit.directory, evaluation.due.days, person, evaluator).manager_at
        unit.record(Evaluation, identifier, evaluation.hand_over(evaluator, due, by, unit.now))

    def keep_evaluator(self, unit: Unit, cycle: str, person: str) -> None:
        """Let the evaluator stay although the employee has another manager now."""
        identifier = unit.get(Cycle, cycle).evaluation_of(person)
        kept = unit.get(Evaluation, identifier).keep_evaluator(
            manager_of(unit.directory, person), unit.actor.person, unit.now
        )
        unit.record(Evaluation, identifier, kept)

    def name_substitute(self, unit: Unit, cycle: str, person: str, substitute: str) -> None:
        """Name who approves one evaluation, where no HR admin is left for it."""
        state, by, admins = unit.get(Cycle, cycle), unit.actor.person, hr_admins(unit.directory)
        if unit.directory.person(substitute) is None:
            raise Invalid("substitute", substitute, "name somebody of this workspace.")
        if state.status == "planned":
            evaluator = evaluator_of(state, person, manager_of(unit.directory, person))
            left = possible_approvers(admins, person, [evaluator] if evaluator else [])
            unit.record(Cycle, cycle, state.name_substitute(person, substitute, evaluator, left, by, unit.now))
            return
        identifier = state.evaluation_of(person)
        evaluation = unit.get(Evaluation, identifier)
        left = possible_approvers(admins, person, evaluation.approvers_exclude(acting(unit.directory, evaluation)))
        unit.record(Evaluation, identifier, evaluation.name_substitute(substitute, left, by, unit.now))

    def open(self, unit: Unit, cycle: str) -> Cycle:
        """Open a cycle: everybody who takes part gets an evaluation; brought scorecards become drafts."""
        state = unit.get(Cycle, cycle)
        entrants = participants(unit, unit.directory, state, unit.now).entrants
        evaluations = {one.candidate.person: unit.new_id("evaluation") for one in entrants}
        opened = state.open(cycle, tuple(one.candidate for one in entrants), evaluations, unit.actor.person, unit.now)
        for one in entrants:
            self._assign(unit, cycle, state, one, evaluations[one.candidate.person])
        return unit.record(Cycle, cycle, opened)

    def close(self, unit: Unit, cycle: str) -> Cycle:
        """Close a cycle: what is not approved ends as not finished."""
        state = unit.get(Cycle, cycle)
        ended = [one for one in state.participants.values() if self._end_unfinished(unit, one)]
        return unit.record(Cycle, cycle, state.close(cycle, tuple(ended), unit.actor.person, unit.now))

    def cancel(self, unit: Unit, cycle: str, reason: str) -> Cycle:
        """Cancel a cycle: its clocks end, nothing is deleted."""
        state = unit.get(Cycle, cycle)
        evaluations = {one: unit.get(Evaluation, one) for one in state.participants.values()}
        released = any(one.released_revision for one in evaluations.values())
        cancelled = state.cancel(cycle, reason, released, unit.actor.person, unit.now)
        for identifier, evaluation in evaluations.items():
            unit.record(Evaluation, identifier, evaluation.end_cancelled(unit.now))
        return unit.record(Cycle, cycle, cancelled)

    def extend(self, unit: Unit, cycle: str, dates: Dates, person: str | None, team: str | None) -> tuple[str, ...]:
        """Move due dates to later days for one person or for an evaluator's team; return the evaluations."""
        state = unit.get(Cycle, cycle)
        dates.checked(state.plan.starts_on)
        others = {one: evaluation for one, evaluation in state.participants.items() if one != unit.actor.person}
        wanted = [state.evaluation_of(person)] if person else list(others.values())
        chosen = [one for one in wanted if team is None or unit.get(Evaluation, one).evaluator == team]
        moved = [one for one in chosen if person or unit.get(Evaluation, one).is_unfinished]
        if not moved:
            raise NotPartOfIt("Nobody in this cycle waits for these dates: all of them are approved or have ended.")
        for one in moved:
            self._extend(unit, one, dates)
        return tuple(moved)

    def excuse(self, unit: Unit, cycle: str, person: str, reason: ExcuseReason) -> Evaluation:
        """Excuse a participant; what was written is kept."""
        identifier = unit.get(Cycle, cycle).evaluation_of(person)
        evaluation = unit.get(Evaluation, identifier)
        by, standing_in = unit.actor.person, acting(unit.directory, evaluation)
        return unit.record(Evaluation, identifier, evaluation.excuse(reason, by, unit.now, standing_in))

    def _assign(self, unit: Unit, cycle: str, state: Cycle, entrant: Entrant, evaluation: str) -> None:
        candidate, form = entrant.candidate, entrant.form
        if form is None or candidate.evaluator is None:
            raise NotFound("Without an evaluator and a published ladder nobody enters a cycle.")
        plan = state.plan
        terms = Terms(
            cycle=cycle,
            cycle_name=plan.name,
            framework_version=plan.framework_version,
            ends_on=plan.ends_on,
            release=plan.release,
            release_on=plan.release_on,
            evidence_required=plan.evidence_required,
            **form.model_dump(),
        )
        due = due_times(unit.directory, plan.dates, candidate.person, candidate.evaluator)
        substitute = state.substitutes.get(candidate.person)
        assigned = Evaluation.assign(
            evaluation, candidate.person, candidate.evaluator, terms, due, unit.now, substitute
        )
        unit.record(Evaluation, evaluation, assigned)
        if brought := state.scorecards.get(candidate.person):
            self._bring_lines(unit, evaluation, brought)

    def _bring_lines(self, unit: Unit, evaluation: str, brought: Scorecard) -> None:
        """Make the kept lines a draft, as far as they are rated here."""
        for line in brought.lines:
            state = unit.get(Evaluation, evaluation)
            if line.competency in state.terms.competencies:
                unit.record(Evaluation, evaluation, state.draft_line(_taken_over(line), brought.by, unit.now))

    def _kept_line(self, person: str, line: TypedLine) -> KeptLine:
        texts = tuple(
            self._kept_text(person, f"evidence/{line.competency}/{n}", text)
            for n, text in enumerate(line.evidence, start=1)
        )
        reason = line.not_seen
        not_seen = self._kept_text(person, f"not-seen/{line.competency}", reason) if reason else None
        return KeptLine(competency=line.competency, rating=line.rating, not_seen=not_seen, evidence=texts)

    def _kept_text(self, person: str, part: str, text: str) -> KeptText:
        words = checked_text("evidence", text)
        return KeptText(text=Unsealed(person=person, part=part, text=words), length=len(words), vague=self.vague(words))

    def _end_unfinished(self, unit: Unit, evaluation: str) -> bool:
        ended = unit.get(Evaluation, evaluation).end_unfinished(unit.now)
        unit.record(Evaluation, evaluation, ended)
        return bool(ended)

    def _extend(self, unit: Unit, identifier: str, dates: Dates) -> None:
        evaluation = unit.get(Evaluation, identifier)
        due = due_times(unit.directory, dates, evaluation.employee, evaluation.evaluator)
        own = unit.find(SelfAssessment, identifier)
        submitted = own is not None and own.status == "submitted"
        approval = approval_due(unit.directory, due, evaluation.revision.submitted_at or unit.now)
        unit.record(Evaluation, identifier, evaluation.extend(due, approval, submitted, unit.actor.person, unit.now))


def _taken_over(line: KeptLine) -> LineDraft:
    return LineDraft(
        competency=line.competency,
        rating=line.rating,
        not_seen=_sealed(line.not_seen) if line.not_seen else None,
        evidence=tuple(_sealed(one) for one in line.evidence),
    )


def _sealed(kept: KeptText) -> TakenOver:
    if not isinstance(kept.text, Sealed):
        raise TypeError("a kept text is sealed once it is stored")
    return TakenOver(text=kept.text, length=kept.length, vague=kept.vague)
