"""The yearly rounds: a cycle of the whole company from its plan to its end, each evaluation on a way of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeVar

from chassis.unit import Unit
from evaluation_svc.application.drafts import TypedLine
from evaluation_svc.domain.cycle import Cycle, Dates, Plan, ReleaseRule
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import ExcuseReason, Reaction
from evaluation_svc.domain.precheck import Code
from ladder.demo.agenda import Deed
from ladder.demo.company import Member
from ladder.demo.ladders import competency_name
from ladder.demo.setting import Setting

T = TypeVar("T")

Part = Literal[
    "",
    "returned",
    "stays returned",
    "pushes back",
    "is not answered",
    "reopened",
    "reopened, in work",
    "reopened before release",
    "late",
    "begun",
    "not begun",
    "waits for approval",
    "recalled",
    "stays recalled",
    "held",
    "stays held",
    "released by HR",
    "released by itself",
    "peeks",
    "far from self",
    "self-assessment late",
    "self-assessment begun",
    "text withdrawn",
]
"""What is special about the way of one evaluation."""

SELF_DUE, MANAGER_DUE, APPROVAL_DUE, CONVERSATIONS_BY = 14, 28, 42, 70
HR_DAYS = (21, 23, 25, 27, 29, 32, 34, 36, 39, 41, 44, 46)
"""When HR sits down to what waits for approval, counted from the opening."""
RELEASE_DAY, CLOSING_DAY = 49, 77
STAYING: frozenset[Part] = frozenset({"waits for approval", "recalled", "stays recalled"})
"""HR does not come to these: not yet, or because they are taken back first."""


@dataclass(frozen=True)
class Round:
    """One cycle of the whole company: when it opens, by which version, how it is released, and special ways in it."""

    number: int
    opens_on: int
    version: int
    parts: tuple[Part, ...]
    release: ReleaseRule = "by manager"
    extended: bool = False
    adds_late_joiner: bool = False
    closes: bool = True


ROUNDS = (
    Round(
        1,
        56,
        1,
        (
            "reopened", "returned", "pushes back", "is not answered", "late", "begun", "recalled", "held",
            "released by HR", "released by itself", "peeks", "far from self", "self-assessment late",
            "self-assessment begun", "returned",
        ),
        extended=True,
    ),
    Round(
        2,
        406,
        1,
        (
            "text withdrawn", "reopened before release", "returned", "pushes back", "late", "peeks", "held",
            "self-assessment late", "far from self", "begun", "is not answered",
        ),
        release="on date",
        adds_late_joiner=True,
    ),
    Round(
        3,
        756,
        2,
        (
            "reopened, in work", "stays returned", "waits for approval", "begun", "not begun", "stays recalled",
            "stays held", "is not answered", "released by HR", "self-assessment begun", "self-assessment late",
            "late", "peeks", "waits for approval",
        ),
        closes=False,
    ),
)  # fmt: skip


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
class YearlyRound:
    """Plays one round."""

    setting: Setting
    round: Round
    id: str = ""
    papers: list[Paper] = field(default_factory=list[Paper])

    def __post_init__(self) -> None:
        self.app = self.setting.stage.evaluation.application
        self.people = self.setting.company
        self.day = self.round.opens_on
        self.name = f"Annual review {self.setting.date(self.day - 1).year}"

    # ---- the cycle

    def begin(self) -> None:
        """Put planning, opening, HR's days and closing on the agenda."""
        self._on(-11, "plan", self.plan)
        self._on(0, "open", self.open)
        for day in HR_DAYS:
            self._on(day, "approve", self.approve)
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
            self._later(paper, chance.randint(16, 19), "self-assess", self._assess)
        elif paper.part in ("self-assessment begun", "peeks", "far from self") or chance.random() < 0.85:
            self._later(paper, chance.randint(3, 12), "self-assess", self._assess)
        if paper.part == "not begun":
            return
        submits = self._submission_day(paper, chance.randint(15, 26))
        if paper.part in ("begun", "peeks") or chance.random() < 0.25:
            self._later(paper, submits - chance.randint(3, 6), "draft", self._draft_half)
        if paper.part != "begun":
            self._later(paper, submits, "submit", self._submit)

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

    def _assess(self, paper: Paper) -> None:
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
        return min(paper.competencies, key=lambda one: self._rating(paper, one))

    def _overrated(self, paper: Paper) -> TypedLine:
        weakest = self._weakest(paper)
        rating = min(5.0, self._rating(paper, weakest) + 2)
        example = self.setting.words.own(paper.member, weakest, rating)
        return TypedLine(competency=weakest, rating=rating, evidence=(example,))

    def _rating(self, paper: Paper, competency: str) -> float:
        return self.setting.scores.by_manager(paper.member, paper.evaluator, competency, self.round.number)

    # ---- what the evaluator does

    def _draft_half(self, paper: Paper) -> None:
        half = paper.competencies[: len(paper.competencies) // 2]
        self._write(paper, self._new_lines(paper, half))

    def _submit(self, paper: Paper) -> None:
        self._write(paper, self._new_lines(paper, paper.competencies))
        if paper.part == "peeks":
            self.setting.evaluates(paper.evaluator, lambda unit: self.app.open_self_assessment(unit, paper.id))
            self._write(paper, (self._rated_higher(paper, self._first_rated(paper)),))
        self._hand_in(paper)
        if paper.part in ("recalled", "stays recalled"):
            self._later(paper, 1, "recall", self._recall)

    def _write(self, paper: Paper, lines: Iterable[TypedLine]) -> None:
        written = tuple(lines)
        paper.lines.update({line.competency: line for line in written})
        self.setting.evaluates(paper.evaluator, lambda unit: self.app.draft_lines(unit, paper.id, written))

    def _hand_in(self, paper: Paper) -> None:
        state = self.setting.evaluates(paper.evaluator, lambda unit: self.app.submit(unit, paper.id))
        paper.codes, paper.waits = state.revision.codes, True

    def _recall(self, paper: Paper) -> None:
        self.setting.evaluates(paper.evaluator, lambda unit: self.app.recall(unit, paper.id))
        paper.waits = False
        self._write(paper, (self._rated_higher(paper, self._first_rated(paper)),))
        if paper.part == "recalled":
            paper.part = ""
            self._later(paper, 2, "hand in again", self._hand_in)

    def _new_lines(self, paper: Paper, competencies: Iterable[str]) -> Iterator[TypedLine]:
        for competency in competencies:
            if competency not in paper.lines:
                line = self.setting.line(paper.member, paper.evaluator, competency, self.round.number)
                yield self._fitting(paper, line)

    def _fitting(self, paper: Paper, line: TypedLine) -> TypedLine:
        """Return the line as the evaluation's special way needs it: its first one vague, or about somebody else."""
        if line.competency != paper.competencies[0]:
            return line
        rating = line.rating or self._rating(paper, line.competency)
        match paper.part:
            case "returned" | "stays returned":
                words = self.setting.words.around("vague", paper.member, line.competency)
            case "text withdrawn":
                words = self.setting.words.around("wrong_person", paper.member, line.competency)
            case _:
                return line
        return TypedLine(competency=line.competency, rating=rating, evidence=(words,))

    def _first_rated(self, paper: Paper) -> TypedLine:
        return next(line for line in paper.lines.values() if line.rating is not None and line.rating < 5)

    def _rated_higher(self, paper: Paper, line: TypedLine) -> TypedLine:
        rating = min(5.0, (line.rating or 1.0) + 0.5)
        more = self.setting.words.evidence(paper.member, line.competency, rating)
        return line.model_copy(update={"rating": rating, "evidence": (*line.evidence, more)})

    # ---- what whoever approves does

    def approve(self) -> None:
        """Let HR look at everything that waits: return, approve one by one where there are codes, or together."""
        for approver in (*self.people.admins, self.people.director):
            papers = [one for one in self.papers if one.waits and not one.ended and self._gets_to(one)]
            self._judge(approver, [one for one in papers if self._approver(one) is approver])

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
            self._judges(approver, lambda unit, paper=paper, decide=decide: decide(unit, paper.id))
        if plain:
            together = tuple(paper.id for paper in plain)
            self._judges(approver, lambda unit: self.app.approve_together(unit, together))
        for paper in papers:
            if paper not in returning:
                self._go_on_after_approval(paper)

    def _approver(self, paper: Paper) -> Member:
        """Return who judges an evaluation: an HR admin who has no part in it, else the substitute."""
        if paper.member is self.people.partner:
            return self.people.director
        return self.people.admins[paper.member.number % 2]

    def _judges(self, approver: Member, decide: Callable[[Unit], T]) -> T:
        if approver in self.people.admins:
            return self.setting.hr_evaluation(decide, approver)
        return self.setting.evaluates(approver, decide)

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
        self._judges(approver, lambda unit: self.app.give_back(unit, paper.id, comment))
        paper.waits, paper.returned = False, True
        if paper.part != "stays returned":
            self._later(paper, 3, "mend", lambda paper: self._mend(paper, competency))

    def _mend(self, paper: Paper, competency: str) -> None:
        """Say what was seen in place of what was returned, and hand it in again."""
        line = paper.lines[competency]
        rating = line.rating or self._rating(paper, competency)
        seen = self.setting.words.evidence(paper.member, competency, rating)
        self._write(paper, (line.model_copy(update={"evidence": (seen,)}),))
        self._hand_in(paper)

    def _go_on_after_approval(self, paper: Paper) -> None:
        paper.waits, paper.approved = False, True
        chance = self.setting.chance.of("release", self.round.number, paper.member.number)
        match paper.part:
            case "reopened before release":
                self._later(paper, 2, "reopen", lambda paper: self._reopen(paper, "reopened_unreleased"))
            case "held" | "stays held":
                self._later(paper, 1, "hold", self._hold)
            case "released by HR":
                self._later(paper, 2, "release", self._release_as_hr)
            case "released by itself":
                self._later(paper, 15, "read", self._read)
            case _ if self.round.release == "on date":
                released = max(0, self.day + RELEASE_DAY - self.setting.agenda.today)
                self._later(paper, released + chance.randint(1, 5), "read", self._read)
            case "reopened" | "reopened, in work" | "is not answered":
                self._later(paper, 1, "release", self._release)
            case _:
                self._later(paper, chance.randint(2, 8), "release", self._release)
        if paper.part == "text withdrawn":
            self._later(paper, 2, "withdraw", self._withdraw)

    def _hold(self, paper: Paper) -> None:
        why = self.setting.words.around("held", paper.member)
        approver = self._approver(paper)
        self._judges(approver, lambda unit: self.app.hold(unit, paper.id, why))
        if paper.part == "held":
            self._later(paper, 24 if self.round.release == "on date" else 6, "release", self._release_as_hr)

    def _withdraw(self, paper: Paper) -> None:
        """Take back what the evaluator wrote about the wrong person."""
        state = self.setting.stage.state(self.setting.stage.evaluation, Evaluation, paper.id)
        part = state.revision.lines[paper.competencies[0]].evidence[0].part
        why = self.setting.words.around("withdrawn", paper.member)
        self.setting.evaluates(paper.evaluator, lambda unit: self.app.withdraw(unit, paper.id, part, why))

    def _reopen(self, paper: Paper, why: str, competency: str | None = None) -> None:
        named = competency or self._first_rated(paper).competency
        reason = self.setting.words.around(why, paper.member, named, competency=competency_name(named))
        self._judges(self._approver(paper), lambda unit: self.app.reopen(unit, paper.id, reason))
        paper.approved = False
        if paper.part == "reopened, in work":
            return
        paper.part = ""
        self._later(paper, 2, "correct", lambda paper: self._correct(paper, named))

    def _correct(self, paper: Paper, competency: str) -> None:
        self._write(paper, (self._rated_higher(paper, paper.lines[competency]),))
        self._hand_in(paper)

    # ---- release, and what the employee does

    def _release(self, paper: Paper) -> None:
        manager = self.people.manager_of(paper.member)
        self.setting.evaluates(manager, lambda unit: self.app.release(unit, paper.id))
        self._let_read(paper)

    def _release_as_hr(self, paper: Paper) -> None:
        approver = self._approver(paper)
        self.setting.hr_evaluation(lambda unit: self.app.release(unit, paper.id), approver)
        self._let_read(paper)

    def _let_read(self, paper: Paper) -> None:
        if paper.part == "released by HR" and not self.round.closes:
            return  # in the open round one is released and not read yet
        soon = paper.part in ("reopened", "reopened, in work", "is not answered")
        days = self.setting.chance.of("read", self.round.number, paper.member.number).randint(1, 5)
        self._later(paper, 1 if soon else days, "read", self._read)

    def _read(self, paper: Paper) -> None:
        """Let the employee read what is released: most acknowledge it, some react to scores."""
        member = paper.member
        if not self._is_released(paper):
            self._later(paper, 2, "read", self._read)
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
                self._later(paper, 1, "reopen", lambda paper: self._reopen(paper, "reopened", competency))

        self._later(paper, 1 if gives_in else days, "answer", answer)

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

    def _later(self, paper: Paper, days: int, what: str, deed: Callable[[Paper], object]) -> None:
        """Let something happen to an evaluation so many days from now, unless it has ended by then."""

        def happens() -> None:
            if not paper.ended:
                deed(paper)

        today = self.setting.agenda.today
        self.setting.on(today + days, f"{what} {self.round.number} {paper.member.number}", happens)
