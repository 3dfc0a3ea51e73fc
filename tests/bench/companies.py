"""The data the system is measured on: twenty companies with one cycle, each evaluation submitted and waiting for HR."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chassis.calendar import Calendar
from chassis.identity import Actor
from chassis.service import Service
from chassis.unit import Answer, CommandInfo, Unit
from evaluation_svc.application.drafts import TypedLine
from evaluation_svc.domain.cycle import Cycle, Dates, Plan
from evaluation_svc.domain.evaluation import Evaluation
from framework_svc import templates
from framework_svc.documents import exchange
from ladder.composition import Composition
from people_svc.application.taking import plan_digest
from people_svc.documents import read_people, write_people
from people_svc.domain import COLUMNS, Changes, Options, Settings, plan
from people_svc.search import read_people as known_people

COMPANIES = 20
EMPLOYEES = 66
MANAGERS = 6
LEVELS = ("engineering.ic1", "engineering.ic2", "engineering.ic3")
EVIDENCE = (
    "Took the outage of 4 May to its end and wrote down what changed; the same alarm has not come back since.",
    "Led the move of the booking tables in March; no order was lost and support heard of nothing.",
    "Reviewed the carrier interface twice before it went out and found the rounding that finance had missed.",
)


@dataclass(frozen=True)
class Waiting:
    """One evaluation that HR may approve."""

    workspace: str
    evaluation: str
    employee: str


def build(home: Path, say: Callable[[str], None], companies: int = COMPANIES) -> list[Waiting]:
    """Build the companies in `home`, by the commands people give; return the evaluations, company by company in turn."""
    with Composition(home) as system:
        built = [_Company(system, number).build() for number in _told(companies, say)]
    return [waiting for row in zip(*built, strict=True) for waiting in row]


def _told(companies: int, say: Callable[[str], None]) -> range:
    say(f"Building {companies} companies of {EMPLOYEES} people, every evaluation written and submitted")
    return range(companies)


class _Company:
    """One company on its way from nothing to a cycle that waits for HR."""

    def __init__(self, system: Composition, number: int) -> None:
        self.system, self.workspace = system, f"ws_bench{number:04d}"
        self.people, self.framework, self.evaluation, _ = system.services
        self.random = random.Random(number)
        self.commands = 0
        self.hr = ""

    def build(self) -> list[Waiting]:
        self._found()
        self._publish()
        self._hire()
        cycle = self._open_cycle()
        waiting = [self._evaluate(one) for one in self._entered(cycle)]
        self._settle()
        return waiting

    def _found(self) -> None:
        settings = Settings(name="Bench", calendar=Calendar(time_zone="Europe/London"))
        admin = Changes(given_name="Hanna", family_name="Holm", work_email="hanna@example.com")
        found: list[str] = []
        self._do(
            self.people,
            "operator",
            lambda unit: found.append(self.people.application.open_workspace(unit, settings, admin).person),
        )
        (self.hr,) = found
        self._settle()

    def _publish(self) -> None:
        document = exchange.read(templates.text("engineering"))
        app = self.framework.application

        def publish(unit: Unit) -> None:
            app.bring(unit, document.ladders, document.competencies, document.scale, "template", "engineering")
            for ladder in document.ladders:
                app.mark_ready(unit, ladder.id, None)

        self._do(self.framework, self.hr, publish)
        self._do(self.framework, self.hr, lambda unit: app.publish(unit, "The first framework", (), None))
        self._settle()

    def _hire(self) -> None:
        sheet = read_people(write_people([self._row(number) for number in range(EMPLOYEES + 1)]))
        self._do(self.people, self.hr, lambda unit: self._take(unit, sheet))
        self._settle()

    def _row(self, number: int) -> dict[str, str]:
        """Return one line of the file: number 0 leads the company, then come its managers, then their teams."""
        manager = "" if number == 0 else _email(0 if number <= MANAGERS else 1 + number % MANAGERS)
        return dict.fromkeys(COLUMNS, "") | {
            "employee_number": f"{1000 + number}",
            "given_name": f"Given{number}",
            "family_name": f"Family{number}",
            "work_email": _email(number),
            "job_title": "Engineer",
            "department": "Engineering",
            "location": "Leeds",
            "manager": manager,
            "start_date": "2024-01-08",
            "status": "active",
            "family": "engineering",
            "track": "ic",
            "level": LEVELS[number % len(LEVELS)],
        }

    def _take(self, unit: Unit, sheet: Any) -> None:
        app = self.people.application
        today = app.today(unit)
        options = Options()
        planned = plan(sheet, [one.known for one in known_people(unit.reading, today)], options, today)
        app.import_commit(unit, sheet, options, plan_digest(planned, options, unit.digest))

    def _open_cycle(self) -> str:
        app, today = self.evaluation.application, self.system.now().date()
        planned = Plan(
            name="Bench",
            starts_on=today - timedelta(days=170),
            ends_on=today,
            framework_version=1,
            dates=_dates(today),
        )
        cycle: list[str] = []
        self._do(self.evaluation, self.hr, lambda unit: cycle.append(app.plan(unit, planned)))
        for person in (self.hr, self._boss()):
            self._do(
                self.evaluation,
                self.hr,
                lambda unit, who=person: app.exclude_participant(unit, cycle[0], who, "Leads the company"),
            )
        self._do(self.evaluation, self.hr, lambda unit: app.open(unit, cycle[0]))
        self._settle()
        return cycle[0]

    def _boss(self) -> str:
        with self.people.reader(self.workspace) as reader:
            known = known_people(reader, reader.now.date())
        return next(one.known.person for one in known if one.known.work_email == _email(0))

    def _entered(self, cycle: str) -> list[Evaluation]:
        with self.evaluation.reader(self.workspace) as reader:
            state, _ = reader.state(Cycle, cycle)
            entered = [reader.state(Evaluation, one)[0] for one in (state.participants.values() if state else ())]
        return [one for one in entered if one is not None]

    def _evaluate(self, one: Evaluation) -> Waiting:
        """Let the employee and then the evaluator write every line, and submit."""
        app = self.evaluation.application

        def assess(unit: Unit) -> None:
            for line in self._lines(one):
                app.draft_self_line(unit, one.evaluation, line)
            app.submit_self_assessment(unit, one.evaluation)

        def rate(unit: Unit) -> None:
            app.draft_lines(unit, one.evaluation, tuple(self._lines(one)))
            app.submit(unit, one.evaluation)

        self._do(self.evaluation, one.employee, assess)
        self._do(self.evaluation, one.evaluator, rate)
        return Waiting(self.workspace, one.evaluation, one.employee)

    def _lines(self, one: Evaluation) -> list[TypedLine]:
        return [
            TypedLine(competency=competency, rating=self.random.choice((2.0, 2.5, 3.0, 3.5, 4.0)), evidence=EVIDENCE)
            for competency in one.terms.competencies
        ]

    def _do(self, service: Service, person: str, decide: Callable[[Unit], Any]) -> None:
        self.commands += 1
        command = f"bench/{self.commands}"
        roles = frozenset({"hr"}) if person == self.hr else frozenset[str]()

        def decided(unit: Unit) -> Answer:
            decide(unit)
            return Answer()

        info = CommandInfo(self.workspace, person, command, correlation_id=command)
        service.execute(info, Actor(workspace=self.workspace, person=person, roles=roles), decided)

    def _settle(self) -> None:
        """Step every follower of every service until none of them has anything to do."""
        moved = True
        while moved:
            moved = False
            for service in self.system.services:
                for follower in (service.relay, service.consumer, service.projections, service.clockwork):
                    if self.workspace in set(follower.behind()):
                        follower.step(self.workspace)
                        moved = True


def _dates(today: date) -> Dates:
    return Dates(
        self_due=today + timedelta(days=14),
        manager_due=today + timedelta(days=28),
        approval_due=today + timedelta(days=42),
        conversations_by=today + timedelta(days=70),
    )


def _email(number: int) -> str:
    return f"person{number}@example.com"
