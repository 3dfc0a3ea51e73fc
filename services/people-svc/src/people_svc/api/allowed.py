"""What every route asks first: who is it, and may they; with the table of refusals."""

from datetime import date
from typing import cast

from chassis.http import Command, ErrorTable, Query
from chassis.identity import Actor, Directory
from chassis.kernel import Forbidden, NotFound, State
from chassis.unit import Unit
from people_svc.access import Action, Resource, decide
from people_svc.api.shapes import Recorded
from people_svc.application import People
from people_svc.domain import Employee, Workspace
from people_svc.search import Search

ERRORS: ErrorTable = {}
"""Every broken rule of the directory is a conflict (409); 422, 404 and 403 follow from the class of the error."""

REFUSED = "Only HR may do this."


def application(command: Command) -> People:
    """Return the use cases of the service a command is for."""
    return cast("People", command.service.application)


def search(query: Query) -> Search:
    """Return the index of people of the service a query is for."""
    return cast("Search", query.service.collaborators["search"])


def allow(unit: Unit, action: Action, person: str | None = None) -> None:
    """Refuse what the actor may not do: as absent what they may not even see."""
    resource = _resource(unit.directory, unit.actor, person)
    if person is not None and not decide(unit.actor, "read person", resource):
        raise NotFound(person)
    if person is not None and unit.find(Employee, person) is None:
        raise NotFound(person)
    if not decide(unit.actor, action, resource):
        raise Forbidden(REFUSED)


def allow_reading(query: Query, action: Action, person: str | None = None) -> None:
    """Refuse what the actor may not read: about somebody as if there were nobody."""
    if decide(query.actor, action, _resource(query.directory, query.actor, person)):
        return
    raise Forbidden(REFUSED) if person is None else NotFound(person)


def _resource(directory: Directory, actor: Actor, person: str | None) -> Resource:
    return Resource() if person is None else Resource(relation=directory.relation(actor.person, person))


def recorded(query: Query, cls: type[State], identifier: str) -> list[Recorded]:
    """Return what the record holds of one stream, oldest first."""
    return [
        Recorded(
            event=str(one.event_id),
            version=one.version,
            what=one.topic,
            by=one.actor,
            recorded_at=one.recorded_at,
        )
        for one in query.history(cls, identifier)
    ]


def today(query: Query) -> date:
    """Return the company's local date."""
    workspace, _ = query.state(Workspace, query.workspace)
    if workspace is None:
        raise NotFound(query.workspace)
    return workspace.today(query.now)
