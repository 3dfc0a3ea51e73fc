"""The pre-check: each reason code, and what is none."""

from __future__ import annotations

import pytest

from chassis.kernel import Unsealed
from evaluation_svc.domain.lines import Evidence, Line
from evaluation_svc.domain.precheck import Code, compared_codes, own_codes


def line(competency: str, rating: float | None, length: int = 60, *, vague: bool = False, seen: bool = True) -> Line:
    words = Unsealed(person="maya", part=f"evidence/{competency}/1", text="…")
    evidence = Evidence(part=f"evidence/{competency}/1", text=words, length=length, vague=vague, by="erik")
    return Line(
        competency=competency,
        rating=rating,
        reason=None if seen else words,
        evidence=(evidence,) if length and rating is not None else (),
    )


def reasons(codes: tuple[Code, ...]) -> list[tuple[str, str | None]]:
    return [(code.reason, code.competency) for code in codes]


def test_concrete_evidence_and_different_ratings_give_no_code() -> None:
    assert own_codes([line("a", 3), line("b", 4)], 2) == ()


def test_a_rating_without_evidence_rests_on_memory() -> None:
    assert reasons(own_codes([line("a", 3, 0), line("b", 4)], 2)) == [("rests on memory", "a")]


@pytest.mark.parametrize(("length", "thin"), [(39, True), (40, False)])
def test_evidence_under_forty_characters_is_thin(length: int, thin: bool) -> None:
    assert (own_codes([line("a", 3, length), line("b", 4)], 2) != ()) is thin


def test_vague_evidence_is_named() -> None:
    assert reasons(own_codes([line("a", 3, vague=True), line("b", 4)], 2)) == [("vague evidence", "a")]


def test_all_ratings_the_same_is_a_code() -> None:
    assert reasons(own_codes([line("a", 3), line("b", 3)], 2)) == [("all ratings the same", None)]


def test_one_rating_alone_is_not_all_the_same() -> None:
    assert own_codes([line("a", 3)], 1) == ()


def test_more_than_a_third_not_seen_is_a_code() -> None:
    rated = [line("a", 3), line("b", 4)]
    assert own_codes([*rated, line("c", None, seen=False)], 3) == ()
    unseen = [line("c", None, seen=False), line("d", None, seen=False)]
    assert reasons(own_codes([*rated, *unseen], 4)) == [("more than a third not seen", None)]


@pytest.mark.parametrize(("own", "far"), [(5.0, True), (4.5, False), (1.0, True)])
def test_two_or_more_away_from_the_self_assessment_is_a_code(own: float, far: bool) -> None:
    found = reasons(compared_codes([line("a", 3)], {"a": own}, ()))
    assert found == ([("far from the self-assessment", "a")] if far else [])


def test_a_mean_one_point_or_more_from_the_evaluators_mean_is_a_code_from_five_on() -> None:
    high = [line("a", 5), line("b", 4.5)]
    assert compared_codes(high, {}, (3, 3, 3, 4.75)) == ()
    assert reasons(compared_codes(high, {}, (3, 3, 3, 3, 4.75))) == [("far from the evaluator's mean", None)]


def test_what_was_not_seen_is_left_out_of_every_figure() -> None:
    lines = [line("a", 3), line("b", None, seen=False)]
    assert compared_codes(lines, {"b": 5}, (3, 3, 3, 3, 3)) == ()
