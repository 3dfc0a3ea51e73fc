"""The service on PostgreSQL: what it hears becomes standings and reports, each once, and the views follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from chassis.kernel import Invalid
from chassis.testing import assert_live_equals_rebuilt
from chassis.unit import Answer, Unit
from contracts.evaluation import EvaluationReopened
from contracts.framework import PlacementEnded
from gap_svc import facts
from gap_svc.application import Reports
from gap_svc.domain.levels import main_target
from gap_svc.domain.report import Report
from gap_svc.domain.standing import ApprovedRevision, NothingApproved, Standing

from .conftest import EVIDENCE, IC2, IC3, M1, NOVEMBER, PO2, Company, Running


def told(company: Company, person: str = "maya") -> list[tuple[Any, ...]]:
    """Return target, revision, cause and whether it is the main report, of every version."""
    names = ("target_level", "revision", "cause", "is_main")
    return [tuple(row[name] for name in names) for row in company.versions(person)]


# --- approval ---------------------------------------------------------------------------------------------------------


def test_an_approval_computes_a_report_about_the_main_target_and_one_about_each_other_next_level(
    company: Company,
) -> None:
    company.approve()
    assert told(company) == [("engineering.ic3", 1, "approval", True), ("engineering.m1", 1, "approval", False)]
    main = company.versions()[0]
    assert [(line["competency"], line["band"], line["gap"]) for line in main["lines"]] == [
        ("design", "gap", 1.0),
        ("code", "close", 0.5),
    ]
    assert (main["met"], main["rated"], main["figure"]) == (0, 2, 0.25)


def test_a_report_names_the_events_it_was_computed_from(company: Company, running: Running) -> None:
    company.approve()
    because = company.versions()[0]["because"]
    approvals = running.upstreams["evaluation"].feed.events("evaluation.v1", company.workspace, 0).records
    published = running.upstreams["framework"].feed.events("framework.v1", company.workspace, 0).records
    assert because["approval"] == approvals[0].eventid
    assert because["present_ladder"] == because["target_ladder"] == published[0].eventid
    assert because["placement"] in [one.eventid for one in published if one.type.endswith("person-placed.v1")]


def test_an_approval_that_is_delivered_again_changes_nothing(company: Company, running: Running) -> None:
    company.approve()
    before = company.versions(), company.standing()
    records = running.upstreams["evaluation"].feed.events("evaluation.v1", company.workspace, 0).records
    running.service.consumer.offer(records)
    running.settle(company.workspace)
    assert (company.versions(), company.standing()) == before


def test_an_approval_that_is_published_again_changes_nothing(company: Company) -> None:
    approval = company.approve()
    company.tell(approval, stream="ev_1")
    assert len(company.versions()) == 2


def test_a_reopened_evaluation_keeps_its_reports_until_the_next_revision_is_approved(company: Company) -> None:
    company.approve()
    company.tell(EvaluationReopened(evaluation="ev_1", revision=2, employee="maya", was_released=False), stream="ev_1")
    assert [version for _, version, *_ in told(company)] == [1, 1]
    company.approve(revision=2, scores={"code": 4, "design": 3, "leading": None})
    assert told(company)[2:] == [("engineering.ic3", 2, "approval", True), ("engineering.m1", 2, "approval", False)]
    main = company.versions()[2]
    assert (main["report"], main["version"], main["figure"]) == (Report.id_of("ev_1", 2, IC3), 1, 1.0)
    assert company.standing()["main_report"] == main["report"]
    reopened = company.rows("select revision, reopened_at from evaluations where workspace = %(workspace)s order by 1")
    assert [row["reopened_at"] is None for row in reopened] == [False, True]


def test_an_approval_of_an_earlier_period_has_its_own_report_and_does_not_become_the_basis(company: Company) -> None:
    company.approve()
    company.approve(number="ev_0", cycle="cy_0", period_ends_on=date(2026, 4, 30), scores={"code": 3})
    standing = company.standing()
    assert (standing["evaluation"], standing["main_report"]) == ("ev_1", Report.id_of("ev_1", 1, IC3))
    assert set(standing["main_reports"]) == {"ev_0", "ev_1"}


def test_the_evidence_of_an_approval_stays_sealed_in_the_copy_and_can_be_opened(
    company: Company, running: Running
) -> None:
    company.approve()
    with running.service.reader(company.workspace) as reader:
        approved = facts.approved(reader, "ev_1", 1)
        assert [reader.open(text) for line in approved.lines for text in line.evidence] == [EVIDENCE] * 3
    (row,) = company.rows("select lines::text as lines from evaluations where workspace = %(workspace)s")
    assert EVIDENCE not in row["lines"]


def test_a_release_is_known_by_revision(company: Company) -> None:
    company.approve()
    company.approve(revision=2)
    company.release(revision=2)
    rows = company.rows("select revision, released_at from evaluations where workspace = %(workspace)s order by 1")
    assert [(row["revision"], row["released_at"]) for row in rows] == [(1, None), (2, NOVEMBER)]


# --- target -----------------------------------------------------------------------------------------------------------


def test_a_chosen_target_becomes_the_main_report_and_coming_back_to_the_default_does_again(company: Company) -> None:
    company.approve()
    company.choose("maya", M1)
    assert told(company)[2:] == [("engineering.m1", 1, "target", True)]
    assert company.standing()["main_report"] == Report.id_of("ev_1", 1, M1)
    company.choose("maya", None)
    assert told(company)[3:] == [("engineering.ic3", 1, "target", True)]
    assert company.standing()["main_report"] == Report.id_of("ev_1", 1, IC3)


def test_choosing_the_same_target_twice_computes_one_version(company: Company) -> None:
    company.approve()
    company.choose("maya", PO2)
    company.choose("maya", PO2)
    assert told(company)[2:] == [("product.po2", 1, "target", True)]


def test_a_target_chosen_before_the_first_approval_is_what_that_approval_reports_on(company: Company) -> None:
    company.choose("maya", PO2)
    assert company.versions() == []
    company.approve()
    assert [target for target, *_ in told(company)] == ["product.po2", "engineering.ic3", "engineering.m1"]


def test_a_level_that_is_reached_or_unknown_cannot_be_chosen(company: Company) -> None:
    company.approve()
    with pytest.raises(Invalid, match="reached already"):
        company.choose("maya", IC2)
    with pytest.raises(Invalid, match="choose a published level"):
        company.choose("maya", IC2.model_copy(update={"level": "engineering.ic9"}))


def test_a_chosen_target_is_published(company: Company, running: Running) -> None:
    company.choose("maya", M1)
    (record,) = running.service.feed.events("gap.v1", company.workspace, 0).records
    assert record.type == "careerladder.gap.target-chosen.v1"


def test_a_target_chosen_while_an_approval_arrives_is_decided_again_and_never_lost(
    company: Company, running: Running
) -> None:
    tries: list[bool] = []

    def decide(unit: Unit) -> Answer:
        Reports().choose_target(unit, "maya", M1)
        if not tries:
            company.approve()
        tries.append(True)
        return Answer()

    running.run(company.workspace, decide)
    assert len(tries) == 2
    assert told(company)[2:] == [("engineering.m1", 1, "target", True)]


# --- on request -------------------------------------------------------------------------------------------------------


def test_a_report_on_request_is_stored_once_per_revision_and_target(company: Company) -> None:
    company.approve()
    first, second = company.request("maya", PO2), company.request("maya", PO2)
    assert first == second == Report.id_of("ev_1", 1, PO2)
    assert told(company)[2:] == [("product.po2", 1, "request", False)]
    company.request("maya", IC3)
    assert len(company.versions()) == 3


def test_without_an_approved_evaluation_there_is_no_report_on_request(company: Company) -> None:
    with pytest.raises(NothingApproved):
        company.request("maya", PO2)


# --- placement --------------------------------------------------------------------------------------------------------


def test_a_promotion_sets_the_old_scores_against_the_new_bar(company: Company, running: Running) -> None:
    company.approve()
    running.clock.at = NOVEMBER + timedelta(days=30)
    company.place("maya", IC3, date(2026, 12, 1))
    assert told(company)[2:] == [("engineering.ic3", 1, "placement", True), ("engineering.m1", 1, "placement", False)]
    assert [row["new_bar_old_scores"] for row in company.versions()] == [False, False, True, True]
    main = company.versions()[2]
    assert (main["present_level"], main["figure"]) == ("engineering.ic3", None)
    assert main["readiness"]["why_no_figure"] == "the target is the present level"


def test_a_placement_at_the_level_one_sits_at_computes_nothing(company: Company) -> None:
    company.approve()
    company.place("maya", IC2, date(2026, 11, 1))
    assert len(company.versions()) == 2


def test_a_placement_to_come_counts_from_the_start_of_its_day_in_the_workspace(
    company: Company, running: Running
) -> None:
    company.approve()
    company.place("maya", IC3, date(2027, 1, 1))
    assert len(company.versions()) == 2
    running.at(company.workspace, datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    assert company.standing()["present_level"] == "engineering.ic2"
    running.at(company.workspace, datetime(2026, 12, 31, 23, 0, tzinfo=UTC))
    assert company.standing()["present_level"] == "engineering.ic3"
    assert [cause for _, _, cause, _ in told(company)] == ["approval", "approval", "placement", "placement"]
    running.at(company.workspace, datetime(2027, 1, 2, tzinfo=UTC))
    assert len(company.versions()) == 4


def test_a_placement_to_come_that_is_taken_back_never_begins(company: Company, running: Running) -> None:
    company.approve()
    company.place("maya", IC3, date(2027, 1, 1))
    company.tell(PlacementEnded(person="maya", level=IC3.level, effective_on=date(2027, 1, 1)), stream="maya")
    running.at(company.workspace, datetime(2027, 2, 1, tzinfo=UTC))
    assert company.standing()["present_level"] == "engineering.ic2"
    assert len(company.versions()) == 2


def test_a_promotion_that_is_taken_back_brings_the_former_level_back(company: Company) -> None:
    company.approve()
    company.place("maya", IC3, date(2026, 11, 1))
    company.tell(PlacementEnded(person="maya", level=IC3.level, effective_on=date(2026, 11, 1)), stream="maya")
    assert company.standing()["present_level"] == "engineering.ic2"
    last = company.versions()[-2:]
    assert [(row["target_level"], row["present_level"]) for row in last] == [
        ("engineering.ic3", "engineering.ic2"),
        ("engineering.m1", "engineering.ic2"),
    ]


# --- cancelled cycle --------------------------------------------------------------------------------------------------


def test_a_cancelled_cycle_withdraws_its_reports_and_brings_the_evaluation_before_back(company: Company) -> None:
    company.approve(number="ev_0", cycle="cy_0", period_ends_on=date(2026, 4, 30))
    company.approve()
    company.cancel("cy_1")
    withdrawn = company.rows("select evaluation from report_list where workspace = %(workspace)s and withdrawn")
    assert [row["evaluation"] for row in withdrawn] == ["ev_1", "ev_1"]
    standing = company.standing()
    assert (standing["evaluation"], standing["main_report"]) == ("ev_0", Report.id_of("ev_0", 1, IC3))
    assert {row["version"] for row in company.versions()} == {1}


def test_after_a_cancelled_cycle_the_evaluation_before_counts_with_the_level_one_moved_to_meanwhile(
    company: Company, running: Running
) -> None:
    company.approve(number="ev_0", cycle="cy_0", period_ends_on=date(2026, 4, 30))
    company.approve()
    running.clock.at = NOVEMBER + timedelta(days=30)
    company.place("maya", IC3, date(2026, 12, 1))
    company.cancel("cy_1")
    standing = company.standing()
    (main,) = [row for row in company.versions() if (row["report"], row["version"]) == (standing["main_report"], 2)]
    assert (main["evaluation"], main["present_level"], main["new_bar_old_scores"]) == ("ev_0", IC3.level, True)


def test_after_a_cancelled_cycle_the_main_report_is_about_the_target_chosen_meanwhile(
    company: Company,
) -> None:
    company.approve(number="ev_0", cycle="cy_0", period_ends_on=date(2026, 4, 30))
    company.approve()
    company.choose("maya", PO2)
    company.cancel("cy_1")
    assert company.standing()["main_report"] == Report.id_of("ev_0", 1, PO2)


def test_without_another_evaluation_nothing_is_left_after_a_cancelled_cycle(company: Company) -> None:
    company.approve()
    company.cancel("cy_1")
    standing = company.standing()
    assert (standing["evaluation"], standing["main_report"], standing["approved"]) == (None, None, {})
    with pytest.raises(NothingApproved):
        company.request("maya", PO2)


# --- framework --------------------------------------------------------------------------------------------------------


def test_levels_are_copied_with_their_next_levels_across_ladders(company: Company, running: Running) -> None:
    with running.service.reader(company.workspace) as reader:
        found = {level.level: level for level in facts.all_levels(reader, 1)}
    assert found["engineering.m1"].next == (PO2,)
    assert found["engineering.ic2"].next == (IC3, M1)
    assert found["engineering.ic2"].expectations["code"].behaviours == ("Shows code.",)
    assert (found["engineering.ic3"].position, found["engineering.m1"].position) == (1, 0)


def test_a_version_whose_ladders_are_not_those_it_was_published_with_is_not_used(company: Company) -> None:
    company.publish(2, digests={"engineering": "0" * 64})
    versions = company.rows("select version from framework_versions where workspace = %(workspace)s")
    assert [row["version"] for row in versions] == [1]
    assert company.parked() == ["Mismatch"]


def test_a_newer_framework_version_leaves_the_reports_at_the_version_of_their_cycle(company: Company) -> None:
    company.approve()
    company.publish(2, code=5)
    company.choose("maya", M1)
    company.choose("maya", None)
    assert {row["framework_version"] for row in company.versions()} == {1}
    company.approve(number="ev_2", cycle="cy_2", period_ends_on=date(2027, 4, 30), framework_version=2)
    assert company.versions()[-2]["lines"][0]["required"] == 5.0


# --- views ------------------------------------------------------------------------------------------------------------


def test_the_live_views_equal_rebuilt_ones(company: Company, running: Running) -> None:
    company.approve(number="ev_0", cycle="cy_0", period_ends_on=date(2026, 4, 30), scores={"code": 2})
    company.approve()
    company.choose("maya", PO2)
    company.place("maya", IC3, date(2026, 11, 2))
    company.place("nils", IC3, date(2027, 1, 1))
    company.cancel("cy_1")
    assert_live_equals_rebuilt(running.service, company.workspace)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_in_whatever_order_every_cause_has_one_version_and_everybody_the_right_main_report(
    company: Company, running: Running, seed: int
) -> None:
    for act in happenings(company, Random(seed)):
        act()
        assert company.parked() == []
        for person in ("maya", "nils"):
            expected = main_reports(company, running, person)
            assert expected.of_what_counts == company.standing(person)["main_report"]
            assert expected.of_what_is_released == newest_main_report(company, person, expected.released)
    names = ("evaluation", "revision", "target_level", "cause", "caused_by")
    causes = [tuple(row[name] for name in names) for person in ("maya", "nils") for row in company.versions(person)]
    assert len(causes) == len(set(causes)) > 0
    assert_live_equals_rebuilt(running.service, company.workspace)


def happenings(company: Company, chance: Random) -> Iterator[Callable[[], object]]:
    """Yield what may happen to two people: approvals, releases, targets, placements, a day, cancelled cycles."""
    revisions: Counter[str] = Counter()
    cancelled: set[str] = set()
    released: set[str] = set()
    for day in range(30):
        person, cycle = chance.choice(("maya", "nils")), chance.choice("1234")
        evaluation = f"ev_{person}_{cycle}"
        match chance.choice(("approve", "approve", "release", "choose", "place", "wait", "cancel")):
            case "approve" if cycle not in cancelled:
                revisions[evaluation] += 1
                yield partial(
                    company.approve,
                    person,
                    evaluation,
                    revisions[evaluation],
                    f"cy_{cycle}",
                    period_ends_on=date(2026, 2 * int(cycle), 28),
                    scores={"code": chance.choice((2, 3, 4.5)), "design": chance.choice((None, 2, 3))},
                )
            case "release" if revisions[evaluation] and cycle not in cancelled:
                released.add(cycle)
                yield partial(company.release, person, evaluation, revisions[evaluation], f"cy_{cycle}")
            case "choose":
                yield partial(company.choose, person, chance.choice((PO2, None)))
            case "place":
                at = chance.choice((IC2, IC3, M1))
                yield partial(company.place, person, at, date(2026, 11, 1) + timedelta(days=chance.randrange(60)))
            case "cancel" if day > 15 and cycle not in released:
                cancelled.add(cycle)
                yield partial(company.cancel, f"cy_{cycle}")
            case _:
                later = company.running.clock.at + timedelta(days=chance.randrange(10))
                yield partial(company.running.at, company.workspace, later)


@dataclass
class MainReports:
    """The main reports somebody has to have, as HR and manager read it and as the employee does."""

    of_what_counts: str | None
    of_what_is_released: str | None
    released: facts.Approved | None


def main_reports(company: Company, running: Running, person: str) -> MainReports:
    """Return the ids of the reports that have to be the main ones, worked out from where somebody stands."""
    with running.service.reader(company.workspace) as reader:
        standing, _ = reader.state(Standing, person)
        standing = standing or Standing()
        released = facts.released(reader, person)
        levels = {level.ref: level for level in facts.all_levels(reader, 1)}

    def main(basis: ApprovedRevision | facts.Approved | None) -> str | None:
        if basis is None:
            return None
        present = levels[standing.present or basis.rated_at]
        chosen = levels[standing.target] if standing.target else None
        target = main_target(present, chosen, [levels[ref] for ref in present.next])
        return Report.id_of(basis.evaluation, basis.revision, target.ref)

    return MainReports(main(standing.basis), main(released), released)


def newest_main_report(company: Company, person: str, on: facts.Approved | None) -> str | None:
    """Return the report that was computed last as the main one on a revision."""
    found = [
        row["report"]
        for row in company.versions(person)
        if on and row["is_main"] and not row["withdrawn"] and (row["evaluation"], row["revision"]) == (on.evaluation, on.revision)
    ]
    return found[-1] if found else None
