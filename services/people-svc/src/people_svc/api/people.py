"""People: the list, one person with their history, and every change HR makes to them."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi import Query as QueryParameter

from chassis.http import Answer, Command, Commanded, Cursor, Limit, Page, Queried, Query, problems
from chassis.kernel import Invalid, NotFound, Personal, Sealed
from chassis.unit import Unit
from people_svc.access import Action
from people_svc.api.allowed import allow, allow_reading, application, recorded, search, today
from people_svc.api.shapes import (
    ChangedDetailsBody,
    HistoryView,
    JobOn,
    ManagerBody,
    ManagerOn,
    PersonBody,
    PersonView,
    RolesBody,
    StatusBody,
    StatusOn,
)
from people_svc.domain import Employee, Status
from people_svc.search import Found, in_the_clear

router = APIRouter(tags=["people"])

PersonId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$")]
On = Annotated[date | None, QueryParameter(description="As of this day; today when left out.")]


# ---- reading


@router.get("/people")
def people(
    query: Queried,
    q: Annotated[str | None, QueryParameter(max_length=200, description="Words of a name, address or title.")] = None,
    status: Annotated[Status | None, QueryParameter()] = None,
    manager: Annotated[str | None, QueryParameter(max_length=64)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PersonView]:
    """List the people one may see, by name: HR everybody, a manager their reports, everybody themselves."""
    allow_reading(query, "list people")
    day = today(query)
    everybody = search(query).people(query.workspace, query.reader, day)
    found = search(query).find(query.workspace, query.reader, day, q) if q else everybody
    visible = _visible(query, everybody)
    listed = [
        one
        for one in found
        if (visible is None or one.known.person in visible)
        and status in (None, one.known.status)
        and manager in (None, one.known.manager)
    ]
    return _page(listed, limit, cursor)


def _visible(query: Query, everybody: tuple[Found, ...]) -> set[str] | None:
    """Return whom the actor may see in a list; None: everybody."""
    if "hr" in query.actor.roles:
        return None
    manager = {one.known.person: one.known.manager for one in everybody}
    me = query.actor.person
    reports = {person for person, boss in manager.items() if boss == me}
    above: set[str] = set()
    if query.directory.settings().one_level_up:
        above = {person for person, boss in manager.items() if boss in reports}
    return {me} | reports | above


def _page(found: list[Found], limit: int, cursor: str | None) -> Page[PersonView]:
    """Return the people after the one the cursor names: an opaque id, since a name does not belong in an address."""
    start = 0
    if cursor is not None:
        places = [n for n, one in enumerate(found) if one.known.person == cursor]
        if not places:
            raise Invalid("cursor", None, "use the next_cursor of the page before, with the same filters")
        start = places[0] + 1
    page = found[start : start + limit]
    more = page[-1].known.person if page and start + limit < len(found) else None
    return Page(items=[PersonView.of(one) for one in page], next_cursor=more)


@router.get("/people/{person}", responses=problems(404))
def person(person: PersonId, query: Queried) -> PersonView:
    """Read one person as of today."""
    allow_reading(query, "read person", person)
    somebody, version = read_person(query, person)
    query.etag(version)
    return PersonView.of(somebody)


@router.get("/people/{person}/manager", responses=problems(404))
def manager(person: PersonId, query: Queried, on: On = None) -> ManagerOn:
    """Tell who managed somebody on a day."""
    allow_reading(query, "read person", person)
    somebody, _ = read_person(query, person)
    day = on or today(query)
    return ManagerOn(effective_on=day, manager=somebody.employee.manager_on(day))


@router.get("/people/{person}/history", responses=problems(404))
def history(person: PersonId, query: Queried, on: On = None) -> HistoryView:
    """Read what held on a day, and everything that was recorded."""
    allow_reading(query, "read history", person)
    somebody, _ = read_person(query, person)
    employee, day = somebody.employee, on or today(query)
    opened = query.opened([text for job in employee.jobs for text in (_sealed(job.title), _sealed(job.department))])
    jobs = [
        JobOn(effective_on=job.effective_on, job_title=opened[2 * n], department=opened[2 * n + 1])
        for n, job in enumerate(employee.jobs)
    ]
    return HistoryView(
        on=day,
        manager=employee.manager_on(day),
        status=employee.status_on(day),
        job=jobs[employee.jobs.index(employee.job_on(day))],
        managers=[ManagerOn(**one.model_dump()) for one in employee.managers],
        statuses=[StatusOn(**one.model_dump()) for one in employee.statuses],
        jobs=jobs,
        because=recorded(query, Employee, person),
    )


def _sealed(text: Personal | None) -> Sealed | None:
    return text if isinstance(text, Sealed) else None


# ---- changing


@router.post("/people", status_code=201, responses=problems(403, 409, 422))
def add_person(body: PersonBody, command: Commanded) -> Answer:
    """Add somebody to the directory."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "add person")
        employee = application(command).add_person(unit, body.changes(), body.manager, body.ends_on)
        identifier = employee.person
        return Answer(status=201, id=identifier, location=f"/people/{identifier}", etag=_etag(unit, identifier))

    return command.run(decide)


@router.patch("/people/{person}", responses=problems(403, 404, 409, 412, 422))
def change_details(person: PersonId, body: ChangedDetailsBody, command: Commanded) -> Answer:
    """Change details now, and job title or department from a day on."""
    return _change(
        command,
        "change details",
        person,
        lambda unit: application(command).change_details(unit, person, body.changes(), body.effective_on),
    )


@router.post("/people/{person}/manager", responses=problems(403, 404, 409, 412, 422))
def change_manager(person: PersonId, body: ManagerBody, command: Commanded) -> Answer:
    """Let somebody report to another manager, or to nobody, from a day on."""
    return _change(
        command,
        "change manager",
        person,
        lambda unit: application(command).change_manager(unit, person, body.manager, body.effective_on),
    )


@router.post("/people/{person}/status", responses=problems(403, 404, 409, 412, 422))
def change_status(person: PersonId, body: StatusBody, command: Commanded) -> Answer:
    """Change the status from a day on; `ids` are the people who report to a leaver and keep doing so."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "change status", person)
        unit.expect(Employee, person, command.expected_version)
        reports = application(command).change_status(unit, person, body.status, body.effective_on, body.until)
        return Answer(id=person, ids=reports, etag=_etag(unit, person))

    return command.run(decide)


@router.post("/people/{person}/roles", responses=problems(403, 404, 409, 412, 422))
def set_roles(person: PersonId, body: RolesBody, command: Commanded) -> Answer:
    """Give somebody exactly these roles; the last HR admin keeps theirs."""
    return _change(command, "set roles", person, lambda unit: application(command).set_roles(unit, person, body.roles))


@router.post("/people/{person}/invitation", responses=problems(403, 404, 409, 422))
def invite(person: PersonId, command: Commanded) -> Answer:
    """Invite somebody to sign in."""
    return _change(command, "invite", person, lambda unit: application(command).invite(unit, person))


def _change(command: Command, action: Action, person: str, change: Callable[[Unit], object]) -> Answer:
    """Run one change of one person, if allowed and if they are as they were read (If-Match, where given)."""

    def decide(unit: Unit) -> Answer:
        allow(unit, action, person)
        unit.expect(Employee, person, command.expected_version)
        change(unit)
        return Answer(id=person, etag=_etag(unit, person))

    return command.run(decide)


def _etag(unit: Unit, person: str) -> str:
    return str(unit.version(Employee, person))


def read_person(query: Query, person: str) -> tuple[Found, int]:
    """Return somebody in the clear and the version of their stream."""
    employee, version = query.state(Employee, person)
    if employee is None:
        raise NotFound(person)
    (somebody,) = in_the_clear([employee], query.reader.open_many, today(query))
    return somebody, version
