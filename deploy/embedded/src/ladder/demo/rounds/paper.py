"""One evaluation on somebody's desk, and what everybody who works on it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from chassis.unit import Unit
from evaluation_svc.application.drafts import TypedLine
from evaluation_svc.domain.precheck import Code
from ladder.demo.company import Member
from ladder.demo.rounds.plan import Part, Round
from ladder.demo.setting import Setting

T = TypeVar("T")


@dataclass
class Paper:
    """One evaluation as its evaluator has it on the desk: its lines as last written."""

    id: str
    member: Member
    evaluator: Member
    competencies: tuple[str, ...]
    part: Part = ""
    lines: dict[str, TypedLine] = field(default_factory=dict[str, TypedLine])
    codes: tuple[Code, ...] = ()
    waits: bool = False
    returned: bool = False
    approved: bool = False
    ended: bool = False


@dataclass
class Desk:
    """Somebody's part in one round."""

    setting: Setting
    round: Round

    def __post_init__(self) -> None:
        self.app = self.setting.stage.evaluation.application
        self.people = self.setting.company

    def later(self, paper: Paper, days: int, what: str, deed: Callable[[Paper], object]) -> None:
        """Let something happen to an evaluation so many days from now, unless it has ended by then."""

        def happens() -> None:
            if not paper.ended:
                deed(paper)

        today = self.setting.agenda.today
        self.setting.on(today + days, f"{what} {self.round.number} {paper.member.number}", happens)

    def approver(self, paper: Paper) -> Member:
        """Return who judges an evaluation: an HR admin who has no part in it, else the substitute."""
        if paper.member is self.people.partner:
            return self.people.director
        return self.people.admins[paper.member.number % 2]

    def judges(self, approver: Member, decide: Callable[[Unit], T]) -> T:
        """Let somebody judge: as HR, or as the substitute they are."""
        if approver in self.people.admins:
            return self.setting.hr_evaluation(decide, approver)
        return self.setting.evaluates(approver, decide)

    def rating(self, paper: Paper, competency: str) -> float:
        """Return how the evaluator rates one competency."""
        return self.setting.scores.by_manager(paper.member, paper.evaluator, competency, self.round.number)
