"""What evaluation stores and publishes: all of it readable for ever, all of it with a published form or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chassis.kernel import Event, EventMapper, Sealed, State, all_topics, evolve
from contracts import evaluation as contract
from contracts.envelope import Published
from evaluation_svc.domain.cycle import Cycle, ParticipantExcluded
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.evaluation_events import Extended, Reopened
from evaluation_svc.domain.notes import Example, Observation
from evaluation_svc.domain.self_assessment import SelfAssessment
from evaluation_svc.messaging import PRIVATE, published

from .given import AT, DUE, EMPLOYEE, EVALUATOR, HR, after, approved, rated, released, sealed, submitted

SAMPLES = Path(__file__).parent / "stored_events"
TOPICS = {topic: cls for topic, cls in all_topics().items() if cls.__module__.startswith("evaluation_svc.")}
STREAMS: dict[str, tuple[type[State], str]] = {
    "cycle": (Cycle, "cycle.planned"),
    "evaluation": (Evaluation, "evaluation.assigned"),
    "self-assessment": (SelfAssessment, "self-assessment.begun"),
    "observation": (Observation, "observation.noted"),
    "example": (Example, "example.noted"),
}
PUBLISHED: dict[str, type[Published]] = {
    "cycle.opened": contract.CycleOpened,
    "cycle.closed": contract.CycleClosed,
    "cycle.cancelled": contract.CycleCancelled,
    "evaluation.approved": contract.EvaluationApproved,
    "evaluation.released": contract.EvaluationReleased,
    "evaluation.acknowledged": contract.EvaluationAcknowledged,
    "evaluation.reopened": contract.EvaluationReopened,
    "evaluation.reacted-to": contract.ScoreReactedTo,
    "evaluation.push-back-answered": contract.PushBackAnswered,
    "evaluation.text-withdrawn": contract.TextWithdrawn,
    "self-assessment.text-withdrawn": contract.TextWithdrawn,
    "observation.withdrawn": contract.TextWithdrawn,
    "example.withdrawn": contract.TextWithdrawn,
}
"""Everything others hear; any other event is this service's own business."""
NEEDS = {
    "evaluation.push-back-answered": "evaluation.reacted-to",
    "evaluation.text-withdrawn": "evaluation.evidence-added",
    "self-assessment.text-withdrawn": "self-assessment.example-added",
}


def sample(topic: str) -> bytes:
    return (SAMPLES / f"{topic}.v{TOPICS[topic].VERSION}.json").read_bytes().strip()


def read(topic: str) -> Event:
    return EventMapper().read(topic, sample(topic))


def replayed(topic: str) -> State:
    cls, first = STREAMS[topic.split(".")[0]]
    before = [first, *([NEEDS[topic]] if topic in NEEDS else [])]
    topics = before if topic == first else [*before, topic]
    state = evolve(cls, [read(one) for one in topics])
    assert state is not None
    return state


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_has_a_frozen_sample_that_still_loads(topic: str) -> None:
    event = read(topic)
    assert type(event) is TOPICS[topic]
    version = {"v": event.VERSION} if event.VERSION > 1 else {}
    assert version | json.loads(event.model_dump_json()) == json.loads(sample(topic))


def test_a_reopening_stored_before_it_had_a_day_to_be_submitted_by_still_loads() -> None:
    event = EventMapper().read("evaluation.reopened", (SAMPLES / "evaluation.reopened.v1.json").read_bytes())
    assert isinstance(event, Reopened)
    assert (event.revision, event.manager_due_at) == (1, None)


def test_why_somebody_was_left_out_is_not_read_where_it_was_stored_in_the_clear() -> None:
    event = EventMapper().read("cycle.participant-excluded", (SAMPLES / "cycle.participant-excluded.v1.json").read_bytes())
    assert isinstance(event, ParticipantExcluded)
    assert (event.person, event.reason) == ("p_maya", None)


def test_an_extension_stored_before_it_moved_an_approval_still_loads_and_moves_none() -> None:
    event = EventMapper().read("evaluation.extended", (SAMPLES / "evaluation.extended.v1.json").read_bytes())
    assert isinstance(event, Extended)
    assert event.approval_due_at is None


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_replays_and_is_published_or_kept_to_itself(topic: str) -> None:
    form = published(read(topic), replayed(topic))
    assert (None if form is None else type(form)) == PUBLISHED.get(topic)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_is_published_or_listed_as_private_and_never_both(topic: str) -> None:
    assert (topic in PUBLISHED) != (TOPICS[topic] in PRIVATE)


def test_an_event_that_nobody_foresaw_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="Event has no published form"):
        published(Event(), replayed("cycle.planned"))


def test_an_approval_carries_every_line_with_its_sealed_evidence_and_the_own_rating() -> None:
    state = submitted()
    (event,) = state.approve(HR, AT, DUE, {"delivery": 4.5})
    form = published(event, after(state, event))
    assert isinstance(form, contract.EvaluationApproved)
    assert (form.evaluation, form.employee, form.evaluator, form.level) == ("e1", EMPLOYEE, EVALUATOR, "ic2")
    delivery = form.lines[1]
    assert (delivery.competency, delivery.rating, delivery.self_rating) == ("delivery", 3.5, 4.5)
    assert [type(one) for one in delivery.evidence] == [Sealed]


def test_a_rating_that_rests_on_memory_is_published_as_such() -> None:
    state = submitted()
    state = after(state, state.recall(EVALUATOR, AT))
    state = submitted(after(state, state.draft_line(rated("design", 4), EVALUATOR, AT)))
    (event,) = state.approve(HR, AT, DUE)
    form = published(event, after(state, event))
    assert isinstance(form, contract.EvaluationApproved)
    assert [line.competency for line in form.lines if line.rests_on_memory] == ["design"]


def test_a_withdrawn_text_names_the_key_of_its_part() -> None:
    state = approved()
    event = sealed(state.withdraw("evidence/delivery/2", "About Mia.", EVALUATOR, AT.date(), is_hr=False))
    form = published(event, after(state, event))
    assert form == contract.TextWithdrawn(
        person=EMPLOYEE, stream="w/evaluation/e1", part="evidence/delivery/2", withdrawn_on=AT.date()
    )


def test_a_release_tells_by_when_the_conversation_is_planned() -> None:
    state = approved()
    event = state.release(EVALUATOR, AT, is_hr=False)
    form = published(event, released(state))
    assert isinstance(form, contract.EvaluationReleased)
    assert form.conversations_by.isoformat() == "2026-11-20"
