"""Self-assessments: what employees say of themselves, some of it late, begun only, or far from what others see."""

from __future__ import annotations

from chassis.unit import Unit
from evaluation_svc.application.drafts import TypedLine
from ladder.demo.rounds.paper import Desk, Paper


class SelfAssessments(Desk):
    """The employees' part before their evaluation."""

    def assess(self, paper: Paper) -> None:
        """Let the employee say how they see themselves."""
        member, cycle = paper.member, self.round.number
        found = (self.setting.own_line(member, one, cycle) for one in paper.competencies)
        lines = [line for line in found if line is not None]
        if paper.part == "far from self":
            lines = [line for line in lines if line.competency != self._weakest(paper)] + [self._overrated(paper)]

        def assess(unit: Unit) -> None:
            for line in lines:
                self.app.draft_self_line(unit, paper.id, line)
            if paper.part != "self-assessment begun":
                self.app.submit_self_assessment(unit, paper.id)

        self.setting.evaluates(member, assess)

    def _weakest(self, paper: Paper) -> str:
        return min(paper.competencies, key=lambda one: self.rating(paper, one))

    def _overrated(self, paper: Paper) -> TypedLine:
        weakest = self._weakest(paper)
        rating = min(5.0, self.rating(paper, weakest) + 2)
        example = self.setting.words.own(paper.member, weakest, rating)
        return TypedLine(competency=weakest, rating=rating, evidence=(example,))
