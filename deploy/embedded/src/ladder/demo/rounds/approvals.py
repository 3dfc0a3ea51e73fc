"""Approvals: HR looks at what waits, returns it, holds it or approves it, one by one or together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation_svc.domain.evaluation import Evaluation
from ladder.demo.company import Member
from ladder.demo.rounds.corrections import Corrections
from ladder.demo.rounds.evaluations import Evaluations
from ladder.demo.rounds.paper import Desk, Paper
from ladder.demo.rounds.plan import RELEASE_DAY, STAYING
from ladder.demo.rounds.releases import Releases


@dataclass
class Approvals(Desk):
    """The part of whoever approves."""

    evaluations: Evaluations
    corrections: Corrections
    releases: Releases

    def approve(self, papers: Sequence[Paper]) -> None:
        """Let HR look at everything that waits: return, approve one by one where there are codes, or together."""
        for approver in (*self.people.admins, self.people.director):
            waiting = [one for one in papers if one.waits and not one.ended and self._gets_to(one)]
            self._judge(approver, [one for one in waiting if self.approver(one) is approver])

    def _gets_to(self, paper: Paper) -> bool:
        """Return whether HR gets to an evaluation today: in the open round there is more than a day holds."""
        if paper.part or self.round.closes:
            return paper.part not in STAYING
        day = self.setting.agenda.today
        return self.setting.chance.is_so(0.3, "got to", day, paper.member.number)

    def _judge(self, approver: Member, papers: list[Paper]) -> None:
        returning = [paper for paper in papers if self._is_to_be_returned(paper)]
        plain = [paper for paper in papers if paper not in returning and not paper.codes]
        for paper in papers:
            if paper in returning:
                self._give_back(approver, paper)
                continue
            decide = self.app.examine if paper in plain else self.app.approve
            self.judges(approver, lambda unit, paper=paper, decide=decide: decide(unit, paper.id))
        if plain:
            together = tuple(paper.id for paper in plain)
            self.judges(approver, lambda unit: self.app.approve_together(unit, together))
        for paper in papers:
            if paper not in returning:
                self._go_on_after_approval(paper)

    def _is_to_be_returned(self, paper: Paper) -> bool:
        if paper.returned or paper.part.startswith("reopened"):
            return False
        vague = any(code.reason in ("vague evidence", "far from the self-assessment") for code in paper.codes)
        some = self.setting.chance.is_so(0.3, "return", self.round.number, paper.member.number)
        return paper.part in ("returned", "stays returned") or (vague and some)

    def _give_back(self, approver: Member, paper: Paper) -> None:
        codes = [code for code in paper.codes if code.competency and code.reason != "rests on memory"]
        code = next((one for one in codes if one.reason != "thin evidence"), codes[0])
        competency = code.competency or paper.competencies[0]
        text = next(iter(paper.lines[competency].evidence), "")
        name = "returned_far" if code.reason.startswith("far") or not text else "returned"
        comment = {competency: self.setting.words.around(name, paper.member, competency, text=text)}
        self.judges(approver, lambda unit: self.app.give_back(unit, paper.id, comment))
        paper.waits, paper.returned = False, True
        if paper.part != "stays returned":
            self.later(paper, 3, "mend", lambda paper: self.evaluations.mend(paper, competency))

    def _go_on_after_approval(self, paper: Paper) -> None:
        paper.waits, paper.approved = False, True
        chance = self.setting.chance.of("release", self.round.number, paper.member.number)
        match paper.part:
            case "reopened before release":
                self.later(paper, 2, "reopen", lambda paper: self.corrections.reopen(paper, "reopened_unreleased"))
            case "held" | "stays held":
                self.later(paper, 1, "hold", self._hold)
            case "released by HR":
                self.later(paper, 2, "release", self.releases.release_as_hr)
            case "released by itself":
                self.later(paper, 15, "read", self.releases.read)
            case _ if self.round.release == "on date":
                released = max(0, self.round.opens_on + RELEASE_DAY - self.setting.agenda.today)
                self.later(paper, released + chance.randint(1, 5), "read", self.releases.read)
            case "reopened" | "reopened, in work" | "is not answered":
                self.later(paper, 1, "release", self.releases.release)
            case _:
                self.later(paper, chance.randint(2, 8), "release", self.releases.release)
        if paper.part == "text withdrawn":
            self.later(paper, 2, "withdraw", self._withdraw)

    def _hold(self, paper: Paper) -> None:
        why = self.setting.words.around("held", paper.member)
        approver = self.approver(paper)
        self.judges(approver, lambda unit: self.app.hold(unit, paper.id, why))
        if paper.part == "held":
            self.later(paper, 24 if self.round.release == "on date" else 6, "release", self.releases.release_as_hr)

    def _withdraw(self, paper: Paper) -> None:
        """Take back what the evaluator wrote about the wrong person."""
        state = self.setting.stage.state(self.setting.stage.evaluation, Evaluation, paper.id)
        part = state.revision.lines[paper.competencies[0]].evidence[0].part
        why = self.setting.words.around("withdrawn", paper.member)
        self.setting.evaluates(paper.evaluator, lambda unit: self.app.withdraw(unit, paper.id, part, why))
