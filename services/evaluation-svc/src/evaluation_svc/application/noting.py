"""Notes between cycles: observations of others, examples of one's own."""

from __future__ import annotations

from datetime import date
from typing import cast

from chassis.unit import Unit
from evaluation_svc.application.drafts import Vague
from evaluation_svc.application.people import acting_evaluator, manager_of, today
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.notes import Example, Observation
from evaluation_svc.domain.self_assessment import SelfAssessment


def evaluators_of(unit: Unit, employee: str) -> set[str]:
    """Return who evaluates somebody now; having evaluated them once gives no right to more."""
    rows = unit.rows(
        "select distinct evaluator from evaluation_list where workspace = %(workspace)s and employee = %(employee)s"
        " and status in ('not started', 'draft', 'returned', 'submitted')",
        {"employee": employee},
    )
    return {acting_evaluator(unit.directory, row["evaluator"]) for row in rows}


class Noting:
    """What people note, cite, pass on and withdraw."""

    vague: Vague

    def observe(self, unit: Unit, employee: str, on: date, competencies: tuple[str, ...], text: str) -> str:
        """Note what was seen of an employee; return the observation's id."""
        observation = unit.new_id("observation")
        noted = Observation.note(unit.actor.person, employee, on, competencies, text, unit.now, vague=self.vague(text))
        unit.record(Observation, observation, noted)
        return observation

    def note_example(self, unit: Unit, on: date, competencies: tuple[str, ...], text: str) -> str:
        """Note what one did oneself; return the example's id."""
        example = unit.new_id("example")
        noted = Example.note(unit.actor.person, on, competencies, text, unit.now, vague=self.vague(text))
        unit.record(Example, example, noted)
        return example

    def pass_on(self, unit: Unit, observation: str, to: str) -> Observation:
        """Give an observation to whoever manages or evaluates the employee now."""
        state = unit.get(Observation, observation)
        responsible = {*evaluators_of(unit, state.employee), manager_of(unit.directory, state.employee)} - {None}
        passed = state.pass_on(to, cast("set[str]", responsible), unit.actor.person, unit.now)
        return unit.record(Observation, observation, passed)

    def withdraw_observation(self, unit: Unit, observation: str, reason: str) -> Observation:
        """Withdraw an observation, and with it the evidence that cites it."""
        by, on, is_hr = unit.actor.person, today(unit.directory, unit.now), "hr" in unit.actor.roles
        state = unit.get(Observation, observation)
        after = unit.record(Observation, observation, state.withdraw(reason, by, on, is_hr=is_hr))
        for one in state.cited:
            evaluation = unit.get(Evaluation, one.evaluation)
            if one.part not in evaluation.withdrawn:
                unit.record(Evaluation, one.evaluation, evaluation.withdraw(one.part, reason, by, on, is_hr=True))
        return after

    def withdraw_example(self, unit: Unit, example: str, reason: str) -> Example:
        """Withdraw an example, and with it what cites it."""
        by, on, is_hr = unit.actor.person, today(unit.directory, unit.now), "hr" in unit.actor.roles
        state = unit.get(Example, example)
        after = unit.record(Example, example, state.withdraw(reason, by, on, is_hr=is_hr))
        for one in state.cited:
            own = unit.get(SelfAssessment, one.evaluation)
            if one.part not in own.withdrawn:
                unit.record(SelfAssessment, one.evaluation, own.withdraw(one.part, reason, by, on, is_hr=is_hr))
        return after
