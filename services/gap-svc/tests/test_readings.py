from datetime import date

import pytest

from gap_svc.domain.calculation import Bar, Line, Requirement, calculate
from gap_svc.domain.change import change
from gap_svc.domain.heat_map import FEWEST, Row, heat_map
from gap_svc.domain.levels import Expectation, Level, LevelRef
from gap_svc.domain.nearest import nearest
from gap_svc.domain.trend import Distance, Past, Wording, trend


def level(
    ladder: str, name: str, position: int, /, version: int = 1, text: str = "does it", **required: float
) -> Level:
    asked = {n: Expectation(competency=n, required=value, behaviours=(text,)) for n, value in required.items()}
    return Level(
        version=version,
        ladder=ladder,
        level=f"{ladder}.{name}",
        track="ic",
        position=position,
        code=name,
        title=name,
        expectations=asked,
    )


def past(month: int, at: Level, /, **scores: float) -> Past:
    return Past(
        evaluation=f"ev_{month}",
        revision=1,
        cycle=f"cy_{month}",
        cycle_name=f"cycle {month}",
        period_ends_on=date(2026, month, 28),
        level=at,
        scores=scores,
        main=None,
        approval=f"approval {month}",
        ladder=f"ladder in version {at.version}",
        wording={name: Wording(name=name.title(), description="What it is") for name in scores},
        scale=("Learns", "Does it"),
    )


IC2 = level("engineering", "ic2", 1, code=3.0)


# --- trend ------------------------------------------------------------------------------------------------------------


def test_the_trend_joins_equal_competencies_and_carries_the_bar_of_its_time() -> None:
    points = trend([past(9, IC2, code=3.5), past(3, IC2, code=3.0)]).competencies["code"]

    assert [(point.score, point.required, point.breaks) for point in points] == [(3.0, 3.0, ()), (3.5, 3.0, ())]
    assert points[1].because == ("approval 9", "ladder in version 1")


def test_a_figure_against_another_step_is_not_joined_to_the_one_before() -> None:
    first, again, promoted = (distance(present) for present in ("ic2", "ic2", "ic3"))
    told = [past(3, IC2).model_copy(update={"main": first}), past(6, IC2).model_copy(update={"main": again})]
    told.append(past(9, IC2).model_copy(update={"main": promoted}))

    reached = trend(told).readiness

    assert [one.joined for one in reached] == [True, True, False]
    assert reached[2].because == ("approval 9", "report from ic3")


def distance(present: str) -> Distance:
    return Distance(
        present=LevelRef(ladder="engineering", level=present),
        target=LevelRef(ladder="engineering", level="m1"),
        framework_version=1,
        met=1,
        rated=2,
        figure=0.5,
        why_no_figure=None,
        computed=f"report from {present}",
    )


def test_the_trend_breaks_where_the_requirement_changed() -> None:
    harder = level("engineering", "ic2", 1, version=2, code=3.5)

    assert trend([past(3, IC2, code=3.0), past(9, harder, code=3.0)]).competencies["code"][1].breaks == (
        "requirement changed",
    )


def test_the_trend_breaks_where_the_text_changed() -> None:
    reworded = level("engineering", "ic2", 1, version=2, text="does it alone", code=3.0)

    assert trend([past(3, IC2, code=3.0), past(9, reworded, code=3.0)]).competencies["code"][1].breaks == (
        "text changed",
    )


EXAMPLE = Expectation(competency="code", required=3.0, behaviours=("does it",), examples=("Shipped it.",))


@pytest.mark.parametrize(
    "changed",
    [
        {"level": IC2.model_copy(update={"expectations": {"code": EXAMPLE}})},
        {"wording": {"code": Wording(name="Coding", description="What it is")}},
        {"wording": {"code": Wording(name="Code", description="What it is now")}},
        {"scale": ("Learns", "Does it alone")},
    ],
    ids=["an example", "the name", "the description", "what a point of the scale means"],
)
def test_the_trend_breaks_where_any_other_text_that_somebody_was_rated_by_changed(changed: dict[str, object]) -> None:
    later = past(9, IC2, code=3.0).model_copy(update=changed)

    points = trend([past(3, IC2, code=3.0), later]).competencies["code"]

    assert points[1].breaks == ("text changed",)


def test_the_trend_says_of_a_score_that_it_rests_on_memory() -> None:
    remembered = past(9, IC2, code=3.5).model_copy(update={"from_memory": frozenset({"code"})})

    points = trend([past(3, IC2, code=3.0), remembered]).competencies["code"]

    assert [point.rests_on_memory for point in points] == [False, True]


def test_a_competency_that_was_not_rated_leaves_a_hole_in_the_trend() -> None:
    points = trend([past(3, IC2, code=3.0), past(6, IC2), past(9, IC2, code=4.0)]).competencies["code"]

    assert [point.score for point in points] == [3.0, None, 4.0]


# --- nearest roles ----------------------------------------------------------------------------------------------------


def test_the_nearest_role_is_the_one_with_the_least_to_go_in_any_family() -> None:
    ic3 = level("engineering", "ic3", 2, code=4.5)
    analyst = level("operations", "analyst", 0, code=3.5)

    found = nearest({"code": 3.0}, IC2, [ic3, analyst])

    assert [(near.level.ladder, near.to_go) for near in found.levels] == [("operations", 0.5), ("engineering", 1.5)]


def test_of_the_levels_somebody_meets_the_most_demanding_is_the_nearest() -> None:
    junior, senior = level("operations", "o1", 0, code=1.0), level("operations", "o2", 1, code=3.0)

    assert [near.code for near in nearest({"code": 3.0}, IC2, [junior, senior]).levels] == ["o2", "o1"]


def test_levels_that_are_reached_are_no_roles_to_move_to() -> None:
    assert nearest({"code": 3.0}, IC2, [IC2, level("engineering", "ic1", 0, code=2.0)]).levels == ()


def test_of_a_level_that_is_less_than_half_rated_there_is_too_little_to_say() -> None:
    design = level("design", "d1", 0, code=3.0, research=3.0, craft=3.0)

    found = nearest({"code": 3.0}, IC2, [design])

    assert (found.levels, found.too_little_rated) == ((), (design.ref,))


# --- heat map ---------------------------------------------------------------------------------------------------------


def row(person: int, team: str, actual: float | None) -> Row:
    gap = None if actual is None else max(0.0, 4.0 - actual)
    band = "not rated" if gap is None else "strength" if not gap else "gap"
    line = Line(competency="code", required=4.0, actual=actual, gap=gap, weight=1, band=band, present_required=None)
    return Row(person=f"p{person}", team=team, lines=(line,), report=f"rp{person}", version=1)


def test_a_cell_counts_the_bands_of_a_team_and_leaves_out_what_was_not_rated() -> None:
    cell = heat_map([row(1, "a", 4.0), row(2, "a", 3.0), row(3, "a", None)]).teams["a"]["code"]

    assert (cell.people, cell.strength, cell.gap, cell.mean_gap) == (2, 1, 1, 0.5)


def test_an_analyst_sees_no_cell_under_five_people() -> None:
    found = heat_map([*(row(n, "a", 3.0) for n in range(5)), *(row(n, "b", 3.0) for n in range(5, 9))], FEWEST)

    assert set(found.teams) == {"a"}
    assert found.hidden == 1


def test_nothing_hidden_can_be_worked_out_from_the_sum() -> None:
    found = heat_map([*(row(n, "a", 3.0) for n in range(5)), row(6, "b", 1.0)], FEWEST)

    assert found.everybody["code"] == found.teams["a"]["code"]


# --- what another bar would change ------------------------------------------------------------------------------------


def bar(name: str, /, **required: float) -> Bar:
    asked = {competency: Requirement(required=value) for competency, value in required.items()}
    return Bar(ladder="engineering", level=name, requirements=asked)


def test_a_draft_that_asks_for_more_changes_the_line_and_the_figures() -> None:
    scores, present = {"code": 3.5}, bar("ic2", code=3)

    found = change(
        calculate(scores, present, bar("ic3", code=3.5)), calculate(scores, present, bar("ic3", code=4, design=3))
    )

    assert found.is_any
    assert (found.before.readiness, found.after.met) == (1.0, 0)
    assert {line.competency: (line.band_before, line.band_after) for line in found.lines} == {
        "code": ("strength", "close"),
        "design": (None, "not rated"),
    }


def test_a_draft_that_asks_for_the_same_changes_nothing() -> None:
    same = calculate({"code": 3.5}, bar("ic2", code=3), bar("ic3", code=4))

    assert not change(same, same).is_any
