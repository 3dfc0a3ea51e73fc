"""Readings over many people over HTTP: the heat map, placements to check, and who read what of whom."""

from __future__ import annotations

from datetime import timedelta

from chassis.testing import now
from contracts import evaluation, people

from .conftest import Company, draft, somebody


def test_hr_reads_about_themselves_what_any_employee_does(company: Company) -> None:
    company.approve("hanna", by="gro")
    assert company.get("hanna", "/people/hanna/report").status_code == 404
    assert company.read("hanna", "/placements-to-check") == []
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
    (found,) = company.read("hanna", "/placements-to-check")
    assert (found["person"], found["below"][0]["competency"]) == ("maya", "mentoring")
    assert approval in found["below"][0]["because"]
    assert company.get("erik", "/placements-to-check").status_code == 403


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
    assert company.read("hanna", "/placements-to-check") == []
    assert company.read("hanna", "/heat-map")["everybody"] == {}
    assert company.send("hanna", "POST", "/what-if", draft(3.5)).json() == {"compared": 0, "changed": []}
    assert company.get("hanna", "/people/maya/report").status_code == 200
