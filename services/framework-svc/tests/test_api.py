"""Journeys over HTTP: template → ready → publish → place → publish again → difference → archive; and refusals."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chassis.testing import Caller
from contracts import people
from framework_svc import templates

from .conftest import Company

IC1, IC2, IC3 = "engineering.ic1", "engineering.ic2", "engineering.ic3"
LONG_AGO = "2024-01-01"


@pytest.fixture
def hr(company: Company) -> Caller:
    return company.as_("hanna")


def drafted(hr: Caller) -> str:
    hr.done("/framework/draft/templates/engineering")
    return str(hr.get("/framework/draft/ladders/engineering").headers["ETag"])


def publish(hr: Caller, **more: Any) -> str:
    hr.done("/framework/draft/ladders/engineering/readiness")
    return str(hr.done("/framework/publication", {"note": "What changed."} | more)["id"])


def first_version(hr: Caller) -> None:
    drafted(hr)
    assert publish(hr) == "1"


def some_levels(hr: Caller) -> list[str]:
    tracks = hr.read("/framework")["ladders"][0]["ladder"]["tracks"]
    return [f"engineering.{level['id']}" for level in tracks[0]["levels"]]


def place(hr: Caller, person: str, level: str, on: str = LONG_AGO, reason: str = "hire") -> int:
    body = {"person": person, "level": level, "effective_on": on, "reason": reason}
    return hr.post("/placements", body).status_code


def test_a_template_becomes_version_one_and_everybody_browses_it(company: Company, hr: Caller) -> None:
    first_version(hr)
    seen = company.as_("maya").read("/framework")
    assert seen["version"] == 1
    assert [one["ladder"]["id"] for one in seen["ladders"]] == ["engineering"]
    assert company.as_("maya").read("/framework/versions")["items"][0]["note"] == "What changed."


def test_what_is_published_closes_with_the_digest_of_each_ladder_as_published(company: Company, hr: Caller) -> None:
    first_version(hr)
    with company.running.service.connection(company.workspace) as connection:
        rows = connection.execute(
            "select type, data from framework.published where workspace = %s order by sequence", (company.workspace,)
        ).fetchall()
    ladder, closing = rows
    data = ladder["data"] if isinstance(ladder["data"], bytes) else bytes(ladder["data"])
    assert ladder["type"].endswith("ladder-published.v1")
    assert closing["type"].endswith("framework-published.v1")
    assert hashlib.sha256(data).hexdigest().encode() in bytes(closing["data"])


def test_people_are_placed_and_the_next_version_says_who_is_affected(company: Company, hr: Caller) -> None:
    first_version(hr)
    low, high, *_ = some_levels(hr)
    assert place(hr, "maya", low) == 201
    edition = hr.get("/framework/draft/ladders/engineering").headers["ETag"]
    competency = hr.read("/framework/draft")["competencies"][0]["id"]
    cell = {"cell": {"required": 2.5, "weight": 3, "behaviours": ["Says early when a date slips."]}}
    path = f"/framework/draft/ladders/engineering/levels/{low.split('.')[1]}/expectations/{competency}"
    assert hr.put(path, cell, **{"If-Match": edition}).status_code == 200
    hr.done("/framework/draft/ladders/engineering/readiness")
    assert hr.read("/framework/publication")["taken"] == ["engineering"]
    assert publish(hr) == "2"
    difference = hr.get("/framework/diff", before=1, after=2).json()
    changed = difference["ladders"][0]["expectations"]
    assert [(one["level"], one["competency"]) for one in changed] == [(low, competency)]
    events = hr.read("/framework/history")["items"]
    assert events[-1]["data"]["affected"] == {low: ["maya"]}
    assert place(hr, "maya", high, str(datetime.now(UTC).date()), "promotion") == 201
    assert [one["level"] for one in hr.read("/people/maya/placements")["items"]] == [high, low]


def test_an_archived_ladder_takes_no_new_placements(hr: Caller) -> None:
    first_version(hr)
    low = some_levels(hr)[0]
    hr.done("/ladders/engineering/archive")
    assert place(hr, "maya", low) == 409
    assert hr.post("/ladders/engineering/archive").status_code == 409


def test_a_ladder_somebody_sits_at_cannot_be_dropped(hr: Caller) -> None:
    first_version(hr)
    place(hr, "maya", some_levels(hr)[0])
    edition = hr.get("/framework/draft/ladders/engineering").headers["ETag"]
    assert hr.delete("/framework/draft/ladders/engineering", **{"If-Match": edition}).status_code == 200
    refused = hr.post("/framework/publication", {"note": "Engineering goes."})
    assert refused.status_code == 409
    assert "Place them elsewhere" in refused.json()["detail"]


def test_an_edit_names_the_edition_it_saw(hr: Caller) -> None:
    edition = drafted(hr)
    path = "/framework/draft/ladders/engineering"
    body = {"ladder": hr.read(path)["ladder"] | {"name": "Software"}}
    assert hr.put(path, body).status_code == 428
    assert hr.put(path, body, **{"If-Match": edition}).status_code == 200
    assert hr.put(path, body, **{"If-Match": edition}).status_code == 412


def test_only_hr_drafts_publishes_and_places(company: Company, hr: Caller) -> None:
    first_version(hr)
    maya = company.as_("maya")
    assert maya.get("/framework/draft").status_code == 403
    assert maya.post("/framework/draft/templates/sales").status_code == 403
    assert maya.post("/framework/publication", {"note": "Mine."}).status_code == 403
    assert place(maya, "maya", some_levels(hr)[0]) == 403


def test_what_does_not_exist_is_not_found(company: Company, hr: Caller) -> None:
    assert hr.get("/framework").status_code == 404
    assert hr.get("/framework/versions/7").status_code == 404
    assert hr.get("/framework/draft/ladders/none").status_code == 404
    assert hr.post("/framework/draft/templates/none").status_code == 404
    assert company.as_("nils").get("/people/maya/placements").status_code == 404
    first_version(hr)
    assert place(hr, "nobody", some_levels(hr)[0]) == 404
    assert place(hr, "maya", "engineering.none") == 409


def test_a_file_is_taken_and_written_again(hr: Caller) -> None:
    answer = hr.upload("/framework/import", templates.text("sales").encode(), "sales.yaml")
    assert answer.status_code == 200, answer.text
    exported = hr.get("/framework/export")
    again = hr.upload("/framework/import", exported.content, "draft.yaml")
    assert again.status_code == 200, again.text
    assert hr.get("/framework/export").content == exported.content


def test_a_broken_file_is_refused_with_the_line(hr: Caller) -> None:
    answer = hr.upload("/framework/import", b"format: career-framework/v1\nladders: 7\n", "x.yaml")
    assert answer.status_code == 422
    assert "Line 2" in answer.json()["detail"]


def test_a_group_and_a_file_place_everybody_or_nobody(hr: Caller) -> None:
    first_version(hr)
    low, high, *_ = some_levels(hr)
    group = {"people": ["maya", "nils"], "level": low, "effective_on": LONG_AGO, "reason": "hire"}
    assert hr.done("/placements/group", group)["ids"] == ["maya", "nils"]
    lines = f"person,level,effective_on,reason\nerik,{high},{LONG_AGO},hire\nnobody,{high},{LONG_AGO},hire\n"
    assert hr.upload("/placements/import", lines.encode()).status_code == 422
    assert {one["person"] for one in hr.read("/placements")["items"]} == {"maya", "nils"}
    good = lines.replace("nobody", "gro")
    assert hr.upload("/placements/import", good.encode()).status_code == 201
    assert len(hr.read("/placements")["items"]) == 4


def test_a_day_ahead_is_planned_and_can_be_taken_back(hr: Caller) -> None:
    first_version(hr)
    low, high, *_ = some_levels(hr)
    place(hr, "maya", low)
    ahead = str(datetime.now(UTC).date() + timedelta(days=30))
    assert place(hr, "maya", high, ahead, "promotion") == 201
    planned, now = hr.read("/people/maya/placements")["items"]
    assert (planned["planned"], now["planned"]) == (True, False)
    assert hr.delete(f"/people/maya/placements/{planned['placement']}").status_code == 200
    assert [one["level"] for one in hr.read("/people/maya/placements")["items"]] == [low]
    topics = [one["topic"] for one in hr.read("/people/maya/placements/history")["items"]]
    assert topics == ["placement.opened", "placement.person-placed", "placement.planned", "placement.plan-ended"]


def stated(level: str) -> people.PlacementStated:
    return people.PlacementStated(
        person="maya", ladder="Engineering", track="", level=level, effective_on=date(2024, 1, 1)
    )


def test_a_stated_placement_waits_with_its_reason_and_is_tried_again_at_publication(
    company: Company, hr: Caller
) -> None:
    drafted(hr)
    level = hr.read("/framework/draft/ladders/engineering")["ladder"]["tracks"][0]["levels"][0]
    company.hear(stated(level["code"]))
    (waiting,) = hr.read("/placements/refused")["items"]
    assert "is published" in waiting["why"]
    publish(hr)
    assert hr.read("/placements/refused")["items"] == []
    assert hr.read("/people/maya/placements")["items"][0]["level"] == f"engineering.{level['id']}"


def test_an_erased_person_no_longer_holds_up_a_version(company: Company, hr: Caller) -> None:
    first_version(hr)
    place(hr, "maya", some_levels(hr)[0])
    company.hear(people.PersonErased(person="maya"))
    edition = hr.get("/framework/draft/ladders/engineering").headers["ETag"]
    hr.delete("/framework/draft/ladders/engineering", **{"If-Match": edition})
    hr.upload("/framework/import", templates.text("sales").encode())
    hr.done("/framework/draft/ladders/sales/readiness")
    preview = hr.read("/framework/publication")
    fates = [{"competency": one, "fate": "new"} for one in preview["added"]]
    fates += [{"competency": one, "fate": "gone"} for one in preview["removed"]]
    assert hr.done("/framework/publication", {"note": "Sales only.", "fates": fates})["id"] == "2"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_ladder_goes_out_as_a_matrix_and_comes_back_unchanged(hr: Caller, form: str) -> None:
    drafted(hr)
    before = hr.read("/framework/draft/ladders/engineering")["ladder"]
    written = hr.get(f"/framework/draft/ladders/engineering/matrix.{form}")
    answer = hr.upload("/framework/draft/ladders/engineering/matrix", written.content)
    assert answer.status_code == 200, answer.text
    assert hr.read("/framework/draft/ladders/engineering")["ladder"] == before


def test_a_file_that_is_no_matrix_is_refused_and_changes_nothing(hr: Caller) -> None:
    edition = drafted(hr)
    assert hr.upload("/framework/draft/ladders/engineering/matrix", b"a,b\n1,2\n").status_code == 422
    assert hr.get("/framework/draft/ladders/engineering").headers["ETag"] == edition
