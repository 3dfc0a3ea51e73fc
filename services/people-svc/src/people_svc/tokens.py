"""Who a token is for: somebody of the directory who may act today, with a session of their own."""

from datetime import datetime
from typing import Literal, get_args

from chassis.identity import Actor
from chassis.kernel import NotFound
from chassis.service import Reader, Service
from people_svc import accounts
from people_svc.domain import NotAtWork, Workspace
from people_svc.search import Found, read_people

Example = Literal["hr", "manager", "employee"]


def sign_in(service: Service, workspace: str, person: str, now: datetime) -> Actor:
    """Open a session of somebody who has proved who they are; NotAtWork when they may not act."""
    with service.reader(workspace) as reader:
        found = next((one for one in _everybody(reader) if one.known.person == person), None)
    if found is None:
        raise NotFound(person)
    return _session(service, workspace, found, now)


def sign_in_as(service: Service, workspace: str, who: Example | str, now: datetime) -> Actor:
    """Open a session of the person with an e-mail address, or of the first `hr`, `manager` or `employee` by name."""
    with service.reader(workspace) as reader:
        found = _one_of(_everybody(reader), who)
    return _session(service, workspace, found, now)


def _everybody(reader: Reader) -> list[Found]:
    workspace, _ = reader.state(Workspace, reader.workspace)
    return [] if workspace is None else read_people(reader, workspace.today(reader.now))


def _one_of(people: list[Found], who: str) -> Found:
    managers = {one.known.manager for one in people}
    for one in people:
        match who:
            case "hr":
                fits = "hr" in one.employee.roles
            case "manager":
                fits = one.known.person in managers and "hr" not in one.employee.roles
            case "employee":
                fits = one.known.person not in managers and not one.employee.roles
            case _:
                fits = one.known.work_email == who.strip().lower()
        if fits and _may_act(one):
            return one
    if who in get_args(Example):
        raise NotFound(f"Nobody at work is {who} and nothing else; name the e-mail address of somebody at work.")
    raise NotFound(f"Nobody at work is {who!r}; name hr, manager, employee, or the e-mail address of somebody at work.")


def _may_act(found: Found) -> bool:
    return found.known.status in ("active", "leave")


def _session(service: Service, workspace: str, found: Found, now: datetime) -> Actor:
    if not _may_act(found):
        raise NotAtWork("Only somebody who is at work, or on leave, can sign in.")
    with service.connection(workspace) as connection:
        session = accounts.open_session(connection, workspace, found.known.person, now)
    roles = frozenset[str](found.employee.roles)
    return Actor(workspace=workspace, person=found.known.person, session=session.session, roles=roles)
