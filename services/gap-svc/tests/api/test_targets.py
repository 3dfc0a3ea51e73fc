"""Targets, the trend and the nearest roles over HTTP."""

from __future__ import annotations

from .conftest import Company


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
