"""What every route asks first: who is it, and may they; with the table of refusals."""

from typing import cast

from chassis.http import Command, ErrorTable, Query
from chassis.kernel import Forbidden, NotFound
from chassis.unit import Unit
from framework_svc.access import Action, Resource, decide
from framework_svc.application import Frameworks
from framework_svc.documents.exchange import NotReadable
from framework_svc.documents.matrix import NotAMatrix
from framework_svc.documents.onet import NoSingleOccupation, NotAnArchive, NotRated
from framework_svc.domain.errors import Stale
from framework_svc.domain.framework import FRAMEWORK, Framework

ERRORS: ErrorTable = {Stale: 412, NotReadable: 422, NotAMatrix: 422, NotAnArchive: 422, NoSingleOccupation: 422, NotRated: 422}
"""Every other broken rule is a conflict (409); 422, 404 and 403 follow from the class of the error."""

REFUSED = "Only HR may do this."


def application(command: Command) -> Frameworks:
    """Return the use cases of the service a command is for."""
    return cast("Frameworks", command.service.application)


def allow(unit: Unit, action: Action) -> None:
    """Refuse what the actor may not do."""
    if not decide(unit.actor, action):
        raise Forbidden(REFUSED)


def allow_reading(query: Query, action: Action, person: str | None = None) -> None:
    """Refuse what the actor may not read: about somebody as if there were nobody."""
    resource = Resource(relation=query.directory.relation(query.actor.person, person)) if person else Resource()
    if not decide(query.actor, action, resource):
        raise Forbidden(REFUSED) if person is None else NotFound(person)


def draft_of(query: Query) -> Framework:
    """Return the framework as it is now; an empty one before its first edit."""
    allow_reading(query, "read draft")
    state, _ = query.state(Framework, FRAMEWORK)
    return state or Framework()
