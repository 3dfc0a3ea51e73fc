"""Who may do and read what: every route by role and relation; a route without a row fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from chassis.identity import Actor
from chassis.testing import every_route_has_a_row
from chassis.testing.asking import named_in_routes
from people_svc.access import Action, Resource, decide
from people_svc.api import PARTS, router

HR, ANALYST, NOBODY, SERVICE = ("hr",), ("analyst",), (), ("service",)
SELF, MANAGER, ABOVE, FORMER, STRANGER = "self", "manager", "manager above", "former manager", None
RELATIONS = (SELF, MANAGER, ABOVE, FORMER, STRANGER)
ROLES = (HR, ANALYST, NOBODY, SERVICE)

ROUTES: dict[tuple[str, str], Action] = {
    ("GET", "/workspace"): "read workspace",
    ("PUT", "/workspace"): "change settings",
    ("GET", "/workspace/history"): "change settings",
    ("GET", "/people"): "list people",
    ("POST", "/people"): "add person",
    ("GET", "/people/{person}"): "read person",
    ("PATCH", "/people/{person}"): "change details",
    ("GET", "/people/{person}/history"): "read history",
    ("GET", "/people/{person}/manager"): "read person",
    ("POST", "/people/{person}/manager"): "change manager",
    ("POST", "/people/{person}/status"): "change status",
    ("POST", "/people/{person}/roles"): "set roles",
    ("POST", "/people/{person}/invitation"): "invite",
    ("GET", "/people/{person}/erasure"): "erase",
    ("POST", "/people/{person}/erasure"): "erase",
    ("POST", "/imports/preview"): "import people",
    ("POST", "/imports"): "import people",
    ("GET", "/imports"): "import people",
    ("GET", "/imports/{identifier}"): "import people",
    ("GET", "/imports/{identifier}/history"): "import people",
    ("GET", "/export.csv"): "export people",
}
"""Every route and what it asks `decide`."""

EVERYBODY = {SELF, MANAGER, ABOVE, FORMER, STRANGER}
WITHOUT_HR: dict[Action, set[str | None]] = {
    "read workspace": EVERYBODY,
    "list people": EVERYBODY,
    "read person": {SELF, MANAGER, ABOVE},
    "read history": {SELF, MANAGER},
}
"""For whoever is not HR: what they may do, by what they are to the person; anything else they may not."""

BY_HR: dict[Action, set[str | None]] = {"erase": {MANAGER, ABOVE, FORMER, STRANGER}}
"""For HR: what they may do only to others; anything else they may do to anybody."""


def allowed(roles: tuple[str, ...], action: Action, relation: str | None) -> bool:
    if roles == SERVICE:
        return False
    if roles == HR:
        return relation in BY_HR.get(action, EVERYBODY)
    return relation in WITHOUT_HR.get(action, set())


def cases() -> Iterator[Any]:
    for action in get_args(Action):
        for roles in ROLES:
            for relation in RELATIONS:
                yield pytest.param(action, roles, relation, id=f"{action}, {roles}, {relation}")


@pytest.mark.parametrize(("action", "roles", "relation"), [*cases()])
def test_only_those_in_its_row_may_do_an_action(action: Action, roles: tuple[str, ...], relation: str | None) -> None:
    actor = Actor(workspace="w", person="pe_me", roles=frozenset(roles))
    resource = Resource.model_validate({"relation": [] if relation is None else [relation]})

    assert decide(actor, action, resource) is allowed(roles, action, relation)


def test_every_route_has_a_row_and_every_action_a_route() -> None:
    every_route_has_a_row(router, ROUTES)
    assert set(ROUTES.values()) == set(get_args(Action))


def test_every_route_asks_what_its_row_says() -> None:
    named = named_in_routes(PARTS)
    assert set(named) == set(ROUTES)
    assert [route for route, texts in named.items() if ROUTES[route] not in texts] == []
