"""Gap reports over HTTP: who reads which from when on, the printed report, and reports that are asked for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from chassis.calendar import Calendar
from chassis.testing import assert_live_equals_rebuilt, now
from contracts import evaluation, framework

from .conftest import TIME_ZONE, Company

CALENDAR = Calendar(time_zone=TIME_ZONE)


def test_the_employee_reads_nothing_before_release_while_manager_and_hr_read_from_approval_on(company: Company) -> None:
    company.approve()
    for reader, status in (("maya", 404), ("erik", 200), ("hanna", 200), ("gro", 404), ("nils", 404), ("olga", 404)):
        assert company.get(reader, "/people/maya/report").status_code == status, reader
    company.release()
    for reader, status in (("maya", 200), ("erik", 200), ("hanna", 200), ("gro", 200), ("nils", 404), ("olga", 404)):
        assert company.get(reader, "/people/maya/report").status_code == status, reader


def test_only_who_sees_approvals_is_told_that_there_is_none_yet(company: Company) -> None:
    def told(reader: str, path: str = "/people/maya/report") -> str:
        return company.get(reader, path).json()["detail"]

    for path in ("/people/maya/report", "/people/maya/report.pdf", "/people/maya/trend", "/people/maya/nearest"):
        assert (
            told("erik", path)
            == told("hanna", path)
            == ("There is no gap report: no evaluation of this person is approved yet.")
        )
    neutral = told("maya")
    assert [told(reader) for reader in ("gro", "nils", "olga")] == [neutral] * 3
    assert told("hanna", "/people/hanna/report") == told("erik", "/people/erik/report") == neutral
    assert told("hanna", "/people/nobody/report") == neutral

    company.approve()
    assert [told(reader) for reader in ("maya", "gro", "nils", "olga")] == [neutral] * 4
    assert told("erik", "/people/maya/report?target=eng.ic9") == neutral


def test_a_report_leads_with_n_of_m_and_every_figure_names_the_events_behind_it(company: Company) -> None:
    approval = company.approve()
    report = company.read("erik", "/people/maya/report")
    assert (report["met"]["count"], report["rated"]["count"], report["asked"]) == (0, 2, 2)
    assert report["target"]["code"] == "IC3"
    assert report["target_is"] == "next"
    assert [line["competency"] for line in report["lines"]] == ["mentoring", "design"]
    assert report["readiness"]["figure"] == 0.25
    assert [term["covered"] for term in report["readiness"]["terms"]] == [0.5, 0]
    figures = (report["met"], report["readiness"], *report["readiness"]["terms"], *report["lines"])
    assert all(approval in figure["because"] for figure in figures)
    assert report["below_present"][0]["competency"] == "mentoring"
    assert report["lines"][1]["evidence"] == [{"text": "Drew the depot plan.", "withdrawn_on": None}]
    assert report["credits"] == ["Includes information from O*NET."]


@pytest.mark.parametrize("kind", ["observation", "example"])
def test_evidence_that_cites_a_note_is_read_by_the_key_of_the_note(company: Company, kind: str) -> None:
    company.approve(kind=kind)
    design = company.read("erik", "/people/maya/report")["lines"][1]
    assert [one["text"] for one in design["evidence"]] == ["Drew the depot plan."]


def test_a_withdrawn_text_says_since_when_it_is_gone(company: Company) -> None:
    company.approve()
    stream = f"{company.workspace}/evaluation/ev_maya"
    company.hear(evaluation.TextWithdrawn(person="maya", stream=stream, part="1", withdrawn_on=date(2026, 11, 2)))
    design = company.read("erik", "/people/maya/report")["lines"][1]
    assert design["evidence"] == [{"text": None, "withdrawn_on": "2026-11-02"}]


def test_before_release_a_manager_who_did_not_evaluate_reads_no_self_rating(company: Company) -> None:
    company.approve(by="gro")
    assert company.read("erik", "/people/maya/report")["lines"][1].get("self_rating") is None
    assert company.read("hanna", "/people/maya/report")["lines"][1]["self_rating"] == 4
    company.release()
    assert company.read("erik", "/people/maya/report")["lines"][1]["self_rating"] == 4


def test_somebody_who_only_wrote_the_evaluation_reads_the_released_report_on_it(company: Company) -> None:
    company.approve(by="nils")
    assert company.get("nils", "/people/maya/report").status_code == 404
    company.release()
    assert company.read("nils", "/people/maya/report")["lines"][1].get("self_rating") is None
    assert company.get("nils", "/people/maya/target").status_code == 404


def test_until_its_release_the_employee_keeps_the_revision_before_and_then_sees_it_as_corrected(
    company: Company,
) -> None:
    company.approve()
    company.release()
    company.approve(revision=2, design=4)
    assert company.read("erik", "/people/maya/report")["revision"] == 2
    shown = company.read("maya", "/people/maya/report")
    assert (shown["revision"], shown.get("corrected_on")) == (1, None)
    assert {one["revision"] for one in company.read("maya", "/people/maya/reports")} == {1}
    assert len(company.read("maya", "/people/maya/report/history")) == 1
    corrected = company.read("erik", "/people/maya/report")["report"]
    assert company.get("maya", "/people/maya/report", report=corrected).status_code == 404
    company.release(revision=2)
    assert company.read("maya", "/people/maya/report")["met"]["count"] == 1
    first = company.read("maya", "/people/maya/report", report=shown["report"])
    assert (first["revision"], first["corrected_on"]) == (1, CALENDAR.local_date(now()).isoformat())
    assert len(company.read("maya", "/people/maya/report/history", report=shown["report"])) == 1


def test_the_report_of_an_earlier_evaluation_stays_readable_by_its_id(company: Company) -> None:
    company.approve()
    company.release()
    earlier = company.read("maya", "/people/maya/report")
    company.approve(cycle="cy_2", ends_on=date(2027, 3, 31))
    company.release(cycle="cy_2")
    for reader in ("maya", "erik", "hanna"):
        assert company.read(reader, "/people/maya/report")["evaluation"] == company.evaluation("maya", "cy_2")
        assert company.read(reader, "/people/maya/report", report=earlier["report"]) == earlier
    assert company.get("erik", "/people/maya/report.pdf", report=earlier["report"]).status_code == 200
    assert company.get("erik", "/people/nils/report", report=earlier["report"]).status_code == 404


def test_of_causes_that_are_heard_together_the_main_report_follows_the_last(company: Company) -> None:
    company.approve()
    places = [
        framework.PersonPlaced(
            person="maya", ladder="eng", level=level, effective_on=now().date(), reason="move", version=1
        )
        for level in ("eng.ic3", "eng.m1", "eng.ic2")
    ]
    company.hear(*places)
    report = company.read("erik", "/people/maya/report")
    assert (report["present"]["code"], report["target"]["code"]) == ("IC2", "IC3")
    company.hear(*places[:2])
    assert company.read("erik", "/people/maya/report")["present"]["code"] == "M1"


def test_the_printed_report_has_equal_bytes_for_equal_data(company: Company) -> None:
    company.approve()
    first, second = (company.get("erik", "/people/maya/report.pdf") for _ in range(2))
    assert first.status_code == 200, first.text
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["content-disposition"].startswith('inline; filename="gap-report-rp_')
    assert first.content.startswith(b"%PDF")
    assert first.content == second.content
    assert company.get("maya", "/people/maya/report.pdf").status_code == 404


def test_a_glyph_that_the_bundled_fonts_lack_is_told_in_the_log_without_a_word_of_the_report(company: Company) -> None:
    company.approve(said="Drew \U0001f9ed the depot plan.")
    with capture_logs() as logged:
        assert company.get("erik", "/people/maya/report.pdf").status_code == 200
    (line,) = [one for one in logged if one["event"] == "report typeset"]
    assert line["log_level"] == "warning"  # the default log leaves out what is only information
    assert "font" in line["reason"]
    assert "depot" not in str(line)


def test_the_report_about_any_level_is_there_when_asked_for_and_is_not_the_main_one(company: Company) -> None:
    company.approve()
    company.release()
    level = {"ladder": "eng", "level": "eng.ic2"}
    assert company.get("maya", "/people/maya/report", target="eng.ic2").status_code == 404
    answer = company.send("maya", "POST", "/people/maya/reports", level)
    assert answer.status_code == 201, answer.text
    assert company.send("hanna", "POST", "/people/maya/reports", level).json()["id"] == answer.json()["id"]
    report = company.read("maya", answer.headers["Location"])
    assert (report["target_is"], report["is_main"], report["version"]) == ("present", False, 1)
    assert report["readiness"]["why_no_figure"] == "the target is the present level"
    assert company.send("gro", "POST", "/people/maya/reports", level).status_code == 403
    assert company.send("olga", "POST", "/people/maya/reports", level).status_code == 404


def test_nobody_gets_a_report_where_nothing_was_approved(company: Company) -> None:
    assert company.get("hanna", "/people/maya/report").status_code == 404
    assert company.get("hanna", "/people/nobody/target").status_code == 404
    assert company.read("hanna", "/people/maya/reports") == []
    level = {"ladder": "eng", "level": "eng.ic3"}
    assert company.send("hanna", "POST", "/people/maya/reports", level).status_code == 409


def test_a_promotion_sets_the_old_scores_against_the_new_bar_and_live_equals_rebuilt(company: Company) -> None:
    company.approve()
    placed = framework.PersonPlaced(
        person="maya",
        ladder="eng",
        level="eng.ic3",
        effective_on=now().date() - timedelta(days=1),
        reason="promotion",
        version=1,
    )
    heard = company.hear(placed)[0]
    report = company.read("erik", "/people/maya/report")
    assert (report["present"]["code"], report["new_bar_old_scores"]) == ("IC3", True)
    assert heard in report["because"]
    assert_live_equals_rebuilt(company.running.service, company.workspace)


def test_what_a_newer_framework_version_would_change_is_worked_out_when_asked_and_not_stored(company: Company) -> None:
    company.approve()
    path = "/people/maya/report/newer-framework"
    assert company.read("erik", path)["change"] is None
    before = company.read("erik", "/people/maya/report")
    company.publish(2, ic3=3.5)
    newer = company.read("erik", path)
    assert (newer["framework_version"], newer["newest_version"]) == (1, 2)
    assert (newer["change"]["before"]["met"], newer["change"]["after"]["met"]) == (0, 1)
    assert [line["competency"] for line in newer["change"]["lines"]] == ["design"]
    assert len(newer["because"]) == 2
    assert company.read("erik", "/people/maya/report") == before
    assert company.get("maya", path).status_code == 404
    assert ("erik", "gap report", "maya") in company.accesses()
