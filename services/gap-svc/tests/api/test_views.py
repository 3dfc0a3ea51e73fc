"""What holds for every view: a figure names the events behind it, a text of a framework the credit it owes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.testing.answers import answered
from gap_svc.api import router

NO_FIGURES = {
    "version": "the number of a report version",
    "revision": "the number of an approved revision",
    "framework_version": "the number of a framework version",
    "newest_version": "the number of a framework version",
    "fewest": "the rule by which cells are hidden",
}
"""Numbers that nobody computed, and what they are."""
TEXTS = {"names", "name", "title", "area", "scope", "behaviours"}
"""The fields that hold a text of a framework."""


def without_source(api: APIRouter) -> Iterator[str]:
    """Yield every computed figure of an answer without `because` beside or around it."""
    for one in answered(api):
        for field, schema in one.fields.items():
            if field not in NO_FIGURES and _is_number(schema) and "because" not in one.known:
                yield f"{one.route}: {one.name}.{field}"


def without_credit(api: APIRouter) -> Iterator[str]:
    """Yield every text of a framework in an answer without `credits` beside or around it."""
    for one in answered(api):
        if TEXTS & one.fields.keys() and "credits" not in one.known:
            yield f"{one.route}: {one.name}"


def _is_number(schema: dict[str, Any]) -> bool:
    kinds = {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", []))}
    return bool(kinds & {"number", "integer"})


def test_every_computed_figure_names_the_events_it_came_from() -> None:
    assert list(without_source(router)) == []


def test_every_text_of_a_framework_is_shown_with_the_credit_it_owes() -> None:
    assert list(without_credit(router)) == []


class Bare(BaseModel):
    """A view that owes both."""

    hidden: int
    names: dict[str, str]


class Around(BaseModel):
    """A view around it."""

    cells: list[Bare]
    version: int


def test_a_figure_without_its_events_and_a_text_without_its_credit_are_found() -> None:
    planted = APIRouter()

    @planted.get("/heat-map")
    def heat() -> Around:
        """Read."""
        raise NotImplementedError

    assert list(without_source(planted)) == ["GET /heat-map: Bare.hidden"]
    assert list(without_credit(planted)) == ["GET /heat-map: Bare"]
