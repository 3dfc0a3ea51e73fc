"""Releases: an employee reads what is released, acknowledges it, agrees or pushes back, and gets an answer."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.unit import Unit
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import Reaction
from ladder.demo.rounds.corrections import Corrections
from ladder.demo.rounds.paper import Desk, Paper


@dataclass
class Releases(Desk):
    """What happens once an evaluation is approved."""

    corrections: Corrections

    def release(self, paper: Paper) -> None:
        """Let the manager hand over what is approved."""
        manager = self.people.manager_of(paper.member)
        self.setting.evaluates(manager, lambda unit: self.app.release(unit, paper.id))
        self._let_read(paper)

    def release_as_hr(self, paper: Paper) -> None:
        """Let HR hand it over."""
        approver = self.approver(paper)
        self.setting.hr_evaluation(lambda unit: self.app.release(unit, paper.id), approver)
        self._let_read(paper)

    def read(self, paper: Paper) -> None:
        """Let the employee read what is released: most acknowledge it, some react to scores."""
        member = paper.member
        if not self._is_released(paper):
            self.later(paper, 2, "read", self.read)
            return
        if self.setting.chance.is_so(0.8, "acknowledge", self.round.number, member.number):
            self.setting.evaluates(member, lambda unit: self.app.acknowledge(unit, paper.id))
        reactions = self._reactions(paper)
        if not reactions:
            return

        def react(unit: Unit) -> None:
            for competency, reaction, reason in reactions:
                self.app.react(unit, paper.id, competency, reaction, reason or None)

        self.setting.evaluates(member, react)
        for competency, reaction, _ in reactions:
            if reaction == "push back" and paper.part != "is not answered":
                self._let_answer(paper, competency)

    def _let_read(self, paper: Paper) -> None:
        if paper.part == "released by HR" and not self.round.closes:
            return  # in the open round one is released and not read yet
        soon = paper.part in ("reopened", "reopened, in work", "is not answered")
        days = self.setting.chance.of("read", self.round.number, paper.member.number).randint(1, 5)
        self.later(paper, 1 if soon else days, "read", self.read)

    def _is_released(self, paper: Paper) -> bool:
        """Return whether the clock, which knows of holidays, or somebody has released it by now."""
        state = self.setting.stage.state(self.setting.stage.evaluation, Evaluation, paper.id)
        return state.released_revision is not None

    def _reactions(self, paper: Paper) -> list[tuple[str, Reaction, str]]:
        chance = self.setting.chance.of("reactions", self.round.number, paper.member.number)
        rated = [line.competency for line in paper.lines.values() if line.rating is not None]
        chance.shuffle(rated)
        pushes = paper.part in ("reopened", "reopened, in work", "pushes back", "is not answered")
        first: list[Reaction] = ["push back"] if pushes else []
        if not pushes and chance.random() > 0.4:
            return []
        rest = chance.choices(("matches", "already knew", "push back"), weights=(5, 3, 0 if pushes else 1), k=chance.randint(1, 2))
        kinds: list[Reaction] = [*first, *rest]
        return [(one, kind, self._reason(paper, one, kind)) for one, kind in zip(rated, kinds, strict=False)]

    def _reason(self, paper: Paper, competency: str, reaction: Reaction) -> str:
        member = paper.member
        if reaction != "push back":
            return self.setting.words.around(reaction.replace(" ", "_"), member, competency)
        higher = min(5.0, max(3.0, (paper.lines[competency].rating or 2.0) + 0.5))
        deed = self.setting.words.own(member, competency, higher)
        return self.setting.words.around("pushed_back", member, competency, deed=deed)

    def _let_answer(self, paper: Paper, competency: str) -> None:
        gives_in = paper.part in ("reopened", "reopened, in work")
        days = self.setting.chance.of("answer", self.round.number, paper.member.number).randint(1, 4)
        text = self.setting.words.around("answered_right" if gives_in else "answered_stays", paper.member, competency)

        def answer(paper: Paper) -> None:
            answers = paper.evaluator if not paper.evaluator.gone else self.people.manager_of(paper.member)
            self.setting.evaluates(answers, lambda unit: self.app.answer(unit, paper.id, competency, text))
            if gives_in and paper.part.startswith("reopened"):
                self.later(paper, 1, "reopen", lambda paper: self.corrections.reopen(paper, "reopened", competency))

        self.later(paper, 1 if gives_in else days, "answer", answer)
