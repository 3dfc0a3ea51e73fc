"""What of a report version, its facts and opened texts stands on the printed page."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gap_svc.documents import render, words
from gap_svc.documents.data import Named, Origin, People, Rated, Told, Version, document
from gap_svc.documents.pdf import printed
from gap_svc.documents.report import Anchor, Evidence
from gap_svc.domain.calculation import calculate
from gap_svc.domain.levels import Expectation, Level
from gap_svc.domain.trend import Distance, Past, trend

SCORES = {"design": 3.5, "mentoring": 1.5, "typing": 2.0}
DAYS = {"ev_1": date(2025, 12, 31), "ev_2": date(2026, 6, 30), "ev_3": date(2026, 12, 31)}


def level(name: str, position: int, version: int = 1, **required: float) -> Level:
    expectations = {
        key: Expectation(competency=key, required=asked, behaviours=(f"Shows {key}.",))
        for key, asked in required.items()
    }
    return Level(
        version=version,
        ladder="eng",
        level=f"eng.{name}",
        track="ic",
        position=position,
        code=name.upper(),
        title=f"Engineer {position + 1}",
        expectations=expectations,
    )


IC2 = level("ic2", 1, design=3, mentoring=2, typing=3)
IC3 = level("ic3", 2, design=4, mentoring=3, speaking=3)


def past(evaluation: str, bar: Level, figure: float | None, target: Level = IC3, **changes: Any) -> Past:
    distance = Distance(
        present=bar.ref,
        target=target.ref,
        framework_version=target.version,
        met=0,
        rated=2,
        figure=figure,
        why_no_figure=None,
        computed=f"report of {evaluation}",
    )
    values: dict[str, Any] = {
        "evaluation": evaluation,
        "revision": 1,
        "cycle": f"cy_{evaluation}",
        "cycle_name": f"Cycle {evaluation}",
        "period_ends_on": DAYS[evaluation],
        "level": bar,
        "scores": SCORES,
        "main": distance,
        "approval": f"event of {evaluation}",
        "ladder": f"ladder of {evaluation}",
    }
    return Past(**{**values, **changes})


def reworded(bar: Level) -> Level:
    asked = {name: one.model_copy(update={"behaviours": ("Is shown anew.",)}) for name, one in bar.expectations.items()}
    return bar.model_copy(update={"expectations": asked})


def told(present: Level = IC2, target: Level = IC3, **changes: Any) -> Told:
    figures = calculate(SCORES, present.bar, target.bar)
    version = Version(
        report="rp_1",
        version=2,
        revision=1,
        evaluation="ev_3",
        present=present,
        target=target,
        target_is="next",
        lines=figures.lines,
        readiness=figures.readiness,
        below_present=figures.below_present,
        computed_at=datetime(2027, 1, 12, 14, tzinfo=UTC),
    )
    values: dict[str, Any] = {
        "version": version,
        "rated": {
            "design": Rated(score=3.5, evidence=(Evidence(text="Drew the depot plan.", by="Erik Berg"),)),
            "mentoring": Rated(score=1.5, self_rating=2.5, rests_on_memory=True),
            "typing": Rated(score=2.0),
            "speaking": Rated(score=None),
        },
        "people": People(employee="Maya Okonkwo", given_name="Maya", manager="Erik Berg", approved_by="Hanna Holm"),
        "origin": Origin(
            company="Northwind",
            cycle="Autumn",
            framework="Engineering",
            framework_version=1,
            scale=(Anchor(point=1, name="Learning"),),
            competencies={"design": Named(name="Design", area="Craft")},
            credits=("This page includes information from O*NET.",),
            approved_on=date(2027, 1, 12),
        ),
    }
    return Told(**{**values, **changes})


def test_lines_keep_their_rank_and_carry_the_behaviours_of_the_target() -> None:
    lines = document(told()).lines
    assert [line.competency for line in lines] == ["mentoring", "design", "speaking", "typing"]
    assert lines[0].behaviours == ("Shows mentoring.",)
    assert (lines[1].name, lines[1].area) == ("Design", "Craft")


def test_what_the_target_does_not_ask_for_is_told_without_a_requirement() -> None:
    typing = document(told()).lines[-1]
    assert (typing.required, typing.actual, typing.gap) == (None, 2.0, None)


def test_a_score_below_the_present_requirement_is_marked_with_that_requirement() -> None:
    below = {line.competency: line.present_required for line in document(told()).lines if line.below_present}
    assert below == {"mentoring": 2.0, "typing": 3.0}


def test_the_page_says_it_too_where_the_target_does_not_ask_for_the_competency() -> None:
    said = "Rated, but not asked for at IC3: typing (2.0, below the 3.0 that IC2 asks)."
    assert printed(document(told()))["unasked"] == said


def test_a_rating_without_evidence_rests_on_memory_also_as_a_term_of_readiness() -> None:
    found = document(told())
    assert [line.competency for line in found.lines if line.rests_on_memory] == ["mentoring"]
    assert [term.name for term in found.readiness.terms if term.rests_on_memory] == ["mentoring"]


def test_what_rests_on_memory_says_so_also_where_the_target_does_not_ask_for_it() -> None:
    rated = told().rated | {"typing": Rated(score=2.0, rests_on_memory=True)}
    said = "Rated, but not asked for at IC3: typing (2.0, resting on memory, below the 3.0 that IC2 asks)."
    assert printed(document(told(rated=rated)))["unasked"] == said


def test_only_what_was_rated_is_a_term_of_readiness_and_the_scales_one_is_named_as_presumed() -> None:
    presumed = level("ic2", 1, mentoring=2)
    terms = document(told(present=presumed)).readiness.terms
    assert [(term.name, term.present_presumed) for term in terms] == [("Design", True), ("mentoring", False)]


def test_where_there_is_no_figure_one_sentence_says_why() -> None:
    found = document(told(present=IC3)).readiness
    assert found.figure is None
    assert found.why == "There is no percentage: the target is the present level."


def test_earlier_scores_break_where_the_requirement_changed_after_them() -> None:
    stricter = level("ic2", 1, design=3.5, mentoring=2, typing=3)
    run = trend([past("ev_1", IC2, 0.2), past("ev_2", stricter, 0.3), past("ev_3", stricter, 0.5)])
    design = next(line for line in document(told(trend=run)).lines if line.competency == "design")
    assert [(point.cycle, point.then) for point in design.trend] == [
        ("Cycle ev_1", ("requirement changed",)),
        ("Cycle ev_2", ()),
    ]


def test_what_changed_after_an_earlier_score_is_told_by_its_kind() -> None:
    stricter = level("ic2", 1, design=3.5, mentoring=2, typing=3)

    assert remarked(past("ev_2", IC2, 0.3), past("ev_3", reworded(IC2), 0.5)) == (
        "Earlier: 3.5 in Cycle ev_2 (then the text changed)."
    )
    assert remarked(past("ev_2", IC2, 0.3), past("ev_3", stricter, 0.5)) == (
        "Earlier: 3.5 in Cycle ev_2 (then the requirement changed)."
    )
    assert remarked(past("ev_2", IC2, 0.3), past("ev_3", reworded(stricter), 0.5)) == (
        "Earlier: 3.5 in Cycle ev_2 (then requirement and text changed)."
    )


def test_what_changed_in_a_cycle_without_a_score_still_breaks_the_line() -> None:
    unseen = past("ev_2", reworded(IC2), 0.3, scores={})

    found = remarked(past("ev_1", IC2, 0.2), unseen, past("ev_3", reworded(IC2), 0.5))

    assert found == "Earlier: 3.5 in Cycle ev_1 (then the text changed)."


def test_an_earlier_score_without_evidence_rests_on_memory_too() -> None:
    earlier = past("ev_2", IC2, 0.3, from_memory=frozenset({"design"}))

    assert remarked(earlier, past("ev_3", IC2, 0.5)) == "Earlier: 3.5 in Cycle ev_2 (rests on memory)."
    assert remarked(earlier, past("ev_3", reworded(IC2), 0.5)) == (
        "Earlier: 3.5 in Cycle ev_2 (rests on memory; then the text changed)."
    )


def remarked(*run: Past) -> str:
    """Return what the page says of earlier scores in design."""
    design = next(line for line in document(told(trend=trend(run))).lines if line.competency == "design")
    return words.earlier(design.trend)


def test_earlier_figures_go_back_to_where_the_bar_was_another() -> None:
    other = level("ic3", 2, version=2, design=4)
    run = trend([past("ev_1", IC2, 0.2, other), past("ev_2", IC2, 0.3), past("ev_3", IC2, 0.5)])
    assert [(one.cycle, one.figure) for one in document(told(trend=run)).earlier] == [("Cycle ev_2", 0.3)]


def test_it_is_confidential_to_employee_manager_and_hr() -> None:
    assert document(told()).readers == ("Maya Okonkwo", "Erik Berg", "HR")


def test_the_time_of_the_file_is_a_whole_second_wherever_and_whenever_it_was_computed() -> None:
    at = datetime(2027, 1, 12, 15, 0, 0, 123, tzinfo=ZoneInfo("Europe/Berlin"))
    version = told().version.model_copy(update={"computed_at": at})
    found = document(told(version=version))
    assert found.computed_at == datetime(2027, 1, 12, 14, tzinfo=UTC)
    assert render(found).pdf.startswith(b"%PDF")


def test_credits_are_printed_and_equal_data_give_equal_bytes() -> None:
    assert document(told()).credits == ("This page includes information from O*NET.",)
    assert render(document(told())).pdf == render(document(told())).pdf
