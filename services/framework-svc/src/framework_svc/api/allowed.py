"""What every route asks first: who is it, and may they; with the table of refusals."""

from dataclasses import dataclass
from typing import cast

from chassis.http import Command, Commanded, ErrorTable, Query
from chassis.kernel import Forbidden, NotFound
from framework_svc.access import Action, Resource, decide
from framework_svc.application import Frameworks
from framework_svc.domain.errors import NoSuchDraft, NoSuchPerson, NoSuchPlacement, NotPublished, Stale
from framework_svc.domain.framework import FRAMEWORK, Framework

ERRORS: ErrorTable = {Stale: 412, NoSuchDraft: 404, NotPublished: 404, NoSuchPlacement: 404, NoSuchPerson: 404}
"""Every other broken rule is a conflict (409); 422, 404 and 403 follow from the class of the error.

Those listed as 404 say what is missing: it is of the published framework, which everybody may browse, or HR asks.
"""

REFUSED = "Only HR may do this."


def application(command: Command) -> Frameworks:
    """Return the use cases of the service a command is for."""
    return cast("Frameworks", command.service.application)


@dataclass(frozen=True)
class May:
    """What a writing route depends on: who may not do this is refused before anything they sent is looked at."""

    action: Action

    def __call__(self, command: Commanded) -> None:
        """Refuse whoever may not."""
        if not decide(command.actor, self.action):
            raise Forbidden(REFUSED)


def allow_reading(query: Query, action: Action, person: str | None = None) -> None:
    """Refuse what the actor may not read: about somebody as if there were nobody."""
    resource = Resource(relation=query.directory.relation(query.actor.person, person)) if person else Resource()
    if not decide(query.actor, action, resource):
        raise Forbidden(REFUSED) if person is None else NotFound(person)


def framework_of(query: Query) -> Framework:
    """Return the framework as it is now; an empty one before its first edit."""
    allow_reading(query, "read draft")
    state, _ = query.state(Framework, FRAMEWORK)
    return state or Framework()
