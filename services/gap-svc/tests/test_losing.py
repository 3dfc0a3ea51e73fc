"""Another service is restored to an earlier moment: no report rests on what it has lost, and what is left has its own.

heard → the upstream loses its last events → withdrawn and computed anew → heard again, or something else
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from chassis.http import api
from chassis.testing import Caller, assert_live_equals_rebuilt, served, verifier
from gap_svc.application.losing import SOURCE_LOST
from gap_svc.domain.report import Report

from .conftest import IC2, IC3, M1, NOVEMBER, PO2, Company, Running
from .test_service import happenings, main_reports, newest_main_report

LAST_SPRING = date(2026, 4, 30)


def counting(company: Company, person: str = "maya") -> list[tuple[Any, ...]]:
    """Return the report versions that count: evaluation, revision, target, version and cause."""
    names = ("evaluation", "revision", "target_level", "version", "cause")
    return [tuple(row[name] for name in names) for row in company.versions(person) if not row["withdrawn"]]


def test_reports_of_a_lost_approval_are_withdrawn_and_say_why(company: Company, running: Running) -> None:
    kept = running.published("evaluation", company.workspace)
    company.approve()
    assert len(counting(company)) == 2

    running.restore("evaluation", company.workspace, kept)

    assert counting(company) == []
    assert company.standing()["main_report"] is None
    sent = running.service.feed.events("gap.v1", company.workspace, 0).records
    assert [one.type.split(".")[-2] for one in sent] == ["report-computed"] * 2 + ["report-withdrawn"] * 2
    with running.service.reader(company.workspace) as reader:
        history = reader.history(Report, Report.id_of("ev_1", 1, IC3))
    assert [entry.topic for entry in history] == ["report.computed", "report.withdrawn"]
    assert history[1].event.model_dump()["reason"] == SOURCE_LOST
    assert str(history[1].cause) == history[1].event.model_dump()["heard"] == history[0].event.model_dump()["caused_by"]


def test_the_same_approval_made_again_gives_a_new_version_and_the_old_one_stays_withdrawn(
    company: Company, running: Running
) -> None:
    kept = running.published("evaluation", company.workspace)
    company.approve()
    running.restore("evaluation", company.workspace, kept)

    company.approve()

    assert [one[3:] for one in counting(company)] == [(2, "approval"), (2, "approval")]
    versions = company.versions()
    assert [(row["version"], row["withdrawn"]) for row in versions] == [(1, True), (1, True), (2, False), (2, False)]
    assert company.standing()["main_version"] == 2


def test_where_a_correction_is_lost_the_revision_before_it_counts_again(company: Company, running: Running) -> None:
    company.approve()
    kept = running.published("evaluation", company.workspace)
    company.approve(revision=2, scores={"code": 5, "design": 5})

    running.restore("evaluation", company.workspace, kept)

    assert company.standing()["main_report"] == Report.id_of("ev_1", 1, IC3)
    assert {one[1] for one in counting(company)} == {1}


def test_what_the_revision_before_missed_meanwhile_is_computed_when_it_counts_again(
    company: Company, running: Running
) -> None:
    company.approve()
    company.release()
    kept = running.published("evaluation", company.workspace)
    company.approve(revision=2)
    company.release(revision=2)
    running.clock.at = NOVEMBER + timedelta(days=30)
    company.place("maya", IC3, date(2026, 12, 1))
    company.choose("maya", PO2)

    running.restore("evaluation", company.workspace, kept)

    main = company.standing()["main_report"]
    assert main == Report.id_of("ev_1", 1, PO2)
    assert [row["present_level"] for row in company.versions() if row["report"] == main] == [IC3.level]


def test_a_lost_cancellation_lets_the_reports_of_its_cycle_count_again(company: Company, running: Running) -> None:
    company.approve(number="ev_0", cycle="cy_0", period_ends_on=LAST_SPRING)
    company.approve()
    kept = running.published("evaluation", company.workspace)
    company.cancel("cy_1")
    assert {one[0] for one in counting(company)} == {"ev_0"}

    running.restore("evaluation", company.workspace, kept)

    assert company.standing()["main_report"] == Report.id_of("ev_1", 1, IC3)
    assert {one[0] for one in counting(company)} == {"ev_0", "ev_1"}


def test_a_lost_promotion_takes_the_new_bar_away_again(company: Company, running: Running) -> None:
    company.approve()
    kept = running.published("framework", company.workspace)
    running.clock.at = NOVEMBER + timedelta(days=30)
    company.place("maya", IC3, date(2026, 12, 1))
    assert company.standing()["present_level"] == IC3.level

    running.restore("framework", company.workspace, kept)

    assert company.standing()["present_level"] == IC2.level
    present = {row["present_level"] for row in company.versions() if not row["withdrawn"]}
    assert present == {IC2.level}


def test_a_placement_to_come_that_is_lost_never_begins(company: Company, running: Running) -> None:
    kept = running.published("framework", company.workspace)
    company.place("maya", M1, date(2026, 12, 1))

    running.restore("framework", company.workspace, kept)
    running.at(company.workspace, NOVEMBER + timedelta(days=60))

    assert company.standing()["present_level"] == IC2.level


def test_reports_by_a_lost_framework_version_are_withdrawn_and_computed_once_it_is_published_again(
    company: Company, running: Running
) -> None:
    kept = running.published("framework", company.workspace)
    company.publish(2, design=2)
    company.approve(framework_version=2)
    assert len(counting(company)) == 2

    running.restore("framework", company.workspace, kept)
    assert counting(company) == []
    assert company.parked() == []

    company.publish(2, design=3)
    assert [one[3:] for one in counting(company)] == [(2, "approval"), (2, "approval")]


def test_while_a_framework_version_is_lost_the_employee_chooses_and_reads_a_target_as_ever(
    company: Company, running: Running
) -> None:
    company.approve(number="ev_0", cycle="cy_0", period_ends_on=LAST_SPRING)
    company.release(number="ev_0", cycle="cy_0")
    kept = running.published("framework", company.workspace)
    company.publish(2, design=2)
    company.approve(framework_version=2)
    running.restore("framework", company.workspace, kept)

    with served(api(running.service, verifier=verifier())) as client:
        maya = Caller(client, company.workspace, "maya", frozenset())
        hanna = Caller(client, company.workspace, "hanna", frozenset({"hr"}))
        chosen = maya.send("PUT", "/people/maya/target", json={"target": PO2.model_dump()})
        assert chosen.status_code == 200, chosen.text
        running.settle(company.workspace)
        assert [one.read("/people/maya/target")["chosen"]["level"] for one in (maya, hanna)] == [PO2.level] * 2
        company.place("maya", IC3)
        assert company.parked() == []
        company.release()
        answer = maya.read("/people/maya/target")
        assert (answer["present"]["level"], answer["chosen"]["level"], answer["main"]) == (IC3.level, PO2.level, None)

    company.publish(2, design=3)
    assert company.standing()["main_report"] == Report.id_of("ev_1", 1, PO2)


def test_a_restore_that_lost_nothing_of_somebody_changes_nothing_about_them(company: Company, running: Running) -> None:
    company.approve("nils", "ev_2", cycle="cy_2")
    before = company.versions("nils")
    kept = running.published("evaluation", company.workspace)
    company.approve()

    running.restore("evaluation", company.workspace, kept)

    assert company.versions("nils") == before


def test_what_comes_back_from_a_later_backup_is_reported_on_again(company: Company, running: Running) -> None:
    older = running.published("evaluation", company.workspace)
    company.approve()
    later = running.backup("evaluation", company.workspace)
    running.restore("evaluation", company.workspace, older)
    assert counting(company) == []

    running.bring_back("evaluation", company.workspace, later)

    assert [one[3:] for one in counting(company)] == [(2, "approval"), (2, "approval")]
    assert company.standing()["main_version"] == 2


@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_lost_whenever_everybody_has_the_right_main_report_and_none_that_rests_on_it(
    company: Company, running: Running, seed: int
) -> None:
    chance = Random(seed)
    ends = {name: [running.published(name, company.workspace)] for name in ("framework", "evaluation")}
    for n, act in enumerate(happenings(company, chance)):
        act()
        for name, known in ends.items():
            known.append(running.published(name, company.workspace))
        if n % 7 == 6:
            name = chance.choice(("framework", "evaluation"))
            to = chance.choice(ends[name][-6:])
            running.restore(name, company.workspace, to)
            ends[name] = [end for end in ends[name] if end <= to]
        assert_it_holds(company, running)
    assert_live_equals_rebuilt(running.service, company.workspace)


def assert_it_holds(company: Company, running: Running) -> None:
    assert company.parked() == []
    approvals = {str(row["approval"]) for row in company.rows("select approval from evaluations where workspace = %(workspace)s")}
    for person in ("maya", "nils"):
        expected = main_reports(company, running, person)
        assert expected.of_what_counts == company.standing(person)["main_report"]
        assert expected.of_what_is_released == newest_main_report(company, person, expected.released)
        named = {row["because"]["approval"] for row in company.versions(person) if not row["withdrawn"]}
        assert named <= approvals
