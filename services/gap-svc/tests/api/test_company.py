"""Readings over many people over HTTP: the heat map, placements to check, and who read what of whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chassis.testing import now
from contracts import evaluation, people

from .conftest import Company, draft, somebody


def test_hr_reads_about_themselves_what_any_employee_does(company: Company) -> None:
    company.approve("hanna", by="gro")
    assert company.get("hanna", "/people/hanna/report").status_code == 404
    assert company.read("hanna", "/placements-to-check")["items"] == []
    assert company.read("hanna", "/heat-map")["everybody"] == {}
    company.release("hanna")
    assert company.get("hanna", "/people/hanna/report").status_code == 200


def test_an_analyst_sees_no_cell_under_five_people_and_a_manager_only_the_direct_reports(company: Company) -> None:
    company.approve("maya")
    company.approve("nils", design=4)
    company.approve("erik", by="gro")
    team = company.read("erik", "/heat-map")
    assert team["scope"] == "team"
    assert set(team["teams"]) == {"erik"}
    assert team["everybody"]["design"]["figures"]["people"] == 2
    assert len(team["everybody"]["design"]["because"]) == 2
    analyst = company.read("olga", "/heat-map")
    assert (analyst["teams"], analyst["everybody"], analyst["hidden"]) == ({}, {}, 4)
    assert set(company.read("hanna", "/heat-map")["teams"]) == {"erik", "gro"}
    assert company.get("erik", "/heat-map", scope="company").status_code == 403
    assert company.get("maya", "/heat-map").status_code == 403


def test_cells_of_five_people_are_shown_to_an_analyst(company: Company) -> None:
    more = [f"p{number}" for number in range(5)]
    company.hear(*(somebody(company, one, "nils") for one in more))
    for one in (*more, "maya"):
        company.approve(one)
    found = company.read("olga", "/heat-map")
    assert {team: cells["design"]["figures"]["people"] for team, cells in found["teams"].items()} == {"nils": 5}
    assert found["everybody"]["design"]["figures"]["people"] == 5


def test_a_score_below_the_present_requirement_is_a_placement_for_hr_to_check(company: Company) -> None:
    approval = company.approve()
    (found,) = company.read("hanna", "/placements-to-check")["items"]
    (below,) = found["below"]
    assert (found["person"], below["competency"], below["rests_on_memory"]) == ("maya", "mentoring", True)
    assert approval in below["because"]
    assert company.get("erik", "/placements-to-check").status_code == 403


def test_placements_to_check_are_read_page_by_page(company: Company) -> None:
    for one in ("erik", "maya", "nils"):
        company.approve(one)
    company.approve("gro", mentoring=2)
    first = company.read("hanna", "/placements-to-check", limit=2)
    rest = company.read("hanna", "/placements-to-check", limit=2, cursor=first["next_cursor"])
    assert [[one["person"] for one in page["items"]] for page in (first, rest)] == [["erik", "maya"], ["nils"]]
    assert rest["next_cursor"] is None
    assert {person for actor, _, person in company.accesses() if actor == "hanna"} == {"erik", "maya", "nils"}


def test_whoever_stands_in_a_cell_of_under_five_people_is_recorded_as_read_however_large_the_team(
    company: Company,
) -> None:
    more = [f"p{number}" for number in range(4)]
    company.hear(*(somebody(company, one, "erik") for one in more))
    for one in (*more, "nils"):
        company.approve(one, mentoring=None)
    company.approve("maya")
    company.read("hanna", "/heat-map")
    assert company.accesses() == {("hanna", "heat map", "maya")}


def test_a_heat_map_names_the_reports_behind_its_hidden_cells_too(company: Company) -> None:
    company.approve("maya")
    company.approve("nils")
    analyst = company.read("olga", "/heat-map")
    assert (analyst["teams"], analyst["hidden"], len(analyst["because"])) == ({}, 2, 2)


def test_a_reading_by_somebody_else_is_recorded_and_ones_own_is_not(company: Company) -> None:
    company.approve()
    company.release()
    company.read("maya", "/people/maya/report")
    company.get("nils", "/people/maya/report")
    company.read("erik", "/people/maya/report")
    company.get("gro", "/people/maya/report.pdf")
    company.read("hanna", "/people/maya/trend")
    company.read("erik", "/heat-map")
    assert company.accesses() == {
        ("erik", "gap report", "maya"),
        ("gro", "gap report", "maya"),
        ("hanna", "trend", "maya"),
        ("erik", "heat map", "maya"),
    }


def test_no_report_or_trend_uses_a_cancelled_cycle(company: Company) -> None:
    company.approve()
    company.hear(evaluation.CycleCancelled(cycle="cy_1"))
    assert company.get("hanna", "/people/maya/report").status_code == 404
    assert company.get("hanna", "/people/maya/trend").status_code == 404
    assert company.read("hanna", "/heat-map")["everybody"] == {}


def test_who_has_left_is_in_no_reading_of_the_company(company: Company) -> None:
    company.approve()
    company.hear(people.StatusChanged(person="maya", status="left", effective_on=now().date() - timedelta(days=1)))
    assert company.read("hanna", "/placements-to-check")["items"] == []
    assert company.read("hanna", "/heat-map")["everybody"] == {}
    nothing: dict[str, Any] = {"compared": 0, "changed": [], "next_cursor": None, "because": []}
    assert company.send("hanna", "POST", "/what-if", draft(3.5)).json() == nothing
    assert company.get("hanna", "/people/maya/report").status_code == 200
