"""The credit that a text owes stands wherever the text is shown: in every view, in every difference, in the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from chassis.testing import Caller
from chassis.testing.answers import answered
from framework_svc.api import router

from .conftest import Company

CREDIT = "This page includes information from the O*NET 30.1 Database. Used under the CC BY 4.0 license."
LADDER = "/framework/draft/ladders/engineering"
TEXTS = {"title", "area", "behaviours", "cell", "cells", "changes"}
"""The fields that hold a text of a competency or a level."""


def without_credit(api: APIRouter) -> Iterator[str]:
    """Yield every text of a competency or a level in an answer without `credits` beside or around it."""
    for one in answered(api):
        if TEXTS & one.fields.keys() and "credits" not in one.known:
            yield f"{one.route}: {one.name}"


def test_every_view_of_a_competency_or_a_level_has_room_for_the_credit_it_owes() -> None:
    assert list(without_credit(router)) == []


class Bare(BaseModel):
    """A view that shows a text and no credit."""

    title: str


def test_a_view_without_its_credit_is_found() -> None:
    planted = APIRouter()

    @planted.get("/level")
    def level() -> Bare:
        """Read."""
        raise NotImplementedError

    assert list(without_credit(planted)) == ["GET /level: Bare"]


@pytest.fixture
def hr(company: Company) -> Caller:
    """HR, with a ladder in the draft that owes a credit."""
    one = company.as_("hanna")
    one.done("/framework/draft/templates/engineering")
    one.patch(LADDER, {"credits": [CREDIT]}, **seen(one))
    return one


def seen(hr: Caller) -> dict[str, str]:
    """Return what an edit of the ladder sends as If-Match."""
    return {"If-Match": str(hr.get(LADDER).headers["ETag"])}


def test_every_part_of_a_draft_is_read_with_its_credit(hr: Caller) -> None:
    parts = ["levels/ic2", "levels/ic2/expectations/code-quality", "competencies/code-quality"]
    read: list[dict[str, Any]] = [hr.read(f"{LADDER}/{part}") for part in parts]
    read += [hr.read("/framework/draft"), hr.read("/framework/draft/competencies/code-quality")]
    read += [hr.read("/framework/history"), hr.read("/ladders/engineering/history")]
    assert [one["credits"] for one in read] == [[CREDIT]] * len(read)


def test_a_difference_names_the_credit_of_its_texts_although_the_credit_did_not_change(hr: Caller) -> None:
    hr.done(f"{LADDER}/readiness")
    hr.done("/framework/publication", {"note": "First"})
    level = hr.read(f"{LADDER}/levels/ic2")["level"]
    body = {"track": "ic", "code": level["code"], "title": "Another title", "scope": level["scope"]}
    hr.put(f"{LADDER}/levels/ic2", body | {"next": level["next"]}, **seen(hr))
    hr.done(f"{LADDER}/readiness")
    (planned,) = hr.read("/framework/publication")["difference"]["ladders"]
    hr.done("/framework/publication", {"note": "Second"})
    (ladder,) = hr.read("/framework/diff", before=1, after=2)["ladders"]
    assert ladder["changes"] == []
    assert ladder["credits"] == planned["credits"] == [CREDIT]
