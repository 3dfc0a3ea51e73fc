"""Dated notes tied to competencies: a manager's observation of an employee, an employee's own example."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Self

from chassis.kernel import Event, Frozen, Personal, State, Unsealed
from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid
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


class Note(State):
    """What observations and examples have in common: a text about an employee, cited, and withdrawn as a whole."""

    employee: str
    on: date
    competencies: tuple[str, ...]
    text: Personal
    length: int
    vague: bool
    cited: tuple[Citation, ...] = ()
    withdrawn_on: date | None = None

    def _must_stand(self) -> None:
        if self.withdrawn_on is not None:
            raise AlreadyThere(f"This {self.KIND} was withdrawn on {self.withdrawn_on.isoformat()}.")

    def _must_be_withdrawable(self, author: str, by: str, *, is_hr: bool) -> None:
        self._must_stand()
        if by != author and not is_hr:
            raise Forbidden("A text is withdrawn by its author or by HR.")

    def _reason(self, reason: str) -> Personal:
        return Unsealed(person=self.employee, part="withdrawal", text=checked_text("reason", reason))


class Observation(Note):
    """A manager's note about an employee: private to its author until it is cited."""

    KIND = "observation"

    author: str
    holder: str

    @staticmethod
    def note(
        author: str, employee: str, on: date, competencies: tuple[str, ...], text: str, at: datetime, *, vague: bool
    ) -> Observed:
        """Note what was seen."""
        if author == employee:
            raise Invalid("employee", employee, "keep what you did yourself as an example.")
        words, length = _words(employee, text)
        return Observed(
            author=author,
            employee=employee,
            on=on,
            competencies=competencies,
            text=words,
            length=length,
            vague=vague,
            at=at,
        )

    def cite(self, evaluation: str, part: str, by: str, at: datetime) -> ObservationCited:
        """Record that it became evidence."""
        self._must_be_held_by(by)
        self._must_stand()
        return ObservationCited(citation=Citation(evaluation=evaluation, part=part), at=at)

    def pass_on(self, to: str, responsible: Collection[str], by: str, at: datetime) -> ObservationPassedOn:
        """Give it to one of those responsible for the employee now: their manager, whoever evaluates them."""
        self._must_be_held_by(by)
        self._must_stand()
        if to in (self.employee, self.holder) or to not in responsible:
            raise Invalid("to", to, "pass it on to whoever manages or evaluates the employee now.")
        return ObservationPassedOn(to=to, at=at)

    def withdraw(self, reason: str, by: str, on: date, *, is_hr: bool) -> ObservationWithdrawn:
        """Withdraw it, with a reason: its author or HR."""
        self._must_be_withdrawable(self.author, by, is_hr=is_hr)
        return ObservationWithdrawn(reason=self._reason(reason), by=by, on=on)

    def _must_be_held_by(self, by: str) -> None:
        if by != self.holder:
            raise Forbidden("An observation belongs to its author, or to whoever it was passed on to.")

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case Observed():
                return cls(author=event.author, holder=event.author, **_noted(event))
            case _:
                observation = begun(state)
                return observation.model_copy(update=_changes(observation, event))


class Example(Note):
    """An employee's own note: private until it is cited."""

    KIND = "example"

    @staticmethod
    def note(
        employee: str, on: date, competencies: tuple[str, ...], text: str, at: datetime, *, vague: bool
    ) -> ExampleNoted:
        """Note what one did."""
        words, length = _words(employee, text)
        return ExampleNoted(
            employee=employee, on=on, competencies=competencies, text=words, length=length, vague=vague, at=at
        )

    def cite(self, evaluation: str, part: str, by: str, at: datetime) -> ExampleCited:
        """Record that it became part of a self-assessment."""
        if by != self.employee:
            raise Forbidden("An example belongs to whoever noted it.")
        self._must_stand()
        return ExampleCited(citation=Citation(evaluation=evaluation, part=part), at=at)

    def withdraw(self, reason: str, by: str, on: date, *, is_hr: bool) -> ExampleWithdrawn:
        """Withdraw it, with a reason: the employee or HR."""
        self._must_be_withdrawable(self.employee, by, is_hr=is_hr)
        return ExampleWithdrawn(reason=self._reason(reason), by=by, on=on)

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case ExampleNoted():
                return cls(**_noted(event))
            case _:
                example = begun(state)
                return example.model_copy(update=_changes(example, event))


def _words(person: str, text: str) -> tuple[Unsealed, int]:
    """Return a text about somebody as the one part of its note, and its length in characters."""
    words = checked_text("text", text)
    return Unsealed(person=person, part=PART, text=words), len(words)


def _noted(event: Observed | ExampleNoted) -> dict[str, Any]:
    shared = ("employee", "on", "competencies", "text", "length", "vague")
    return {name: getattr(event, name) for name in shared}


def _changes(state: Note, event: Event) -> dict[str, object]:
    """Return what the event changes in the state of a note."""
    match event:
        case ObservationCited() | ExampleCited():
            return {"cited": (*state.cited, event.citation)}
        case ObservationPassedOn():
            return {"holder": event.to}
        case ObservationWithdrawn() | ExampleWithdrawn():
            return {"withdrawn_on": event.on}
        case _:
            return {}
