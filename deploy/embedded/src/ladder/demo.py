"""A demo company: 120 invented people and three cycles of history, built from a seed by the same commands people give."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

from chassis.calendar import Calendar
from chassis.identity import Actor
from chassis.service import Service
from chassis.unit import Answer, CommandInfo, Unit
from evaluation_svc.application.drafts import TypedLine
from evaluation_svc.domain.cycle import Cycle, Dates, Plan
from evaluation_svc.domain.evaluation import Evaluation
from framework_svc import templates
from framework_svc.documents import exchange
from framework_svc.domain.texts import Expectation, Level
from ladder.composition import Composition
from ladder.demo_words import FAMILY_NAMES, GIVEN_NAMES, evidence
from people_svc.application.taking import plan_digest
from people_svc.documents import read_people, write_people
from people_svc.domain import COLUMNS, Changes, Options, Settings, plan
from people_svc.search import read_people as known_people

COMPANY: Final = "Brightwater Logistics (demo)"
MONTHS: Final = 26
SIZES: Final = {"engineering": 45, "sales": 21, "customer-success": 18, "operations": 16, "design": 10, "finance": 8}
"""People by ladder; with the two in charge they are 120."""

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass
class VirtualClock:
    """The clock of a composition that makes history: it stands still until it is told to go on."""

    at: datetime

    def __call__(self) -> datetime:
        """Return the moment it stands at, a little later at each look."""
        self.at += timedelta(microseconds=137)
        return self.at


@dataclass
class Member:
    """One invented person, before and after they are in the directory."""

    number: int
    given_name: str
    family_name: str
    ladder: str
    level: str
    manager: int | None
    starts_on: date
    skill: float
    strictness: float
    id: str = ""

    @property
    def email(self) -> str:
        """Their address at the invented company."""
        return f"{self.given_name}.{self.family_name}.{self.number}@brightwater.example".lower().replace(" ", "")


@dataclass
class Demo:
    """Builds the company: the same seed gives the same company."""

    system: Composition
    clock: VirtualClock
    until: datetime
    seed: int
    say: Callable[[str], None]
    workspace: str = field(init=False)
    commands: int = 0

    def __post_init__(self) -> None:
        self.founded = self.clock.at
        self.random = random.Random(self.seed)  # noqa: S311 - an invented company, no secret
        self.workspace = f"ws_demo{self.seed:08d}"
        self.people, self.framework, self.evaluation, self.gap = self.system.services
        self.members = list(self._invent())
        self.by_id: dict[str, Member] = {}

    def build(self) -> str:
        """Play the company's history; return the workspace."""
        self._found()
        self._cycle(60, 1)
        self._promote()
        self._change_people()
        self._cycle(330, 1)
        self._publish_again()
        self._cycle(748, 2, finished=0.7)
        self._go_to(self.until)
        return self.workspace

    # ---- who is there

    def _invent(self) -> Iterator[Member]:
        start = self.clock.at.date()
        names = self._names()
        yield self._member(0, next(names), "operations", _levels("operations")[-1], None, start)
        yield self._member(1, next(names), "operations", _levels("operations")[-2], 0, start)
        number = 2
        for ladder, size in SIZES.items():
            levels = _levels(ladder)
            head = number
            leads: list[int] = []
            for place in range(size):
                lead = place == 0 or place % 8 == 1
                manager = 0 if place == 0 else head if lead else leads[-1]
                level = levels[-1] if place == 0 else levels[-2] if lead else self._level(levels)
                if lead and place:
                    leads.append(number)
                yield self._member(number, next(names), ladder, level, manager, start)
                number += 1

    def _names(self) -> Iterator[tuple[str, str]]:
        pairs = [(given, family) for given in GIVEN_NAMES for family in FAMILY_NAMES]
        return iter(self.random.sample(pairs, len(pairs)))

    def _level(self, levels: tuple[str, ...]) -> str:
        return self.random.choices(levels[:-1], weights=[3, 4, 3, 1][: len(levels) - 1])[0]

    def _member(
        self, number: int, name: tuple[str, str], ladder: str, level: str, manager: int | None, start: date
    ) -> Member:
        return Member(
            number=number,
            given_name=name[0],
            family_name=name[1],
            ladder=ladder,
            level=level,
            manager=manager,
            starts_on=start - timedelta(days=self.random.randint(120, 2200)),
            skill=self.random.gauss(0.1, 0.4),
            strictness=self.random.choice((-0.5, 0.0, 0.0, 0.0, 0.1, 0.5)),
        )

    # ---- what happens

    def _found(self) -> None:
        self.say("Founding the company")
        admin = self.members[1]
        changes = Changes(
            given_name=admin.given_name,
            family_name=admin.family_name,
            work_email=admin.email,
            job_title="Head of People",
            starts_on=admin.starts_on,
        )
        settings = Settings(name=COMPANY, calendar=Calendar(time_zone="Europe/London"))
        self._do(self.people, "", lambda unit: self.people.application.open_workspace(unit, settings, changes))
        self._settle()
        self._read_ids()
        for name in templates.NAMES:
            self._draft(_document(name), name)
        self._publish("The first framework")
        self._settle()
        self.say("Hiring 120 people")
        sheet = read_people(write_people(self._rows()))
        self._hr(self.people, lambda unit: self._import(unit, sheet))
        self._settle()
        self._read_ids()
        for member in self.members:
            self._hr(self.people, lambda unit, who=member.id: self.people.application.invite(unit, who))
        self._settle()

    def _import(self, unit: Unit, sheet: Any) -> None:
        people = self.people.application
        today = people.today(unit)
        known = [one.known for one in known_people(unit.reading, today)]
        options = Options()
        planned = plan(sheet, known, options, today)
        people.import_commit(unit, sheet, options, plan_digest(planned, options, unit.digest))

    def _rows(self) -> Iterator[dict[str, str]]:
        for member in self.members:
            yield dict.fromkeys(COLUMNS, "") | {
                "employee_number": f"{1000 + member.number}",
                "given_name": member.given_name,
                "family_name": member.family_name,
                "work_email": member.email,
                "job_title": _level(member.level).title,
                "department": member.ladder.replace("-", " ").title(),
                "location": self.random.choice(("Leeds", "Bristol", "Rotterdam")),
                "manager": "" if member.manager is None else self.members[member.manager].email,
                "start_date": member.starts_on.isoformat(),
                "status": "active",
                "family": member.ladder,
                "track": _track(member.level),
                "level": member.level,
            }

    def _cycle(self, day: int, version: int, finished: float = 1.0) -> None:
        """Play one cycle, opened so many days after the founding; `finished` is the share that gets approved."""
        start = self.founded + timedelta(days=day)
        self._go_to(start)
        today = start.date()
        name = f"H{1 if today.month < 7 else 2} {today.year}"
        self.say(f"Cycle {name}")
        dates = Dates(
            self_due=today + timedelta(days=14),
            manager_due=today + timedelta(days=28),
            approval_due=today + timedelta(days=42),
            conversations_by=today + timedelta(days=70),
        )
        planned = Plan(
            name=name, starts_on=today - timedelta(days=170), ends_on=today, framework_version=version, dates=dates
        )
        app = self.evaluation.application
        cycle: list[str] = []
        self._hr(self.evaluation, lambda unit: cycle.append(app.plan(unit, planned)))
        self._hr(self.evaluation, lambda unit: app.name_evaluator(unit, cycle[-1], self.members[0].id, self.members[1].id))
        self._settle()
        with self.evaluation.reader(self.workspace) as reader:
            state, _ = reader.state(Cycle, cycle[-1])
        if state is None:
            raise RuntimeError("the cycle was not planned")
        self._open(cycle[-1])
        evaluations = self._evaluations(cycle[-1])
        self._assess(evaluations, start)
        self._rate(evaluations, start)
        self._decide(evaluations, start, finished)
        self._release(evaluations, start, finished)
        if finished == 1.0:
            self._go_to(start + timedelta(days=75))
            self._hr(self.evaluation, lambda unit: app.close(unit, cycle[-1]))
        self._settle()

    def _open(self, cycle: str) -> None:
        app = self.evaluation.application
        for person in (self.members[0].id, self.members[1].id):
            self._hr(self.evaluation, lambda unit, who=person: app.exclude_participant(unit, cycle, who, "Leads the company"))
        self._hr(self.evaluation, lambda unit: app.open(unit, cycle))
        self._settle()

    def _evaluations(self, cycle: str) -> list[tuple[str, Evaluation]]:
        with self.evaluation.reader(self.workspace) as reader:
            state, _ = reader.state(Cycle, cycle)
            found = [(one, reader.state(Evaluation, one)[0]) for one in (state.participants.values() if state else ())]
        return [(identifier, one) for identifier, one in found if one is not None]

    def _assess(self, evaluations: list[tuple[str, Evaluation]], start: datetime) -> None:
        app = self.evaluation.application
        self._go_to(start + timedelta(days=9))
        for identifier, one in evaluations:
            if self.random.random() < 0.8:
                lines = tuple(line for line in self._lines(one, generous=0.3) if line.rating is not None)

                def assess(unit: Unit, identifier: str = identifier, lines: tuple[TypedLine, ...] = lines) -> None:
                    for line in lines:
                        app.draft_self_line(unit, identifier, line)
                    app.submit_self_assessment(unit, identifier)

                self._do(self.evaluation, one.employee, assess)
        self._settle()

    def _rate(self, evaluations: list[tuple[str, Evaluation]], start: datetime) -> None:
        app = self.evaluation.application
        self._go_to(start + timedelta(days=20))
        for identifier, one in evaluations:
            lines = self._lines(one, generous=self.by_id[one.evaluator].strictness)

            def rate(unit: Unit, identifier: str = identifier, lines: tuple[TypedLine, ...] = lines) -> None:
                app.draft_lines(unit, identifier, lines)
                app.submit(unit, identifier)

            self._do(self.evaluation, one.evaluator, rate)
        self._settle()

    def _decide(self, evaluations: list[tuple[str, Evaluation]], start: datetime, finished: float) -> None:
        app = self.evaluation.application
        self._go_to(start + timedelta(days=34))
        chosen = evaluations[: int(len(evaluations) * finished)]
        for identifier, one in chosen:
            if self.hr in (one.evaluator, one.employee):
                continue
            if self.random.random() < 0.06:
                comment = {one.terms.competencies[0]: "Please add what you saw and what came of it."}
                self._hr(self.evaluation, lambda unit, it=identifier, c=comment: app.give_back(unit, it, c))
                again = self._lines(one, generous=0.0)
                self._do(
                    self.evaluation,
                    one.evaluator,
                    lambda unit, it=identifier, again=again: (app.draft_lines(unit, it, again), app.submit(unit, it)),
                )
            self._hr(self.evaluation, lambda unit, it=identifier: app.approve(unit, it))
        self._settle()

    def _release(self, evaluations: list[tuple[str, Evaluation]], start: datetime, finished: float) -> None:
        app = self.evaluation.application
        self._go_to(start + timedelta(days=40))
        for identifier, one in evaluations[: int(len(evaluations) * finished)]:
            if self.hr in (one.evaluator, one.employee) or self.random.random() < 0.2:
                continue
            self._do(self.evaluation, one.evaluator, lambda unit, it=identifier: app.release(unit, it))
            if self.random.random() < 0.7:
                self._do(self.evaluation, one.employee, lambda unit, it=identifier: app.acknowledge(unit, it))
        self._settle()

    def _lines(self, one: Evaluation, generous: float) -> tuple[TypedLine, ...]:
        member = self.by_id[one.employee]
        bars = _bars(one.terms.level)
        lines: list[TypedLine] = []
        for competency in one.terms.competencies:
            if self.random.random() < 0.04:
                lines.append(TypedLine(competency=competency, not_seen="We did not work on this together."))
                continue
            raw = (bars.get(competency) or 2.0) + member.skill + generous + self.random.gauss(0.15, 0.35)
            rating = min(5.0, max(1.0, round(raw * 2) / 2))
            texts = () if self.random.random() < 0.15 else (evidence(self.random),)
            lines.append(TypedLine(competency=competency, rating=rating, evidence=texts))
        return tuple(lines)

    def _promote(self) -> None:
        """After the first cycle a few move up, and one team gets a new manager."""
        self._go_to(self.founded + timedelta(days=150))
        self.say("Promotions and moves")
        for member in self.random.sample([m for m in self.members[2:] if _next(m.level)], 6):
            level = _next(member.level)
            if level is None:
                continue
            member.level = level
            self._hr(
                self.framework,
                lambda unit, who=member.id, level=level: self.framework.application.place(
                    unit, who, level, unit.now.date(), "promotion"
                ),
            )
        self._settle()

    def _change_people(self) -> None:
        """Somebody leaves, somebody goes on leave and comes back, one person gets another manager."""
        self._go_to(self.founded + timedelta(days=240))
        app = self.people.application
        followers = [m for m in self.members if m.manager not in (None, 0) and m.number > 10]
        leaver, away, moved = self.random.sample(followers, 3)
        today = self.clock.at.date()
        self._hr(self.people, lambda unit: app.change_status(unit, leaver.id, "left"))
        until = today + timedelta(days=60)
        self._hr(self.people, lambda unit: app.change_status(unit, away.id, "leave", None, until))
        self._hr(self.people, lambda unit: app.change_manager(unit, moved.id, self.members[2].id))
        self._settle()

    def _publish_again(self) -> None:
        """Before the third cycle engineering is published again with a clearer scope."""
        self._go_to(self.founded + timedelta(days=600))
        self._draft(exchange.read(templates.text("engineering").replace("scope: ", "scope: In short, ", 1)), None)
        self._publish("A clearer scope for the first engineering level")
        self._settle()

    def _draft(self, document: exchange.Document, template: str | None) -> None:
        """Take a file into the draft and mark its ladders ready."""
        app = self.framework.application
        source = "template" if template else "import"

        def take(unit: Unit) -> None:
            app.bring(unit, document.ladders, document.competencies, document.scale, source, template)
            for ladder in document.ladders:
                app.mark_ready(unit, ladder.id, None)

        self._hr(self.framework, take)

    def _publish(self, note: str) -> None:
        self._hr(self.framework, lambda unit: self.framework.application.publish(unit, note, (), None))

    # ---- how it happens

    @property
    def hr(self) -> str:
        """The person id of the HR admin."""
        return self.members[1].id

    def _hr(self, service: Service, decide: Callable[[Unit], Any]) -> None:
        self._do(service, self.hr, decide, "hr")

    def _do(self, service: Service, person: str, decide: Callable[[Unit], Any], *roles: str) -> None:
        """Run one command as somebody, under a key that follows from the seed."""
        self.commands += 1
        command = f"demo/{self.seed}/{self.commands}"
        info = CommandInfo(self.workspace, person or "operator", command, correlation_id=command)
        actor = Actor(workspace=self.workspace, person=person or "operator", roles=frozenset(roles))

        def decided(unit: Unit) -> Answer:
            decide(unit)
            return Answer()

        service.execute(info, actor, decided)

    def _settle(self) -> None:
        """Let every follower do what there is to do, one step at a time, until nothing moves."""
        settle(self.system, self.workspace)

    def _go_to(self, moment: datetime) -> None:
        """Let time pass day by day, never past the present, so that clocks fire when they are due."""
        moment = min(moment, self.until)
        while self.clock.at < moment:
            self.clock.at = min(moment, self.clock.at + _DAY)
            if any(self.workspace in service.clockwork.behind() for service in self.system.services):
                self._settle()

    def _read_ids(self) -> None:
        with self.people.reader(self.workspace) as reader:
            found = {one.known.work_email: one.known.person for one in known_people(reader, reader.now.date())}
        for member in self.members:
            member.id = found.get(member.email, "")
        self.by_id = {member.id: member for member in self.members}


def settle(system: Composition, workspace: str) -> None:
    """Step every follower of every service in a fixed order until none has anything to do."""
    moved = True
    while moved:
        moved = False
        for service in system.services:
            for follower in (service.relay, service.consumer, service.projections, service.clockwork):
                if workspace in set(follower.behind()):
                    follower.step(workspace)
                    moved = True


def beginning(now: datetime) -> datetime:
    """Return nine o'clock on the Monday 26 months (of 30.4 days) before a moment."""
    day = (now - timedelta(days=round(MONTHS * 30.4))).date()
    monday = day - timedelta(days=day.weekday())
    return datetime(monday.year, monday.month, monday.day, 9, tzinfo=UTC)


def build(system: Composition, clock: VirtualClock, seed: int, say: Callable[[str], None]) -> str:
    """Build the demo company in a composition that runs on a virtual clock; return its workspace."""
    until = datetime.fromtimestamp(time.time(), UTC) - _HOUR
    return Demo(system, clock, until, seed, say).build()


# ---- what the templates say


@cache
def _document(ladder: str) -> exchange.Document:
    return exchange.read(templates.text(ladder))


def _tracks(ladder: str) -> dict[str, tuple[Level, ...]]:
    (found,) = _document(ladder).ladders
    return {track.id: track.levels for track in found.tracks}


def _levels(ladder: str) -> tuple[str, ...]:
    """Return the level ids of a ladder's first track, lowest first."""
    return tuple(f"{ladder}.{level.id}" for level in next(iter(_tracks(ladder).values())))


def _level(full: str) -> Level:
    ladder, _, identifier = full.partition(".")
    return next(level for levels in _tracks(ladder).values() for level in levels if level.id == identifier)


def _track(full: str) -> str:
    ladder, _, identifier = full.partition(".")
    return next(name for name, levels in _tracks(ladder).items() if identifier in {level.id for level in levels})


def _bars(full: str) -> dict[str, float | None]:
    """Return the required ratings of a level."""
    cells = _level(full).expectations.items()
    return {name: cell.required for name, cell in cells if isinstance(cell, Expectation)}


def _next(full: str) -> str | None:
    levels = _levels(full.partition(".")[0])
    place = levels.index(full) + 1
    return levels[place] if place < len(levels) else None
