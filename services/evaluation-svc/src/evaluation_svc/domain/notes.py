"""Dated notes tied to competencies: a manager's observation of an employee, an employee's own example."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from chassis.kernel import Event, Frozen, Personal, State, Unsealed
from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid, NotNow
from evaluation_svc.domain.lines import begun, checked_text

PART = "text"
"""A note is one text, withdrawn as a whole."""


class Citation(Frozen):
    """Where a note was cited: the evaluation, and the part it became there."""

    evaluation: str
    part: str


class Observed(Event):
    """Somebody noted what they saw an employee do."""

    TOPIC = "observation.noted"
    author: str
    employee: str
    on: date
    competencies: tuple[str, ...]
    text: Personal
    length: int
    vague: bool
    at: datetime


class ObservationCited(Event):
    """It became evidence in an evaluation."""

    TOPIC = "observation.cited"
    citation: Citation
    at: datetime


class ObservationPassedOn(Event):
    """Its author, who leaves, chose to pass it on."""

    TOPIC = "observation.passed-on"
    to: str
    at: datetime


class ObservationWithdrawn(Event):
    """It was withdrawn by its author or HR, with a reason."""

    TOPIC = "observation.withdrawn"
    reason: Personal
    by: str
    on: date


class ExampleNoted(Event):
    """An employee noted what they did."""

    TOPIC = "example.noted"
    employee: str
    on: date
    competencies: tuple[str, ...]
    text: Personal
    length: int
    vague: bool
    at: datetime


class ExampleCited(Event):
    """It became an example in a self-assessment."""

    TOPIC = "example.cited"
    citation: Citation
    at: datetime


class ExampleWithdrawn(Event):
    """It was withdrawn by the employee or HR, with a reason."""

    TOPIC = "example.withdrawn"
    reason: Personal
    by: str
    on: date


class Observation(State):
    """A manager's note about an employee: private to its author until it is cited."""

    KIND = "observation"

    author: str
    employee: str
    on: date
    competencies: tuple[str, ...]
    text: Personal
    length: int
    vague: bool
    holder: str
    cited: tuple[Citation, ...] = ()
    withdrawn_on: date | None = None

    @staticmethod
    def note(
        author: str, employee: str, on: date, competencies: tuple[str, ...], text: str, at: datetime, *, vague: bool
    ) -> Observed:
        """Note what was seen."""
        if author == employee:
            raise Invalid("employee", employee, "keep what you did yourself as an example.")
        words = checked_text("text", text)
        return Observed(
            author=author,
            employee=employee,
            on=on,
            competencies=competencies,
            text=Unsealed(person=employee, part=PART, text=words),
            length=len(words),
            vague=vague,
            at=at,
        )

    def cite(self, evaluation: str, part: str, by: str, at: datetime) -> ObservationCited:
        """Record that it became evidence."""
        self._must_be_held_by(by)
        self._must_stand()
        return ObservationCited(citation=Citation(evaluation=evaluation, part=part), at=at)

    def pass_on(self, to: str, by: str, at: datetime) -> ObservationPassedOn:
        """Give it to whoever manages the employee next."""
        self._must_be_held_by(by)
        self._must_stand()
        if to in (self.employee, self.holder):
            raise Invalid("to", to, "pass it on to another manager, not to the employee or yourself.")
        return ObservationPassedOn(to=to, at=at)

    def withdraw(self, reason: str, by: str, on: date, *, is_hr: bool) -> ObservationWithdrawn:
        """Withdraw it, with a reason: its author or HR."""
        self._must_stand()
        if by != self.author and not is_hr:
            raise Forbidden("A text is withdrawn by its author or by HR.")
        return ObservationWithdrawn(reason=_withdrawal(self.employee, reason), by=by, on=on)

    def _must_be_held_by(self, by: str) -> None:
        if by != self.holder:
            raise Forbidden("An observation belongs to its author, or to whoever it was passed on to.")

    def _must_stand(self) -> None:
        if self.withdrawn_on is not None:
            raise AlreadyThere(f"This observation was withdrawn on {self.withdrawn_on.isoformat()}.")

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case Observed():
                return cls(
                    author=event.author,
                    employee=event.employee,
                    on=event.on,
                    competencies=event.competencies,
                    text=event.text,
                    length=event.length,
                    vague=event.vague,
                    holder=event.author,
                )
            case _:
                observation = begun(state)
                return observation.model_copy(update=_observation_changes(observation, event))


class Example(State):
    """An employee's own note: private until it is cited."""

    KIND = "example"

    employee: str
    on: date
    competencies: tuple[str, ...]
    text: Personal
    length: int
    vague: bool
    cited: tuple[Citation, ...] = ()
    withdrawn_on: date | None = None

    @staticmethod
    def note(
        employee: str, on: date, competencies: tuple[str, ...], text: str, at: datetime, *, vague: bool
    ) -> ExampleNoted:
        """Note what one did."""
        words = checked_text("text", text)
        return ExampleNoted(
            employee=employee,
            on=on,
            competencies=competencies,
            text=Unsealed(person=employee, part=PART, text=words),
            length=len(words),
            vague=vague,
            at=at,
        )

    def cite(self, evaluation: str, part: str, by: str, at: datetime) -> ExampleCited:
        """Record that it became part of a self-assessment."""
        if by != self.employee:
            raise Forbidden("An example belongs to whoever noted it.")
        if self.withdrawn_on is not None:
            raise NotNow(f"This example was withdrawn on {self.withdrawn_on.isoformat()}.")
        return ExampleCited(citation=Citation(evaluation=evaluation, part=part), at=at)

    def withdraw(self, reason: str, by: str, on: date, *, is_hr: bool) -> ExampleWithdrawn:
        """Withdraw it, with a reason: the employee or HR."""
        if self.withdrawn_on is not None:
            raise AlreadyThere(f"This example was withdrawn on {self.withdrawn_on.isoformat()}.")
        if by != self.employee and not is_hr:
            raise Forbidden("A text is withdrawn by its author or by HR.")
        return ExampleWithdrawn(reason=_withdrawal(self.employee, reason), by=by, on=on)

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case ExampleNoted():
                return cls(
                    employee=event.employee,
                    on=event.on,
                    competencies=event.competencies,
                    text=event.text,
                    length=event.length,
                    vague=event.vague,
                )
            case _:
                example = begun(state)
                return example.model_copy(update=_example_changes(example, event))


def _withdrawal(person: str, reason: str) -> Personal:
    return Unsealed(person=person, part="withdrawal", text=checked_text("reason", reason))


def _observation_changes(state: Observation, event: Event) -> dict[str, object]:
    match event:
        case ObservationCited():
            return {"cited": (*state.cited, event.citation)}
        case ObservationPassedOn():
            return {"holder": event.to}
        case ObservationWithdrawn():
            return {"withdrawn_on": event.on}
        case _:
            return {}


def _example_changes(state: Example, event: Event) -> dict[str, object]:
    match event:
        case ExampleCited():
            return {"cited": (*state.cited, event.citation)}
        case ExampleWithdrawn():
            return {"withdrawn_on": event.on}
        case _:
            return {}
