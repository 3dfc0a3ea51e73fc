"""Editing one part of the draft over HTTP: a ladder's words, a track, a level, a cell, a competency."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response

from chassis.testing import Caller

from .conftest import Company

LADDER = "/framework/draft/ladders/engineering"
COMPETENCIES = "/framework/draft/competencies"
IC9: dict[str, Any] = {"track": "ic", "code": "IC9", "title": "Fellow", "scope": "The whole company."}


@pytest.fixture
def hr(company: Company) -> Caller:
    one = company.as_("hanna")
    one.done("/framework/draft/templates/engineering")
    return one


def seen(hr: Caller, path: str = LADDER) -> dict[str, str]:
    """Return what an edit sends as If-Match."""
    return {"If-Match": str(hr.get(path).headers["ETag"])}


def good(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["detail"]


def test_the_words_of_a_ladder_are_changed_one_by_one(hr: Caller) -> None:
    before = hr.read(LADDER)["ladder"]

    good(hr.patch(LADDER, {"description": "Everybody who builds our software."}, **seen(hr)))

    assert hr.read(LADDER)["ladder"] == before | {"description": "Everybody who builds our software."}


def test_a_track_is_added_renamed_and_taken_out(hr: Caller) -> None:
    good(hr.put(f"{LADDER}/tracks/research", {"name": "Research", "place": 0}, **seen(hr)))
    good(hr.put(f"{LADDER}/tracks/research", {"name": "Science"}, **seen(hr)))

    assert hr.read(f"{LADDER}/tracks/research") == {
        "ladder": "engineering",
        "track": "research",
        "name": "Science",
        "place": 0,
        "levels": [],
    }
    good(hr.delete(f"{LADDER}/tracks/research", **seen(hr)))
    assert hr.get(f"{LADDER}/tracks/research").status_code == 404


def test_a_level_is_added_reworded_without_losing_what_it_asks_and_taken_out(hr: Caller) -> None:
    cell = {"required": 5, "weight": 1, "behaviours": ["Sets the direction of a field."]}
    competency = hr.read("/framework/draft")["competencies"][0]["id"]
    asks = {"expectations": {competency: cell}}

    good(hr.put(f"{LADDER}/levels/ic9", IC9 | asks, **seen(hr)))
    good(hr.put(f"{LADDER}/levels/ic9", IC9 | {"title": "Distinguished engineer", "place": 0}, **seen(hr)))

    found = hr.read(f"{LADDER}/levels/ic9")
    assert (found["track"], found["place"], found["level"]["title"]) == ("ic", 0, "Distinguished engineer")
    assert found["level"]["expectations"][competency]["behaviours"] == cell["behaviours"]
    assert {hole["kind"] for hole in found["holes"]} == {"expectation missing"}
    good(hr.delete(f"{LADDER}/levels/ic9", **seen(hr)))
    assert hr.get(f"{LADDER}/levels/ic9").status_code == 404


def test_a_cell_is_read_written_and_emptied(hr: Caller) -> None:
    competency = hr.read("/framework/draft")["competencies"][0]["id"]
    path = f"{LADDER}/levels/ic1/expectations/{competency}"

    good(hr.put(path, {"cell": "not expected"}, **seen(hr)))
    said = {"level": "engineering.ic1", "competency": competency, "cell": "not expected"}
    assert hr.read(path) == said | {"credits": []}
    good(hr.delete(path, **seen(hr, path)))

    assert hr.read(path)["cell"] is None


def test_a_competency_is_added_used_and_only_taken_out_once_no_ladder_uses_it(hr: Caller) -> None:
    path = f"{COMPETENCIES}/incident-review"
    text = {"name": "Incident review", "area": "Craft", "description": "How we learn from what went wrong."}
    good(hr.put(path, text, **{"If-Match": '"0"'}))
    cell = {"cell": {"required": 2, "behaviours": ["Writes down what happened, minute by minute."]}}
    good(hr.put(f"{LADDER}/levels/ic1/expectations/incident-review", cell, **seen(hr)))

    assert hr.read(path)["ladders"] == ["engineering"]
    refused = hr.delete(path, **seen(hr, path))
    assert refusal(refused) == (
        409,
        "“incident-review” is used by engineering; take it out of these ladders first.",
    )

    row = f"{LADDER}/competencies/incident-review"
    assert hr.read(row)["cells"]["engineering.ic2"] is None
    good(hr.delete(row, **seen(hr, row)))
    good(hr.delete(path, **seen(hr, path)))
    assert hr.get(path).status_code == 404


def test_a_ladder_that_is_ready_is_so_no_more_once_a_part_of_it_is_edited(hr: Caller) -> None:
    hr.done(f"{LADDER}/readiness")
    good(hr.put(f"{LADDER}/tracks/ic", {"name": "Makers"}, **seen(hr)))

    assert hr.read(LADDER)["ready"] is False


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"name": "Software"}),
        ("PUT", "/tracks/ic", {"name": "Makers"}),
        ("DELETE", "/tracks/ic", None),
        ("PUT", "/levels/ic9", IC9),
        ("DELETE", "/levels/ic1", None),
        ("PUT", "/levels/ic1/expectations/code-quality", {"cell": None}),
        ("DELETE", "/levels/ic1/expectations/code-quality", None),
        ("DELETE", "/competencies/code-quality", None),
    ],
)
def test_an_edit_of_a_part_names_the_edition_of_its_ladder(hr: Caller, method: str, path: str, body: Any) -> None:
    before = hr.read(LADDER)

    unsaid = hr.send(method, f"{LADDER}{path}", json=body)
    stale = hr.send(method, f"{LADDER}{path}", json=body, headers={"If-Match": '"999"'})

    assert (unsaid.status_code, stale.status_code) == (428, 412)
    assert hr.read(LADDER) == before


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/framework/draft/ladders/none", "The draft has no ladder “none”."),
        ("/framework/draft/ladders/none/levels/ic1", "The draft has no ladder “none”."),
        (f"{LADDER}/levels/none", "“engineering” has no level “none” in the draft."),
        (f"{LADDER}/tracks/none", "“engineering” has no track “none” in the draft."),
        (f"{LADDER}/competencies/none", "No level of “engineering” speaks of “none” in the draft."),
        (f"{COMPETENCIES}/none", "The draft has no competency “none”; describe it first."),
        ("/ladders/none/history", "Nothing was ever recorded about a ladder “none”."),
    ],
)
def test_what_is_missing_is_named(hr: Caller, path: str, says: str) -> None:
    assert refusal(hr.get(path)) == (404, says)


def test_a_field_that_cannot_be_is_named_with_its_value_and_the_remedy(hr: Caller) -> None:
    path = f"{LADDER}/levels/ic1/expectations/code-quality"
    answer = hr.put(path, {"cell": {"required": 3.3, "behaviours": ["Writes."]}}, **seen(hr)).json()

    assert (answer["field"], answer["value"], answer["remedy"]) == ("required", "3.3", "Use 1 to 5 in half points.")


def test_the_history_of_a_ladder_is_its_own_with_versions_and_seats(hr: Caller) -> None:
    hr.done("/framework/draft/templates/sales")
    hr.done(f"{LADDER}/readiness")
    hr.done("/framework/publication", {"note": "The first."})
    body = {"person": "maya", "level": "engineering.ic1", "effective_on": "2024-01-01", "reason": "hire"}
    hr.done("/placements", body)

    topics = [one["topic"] for one in hr.read("/ladders/engineering/history")["items"]]

    assert topics == [
        "framework.ladder-replaced",
        "framework.ladder-marked-ready",
        "framework.ladder-taken",
        "occupancy.levels-offered",
        "occupancy.seat-taken",
    ]
    assert [one["topic"] for one in hr.read("/ladders/sales/history")["items"]] == ["framework.ladder-replaced"]
