"""A round from its plan to its end: the cycle, who takes part in it, and the way each evaluation is sent on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from evaluation_svc.domain.cycle import Cycle, Dates, Plan
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import ExcuseReason
from ladder.demo.agenda import Deed
from ladder.demo.company import Member
from ladder.demo.rounds.approvals import Approvals
from ladder.demo.rounds.corrections import Corrections
from ladder.demo.rounds.evaluations import Evaluations
from ladder.demo.rounds.paper import Desk, Paper
from ladder.demo.rounds.plan import (
    APPROVAL_DUE,
    CLOSING_DAY,
    CONVERSATIONS_BY,
    HR_DAYS,
    MANAGER_DUE,
    RELEASE_DAY,
    SELF_DUE,
)
from ladder.demo.rounds.releases import Releases
from ladder.demo.rounds.self_assessments import SelfAssessments


@dataclass
class YearlyRound(Desk):
    """Plays one round."""

    id: str = ""
    papers: list[Paper] = field(default_factory=list[Paper])

    def __post_init__(self) -> None:
        super().__post_init__()
        self.day = self.round.opens_on
        self.name = f"Annual review {self.setting.date(self.day - 1).year}"
        self.self_assessments = SelfAssessments(self.setting, self.round)
        self.evaluations = Evaluations(self.setting, self.round)
        corrections = Corrections(self.setting, self.round, self.evaluations)
        releases = Releases(self.setting, self.round, corrections)
        self.approvals = Approvals(self.setting, self.round, self.evaluations, corrections, releases)

    # ---- the cycle

    def begin(self) -> None:
        """Put planning, opening, HR's days and closing on the agenda."""
        self._on(-11, "plan", self.plan)
        self._on(0, "open", self.open)
        for day in HR_DAYS:
            self._on(day, "approve", lambda: self.approvals.approve(self.papers))
        if self.round.extended:
            self._on(24, "extend", self.extend)
        if self.round.closes:
            self._on(CLOSING_DAY, "close", self.close)

    def plan(self) -> None:
        """Plan the cycle: the two in charge are left out, and the partner of HR gets a substitute approver."""
        opens = self.setting.date(self.day)
        by_date = self.round.release == "on date"
        plan = Plan(
            name=self.name,
            starts_on=opens - timedelta(days=365),
            ends_on=opens - timedelta(days=1),
            framework_version=self.round.version,
            dates=self._dates(MANAGER_DUE),
            release=self.round.release,
            release_on=self.setting.date(self.day + RELEASE_DAY) if by_date else None,
        )
        hr = self.setting.hr_evaluation
        self.id = hr(lambda unit: self.app.plan(unit, plan))
        why = "Agrees goals with the board, outside the ladders"
        for person in (self.people.director.id, self.people.hr.id):
            hr(lambda unit, person=person: self.app.exclude_participant(unit, self.id, person, why))
        substitute, partner = self.people.director.id, self.people.partner.id
        hr(lambda unit: self.app.name_substitute(unit, self.id, partner, substitute))
        if self.round.adds_late_joiner:
            hr(lambda unit: self.app.add_participant(unit, self.id, self.people.late_joiner.id))

    def open(self) -> None:
        """Open the cycle, and send every evaluation on its way."""
        self.setting.hr_evaluation(lambda unit: self.app.open(unit, self.id))
        self.papers = self._opened()
        self._give_parts_out()
        for paper in self.papers:
            self._send_on_its_way(paper)

    def extend(self) -> None:
        """Give the generous lead a week more for the whole team."""
        dates, team = self._dates(MANAGER_DUE + 7), self.people.generous.id
        self.setting.hr_evaluation(lambda unit: self.app.extend(unit, self.id, dates, None, team))

    def close(self) -> None:
        """Close the cycle; what is not approved ends as not finished."""
        self.setting.hr_evaluation(lambda unit: self.app.close(unit, self.id))

    # ---- what the directory asks of an open cycle

    def excuse(self, member: Member, reason: ExcuseReason) -> None:
        """Excuse somebody, as far as they take part."""
        for paper in self._of(member):
            self.setting.hr_evaluation(lambda unit: self.app.excuse(unit, self.id, member.id, reason))
            paper.ended = True

    def hand_over(self, member: Member, evaluator: Member) -> None:
        """Hand somebody's evaluation over to another evaluator."""
        for paper in self._of(member):
            self.setting.hr_evaluation(lambda unit: self.app.name_evaluator(unit, self.id, member.id, evaluator.id))
            paper.evaluator = evaluator

    def keep(self, member: Member) -> None:
        """Let the evaluator stay although somebody has another manager now."""
        for _ in self._of(member):
            self.setting.hr_evaluation(lambda unit: self.app.keep_evaluator(unit, self.id, member.id))

    def approved_paper(self, member: Member) -> Paper | None:
        """Return somebody's evaluation once it is approved."""
        return next((one for one in self.papers if one.member is member and one.approved), None)

    def _of(self, member: Member) -> list[Paper]:
        return [one for one in self.papers if one.member is member and not one.ended]

    # ---- the way of one evaluation

    def _send_on_its_way(self, paper: Paper) -> None:
        chance = self.setting.chance.of("way", self.round.number, paper.member.number)
        if paper.part == "self-assessment late":
            self.later(paper, chance.randint(16, 19), "self-assess", self.self_assessments.assess)
        elif paper.part in ("self-assessment begun", "peeks", "far from self") or chance.random() < 0.85:
            self.later(paper, chance.randint(3, 12), "self-assess", self.self_assessments.assess)
        if paper.part == "not begun":
            return
        submits = self._submission_day(paper, chance.randint(15, 26))
        if paper.part in ("begun", "peeks") or chance.random() < 0.25:
            self.later(paper, submits - chance.randint(3, 6), "draft", self.evaluations.draft_half)
        if paper.part != "begun":
            self.later(paper, submits, "submit", self.evaluations.submit)

    def _submission_day(self, paper: Paper, day: int) -> int:
        match paper.part:
            case "late":
                return MANAGER_DUE + 3
            case "reopened" | "reopened, in work":
                return 15
            case "released by itself" if not self.round.closes:
                return 24
            case "stays returned" | "stays held" | "is not answered":
                return min(day, 19)
            case _:
                late = self.round.extended and paper.evaluator is self.people.generous
                return day + 7 if late else day

    # ---- means

    def _opened(self) -> list[Paper]:
        by_id = {one.id: one for one in self.people.members}
        evaluation = self.setting.stage.evaluation
        with evaluation.reader(self.setting.stage.workspace) as reader:
            cycle, _ = reader.state(Cycle, self.id)
            found = [reader.state(Evaluation, one)[0] for one in (cycle.participants.values() if cycle else ())]
        papers = [
            Paper(one.evaluation, by_id[one.employee], by_id[one.evaluator], one.terms.competencies)
            for one in found
            if one is not None
        ]
        return sorted(papers, key=lambda paper: paper.member.number)

    def _give_parts_out(self) -> None:
        people = self.people
        busy = [people.partner, people.away, people.leaver, people.departing_lead, people.changes_team, *people.joiners]
        free = [paper for paper in self.papers if paper.member not in busy]
        self.setting.chance.of("ways", self.round.number).shuffle(free)
        for paper, part in zip(free, self.round.parts, strict=False):
            paper.part = part

    def _dates(self, manager_due: int) -> Dates:
        day = self.setting.date
        return Dates(
            self_due=day(self.day + SELF_DUE),
            manager_due=day(self.day + manager_due),
            approval_due=day(self.day + APPROVAL_DUE),
            conversations_by=day(self.day + CONVERSATIONS_BY),
        )

    def _on(self, day: int, what: str, deed: Deed) -> None:
        self.setting.on(self.day + day, f"{what} {self.round.number}", deed)
