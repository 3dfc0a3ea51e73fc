"""Who may do and read what: every route by role and relation; a route without a row fails."""

from __future__ import annotations

import re
from itertools import chain, product
from typing import get_args

import pytest
from fastapi.routing import APIRoute

from chassis.identity import Actor
from chassis.testing import every_route_has_a_row
from chassis.testing.asking import named_in_routes
from framework_svc.access import Action, Resource, decide
from framework_svc.api import PARTS, router
from framework_svc.api.allowed import May

from .conftest import Company

DRAFT = "/framework/draft/ladders/{ladder}"
LEVEL, TRACK = f"{DRAFT}/levels/{{level}}", f"{DRAFT}/tracks/{{track}}"
CELL, COMPETENCY = f"{LEVEL}/expectations/{{competency}}", "/framework/draft/competencies/{competency}"
ROUTES: dict[tuple[str, str], Action] = {
    ("GET", "/framework"): "read framework",
    ("GET", "/framework/versions"): "read framework",
    ("GET", "/framework/versions/{number}"): "read framework",
    ("GET", "/framework/versions/{number}/affected"): "read draft",
    ("GET", "/framework/diff"): "read framework",
    ("GET", "/ladders/{ladder}/history"): "read draft",
    ("GET", "/framework/publication"): "read draft",
    ("POST", "/framework/publication"): "publish",
    ("POST", "/ladders/{ladder}/archive"): "publish",
    ("GET", "/framework/history"): "read draft",
    ("GET", "/framework/draft"): "read draft",
    ("GET", DRAFT): "read draft",
    ("PUT", DRAFT): "edit draft",
    ("DELETE", DRAFT): "edit draft",
    ("POST", f"{DRAFT}/reset"): "edit draft",
    ("PATCH", DRAFT): "edit draft",
    ("GET", TRACK): "read draft",
    ("PUT", TRACK): "edit draft",
    ("DELETE", TRACK): "edit draft",
    ("GET", LEVEL): "read draft",
    ("PUT", LEVEL): "edit draft",
    ("DELETE", LEVEL): "edit draft",
    ("GET", CELL): "read draft",
    ("PUT", CELL): "edit draft",
    ("DELETE", CELL): "edit draft",
    ("GET", f"{DRAFT}/competencies/{{competency}}"): "read draft",
    ("DELETE", f"{DRAFT}/competencies/{{competency}}"): "edit draft",
    ("GET", COMPETENCY): "read draft",
    ("PUT", COMPETENCY): "edit draft",
    ("DELETE", COMPETENCY): "edit draft",
    ("PUT", "/framework/draft/scale"): "edit draft",
    ("POST", f"{DRAFT}/readiness"): "edit draft",
    ("DELETE", f"{DRAFT}/readiness"): "edit draft",
    ("GET", f"{DRAFT}/matrix.{{form}}"): "read draft",
    ("POST", f"{DRAFT}/matrix"): "edit draft",
    ("POST", "/framework/import"): "edit draft",
    ("GET", "/framework/export"): "read draft",
    ("GET", "/templates"): "read framework",
    ("POST", "/framework/draft/templates/{name}"): "edit draft",
    ("POST", "/framework/onet"): "edit draft",
    ("POST", "/placements"): "place",
    ("POST", "/placements/group"): "place",
    ("POST", "/placements/import"): "place",
    ("GET", "/placements"): "read all placements",
    ("GET", "/placements/refused"): "read all placements",
    ("GET", "/people/{person}/placements"): "read person",
    ("GET", "/people/{person}/placements/history"): "read person",
    ("DELETE", "/people/{person}/placements/{placement}"): "place",
}
"""Every route and what it asks `decide`."""

WHO: dict[str, tuple[tuple[str, ...], Resource]] = {
    "employee": ((), Resource(relation=frozenset({"self"}))),
    "HR": (("hr",), Resource()),
    "HR about themselves": (("hr",), Resource(relation=frozenset({"self"}))),
    "manager": ((), Resource(relation=frozenset({"manager"}))),
    "manager above": ((), Resource(relation=frozenset({"manager above"}))),
    "former manager": ((), Resource(relation=frozenset({"former manager"}))),
    "analyst": (("analyst",), Resource()),
    "stranger": ((), Resource()),
    "service": (("service",), Resource()),
}
HR = {"HR", "HR about themselves"}
ALLOWED: dict[Action, set[str]] = {
    "read framework": set(WHO) - {"service"},
    "read draft": HR,
    "edit draft": HR,
    "publish": HR,
    "place": HR,
    "read all placements": HR,
    "read person": HR | {"employee", "manager", "manager above"},
}


def test_every_route_has_a_row() -> None:
    every_route_has_a_row(router, ROUTES)


def declared() -> dict[tuple[str, str], set[Action]]:
    """What each writing route asks before it looks at anything that was sent."""
    found: dict[tuple[str, str], set[Action]] = {}
    for route in chain.from_iterable(part.routes for part in PARTS):
        assert isinstance(route, APIRoute)
        for method in (route.methods or set()) - {"GET"}:
            asked = (one.dependency for one in route.dependencies)
            found[method, route.path] = {one.action for one in asked if isinstance(one, May)}
    return found


def test_every_writing_route_asks_what_its_row_says() -> None:
    writing = {route: {action} for route, action in ROUTES.items() if route[0] != "GET"}
    assert declared() == writing


def test_every_reading_route_asks_what_its_row_says() -> None:
    named = named_in_routes(PARTS)
    assert set(named) == set(ROUTES)
    assert [route for route, texts in named.items() if route[0] == "GET" and ROUTES[route] not in texts] == []


@pytest.mark.parametrize(("method", "path"), sorted(declared()))
def test_whoever_may_not_is_refused_before_anything_they_sent_is_looked_at(
    company: Company, method: str, path: str
) -> None:
    maya, address = company.as_("maya"), re.sub(r"{\w+}", "x", path)
    for nonsense in (
        {"json": {"nonsense": 1}},
        {"content": b"PK nonsense", "headers": {"Content-Type": "application/zip"}},
        {"files": {"file": ("x.zip", b"PK nonsense")}, "data": {"occupation": "nurse"}},
    ):
        assert maya.send(method, address, **nonsense).status_code == 403


def test_every_action_says_who_may_do_it() -> None:
    assert set(get_args(Action)) == set(ALLOWED)


@pytest.mark.parametrize(("who", "action"), list(product(WHO, ALLOWED)))
def test_only_those_in_its_row_may_do_an_action(who: str, action: Action) -> None:
    roles, resource = WHO[who]
    assert decide(Actor(workspace="w", person="me", roles=frozenset(roles)), action, resource) is (
        who in ALLOWED[action]
    )
