import os
import secrets

import pytest
from hypothesis import given, note, seed, settings
from hypothesis import strategies as st

from gap_svc.domain.calculation import Bar, Calculation, Line, Requirement, calculate

SEED = int(os.environ.get("LADDER_SEED", 0)) or secrets.randbits(32)


def bar(level: str, **required: float | tuple[float, int]) -> Bar:
    """A bar of ladder "engineering": competency=rating, or competency=(rating, weight)."""
    asked = {
        name: Requirement.model_validate({"required": value[0], "weight": value[1]})
        if isinstance(value, tuple)
        else Requirement(required=value)
        for name, value in required.items()
    }
    return Bar(ladder="engineering", level=level, requirements=asked)


IC2 = bar("ic2", code=3, writing=3, design=2)
IC3 = bar("ic3", code=4, writing=3, design=4)


# --- lines ------------------------------------------------------------------------------------------------------------


def test_a_score_at_or_above_the_requirement_is_a_strength() -> None:
    lines = lines_of(calculate({"code": 4.0, "writing": 3.5}, IC2, IC3))

    assert lines["code"].band == lines["writing"].band == "strength"
    assert lines["code"].gap == lines["writing"].gap == 0


def test_within_half_a_point_is_close_and_more_is_a_gap() -> None:
    lines = lines_of(calculate({"code": 3.5, "design": 3.0}, IC2, IC3))

    assert (lines["code"].band, lines["code"].gap) == ("close", 0.5)
    assert (lines["design"].band, lines["design"].gap) == ("gap", 1.0)


def test_what_was_not_rated_is_never_a_gap() -> None:
    result = calculate({"code": 4.0}, IC2, IC3)

    assert lines_of(result)["design"].band == "not rated"
    assert lines_of(result)["design"].gap is None
    assert result.count("gap") == 0


def test_lines_are_ranked_by_weight_times_gap() -> None:
    target = bar("ic3", small=(4, 3), big=(4, 1), heavy=(4, 2))

    result = calculate({"small": 3.5, "big": 2.0, "heavy": 2.5}, IC2, target)

    assert [(line.competency, line.weighted_gap) for line in result.lines] == [
        ("heavy", 3.0),
        ("big", 2.0),
        ("small", 1.5),
    ]


def test_of_equal_products_the_heavier_comes_first_then_the_name_and_what_was_not_rated_last() -> None:
    target = bar("ic3", unrated=(5, 3), b=(4, 1), a=(4, 1), heavy=(4, 2), met=(3, 3))

    result = calculate({"a": 2.0, "b": 2.0, "heavy": 3.0, "met": 3.0}, IC2, target)

    assert [line.competency for line in result.lines] == ["heavy", "a", "b", "met", "unrated"]


def test_met_counts_the_requirements_met_of_those_rated() -> None:
    result = calculate({"code": 4.0, "writing": 2.0}, IC2, IC3)

    assert (result.met, result.rated, len(result.lines)) == (1, 2, 3)


def test_a_competency_the_target_asks_nothing_of_has_no_line() -> None:
    assert "old" not in lines_of(calculate({"old": 1.0, "code": 4.0}, IC2, IC3))


# --- readiness --------------------------------------------------------------------------------------------------------


def test_somebody_exactly_at_their_level_has_covered_nothing() -> None:
    assert readiness({"code": 3.0, "writing": 3.0, "design": 2.0}, IC2, IC3) == 0


def test_somebody_exactly_at_the_target_has_covered_everything() -> None:
    assert readiness({"code": 4.0, "writing": 3.0, "design": 4.0}, IC2, IC3) == 1


def test_readiness_is_the_share_of_each_step_weighted_by_the_target() -> None:
    target = bar("ic3", code=(4, 3), design=(4, 1))

    assert readiness({"code": 3.5, "design": 2.0}, IC2, target) == pytest.approx((3 * 0.5 + 1 * 0) / 4)


def test_a_score_beyond_the_target_covers_no_more_than_its_own_step() -> None:
    assert readiness({"code": 5.0, "design": 2.0}, IC2, IC3) == 0.5


def test_a_score_below_the_present_level_takes_nothing_from_the_other_steps() -> None:
    assert readiness({"code": 4.0, "design": 1.0}, IC2, IC3) == 0.5


def test_a_competency_whose_requirement_does_not_rise_counts_in_n_of_m_only() -> None:
    met, missed = {"code": 3.5, "design": 3.0, "writing": 5.0}, {"code": 3.5, "design": 3.0, "writing": 1.0}

    assert readiness(met, IC2, IC3) == readiness(missed, IC2, IC3) == 0.5
    assert calculate(met, IC2, IC3).met == calculate(missed, IC2, IC3).met + 1


def test_a_requirement_that_falls_counts_in_n_of_m_only() -> None:
    target = bar("m1", code=2, design=4)

    result = calculate({"code": 3.0, "design": 3.0}, IC2, target)

    assert [term.competency for term in result.readiness.terms] == ["design"]
    assert (result.met, result.rated) == (1, 2)


def test_where_the_present_level_asks_nothing_the_scales_1_stands_for_it() -> None:
    target = bar("m1", leading=3)

    result = calculate({"leading": 2.0}, IC2, target)

    [term] = result.readiness.terms
    assert (term.present, term.present_is_asked, term.covered) == (1.0, False, 0.5)
    assert result.readiness.figure == 0.5


def test_a_new_requirement_of_1_does_not_rise() -> None:
    assert calculate({"leading": 1.0}, IC2, bar("m1", leading=1)).readiness.why_no_figure == "nothing rises"


def test_where_nothing_rises_there_is_no_figure_and_it_says_why() -> None:
    result = calculate({"code": 3.0, "writing": 3.0}, IC2, bar("other", code=3, writing=2.5)).readiness

    assert (result.figure, result.why_no_figure, result.terms) == (None, "nothing rises", ())


def test_where_less_than_half_of_the_rising_weight_is_rated_there_is_no_figure_and_it_says_why() -> None:
    target = bar("ic3", code=(4, 3), design=(4, 2))

    result = calculate({"design": 4.0, "writing": 3.0}, IC2, target).readiness

    assert (result.figure, result.why_no_figure) == (None, "less than half is rated")
    assert (result.rated_weight, result.rising_weight) == (2, 5)


def test_where_exactly_half_of_the_rising_weight_is_rated_there_is_a_figure() -> None:
    assert readiness({"code": 4.0}, IC2, IC3) == 1


def test_what_was_not_rated_is_left_out_of_the_figure_but_its_term_is_shown() -> None:
    result = calculate({"code": 4.0}, IC2, IC3).readiness

    assert {term.competency: term.covered for term in result.terms} == {"code": 1.0, "design": None}
    assert (result.rated_weight, result.rising_weight) == (1, 2)


def test_the_present_level_as_target_has_no_percentage() -> None:
    result = calculate({"code": 5.0, "writing": 5.0, "design": 5.0}, IC2, IC2)

    assert (result.readiness.figure, result.readiness.why_no_figure) == (None, "the target is the present level")
    assert (result.met, result.rated) == (3, 3)


def test_every_term_of_the_formula_stands_in_the_result() -> None:
    [code, design] = calculate({"code": 3.5, "design": 2.5}, IC2, IC3).readiness.terms

    assert code.model_dump() == {
        "competency": "code",
        "weight": 1,
        "present": 3.0,
        "present_is_asked": True,
        "target": 4.0,
        "score": 3.5,
        "covered": 0.5,
    }
    assert design.covered == 0.25


# --- below the present level ------------------------------------------------------------------------------------------


def test_a_score_below_the_present_requirement_is_a_placement_to_check() -> None:
    [below] = calculate({"code": 2.5, "writing": 3.0}, IC2, IC3).below_present

    assert (below.competency, below.score, below.present_required) == ("code", 2.5, 3.0)


def test_a_score_below_the_present_requirement_is_said_also_where_the_target_asks_nothing() -> None:
    [below] = calculate({"design": 1.0}, IC2, bar("m1", leading=3)).below_present

    assert below.competency == "design"


def test_what_was_not_rated_is_not_below_the_present_level() -> None:
    assert calculate({}, IC2, IC3).below_present == ()


# --- for every person and every pair of levels ------------------------------------------------------------------------

NAMES = tuple("abcde")
RATINGS = st.integers(2, 10).map(lambda halves: halves / 2)
REQUIREMENTS = st.builds(Requirement, required=RATINGS, weight=st.sampled_from([1, 2, 3]))
SCORES = st.dictionaries(st.sampled_from(NAMES), RATINGS)
ASKED = st.dictionaries(st.sampled_from(NAMES), REQUIREMENTS)
PRESENT = ASKED.map(lambda asked: Bar(ladder="engineering", level="present", requirements=asked))
TARGET = ASKED.map(lambda asked: Bar(ladder="engineering", level="target", requirements=asked))


@seed(SEED)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(SCORES, PRESENT, TARGET)
def test_readiness_lies_between_nothing_and_everything(scores: dict[str, float], present: Bar, target: Bar) -> None:
    note(f"LADDER_SEED={SEED}")
    figure = readiness(scores, present, target)

    assert figure is None or 0 <= figure <= 1


@seed(SEED)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(SCORES, PRESENT, TARGET, st.sampled_from(NAMES))
def test_a_better_score_never_lowers_readiness_nor_what_is_met(
    scores: dict[str, float], present: Bar, target: Bar, name: str
) -> None:
    note(f"LADDER_SEED={SEED}")
    better = {**scores, name: min(5.0, scores[name] + 0.5)} if name in scores else scores

    before, after = calculate(scores, present, target), calculate(better, present, target)

    assert after.met >= before.met
    assert (after.readiness.figure or 0) >= (before.readiness.figure or 0)


@seed(SEED)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(PRESENT, TARGET)
def test_a_person_exactly_at_the_present_level_has_covered_nothing_whatever_the_target(
    present: Bar, target: Bar
) -> None:
    note(f"LADDER_SEED={SEED}")
    scores = {name: present.required(name) or 1.0 for name in NAMES}

    assert readiness(scores, present, target) in (0, None)


@seed(SEED)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(SCORES, PRESENT, TARGET)
def test_everything_is_covered_exactly_when_every_rated_rising_requirement_is_met(
    scores: dict[str, float], present: Bar, target: Bar
) -> None:
    note(f"LADDER_SEED={SEED}")
    result = calculate(scores, present, target)
    rated = [term for term in result.readiness.terms if term.score is not None]

    if result.readiness.figure is not None:
        assert (result.readiness.figure == 1) == all((term.score or 0) >= term.target for term in rated)


@seed(SEED)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(SCORES, PRESENT, TARGET)
def test_the_printed_terms_add_up_to_the_printed_figure(scores: dict[str, float], present: Bar, target: Bar) -> None:
    note(f"LADDER_SEED={SEED}")
    result = calculate(scores, present, target).readiness
    rated = [term for term in result.terms if term.covered is not None]

    if result.figure is not None:
        by_hand = sum(term.weight * (term.covered or 0) for term in rated) / sum(term.weight for term in rated)
        assert result.figure == pytest.approx(by_hand)


@seed(SEED)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(SCORES, PRESENT, TARGET, st.permutations(NAMES))
def test_the_order_of_the_ladder_changes_no_figure_and_no_rank(
    scores: dict[str, float], present: Bar, target: Bar, order: list[str]
) -> None:
    note(f"LADDER_SEED={SEED}")
    shuffled = {name: target.requirements[name] for name in order if name in target.requirements}
    other = target.model_copy(update={"requirements": shuffled})

    one, two = calculate(scores, present, target), calculate(scores, present, other)

    assert one.lines == two.lines
    assert one.readiness.figure == two.readiness.figure


@seed(SEED)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(SCORES, PRESENT, TARGET)
def test_every_requirement_of_the_target_is_in_exactly_one_band(
    scores: dict[str, float], present: Bar, target: Bar
) -> None:
    note(f"LADDER_SEED={SEED}")
    result = calculate(scores, present, target)

    assert {line.competency for line in result.lines} == set(target.requirements)
    assert result.met == result.count("strength")
    assert result.rated == result.met + result.count("close") + result.count("gap")
    assert all((line.band == "not rated") == (line.competency not in scores) for line in result.lines)


def readiness(scores: dict[str, float], present: Bar, target: Bar) -> float | None:
    return calculate(scores, present, target).readiness.figure


def lines_of(calculation: Calculation) -> dict[str, Line]:
    return {line.competency: line for line in calculation.lines}
