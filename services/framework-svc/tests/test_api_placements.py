"""Placements over HTTP: by hand, by job title and from a file; whom a version affects; views that rebuild."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chassis.testing import Caller, assert_live_equals_rebuilt
from contracts import people

from .conftest import LONG_AGO, Company

IC1, IC2, IC3 = "engineering.ic1", "engineering.ic2", "engineering.ic3"


@pytest.fixture
def hr(company: Company) -> Caller:
    one = company.as_("hanna")
    one.done("/framework/draft/templates/engineering")
    one.done("/framework/draft/ladders/engineering/readiness")
    one.done("/framework/publication", {"note": "The first."})
    return one


def place(hr: Caller, person: str, level: str, on: str = "2024-01-01", reason: str = "move") -> None:
    hr.done("/placements", {"person": person, "level": level, "effective_on": on, "reason": reason})


def group(**of: Any) -> dict[str, Any]:
    return of | {"level": IC2, "effective_on": "2024-01-01", "reason": "move"}


def seats(hr: Caller, person: str) -> list[str]:
    return [one["level"] for one in hr.read(f"/people/{person}/placements")["items"]]


# --- by job title -----------------------------------------------------------------------------------------------------


def test_everybody_who_has_a_job_title_is_placed_together_however_it_is_typed(hr: Caller) -> None:
    answer = hr.done("/placements/group", group(job_title="  Software  ENGINEER "))

    assert answer["ids"] == ["maya", "nils"]
    assert (seats(hr, "maya"), seats(hr, "nils"), seats(hr, "erik")) == ([IC2], [IC2], [])


def test_who_has_left_is_not_placed_with_their_job_title(company: Company, hr: Caller) -> None:
    company.hear(people.StatusChanged(person="nils", status="left", effective_on=date(2026, 1, 1)))

    assert hr.done("/placements/group", group(job_title="Software engineer"))["ids"] == ["maya"]


def test_a_job_title_nobody_has_is_refused_with_what_to_do(hr: Caller) -> None:
    answer = hr.post("/placements/group", group(job_title="Wizard"))

    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "job_title: nobody who is here has this one; write it as the directory does.",
    )


@pytest.mark.parametrize("of", [{}, {"people": ["maya"], "job_title": "Software engineer"}])
def test_a_group_is_named_in_one_of_two_ways(hr: Caller, of: dict[str, Any]) -> None:
    answer = hr.post("/placements/group", group(**of))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["remedy"] == "Name the people, or one job title: one of the two."


# --- from a file ------------------------------------------------------------------------------------------------------


def test_every_problem_of_a_file_is_told_with_its_line_and_nobody_is_placed(hr: Caller) -> None:
    typed = "person;level;effective_on;reason\nmaya;engineering.ic1;1.3.2024;hire\nmaya;;2024-03-01;fun\n"

    answer = hr.upload("/placements/import", typed.encode()).json()

    assert [(one["field"], one["value"]) for one in answer["errors"]] == [
        ("line 2, effective_on", "1.3.2024"),
        ("line 3, person", "maya"),
        ("line 3, level", ""),
        ("line 3, reason", "fun"),
    ]


def test_every_unknown_person_and_level_of_a_file_is_told_with_its_line(hr: Caller) -> None:
    typed = f"person,level,effective_on,reason\nnobody,{IC1},2024-03-01,hire\nmaya,engineering.ic9,2024-03-01,hire\n"

    answer = hr.upload("/placements/import", typed.encode()).json()

    assert [(one["field"], one["value"]) for one in answer["errors"]] == [
        ("line 2, person", "nobody"),
        ("line 3, level", "engineering.ic9"),
    ]
    assert seats(hr, "maya") == []


def test_a_file_may_name_people_by_their_work_email(hr: Caller) -> None:
    typed = f"E-mail,level,from,reason\nMaya@northwind.example,{IC1},2024-03-01,hire\nnils,{IC2},2024-03-01,hire\n"

    answer = hr.upload("/placements/import", typed.encode())

    assert answer.json()["ids"] == ["maya", "nils"]
    assert (seats(hr, "maya"), seats(hr, "nils")) == ([IC1], [IC2])


@pytest.mark.parametrize("typed", ["", "who,where\nmaya,ic1\n", "person,level,effective_on,reason\n"])
def test_what_is_no_file_of_placements_is_told_what_one_is(hr: Caller, typed: str) -> None:
    answer = hr.upload("/placements/import", typed.encode())

    assert answer.status_code == 422
    assert "first line" in answer.json()["detail"]


def test_placements_are_listed_by_level_in_pages(hr: Caller) -> None:
    for person, level in (("maya", IC1), ("nils", IC1), ("erik", IC2)):
        place(hr, person, level)

    first = hr.get("/placements", limit=2).json()
    rest = hr.get("/placements", limit=2, cursor=first["next_cursor"]).json()

    shown = [(one["level"], one["person"]) for page in (first, rest) for one in page["items"]]
    assert shown == [(IC1, "maya"), (IC1, "nils"), (IC2, "erik")]
    assert rest["next_cursor"] is None
    assert [one["person"] for one in hr.get("/placements", level=IC2).json()["items"]] == ["erik"]


# --- taking back ------------------------------------------------------------------------------------------------------


def test_the_later_of_two_placements_of_a_day_is_withdrawn_and_the_earlier_counts_again(hr: Caller) -> None:
    place(hr, "maya", IC1)
    place(hr, "maya", IC2)
    later, earlier = hr.read("/people/maya/placements")["items"]
    assert (later["level"], earlier["level"]) == (IC2, IC1)

    assert hr.delete(f"/people/maya/placements/{later['placement']}").status_code == 200

    assert seats(hr, "maya") == [IC1]
    topics = [one["topic"] for one in hr.read("/people/maya/placements/history")["items"]]
    assert topics[-2:] == ["placement.withdrawn", "placement.counts-again"]


def test_a_placement_that_is_not_there_is_named(hr: Caller) -> None:
    place(hr, "maya", IC1)

    answer = hr.delete("/people/maya/placements/pl_9")

    assert (answer.status_code, answer.json()["detail"]) == (404, "This person has no placement “pl_9”.")


def test_nobody_who_was_erased_is_placed(company: Company, hr: Caller) -> None:
    company.hear(people.PersonErased(person="maya"))

    answer = hr.post("/placements", {"person": "maya", "level": IC1, "effective_on": "2024-01-01", "reason": "hire"})

    assert answer.status_code == 404
    assert "nobody here is called so" in answer.json()["detail"]


def test_an_import_that_was_corrected_to_what_is_so_is_off_the_list(company: Company, hr: Caller) -> None:
    place(hr, "maya", IC1)
    for level in ("IC99", "IC1"):
        company.hear(
            people.PlacementStated(
                person="maya", ladder="Engineering", track="", level=level, effective_on=date(2024, 1, 1)
            )
        )

    assert hr.read("/placements/refused")["items"] == []
    assert seats(hr, "maya") == [IC1]


# --- whom a version affects -------------------------------------------------------------------------------------------


def test_the_preview_says_who_sits_at_levels_that_change_and_the_version_says_who_sat_there(hr: Caller) -> None:
    place(hr, "maya", IC1)
    path = "/framework/draft/ladders/engineering/levels/ic1"
    level = hr.read(path)["level"]
    body = {"track": "ic", **{name: level[name] for name in ("code", "title", "next")}, "scope": "Other tasks."}
    assert hr.put(path, body, **{"If-Match": hr.get(path).headers["ETag"]}).status_code == 200
    hr.done("/framework/draft/ladders/engineering/readiness")

    preview = hr.read("/framework/publication")
    hr.done("/framework/publication", {"note": "The second."})

    assert (preview["affected"], preview["occupied"]) == ({IC1: ["maya"]}, {})
    assert hr.read("/framework/versions/2/affected")["affected"] == {IC1: ["maya"]}


def test_the_preview_says_who_stands_in_the_way_of_dropping_a_level(company: Company, hr: Caller) -> None:
    place(hr, "maya", IC1)
    path = "/framework/draft/ladders/engineering"
    hr.delete(path, **{"If-Match": hr.get(path).headers["ETag"]})

    assert hr.read("/framework/publication")["occupied"] == {IC1: ["maya"]}
    assert company.as_("maya").get("/framework/versions/1/affected").status_code == 403


# --- views ------------------------------------------------------------------------------------------------------------


def test_every_view_rebuilds_to_what_it_was(company: Company, hr: Caller) -> None:
    place(hr, "maya", IC1)
    place(hr, "maya", IC2)
    place(hr, "nils", IC3, "2030-01-01")
    place(hr, "erik", IC3, "2030-01-01")
    last = hr.read("/people/maya/placements")["items"][0]["placement"]
    plan = hr.read("/people/erik/placements")["items"][0]["placement"]
    hr.delete(f"/people/maya/placements/{last}")
    hr.delete(f"/people/erik/placements/{plan}")
    company.hear(
        people.PlacementStated(person="gro", ladder="Wizardry", track="", level="W1", effective_on=LONG_AGO),
        people.PersonErased(person="nils"),
    )
    hr.done("/framework/draft/templates/sales")
    hr.done("/framework/draft/ladders/sales/readiness")
    added = hr.read("/framework/publication")["added"]
    fates = [{"competency": one, "fate": "new"} for one in added]
    hr.done("/framework/publication", {"note": "Sales too.", "fates": fates})
    hr.done("/ladders/sales/archive")

    shown = hr.read("/placements/refused")["items"]
    assert [one["person"] for one in shown] == ["gro"]
    assert_live_equals_rebuilt(company.running.service, company.workspace)
