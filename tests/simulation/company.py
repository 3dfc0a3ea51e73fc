"""The real services, with their own handlers: a small company on its way from a framework to gap reports, and back.

framework → people → placements → cycle → evaluations → approval → report → release → correction → target → erasure
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any

import evaluation_svc.main
import framework_svc.main
import gap_svc.main
import people_svc.main
from chassis.calendar import Calendar
from chassis.kernel import DomainError
from chassis.service import Service
from chassis.unit import Unit
from evaluation_svc.application.drafts import TypedLine
from evaluation_svc.domain.cycle import Cycle, Dates, Plan
from evaluation_svc.domain.evaluation import Evaluation
from framework_svc.documents import exchange
from gap_svc.domain.levels import LevelRef
from ladder.composition import GRANTS
from people_svc.domain import Changes, Settings

from .play import Act, Client, Do, Play, Scene, Script
from .world import BEGIN

TODAY = BEGIN.date()
TEAM = ("maya", "tom")
HR = frozenset({"hr"})
EVIDENCE = "Led the carrier cut-over in May; no parcel was lost."
LADDER = """format: career-framework/v1
competencies:
  - {id: writing, name: Writing, area: Craft}
  - {id: building, name: Building, area: Craft}
ladders:
  - id: engineering
    name: Engineering
    tracks:
      - id: ic
        name: IC
        levels:
"""


def _level(number: int, writes: str, builds: str) -> str:
    """Return one level of three in the form of a framework file; all but the last name their next."""
    following = "" if number == 3 else f"next: [engineering.ic{number + 1}]"
    return f"""\
          - id: ic{number}
            code: IC{number}
            title: Engineer
            scope: A part of the whole.
            {following}
            expectations:
              writing: {{required: {number + 1}, behaviours: [Writes a {writes}.]}}
              building: {{required: {number + 1}, behaviours: [Builds a {builds}.]}}
"""


LEVELS = (_level(1, "note", "part"), _level(2, "page", "whole"), _level(3, "book", "house"))
DOCUMENT = exchange.read(LADDER + "".join(LEVELS))


class NotYet(DomainError):
    """Something is missing that comes before this."""


@dataclass
class Company:
    """What the people of one workspace know of each other, and what they were promised."""

    who: dict[str, str] = field(default_factory=dict[str, str])
    cycle: str = ""
    evaluations: dict[str, str] = field(default_factory=dict[str, str])
    handed_in: Counter[str] = field(default_factory=Counter[str])
    approved: Counter[str] = field(default_factory=Counter[str])
    released: Counter[str] = field(default_factory=Counter[str])
    reopened: Counter[str] = field(default_factory=Counter[str])
    over: bool = False

    def hr(self, service: str, do: Do) -> Act:
        """Return an act of the HR admin."""
        return Act(service, self.who.get("hanna", "operator"), do, HR)

    def by(self, name: str, service: str, do: Do) -> Act:
        """Return an act of somebody else."""
        return Act(service, self.who[name], do)


def _founding(company: Company) -> Script:
    """Hanna founds the workspace, publishes the ladder, and hires Daniel and his team."""
    hanna = Changes(given_name="Hanna", family_name="Berg", work_email="hanna@example.com", starts_on=date(2019, 1, 1))
    settings = Settings(name="Northwind", calendar=Calendar(time_zone="Europe/London"))
    done = yield Act("people", "operator", lambda app, unit: app.open_workspace(unit, settings, hanna).person)
    company.who["hanna"] = str(done.answer.id)
    yield company.hr("framework", _draft)
    yield company.hr("framework", lambda app, unit: _nothing(app.publish(unit, "The first", (), None)))
    done = yield company.hr("people", partial(_hire, "daniel", None))
    company.who["daniel"] = str(done.answer.id)
    daniel = company.who["daniel"]
    for name in TEAM:
        done = yield company.hr("people", partial(_hire, name, daniel))
        company.who[name] = str(done.answer.id)
    everybody = [company.who[name] for name in ("daniel", *TEAM)]
    yield company.hr("framework", lambda app, unit: _place(app, unit, everybody, "ic1", "hire"))


def _evaluating(company: Company, chance: Random) -> Script:
    """Hanna plans a cycle, opens it, approves what is handed in; now and then she corrects, promotes, erases."""
    yield from _founding(company)
    done = yield company.hr("evaluation", lambda app, unit: app.plan(unit, _plan(company)))
    company.cycle = str(done.answer.id)
    done = yield company.hr("evaluation", lambda app, unit: _open(app, unit, company))
    company.evaluations = dict(zip(TEAM, done.answer.ids or (), strict=True))
    for name in TEAM:
        while company.handed_in[name] == company.approved[name]:
            yield None
        yield from _approve(company, name)
    if chance.random() < 0.5:
        yield from _promote(company, chance.choice(TEAM))
    if chance.random() < 0.5:
        yield from _correct(company, "maya")
    if chance.random() < 0.3:
        tom = company.who["tom"]
        yield company.hr("people", lambda app, unit: _nothing(app.erase(unit, tom, "asked by the person")))
    company.over = True


def _approve(company: Company, name: str) -> Script:
    evaluation = company.evaluations[name]
    yield company.hr("evaluation", lambda app, unit: _nothing(app.approve(unit, evaluation)))
    company.approved[name] += 1


def _promote(company: Company, name: str) -> Script:
    who = company.who[name]
    yield company.hr("framework", lambda app, unit: _place(app, unit, [who], "ic2", "promotion"))


def _correct(company: Company, name: str) -> Script:
    evaluation, why = company.evaluations[name], "One rating was about somebody else."
    yield company.hr("evaluation", lambda app, unit: _nothing(app.reopen(unit, evaluation, why)))
    company.reopened[name] += 1
    while company.handed_in[name] == company.approved[name]:
        yield None
    yield from _approve(company, name)


def _managing(company: Company, chance: Random) -> Script:
    """Daniel hands in every evaluation, again when it was reopened; now and then he withdraws a text."""
    for name in TEAM:
        while name not in company.evaluations:
            yield None
        yield from _hand_in(company, name, chance.choice((2.0, 3.0)))
    while not company.approved["maya"]:
        yield None
    if chance.random() < 0.5:
        evaluation = company.evaluations["tom"]
        yield company.by("daniel", "evaluation", lambda app, unit: _withdraw(app, unit, evaluation))
    while not company.over:
        if company.handed_in["maya"] == company.reopened["maya"]:
            yield from _hand_in(company, "maya", 3.5)
        else:
            yield None


def _hand_in(company: Company, name: str, rating: float) -> Script:
    evaluation = company.evaluations[name]
    yield company.by("daniel", "evaluation", lambda app, unit: _rate(app, unit, evaluation, rating))
    company.handed_in[name] += 1


def _aiming(company: Company, chance: Random) -> Script:
    """Maya chooses a target, and another one."""
    for level in chance.sample(("ic2", "ic3"), 2):
        while "maya" not in company.who:
            yield None
        yield company.by("maya", "gap", partial(_aim, company.who["maya"], level))


def _draft(app: Any, unit: Unit) -> None:
    app.bring(unit, DOCUMENT.ladders, DOCUMENT.competencies, DOCUMENT.scale, "import", None)
    app.mark_ready(unit, "engineering", None)


def _hire(name: str, manager: str | None, app: Any, unit: Unit) -> str:
    stated = Changes(
        given_name=name.title(),
        family_name="Example",
        work_email=f"{name}@example.com",
        job_title="Engineer",
        starts_on=date(2020, 1, 1),
    )
    person = app.add_person(unit, stated, manager).person
    app.invite(unit, person)
    return person


def _place(app: Any, unit: Unit, people: list[str], level: str, reason: str) -> None:
    for person in people:
        app.place(unit, person, f"engineering.{level}", TODAY, reason)


def _plan(company: Company) -> Plan:
    dates = Dates(
        self_due=TODAY + timedelta(days=7),
        manager_due=TODAY + timedelta(days=14),
        approval_due=TODAY + timedelta(days=21),
        conversations_by=TODAY + timedelta(days=42),
    )
    return Plan(
        name="Pilot",
        starts_on=TODAY - timedelta(days=180),
        ends_on=TODAY,
        framework_version=1,
        dates=dates,
        scope="team",
        of=company.who["daniel"],
    )


def _open(app: Any, unit: Unit, company: Company) -> tuple[str, ...]:
    """Open the cycle once the whole team is known; return the evaluations in the team's order."""
    if len(unit.directory.managed_by(company.who["daniel"])) < len(TEAM):
        raise NotYet("The team is not known yet.")
    app.open(unit, company.cycle)
    participants = unit.get(Cycle, company.cycle).participants
    return tuple(participants[company.who[name]] for name in TEAM)


def _rate(app: Any, unit: Unit, evaluation: str, rating: float) -> None:
    competencies = unit.get(Evaluation, evaluation).terms.competencies
    app.draft_lines(
        unit, evaluation, tuple(TypedLine(competency=one, rating=rating, evidence=(EVIDENCE,)) for one in competencies)
    )
    app.submit(unit, evaluation)


def _withdraw(app: Any, unit: Unit, evaluation: str) -> None:
    part = sorted(unit.get(Evaluation, evaluation).texts)[0]
    app.withdraw(unit, evaluation, part, "Written about the wrong person.")


def _aim(person: str, level: str, app: Any, unit: Unit) -> None:
    app.choose_target(unit, person, LevelRef(ladder="engineering", level=f"engineering.{level}"))


def _nothing(_: Any) -> None:
    return None


def scene(workspace: str, chance: Random) -> Scene:
    """The first workspace goes all the way; the second is founded beside it, by people of the same names."""
    company = Company()
    if not workspace.endswith("_0"):
        return Scene(workspace, [Client("hanna", workspace, _founding(company))], lambda services: ())
    clients = [
        Client("hanna", workspace, _evaluating(company, chance)),
        Client("daniel", workspace, _managing(company, chance)),
        Client("maya", workspace, _aiming(company, chance)),
    ]
    return Scene(workspace, clients, lambda services: _promises(services, workspace, company))


def _promises(services: Mapping[str, Service], workspace: str, company: Company) -> Iterator[str]:
    """What was acknowledged is there as often as it was; who was hired is listed once; time has released everything."""
    with services["evaluation"].reader(workspace) as reader:
        for name, evaluation in company.evaluations.items():
            topics = Counter(entry.topic for entry in reader.history(Evaluation, evaluation))
            for topic, times in (("approved", company.approved), ("submitted", company.handed_in)):
                if topics[f"evaluation.{topic}"] != times[name]:
                    yield f"{name}: {topic} {topics[f'evaluation.{topic}']} times, acknowledged {times[name]}"
            state = reader.state(Evaluation, evaluation)[0]
            shown = state.released_revision if state else None
            if shown is None or shown.number != company.approved[name]:
                yield f"{name}: revision {company.approved[name]} is not released"
    with services["people"].reader(workspace) as reader:
        listed = {row["person"] for row in reader.rows("select person from people")}
    if not listed <= set(company.who.values()):
        yield f"people: {len(listed)} listed, {len(company.who)} hired"


COMPANY = Play(
    name="company",
    services={
        "people": people_svc.main.service,
        "framework": lambda _: framework_svc.main.service(),
        "evaluation": lambda _: evaluation_svc.main.service(),
        "gap": lambda _: gap_svc.main.service(),
    },
    grants=GRANTS,
    scene=scene,
)
