"""The beginning: the company, its first framework, its people from a file; and the framework's later versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from chassis.calendar import Calendar
from chassis.unit import Unit
from framework_svc.domain.texts import CompetencyFate
from ladder.demo.company import SITES, Member
from ladder.demo.ladders import LADDERS, SAFELY, UNFINISHED, document, raised, safe_expectations, track_of
from ladder.demo.setting import Setting
from people_svc.application.taking import plan_digest
from people_svc.documents import read_people, write_people
from people_svc.domain import COLUMNS, SOURCE, Changes, Options, Settings, plan
from people_svc.search import read_people as known_people

COMPANY: Final = "Brightwater Logistics (demo)"
TIME_ZONE: Final = "Europe/London"


def calendar(first: int, last: int) -> Calendar:
    """Return the company's working days from one year to another."""
    free = tuple(date(year, month, day) for year in range(first, last + 1) for month, day in ((1, 1), (12, 25), (12, 26)))
    return Calendar(time_zone=TIME_ZONE, holidays=free)


def found(setting: Setting) -> None:
    """Open the workspace, publish the first framework, take the file of people and invite them."""
    _open_workspace(setting)
    _draft_first_framework(setting)
    setting.hr_framework(lambda unit: setting.stage.framework.application.publish(unit, "The first framework", (), None))
    setting.stage.settle()
    _hire(setting)
    _invite(setting)


def publish_again(setting: Setting) -> None:
    """Publish a second version: working safely in operations, and more asked of seniors' writing in engineering."""
    app, hr = setting.stage.framework.application, setting.hr_framework
    hr(lambda unit: app.describe_competency(unit, SAFELY, None))
    for level, cell in safe_expectations().items():
        hr(lambda unit, level=level, cell=cell: app.set_expectation(unit, "operations", level, SAFELY.id, cell, None))
    _raise(setting, "engineering.ic3", "written-communication", 4.0)
    for ladder in ("operations", "engineering"):
        hr(lambda unit, ladder=ladder: app.mark_ready(unit, ladder, None))
    note = "Working safely is asked of everybody in operations; senior engineers write for other teams"
    fates = (CompetencyFate(competency=SAFELY.id, fate="new"),)
    hr(lambda unit: app.publish(unit, note, fates, None))


def draft_ahead(setting: Setting) -> None:
    """Leave something in the draft: a ladder that nobody has finished, and a bar that may be raised."""
    _bring(setting, UNFINISHED, ready=False)
    _raise(setting, "engineering.ic3", "running-services", 4.0)


def add(setting: Setting, member: Member) -> None:
    """Put somebody who joins later into the directory, place and invite them."""
    people, framework = setting.stage.people.application, setting.stage.framework.application
    manager = setting.company.manager_of(member).id
    added = setting.hr_people(lambda unit: people.add_person(unit, _stated(member), manager))
    member.id = added.person
    setting.stage.settle()
    level, first = member.level, member.starts_on
    setting.hr_framework(lambda unit: framework.place(unit, member.id, level, first, "hire"))
    setting.hr_people(lambda unit: people.invite(unit, member.id))


def _open_workspace(setting: Setting) -> None:
    app, admin = setting.stage.people.application, setting.company.hr
    settings = Settings(name=COMPANY, calendar=setting.agenda.calendar)
    setting.stage.does(setting.stage.people, "operator", lambda unit: app.open_workspace(unit, settings, _stated(admin)))
    setting.stage.settle()
    _read_ids(setting)


def _draft_first_framework(setting: Setting) -> None:
    for ladder in LADDERS:
        _bring(setting, ladder, ready=True)


def _bring(setting: Setting, ladder: str, *, ready: bool) -> None:
    app, brought = setting.stage.framework.application, document(ladder)

    def bring(unit: Unit) -> None:
        app.bring(unit, brought.ladders, brought.competencies, brought.scale, "template", ladder)
        if ready:
            app.mark_ready(unit, ladder, None)

    setting.hr_framework(bring)


def _raise(setting: Setting, level: str, competency: str, required: float) -> None:
    app, ladder, cell = setting.stage.framework.application, level.partition(".")[0], raised(level, competency, required)
    setting.hr_framework(lambda unit: app.set_expectation(unit, ladder, level, competency, cell, None))


def _hire(setting: Setting) -> None:
    """Take the file of people as HR does: look at the preview, commit the same."""
    there = [one for one in setting.company.members if not one.joins_later]
    sheet = read_people(write_people(_rows(setting, there)))
    people = setting.stage.people.application

    def take(unit: Unit) -> None:
        options, today = Options(), people.today(unit)
        planned = plan(sheet, [one.known for one in known_people(unit.reading, today)], options, today)
        people.import_commit(unit, sheet, options, plan_digest(planned, options, unit.digest))

    setting.hr_people(take)
    setting.stage.settle()
    _read_ids(setting)
    company = setting.company
    setting.hr_people(lambda unit: people.set_roles(unit, company.partner.id, ("hr",)))
    setting.hr_people(lambda unit: people.set_roles(unit, company.analyst.id, ("analyst",)))


def _invite(setting: Setting) -> None:
    people = setting.stage.people.application
    for member in setting.company.members:
        if member.id:
            setting.hr_people(lambda unit, member=member: people.invite(unit, member.id))


def _rows(setting: Setting, members: list[Member]) -> Iterator[dict[str, str]]:
    for member in members:
        manager = "" if member.manager is None else setting.company.members[member.manager].email
        placed = {"family": member.family, "track": track_of(member.level).id, "level": member.level} if member.level else {}
        yield dict.fromkeys(COLUMNS, "") | {
            "employee_number": f"{1000 + member.number}",
            "given_name": member.given_name,
            "family_name": member.family_name,
            "work_email": member.email,
            "job_title": member.title,
            "department": member.department,
            "location": member.site,
            "manager": manager,
            "start_date": member.starts_on.isoformat(),
            "status": "active",
            "time_zone": SITES[member.site] or "",
            **placed,
        }


def _stated(member: Member) -> Changes:
    stated = Changes(
        given_name=member.given_name,
        family_name=member.family_name,
        work_email=member.email,
        job_title=member.title,
        department=member.department,
        location=member.site,
        external_ids={SOURCE: f"{1000 + member.number}"},
        starts_on=member.starts_on,
    )
    zone = SITES[member.site]
    return stated.model_copy(update={"time_zone": zone}) if zone else stated


def _read_ids(setting: Setting) -> None:
    people = setting.stage.people
    with people.reader(setting.stage.workspace) as reader:
        found = {one.known.work_email: one.known.person for one in known_people(reader, reader.now.date())}
    for member in setting.company.members:
        member.id = found.get(member.email, "")
