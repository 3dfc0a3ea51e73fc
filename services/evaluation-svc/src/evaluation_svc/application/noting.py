"""Notes between cycles: observations of others, examples of one's own."""

from __future__ import annotations

from datetime import date

from chassis.unit import Unit
from evaluation_svc.application.drafts import Vague
from evaluation_svc.application.people import today
from evaluation_svc.domain.errors import Invalid
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.notes import Example, Observation
from evaluation_svc.domain.self_assessment import SelfAssessment


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
        """Give an observation to another manager of the employee."""
        if unit.directory.person(to) is None:
            raise Invalid("to", to, "name somebody of this workspace.")
        passed = unit.get(Observation, observation).pass_on(to, unit.actor.person, unit.now)
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
