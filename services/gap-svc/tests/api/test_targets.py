"""Targets, the trend and the nearest roles over HTTP."""

from __future__ import annotations

from datetime import date

from .conftest import CREDIT, Company


def test_a_choice_of_target_is_ones_own_and_the_main_report_follows_it(company: Company) -> None:
    company.approve()
    company.release()
    chosen = {"target": {"ladder": "eng", "level": "eng.m1"}}
    assert company.send("erik", "PUT", "/people/maya/target", chosen).status_code == 403
    assert company.send("nils", "PUT", "/people/maya/target", chosen).status_code == 404
    tag = company.get("maya", "/people/maya/target").headers["ETag"]
    assert company.send("maya", "PUT", "/people/maya/target", chosen, **{"If-Match": tag}).status_code == 200
    assert company.send("maya", "PUT", "/people/maya/target", chosen, **{"If-Match": tag}).status_code == 412
    target = company.read("gro", "/people/maya/target")
    assert (target["chosen"]["code"], target["main"]["code"]) == ("M1", "M1")
    report = company.read("maya", "/people/maya/report")
    assert (report["target_is"], report["cause"]) == ("chosen", "target")
    assert len(report["because"]) == 4
    reached = {"target": {"ladder": "eng", "level": "eng.ic2"}}
    assert company.send("maya", "PUT", "/people/maya/target", reached).status_code == 422


def test_the_trend_and_the_nearest_roles_rest_on_what_the_reader_may_see(company: Company) -> None:
    approval = company.approve()
    assert company.get("maya", "/people/maya/trend").status_code == 404
    assert company.get("maya", "/people/maya/nearest").status_code == 404
    company.release()
    trend = company.read("maya", "/people/maya/trend")
    assert [(one["score"], one["required"]) for one in trend["competencies"]["design"]] == [(3.5, 3.0)]
    assert approval in trend["competencies"]["design"][0]["because"]
    report = company.read("maya", "/people/maya/report")
    assert trend["readiness"][0]["because"] == [approval, report["because"][-1]]
    nearest = company.read("maya", "/people/maya/nearest")
    assert [one["code"] for one in nearest["levels"]] == ["IC3", "M1"]
    assert approval in nearest["because"]


def test_a_point_of_the_trend_rests_on_memory_and_the_credit_stands_beside_the_texts(company: Company) -> None:
    company.approve()
    company.release()
    trend = company.read("maya", "/people/maya/trend")
    assert {name: points[0]["rests_on_memory"] for name, points in trend["competencies"].items()} == {
        "design": False,
        "mentoring": True,
    }
    report = company.read("maya", "/people/maya/report")
    assert {one["competency"]: one["rests_on_memory"] for one in report["readiness"]["terms"]} == {
        "design": False,
        "mentoring": True,
    }
    assert [one["rests_on_memory"] for one in report["below_present"]] == [True]
    for path in ("trend", "nearest", "target"):
        assert company.read("maya", f"/people/maya/{path}")["credits"] == [CREDIT]
    assert company.read("hanna", "/heat-map")["credits"] == [CREDIT]
    assert company.read("hanna", "/placements-to-check")["items"][0]["credits"] == [CREDIT]


def test_the_trend_says_that_the_words_of_the_scale_changed(company: Company) -> None:
    company.approve()
    company.publish(2, anchor="Learns by doing.")
    company.approve(cycle="cy_2", ends_on=date(2026, 12, 31), framework_version=2)
    points = company.read("hanna", "/people/maya/trend")["competencies"]["design"]
    assert [point["breaks"] for point in points] == [[], ["text changed"]]


def test_the_history_of_a_target_tells_of_an_approval_from_its_release_on(company: Company) -> None:
    def what(person: str) -> list[str]:
        return [one["what"] for one in company.read(person, "/people/maya/target/history")]

    company.send("maya", "PUT", "/people/maya/target", {"target": {"ladder": "eng", "level": "eng.m1"}})
    company.approve()
    approval = ["standing.evaluation-taken", *["standing.report-begun"] * 2]
    assert what("erik") == what("hanna") == ["standing.target-chosen", *approval]
    assert what("maya") == what("gro") == ["standing.target-chosen"]
    company.release()
    assert what("maya") == what("gro") == ["standing.target-chosen", *approval]
    assert company.get("nils", "/people/maya/target/history").status_code == 404
    (choice,) = [one for one in company.read("maya", "/people/maya/target/history") if one["by"] == "maya"]
    assert choice["details"]["target"] == {"ladder": "eng", "level": "eng.m1"}
