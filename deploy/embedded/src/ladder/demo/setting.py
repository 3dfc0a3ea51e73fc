"""What every part of the history shares: the stage, the people, the agenda, and how somebody does something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from chassis.unit import Unit
from evaluation_svc.application.drafts import TypedLine
from ladder.demo.agenda import Agenda, Deed
from ladder.demo.chance import Chance
from ladder.demo.company import Company, Member
from ladder.demo.scores import Scores
from ladder.demo.stage import Stage
from ladder.demo.words import LATELY, Words

T = TypeVar("T")


@dataclass
class Setting:
    """The means with which the history is played."""

    stage: Stage
    agenda: Agenda
    company: Company
    chance: Chance
    scores: Scores
    words: Words
    notes: dict[tuple[int, int, str], str] = field(default_factory=dict[tuple[int, int, str], str])
    """Observations that can still be cited, by holder, employee and competency."""
    examples: dict[tuple[int, str], str] = field(default_factory=dict[tuple[int, str], str])
    """Own examples that can still be cited, by employee and competency."""

    def on(self, day: int, what: str, deed: Deed) -> None:
        """Let something happen on a day, counted from the founding."""
        self.agenda.on(day, what, deed)

    def date(self, day: int) -> date:
        """Return the date of a day."""
        return self.company.founded + timedelta(days=day)

    def hr_people(self, decide: Callable[[Unit], T]) -> T:
        """Let HR change the directory."""
        return self.stage.does(self.stage.people, self.company.hr.id, decide, "hr")

    def hr_framework(self, decide: Callable[[Unit], T]) -> T:
        """Let HR change the framework or a placement."""
        return self.stage.does(self.stage.framework, self.company.hr.id, decide, "hr")

    def hr_evaluation(self, decide: Callable[[Unit], T], by: Member | None = None) -> T:
        """Let an HR admin (default: the first) arrange or judge evaluations."""
        return self.stage.does(self.stage.evaluation, (by or self.company.hr).id, decide, "hr")

    def evaluates(self, member: Member, decide: Callable[[Unit], T]) -> T:
        """Let somebody act in an evaluation as who they are to it."""
        return self.stage.does(self.stage.evaluation, member.id, decide)

    def aims(self, member: Member, decide: Callable[[Unit], T]) -> T:
        """Let somebody choose a target or ask for a report."""
        return self.stage.does(self.stage.gap, member.id, decide)

    # ---- what people write down

    def line(self, member: Member, evaluator: Member, competency: str, cycle: int) -> TypedLine:
        """Return what an evaluator writes about one competency: rating and evidence, or that it was not seen."""
        if self._is_unseen(member, competency, cycle):
            return TypedLine(competency=competency, not_seen=self.words.not_seen(member, competency))
        rating = self.scores.by_manager(member, evaluator, competency, cycle)
        note = self.notes.pop((evaluator.number, member.number, competency), None)
        if note is not None:
            return TypedLine(competency=competency, rating=rating, cites=(note,))
        if self.chance.is_so(0.05, "from memory", member.number, competency, cycle):
            return TypedLine(competency=competency, rating=rating)
        return TypedLine(competency=competency, rating=rating, evidence=(self._seen(member, competency, rating, cycle),))

    def own_line(self, member: Member, competency: str, cycle: int) -> TypedLine | None:
        """Return what somebody says of themselves about one competency; None where they say nothing."""
        if competency == "leading-people" and not member.is_engineering_manager:
            return None
        rating = self.scores.by_self(member, competency, cycle)
        example = self.examples.pop((member.number, competency), None)
        if example is not None:
            return TypedLine(competency=competency, rating=rating, cites=(example,))
        if self.chance.is_so(0.6, "rating only", member.number, competency, cycle):
            return TypedLine(competency=competency, rating=rating)
        return TypedLine(competency=competency, rating=rating, evidence=(self.words.own(member, competency, rating),))

    def observe(self, manager: Member, member: Member, competency: str, cycle: int) -> str:
        """Let a manager note something they saw, to be cited in a cycle to come; return the observation's id."""
        rating = self.scores.by_manager(member, manager, competency, cycle)
        text = self.words.evidence(member, competency, rating, LATELY)
        noted = self.note(manager, member, competency, text)
        self.notes[manager.number, member.number, competency] = noted
        return noted

    def note(self, manager: Member, member: Member, competency: str, text: str) -> str:
        """Let a manager keep a note; return its id."""
        app, today = self.stage.evaluation.application, self.date(self.agenda.today)
        return self.evaluates(manager, lambda unit: app.observe(unit, member.id, today, (competency,), text))

    def note_example(self, member: Member, competency: str, cycle: int) -> None:
        """Let somebody note what they did, to be cited in a cycle to come."""
        app, today = self.stage.evaluation.application, self.date(self.agenda.today)
        best = max(3.0, self.scores.by_self(member, competency, cycle))
        text = self.words.own(member, competency, best, LATELY)
        noted = self.evaluates(member, lambda unit: app.note_example(unit, today, (competency,), text))
        self.examples[member.number, competency] = noted

    def _is_unseen(self, member: Member, competency: str, cycle: int) -> bool:
        if competency == "leading-people" and not member.is_engineering_manager:
            return self.chance.is_so(0.9, "leads nobody", member.number, cycle)
        return self.chance.is_so(0.04, "not seen", member.number, competency, cycle)

    def _seen(self, member: Member, competency: str, rating: float, cycle: int) -> str:
        chance = self.chance.of("quality", member.number, competency, cycle).random()
        if chance < 0.025:
            return self.words.around("vague", member, competency)
        if chance < 0.05:
            return self.words.around("thin", member, competency)
        return self.words.evidence(member, competency, rating)
