"""Services restored to different moments find together again: what was lost is withdrawn, and every invariant holds.

a moment is kept → more happens → a service goes back to it → new epochs → the others withdraw and go on
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from chassis.projection import RecordedEvent
from chassis.restored import begin_epochs
from chassis.service import Service, connect_in_process
from gap_svc.domain.report import Report
from ladder.demo import settle
from people_svc.domain import Employee
from people_svc.domain.person_events import Placement, PlacementStated

from .test_verifying import TODAY, WORKSPACE, Company, approve, company, made, place, rate, run_cycle

__all__ = ["company", "made"]

_moments = itertools.count(1)


@dataclass
class Moment:
    """Everything a service had at a moment, as a backup of it holds."""

    service: Service
    name: str


def moment(company: Company, service: Service) -> Moment:
    """Keep what a service has now."""
    kept = Moment(service, f"moment{next(_moments)}")
    with psycopg.connect(company.system.server.admin_dsn()) as admin:
        admin.execute(sql.SQL("create schema {}").format(sql.Identifier(kept.name)))
        for table in tables(admin, service):
            copy, original = sql.Identifier(kept.name, table), sql.Identifier(service.name, table)
            admin.execute(sql.SQL("create table {} as table {}").format(copy, original))
    return kept


def restore(company: Company, *moments: Moment) -> None:
    """Let services go back to moments, as new processes over their data, and find together again."""
    with psycopg.connect(company.system.server.admin_dsn()) as admin:
        for kept in moments:
            for table in tables(admin, kept.service):
                copy, original = sql.Identifier(kept.name, table), sql.Identifier(kept.service.name, table)
                admin.execute(sql.SQL("delete from {}").format(original))
                admin.execute(sql.SQL("insert into {} table {}").format(original, copy))
    connect_in_process(company.system.services)
    for kept in moments:
        begin_epochs(kept.service)
    find_together(company)


def find_together(company: Company) -> None:
    """Let every service compare what it heard with what the others have, until nothing moves."""
    for _ in company.system.services:
        for service in company.system.services:
            list(service.consumer.behind())
        settle(company.system, WORKSPACE)


def tables(admin: psycopg.Connection[Any], service: Service) -> list[str]:
    rows = admin.execute("select tablename from pg_tables where schemaname = %s order by 1", (service.name,))
    return [row[0] for row in rows]


def third_cycle(company: Company) -> dict[str, str]:
    """Let everybody be rated once more, up to the approval."""
    return rate(company, run_cycle(company, "Third", TODAY - timedelta(days=160)))


def reports_on(company: Company, evaluation: str) -> dict[str, list[RecordedEvent]]:
    """Return what the record holds of every report on an evaluation."""
    with company.gap.reader(WORKSPACE) as reader:
        query = "select distinct report from report_versions where workspace = %(workspace)s and evaluation = %(evaluation)s"
        found = [row["report"] for row in reader.rows(query, {"evaluation": evaluation})]
        return {report: reader.history(Report, report) for report in found}


def told(company: Company, evaluation: str) -> set[tuple[str, ...]]:
    """Return the histories of the reports on an evaluation, by what they say happened."""
    return {tuple(entry.topic for entry in entries) for entries in reports_on(company, evaluation).values()}


def test_reports_of_approvals_that_evaluation_has_lost_are_withdrawn_and_made_again_with_them(company: Company) -> None:
    kofi = third_cycle(company)["kofi"]
    kept = moment(company, company.evaluation)
    approve(company, kofi)
    assert told(company, kofi) == {("report.computed",)}

    restore(company, kept)
    assert company.verdict().broken == []
    assert told(company, kofi) == {("report.computed", "report.withdrawn")}

    approve(company, kofi)
    assert company.verdict().broken == []
    assert told(company, kofi) == {("report.computed", "report.withdrawn", "report.computed")}


def test_gap_restored_to_an_earlier_moment_hears_again_what_it_lost_and_ends_the_same(company: Company) -> None:
    kofi = third_cycle(company)["kofi"]
    kept = moment(company, company.gap)
    approve(company, kofi)
    before = {report: [entry.event_id for entry in entries] for report, entries in reports_on(company, kofi).items()}

    restore(company, kept)

    assert company.verdict().broken == []
    after = {report: [entry.event_id for entry in entries] for report, entries in reports_on(company, kofi).items()}
    assert after == before


@pytest.mark.parametrize("order", [*itertools.permutations(("gap", "approval of kofi", "evaluation"))], ids=" → ".join)
def test_both_restored_to_different_moments_agree_on_what_evaluation_still_has(
    company: Company, order: tuple[str, ...]
) -> None:
    evaluations = third_cycle(company)
    kept: list[Moment] = []
    for one in order:
        match one:
            case "gap":
                kept.append(moment(company, company.gap))
            case "evaluation":
                kept.append(moment(company, company.evaluation))
            case _:
                approve(company, evaluations["kofi"])
    approve(company, evaluations["maya"])

    restore(company, *kept)

    assert company.verdict().broken == []
    counts = {topics[-1] for topics in told(company, evaluations["kofi"])}
    is_known = order.index("approval of kofi") < order.index("evaluation")
    assert counts <= {"report.computed" if is_known else "report.withdrawn"}
    assert bool(counts) >= is_known
    assert {topics[-1] for topics in told(company, evaluations["maya"])} <= {"report.withdrawn"}


def test_a_placement_framework_has_lost_is_forgotten_by_whoever_heard_of_it(company: Company) -> None:
    kept = moment(company, company.framework)
    place(company, "maya", "ic3", "promotion")
    assert present_level(company, "maya") == "engineering.ic3"

    restore(company, kept)

    assert company.verdict().broken == []
    assert present_level(company, "maya") == "engineering.ic2"


def test_what_people_has_lost_is_taken_back_by_framework_and_then_by_gap(company: Company) -> None:
    maya = company.who["maya"]
    kept = moment(company, company.people)

    def state(_: Any, unit: Any) -> None:
        stated = Placement(ladder="engineering", track="", level="ic3")
        unit.record(Employee, maya, PlacementStated(placement=stated, effective_on=TODAY))

    company.does("hanna", company.people, state)
    assert present_level(company, "maya") == "engineering.ic3"

    restore(company, kept)

    assert company.verdict().broken == []
    assert present_level(company, "maya") == "engineering.ic2"


def present_level(company: Company, name: str) -> str:
    with company.gap.reader(WORKSPACE) as reader:
        query = "select present_level from standings where workspace = %(workspace)s and person = %(person)s"
        row = reader.row(query, {"person": company.who[name]})
    return row["present_level"] if row else ""


# -- planted: what `verify` says of a service that does not withdraw


def test_what_followed_from_an_event_nobody_has_is_seen(company: Company) -> None:
    company.plant(
        "update gap.effects set cause = '0190f6f2-0000-7000-8000-000000000000'"
        " where cause = (select cause from gap.effects order by cause limit 1)"
    )

    assert company.broken() == {"nothing rests on lost events"}


def test_reports_that_stand_on_approvals_nobody_has_are_seen(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def takes_nothing_back(*_: object) -> None:
        return None

    kofi = third_cycle(company)["kofi"]
    kept = moment(company, company.evaluation)
    approve(company, kofi)

    monkeypatch.setattr(company.gap, "withdraw", takes_nothing_back)
    restore(company, kept)

    assert company.broken() == {"reports name what is there"}
