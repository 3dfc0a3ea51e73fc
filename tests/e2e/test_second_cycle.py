"""The loop a second time: what changed meanwhile, and what the first time left. The chapters run in this order.

first cycle released → a new manager from a day on (old manager's rights end) → one promotion from a day on
→ second framework version (what if → preview → fates → published → differences) → one person on leave
→ second cycle (data check: on leave → added, dates extended, clocks rest) → approved, released
→ trend over both, breaks where the bar changed · nearest roles · chosen target · heat map
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from .company import Company, Round, finish, first_cycle, refused
from .conftest import Running

REPLACED = [
    {"competency": "architecture", "fate": "new"},
    {"competency": "design", "fate": "merged", "others": ["architecture"]},
]
SECOND = ("2025-07-18", "2025-07-25", "2025-08-01", "2025-08-29")


@pytest.fixture(scope="module")
def first(northwind: Company) -> Round:
    """H2 2024: the engineers were evaluated, and read it."""
    entered = first_cycle(northwind)
    daniel, priya = northwind.people("daniel", "priya")
    finish(northwind, daniel, entered.of["maya"], communication=3.5, delivery=4.0, design=3.5, mentoring=3.0)
    finish(northwind, daniel, entered.of["ines"], communication=3.0, delivery=3.0, design=3.0, mentoring=2.5)
    finish(northwind, daniel, entered.of["lena"], communication=3.0, delivery=3.5, design=2.5, mentoring=1.5)
    finish(northwind, priya, entered.of["sam"], communication=2.5, delivery=3.0, design=2.5, mentoring=2.0)
    northwind.person("hanna").does(f"/evaluation/v1/cycles/{entered.cycle}/closing")
    return entered


def test_a_new_manager_reads_all_years_from_the_first_day_and_the_former_one_what_they_wrote(
    running: Running, northwind: Company, first: Round
) -> None:
    hanna, daniel, priya, ines = northwind.people("hanna", "daniel", "priya", "ines")
    running.goes_to("2025-03-17")
    hanna.does(f"/people/v1/people/{ines.id}/manager", {"manager": priya.id, "effective_on": "2025-04-01"})
    assert daniel.report(ines)["released"]
    with refused(404):
        priya.report(ines)

    running.goes_to("2025-04-01")

    assert priya.evaluation(first.of["ines"])["shown"] == "approved"
    assert priya.report(ines)["evaluation"] == first.of["ines"]
    assert daniel.evaluation(first.of["ines"])["shown"] == "all"
    assert daniel.report(ines)["evaluation"] == first.of["ines"]
    for path in (
        f"/gap/v1/people/{ines.id}/target",
        f"/gap/v1/people/{ines.id}/nearest",
        f"/people/v1/people/{ines.id}",
    ):
        with refused(404):
            daniel.reads(path)
        priya.reads(path)
    with refused(403):
        daniel.observes(ines, "2025-04-01", "delivery", "Still sits next to me.")
    assert hanna.reads(f"/people/v1/people/{ines.id}/manager", on="2025-03-31")["manager"] == daniel.id


def test_a_promotion_counts_from_its_day_and_sets_the_old_scores_against_the_new_bar(
    running: Running, northwind: Company, first: Round
) -> None:
    hanna, daniel, maya = northwind.people("hanna", "daniel", "maya")
    running.goes_to("2025-04-14")
    hanna.places(
        maya, "engineering.ic3", "2025-05-01", "promotion", evaluation=first.of["maya"], criteria=["Led the cut-over"]
    )
    planned = maya.reads(f"/framework/v1/people/{maya.id}/placements")["items"][0]
    assert (planned["level"], planned["planned"]) == ("engineering.ic3", True)
    assert maya.report(maya)["present"]["code"] == "IC2"

    running.goes_to("2025-05-01")

    moved = maya.report(maya)
    assert (moved["present"]["code"], moved["target"]["code"], moved["target_is"]) == ("IC3", "IC3", "present")
    assert (moved["cause"], moved["new_bar_old_scores"]) == ("placement", True)
    assert moved["readiness"]["figure"] is None
    assert moved["readiness"]["why_no_figure"] == "the target is the present level"
    assert [one["competency"] for one in moved["below_present"]] == ["design"]
    assert [one["person"] for one in hanna.lists("/gap/v1/placements-to-check")].count(maya.id) == 1
    with refused(403):
        daniel.lists("/gap/v1/placements-to-check")


def test_hr_sees_whose_gaps_a_draft_would_change_and_publishes_it_once_each_competency_has_its_fate(
    running: Running, northwind: Company, first: Round
) -> None:
    hanna, daniel, ines, sam = northwind.people("hanna", "daniel", "ines", "sam")
    running.goes_to("2025-06-02")
    hanna.drafts("second.yaml")
    draft = json.loads(hanna.ask("/framework/v1/framework/export", form="json").content)
    with refused(403):
        daniel.does("/gap/v1/what-if", draft)
    would = {one["person"]: one for one in hanna.does("/gap/v1/what-if", draft)["changed"]}
    lines = {one["competency"]: one for one in would[ines.id]["lines"]}
    assert (lines["delivery"]["required_before"], lines["delivery"]["required_after"]) == (4.0, 3.5)
    assert (lines["design"]["required_after"], lines["architecture"]["band_after"]) == (None, "not rated")

    preview = hanna.reads("/framework/v1/framework/publication")
    assert (preview["version"], preview["taken"], preview["carried"]) == (2, ["engineering"], ["people"])
    assert (preview["added"], preview["removed"]) == (["architecture"], ["design"])
    assert set(preview["affected"]["engineering.ic2"]) == {ines.id, sam.id, northwind.person("lena").id}
    with refused(409, "architecture, design"):
        hanna.does("/framework/v1/framework/publication", {"note": "Architecture in place of design"})
    hanna.does("/framework/v1/framework/publication", {"note": "Architecture in place of design", "fates": REPLACED})

    assert hanna.reads("/framework/v1/framework/versions/2/affected")["affected"] == preview["affected"]
    with refused(403):
        daniel.reads("/framework/v1/framework/versions/2/affected")
    (changed,) = ines.reads("/framework/v1/framework/diff", before=1, after=2)["ladders"]
    assert changed["ladder"] == "engineering"
    assert {one["competency"]: one["what"] for one in changed["competencies"]} == {
        "architecture": "added",
        "design": "removed",
    }
    changes = [
        (one["level"], change["before"], change["after"])
        for one in changed["expectations"]
        for change in one["changes"]
        if change["field"] == "required"
    ]
    assert changes == [("engineering.ic3", "4.0", "3.5")]
    assert ines.report(ines)["framework_version"] == 1


def test_somebody_on_leave_is_listed_can_be_added_and_no_clock_of_theirs_runs(
    running: Running, northwind: Company, second: Round
) -> None:
    hanna, lena = northwind.people("hanna", "lena")
    running.goes_to("2025-07-19")
    late = hanna.late(second.cycle)
    assert late["tom"] == ["self-assessment"]
    assert "lena" not in late

    days = dict(zip(("self_due", "manager_due", "approval_due", "conversations_by"), EXTENDED, strict=True))
    hanna.arranges(second.cycle, "extension", lena, **days)
    running.goes_to("2025-08-25")
    assert "lena" not in hanna.late(second.cycle)
    lena.assesses_self(second.of["lena"], delivery=3.5)
    lena.submits_self_assessment(second.of["lena"])
    assert not lena.self_assessment(second.of["lena"])["late"]


def test_each_is_evaluated_by_the_present_manager_at_the_present_level_in_the_new_version(
    northwind: Company, second: Round
) -> None:
    hanna, daniel, priya, maya, ines = northwind.people("hanna", "daniel", "priya", "maya", "ines")
    entered = hanna.participants(second.cycle)
    assert (entered["ines"]["evaluator"], entered["maya"]["evaluator"]) == (priya.id, daniel.id)
    with refused(404):
        daniel.evaluation(second.of["ines"])
    with refused(404):
        daniel.rates(second.of["ines"], delivery=2.0)
    assert priya.evaluation(second.of["ines"])["framework_version"] == 2
    assert set(priya.lines(second.of["ines"])) == {"communication", "delivery", "architecture", "mentoring"}
    assert maya.evaluation(second.of["maya"])["level"] == "engineering.ic3"

    finish(northwind, priya, second.of["ines"], communication=3.0, delivery=3.5, architecture=3.0, mentoring=3.0)
    finish(northwind, daniel, second.of["maya"], communication=3.5, delivery=4.0, architecture=4.0, mentoring=3.5)
    finish(northwind, daniel, second.of["lena"], communication=3.0, delivery=3.5, architecture=2.5, mentoring=2.0)
    finish(northwind, priya, second.of["sam"], communication=3.0, delivery=3.0, architecture=2.5, mentoring=2.0)

    assert ines.report(ines)["framework_version"] == 2
    assert maya.report(maya)["met"]["count"] == 4
    with refused(404):
        daniel.reads(f"/gap/v1/people/{ines.id}/report", target="engineering.m1", version=2)
    assert daniel.report(ines)["evaluation"] != second.of["ines"]


def test_the_trend_joins_equal_competencies_and_breaks_where_the_bar_changed(northwind: Company, second: Round) -> None:
    priya, maya, ines, tom = northwind.people("priya", "maya", "ines", "tom")
    hers = ines.reads(f"/gap/v1/people/{ines.id}/trend")
    assert scores(hers, "communication") == [("H2 2024", 3.0, []), ("H1 2025", 3.0, [])]
    assert scores(hers, "delivery") == [("H2 2024", 3.0, []), ("H1 2025", 3.5, [])]
    assert scores(hers, "design") == [("H2 2024", 3.0, [])]
    assert scores(hers, "architecture") == [("H1 2025", 3.0, [])]
    assert [one["joined"] for one in hers["readiness"]] == [True, False]
    assert priya.reads(f"/gap/v1/people/{ines.id}/trend") == hers
    with refused(404):
        tom.reads(f"/gap/v1/people/{ines.id}/trend")

    promoted = maya.reads(f"/gap/v1/people/{maya.id}/trend")
    assert scores(promoted, "delivery")[1] == ("H1 2025", 4.0, ["requirement changed", "text changed"])


def test_the_employee_alone_chooses_a_target_and_the_main_report_follows(northwind: Company, second: Round) -> None:
    hanna, priya, ines = northwind.people("hanna", "priya", "ines")
    assert ines.report(ines)["target"]["code"] == "IC3"
    levels = [one["code"] for one in ines.reads(f"/gap/v1/people/{ines.id}/nearest")["levels"]]
    assert levels[0] == "P1"
    assert {"IC3", "M1"} <= set(levels)
    assert "IC2" not in levels

    for other in (hanna, priya):
        with refused(403):
            other.does(f"/gap/v1/people/{ines.id}/target", {"target": None}, method="PUT")
    with refused(422):
        ines.chooses("engineering.ic1")
    ines.chooses("engineering.m1")

    main = priya.report(ines)
    assert (main["target"]["code"], main["target_is"], main["cause"]) == ("M1", "chosen", "target")
    assert priya.reads(f"/gap/v1/people/{ines.id}/target")["chosen"]["code"] == "M1"
    ines.chooses(None)
    assert priya.report(ines)["target"]["code"] == "IC3"


def test_the_heat_map_shows_a_manager_their_team_and_hr_the_company(northwind: Company, second: Round) -> None:
    hanna, daniel, priya, tom = northwind.people("hanna", "daniel", "priya", "tom")
    theirs = priya.reads("/gap/v1/heat-map")
    assert (theirs["scope"], set(theirs["teams"])) == ("team", {priya.id})
    assert theirs["teams"][priya.id]["architecture"]["figures"]["people"] == 2
    assert theirs["teams"][priya.id]["architecture"]["figures"]["mean_gap"] == pytest.approx(1.25)
    assert set(hanna.reads("/gap/v1/heat-map")["teams"]) == {daniel.id, priya.id}
    with refused(403):
        priya.reads("/gap/v1/heat-map", scope="company")
    with refused(403):
        tom.reads("/gap/v1/heat-map")


def test_everything_that_happened_verifies(running: Running, second: Round) -> None:
    assert running.broken() == []


def test_what_happened_is_the_same_in_every_mode(running: Running, northwind: Company, second: Round) -> None:
    assert running.differs(northwind) == []


EXTENDED = ("2025-09-05", "2025-09-12", "2025-09-19", "2025-10-03")


@pytest.fixture(scope="module")
def second(running: Running, northwind: Company, first: Round) -> Round:
    """H1 2025, opened on the first of July by the second version; Lena is on leave until the end of August."""
    hanna, clara, daniel, lena = northwind.people("hanna", "clara", "daniel", "lena")
    running.goes_to("2025-06-09")
    leave = {"status": "leave", "effective_on": "2025-06-10", "until": "2025-08-24"}
    hanna.does(f"/people/v1/people/{lena.id}/status", leave)
    running.goes_to("2025-07-01")
    cycle = hanna.plans("H1 2025", "2025-01-01", "2025-06-30", SECOND, version=2)
    assert hanna.left_out(cycle) == {"lena": "on leave"}

    hanna.arranges(cycle, "participants", clara, excluded="Leads the company")
    hanna.arranges(cycle, "evaluators", hanna, substitute=daniel.id)
    hanna.arranges(cycle, "participants", lena)
    return Round(cycle, hanna.opens_cycle(cycle))


def scores(trend: dict[str, Any], competency: str) -> list[tuple[str, float, list[str]]]:
    """Return the points of one competency: cycle, score, and what broke the line."""
    points = trend["competencies"][competency]
    return [(one["cycle_name"], one["score"], one["breaks"]) for one in points]
