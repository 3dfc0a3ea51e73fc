"""Corrections: an approved evaluation is opened again, and its evaluator corrects it."""

from __future__ import annotations

from dataclasses import dataclass

from ladder.demo.ladders import competency_name
from ladder.demo.rounds.evaluations import Evaluations
from ladder.demo.rounds.paper import Desk, Paper


@dataclass
class Corrections(Desk):
    """What happens to an evaluation that was approved too soon."""

    evaluations: Evaluations

    def reopen(self, paper: Paper, why: str, competency: str | None = None) -> None:
        """Open an approved evaluation again; as a rule its evaluator corrects one line of it."""
        named = competency or self.evaluations.first_rated(paper).competency
        reason = self.setting.words.around(why, paper.member, named, competency=competency_name(named))
        self.judges(self.approver(paper), lambda unit: self.app.reopen(unit, paper.id, reason))
        paper.approved = False
        if paper.part == "reopened, in work":
            return
        paper.part = ""
        self.later(paper, 2, "correct", lambda paper: self._correct(paper, named))

    def _correct(self, paper: Paper, competency: str) -> None:
        self.evaluations.write(paper, (self.evaluations.rated_higher(paper, paper.lines[competency]),))
        self.evaluations.hand_in(paper)
