"""Self-assessments, observations and examples."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chassis.kernel import evolve
from evaluation_svc.domain.errors import AlreadyThere, Forbidden, Invalid, NotFound, NotNow, Unfinished
from evaluation_svc.domain.notes import Example, Observation
from evaluation_svc.domain.self_assessment import SelfAssessment, SelfRated, SelfSubmitted

from .given import AT, COMPETENCIES, EMPLOYEE, EVALUATOR, HR, LONG, OTHER, after, rated, sealed

DAY = date(2026, 6, 2)


def begun() -> SelfAssessment:
    state = evolve(SelfAssessment, [SelfAssessment.begin("e1", EMPLOYEE, COMPETENCIES, AT)])
    assert state is not None
    return state


def filled() -> SelfAssessment:
    state = begun()
    own: SelfAssessment = after(state, state.draft_line(rated("design", 4.5, LONG), AT))
    return own


def observed() -> Observation:
    event = Observation.note(EVALUATOR, EMPLOYEE, DAY, ("design",), LONG, AT, vague=False)
    state = evolve(Observation, [sealed(event)])
    assert state is not None
    return state


def example() -> Example:
    state = evolve(Example, [sealed(Example.note(EMPLOYEE, DAY, ("design",), LONG, AT, vague=False))])
    assert state is not None
    return state


def test_the_employee_rates_themselves_with_examples() -> None:
    event, added = begun().draft_line(rated("design", 4.5, LONG), AT)
    assert event == SelfRated(competency="design", rating=4.5, before=None, at=AT)
    assert after(begun(), event, added).ratings == {"design": 4.5}


def test_a_draft_is_nobody_elses() -> None:
    assert filled().submitted_ratings == {}


def test_it_is_submitted_once_and_then_stands() -> None:
    event = filled().submit(AT, AT + timedelta(days=1), released=False)
    assert event == SelfSubmitted(late=False, at=AT)
    state = after(filled(), event)
    assert state.submitted_ratings == {"design": 4.5}
    with pytest.raises(NotNow):
        state.draft_line(rated("design", 5), AT)
    with pytest.raises(AlreadyThere):
        state.submit(AT, AT, released=False)


def test_a_late_one_is_taken_until_release_and_marked() -> None:
    assert filled().submit(AT, AT - timedelta(days=1), released=False).late
    with pytest.raises(NotNow, match="released"):
        filled().submit(AT, AT - timedelta(days=1), released=True)


def test_an_empty_one_is_not_submitted() -> None:
    with pytest.raises(Unfinished):
        begun().submit(AT, AT, released=False)


def test_only_competencies_of_the_evaluation_are_rated() -> None:
    with pytest.raises(NotFound):
        begun().draft_line(rated("negotiation", 3), AT)


def test_an_observation_is_a_note_of_somebody_about_somebody_else() -> None:
    assert (observed().holder, observed().length) == (EVALUATOR, len(LONG))
    with pytest.raises(Invalid):
        Observation.note(EMPLOYEE, EMPLOYEE, DAY, (), LONG, AT, vague=False)


def test_only_its_holder_cites_an_observation() -> None:
    assert observed().cite("e1", "evidence/design/1", EVALUATOR, AT).citation.evaluation == "e1"
    with pytest.raises(Forbidden):
        observed().cite("e1", "evidence/design/1", OTHER, AT)


def test_a_leaver_chooses_which_observations_pass_on() -> None:
    state = after(observed(), observed().pass_on(OTHER, {OTHER}, EVALUATOR, AT))
    assert (state.author, state.holder) == (EVALUATOR, OTHER)
    for nobody in (EMPLOYEE, EVALUATOR, HR):
        with pytest.raises(Invalid):
            observed().pass_on(nobody, {OTHER, EMPLOYEE, EVALUATOR}, EVALUATOR, AT)


def test_an_observation_is_withdrawn_by_its_author_or_hr_and_not_cited_again() -> None:
    with pytest.raises(Forbidden):
        observed().withdraw("Wrong person.", OTHER, DAY, is_hr=False)
    state = after(observed(), observed().withdraw("Wrong person.", EVALUATOR, DAY, is_hr=False))
    assert state.withdrawn_on == DAY
    with pytest.raises(AlreadyThere):
        state.cite("e1", "evidence/design/1", EVALUATOR, AT)


def test_an_example_belongs_to_whoever_noted_it() -> None:
    assert example().cite("e1", "self/design/1", EMPLOYEE, AT).citation.part == "self/design/1"
    with pytest.raises(Forbidden):
        example().cite("e1", "self/design/1", EVALUATOR, AT)
    state = after(example(), example().withdraw("Not mine to tell.", EMPLOYEE, DAY, is_hr=False))
    with pytest.raises(AlreadyThere):
        state.cite("e1", "self/design/1", EMPLOYEE, AT)
