"""Who may do and read what: every route by role and relation; a route without a row fails."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest
from fastapi import FastAPI

from chassis.identity import Actor
from framework_svc.access import Action, Resource, decide
from framework_svc.api import router

DRAFT = "/framework/draft/ladders/{ladder}"
ROUTES: dict[tuple[str, str], Action] = {
    ("GET", "/framework"): "read framework",
    ("GET", "/framework/versions"): "read framework",
    ("GET", "/framework/versions/{number}"): "read framework",
    ("GET", "/framework/diff"): "read framework",
    ("GET", "/framework/publication"): "read draft",
    ("POST", "/framework/publication"): "publish",
    ("POST", "/ladders/{ladder}/archive"): "publish",
    ("GET", "/framework/history"): "read draft",
    ("GET", "/framework/draft"): "read draft",
    ("GET", DRAFT): "read draft",
    ("PUT", DRAFT): "edit draft",
    ("DELETE", DRAFT): "edit draft",
    ("POST", f"{DRAFT}/reset"): "edit draft",
    ("PUT", f"{DRAFT}/levels/{{level}}/expectations/{{competency}}"): "edit draft",
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


def routes() -> Iterator[tuple[str, str]]:
    app = FastAPI()
    app.include_router(router)
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path


def test_every_route_has_a_row() -> None:
    assert set(routes()) == set(ROUTES)


def test_every_action_has_a_row() -> None:
    assert set(get_args(Action)) == set(ALLOWED)


@pytest.mark.parametrize(("who", "action"), list(product(WHO, ALLOWED)))
def test_who_may_do_what(who: str, action: Action) -> None:
    roles, resource = WHO[who]
    assert decide(Actor(workspace="w", person="me", roles=frozenset(roles)), action, resource) is (
        who in ALLOWED[action]
    )
