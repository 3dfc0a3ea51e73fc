"""Who may do and read what: every route by role, relation and release; a route without a row fails."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from chassis.identity import Actor, Relation
from chassis.testing import every_route_has_a_row
from chassis.testing.asking import named_in_routes
from gap_svc.access import Action, Resource, Sight, decide, shows, sight
from gap_svc.api import PARTS, router

ROUTES: dict[tuple[str, str], Action] = {
    ("GET", "/people/{person}/report"): "read reports",
    ("GET", "/people/{person}/report.pdf"): "read reports",
    ("GET", "/people/{person}/report/history"): "read reports",
    ("GET", "/people/{person}/report/newer-framework"): "read reports",
    ("GET", "/people/{person}/reports"): "read reports",
    ("POST", "/people/{person}/reports"): "ask for report",
    ("GET", "/people/{person}/target"): "read target",
    ("PUT", "/people/{person}/target"): "choose target",
    ("GET", "/people/{person}/target/history"): "read target",
    ("GET", "/people/{person}/trend"): "read trend",
    ("GET", "/people/{person}/nearest"): "read nearest",
    ("GET", "/heat-map"): "read heat map",
    ("GET", "/placements-to-check"): "read placements to check",
    ("POST", "/what-if"): "ask what would change",
}
"""Every route and what it asks `decide`."""

WHO: dict[str, tuple[tuple[str, ...], Resource]] = {
    "employee": ((), Resource(relation=frozenset({"self"}))),
    "employee who is HR": (("hr",), Resource(relation=frozenset({"self"}))),
    "manager": ((), Resource(relation=frozenset({"manager"}), has_team=True)),
    "manager who is HR": (("hr",), Resource(relation=frozenset({"manager"}), has_team=True)),
    "HR": (("hr",), Resource()),
    "manager above": ((), Resource(relation=frozenset({"manager above"}), has_team=True)),
    "former manager who wrote": ((), Resource(relation=frozenset({"former manager"}), wrote=True)),
    "former manager": ((), Resource(relation=frozenset({"former manager"}))),
    "evaluator of another team": ((), Resource(wrote=True)),
    "analyst": (("analyst",), Resource()),
    "stranger": ((), Resource()),
    "service": (("service",), Resource(relation=frozenset({"manager"}), wrote=True, has_team=True)),
}
READERS = {"employee", "employee who is HR", "manager", "manager who is HR", "HR", "manager above"}
WRITERS = {"former manager who wrote", "evaluator of another team"}
HR = {"HR", "manager who is HR"}
ALLOWED: dict[Action, set[str]] = {
    "read reports": READERS | WRITERS,
    "read trend": READERS | WRITERS,
    "read nearest": READERS,
    "read target": READERS,
    "choose target": {"employee", "employee who is HR"},
    "ask for report": READERS - {"manager above"},
    "read heat map": {"manager", "manager above", "analyst", "employee who is HR"} | HR,
    "read placements to check": HR,
    "ask what would change": HR,
}
SEES: dict[str, Sight] = {
    "employee": "released",
    "employee who is HR": "released",
    "manager": "approved",
    "manager who is HR": "approved",
    "HR": "approved",
    "manager above": "released",
    "former manager who wrote": "written",
    "evaluator of another team": "written",
}
SHOWN: dict[tuple[Sight, bool, bool], bool] = {
    ("nothing", False, False): False,
    ("nothing", False, True): False,
    ("nothing", True, False): False,
    ("nothing", True, True): False,
    ("written", False, False): False,
    ("written", False, True): False,
    ("written", True, False): False,
    ("written", True, True): True,
    ("released", False, False): False,
    ("released", False, True): False,
    ("released", True, False): True,
    ("released", True, True): True,
    ("approved", False, False): True,
    ("approved", False, True): True,
    ("approved", True, False): True,
    ("approved", True, True): True,
}
"""Whether a report is shown, by sight, whether its revision was released, and whether one wrote its evaluation."""


def actor(roles: tuple[str, ...]) -> Actor:
    return Actor(workspace="w", person="me", roles=frozenset(roles))


def test_every_route_has_a_row() -> None:
    every_route_has_a_row(router, ROUTES)


def test_every_route_asks_what_its_row_says() -> None:
    named = named_in_routes(PARTS)
    assert set(named) == set(ROUTES)
    assert [route for route, texts in named.items() if ROUTES[route] not in texts] == []


def test_every_action_says_who_may_do_it() -> None:
    assert set(get_args(Action)) == set(ALLOWED)


@pytest.mark.parametrize(("who", "action"), list(product(WHO, ALLOWED)))
def test_only_those_in_its_row_may_do_an_action(who: str, action: Action) -> None:
    roles, resource = WHO[who]
    assert decide(actor(roles), action, resource) is (who in ALLOWED[action])


@pytest.mark.parametrize("who", WHO)
def test_who_sees_which_reports(who: str) -> None:
    roles, resource = WHO[who]
    assert sight(actor(roles), resource) == SEES.get(who, "nothing")


@pytest.mark.parametrize(
    ("seen", "was_released", "wrote"), list(product(get_args(Sight), (False, True), (False, True)))
)
def test_a_report_is_shown_by_sight_and_release(seen: Sight, was_released: bool, wrote: bool) -> None:
    assert shows(seen, was_released=was_released, wrote=wrote) is SHOWN[seen, was_released, wrote]


@pytest.mark.parametrize("relation", get_args(Relation))
def test_self_outranks_every_role_and_relation(relation: Relation) -> None:
    both = Resource(relation=frozenset({"self", relation}), wrote=True)
    assert sight(actor(("hr",)), both) == "released"
