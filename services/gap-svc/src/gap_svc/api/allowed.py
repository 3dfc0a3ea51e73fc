"""What every command asks first: may they; with the use cases and the table of refusals."""

from __future__ import annotations

from typing import cast

from chassis.http import Command, ErrorTable, Query
from chassis.kernel import Forbidden, NotFound
from chassis.unit import Unit
from gap_svc.access import Action, Resource, decide
from gap_svc.application import Reports


class NothingApproved(NotFound):
    """Nothing of somebody is approved yet; said only to who sees every approval of theirs from its hour on."""


ERRORS: ErrorTable = {NothingApproved: 404}
"""Every other broken rule is a conflict (409); 422, 404 and 403 follow from the error's class."""

REFUSED = "This is for somebody else to do."


def application(asked: Command | Query) -> Reports:
    """Return the use cases of the service."""
    return cast("Reports", asked.service.application)


def allow(unit: Unit, action: Action, person: str) -> None:
    """Refuse what the actor may not do about somebody, as absent where they may not even read about them."""
    if unit.directory.person(person) is None:
        raise NotFound(person)
    of = Resource(relation=unit.directory.relation(unit.actor.person, person))
    if not decide(unit.actor, "read target", of):
        raise NotFound(person)
    if not decide(unit.actor, action, of):
        raise Forbidden(REFUSED)
