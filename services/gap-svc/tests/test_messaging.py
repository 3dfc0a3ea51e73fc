"""What gap stores and publishes: all of it readable for ever, all of it with a published form or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chassis.kernel import Event, EventMapper, State, all_topics
from contracts import gap as contract
from contracts.envelope import Published
from gap_svc.domain.report import Computed, Report
from gap_svc.domain.standing import Standing
from gap_svc.messaging import PRIVATE, published

SAMPLES = Path(__file__).parent / "stored_events"
TOPICS = {topic: cls for topic, cls in all_topics().items() if cls.__module__.startswith("gap_svc.")}
PUBLISHED: dict[str, type[Published]] = {
    "report.computed": contract.GapReportComputed,
    "report.withdrawn": contract.GapReportWithdrawn,
    "standing.target-chosen": contract.TargetChosen,
}
"""Everything others hear; any other event is this service's own business."""


def sample(topic: str) -> bytes:
    return (SAMPLES / f"{topic}.v{TOPICS[topic].VERSION}.json").read_bytes().strip()


def read(topic: str) -> Event:
    return EventMapper().read(topic, sample(topic))


def replayed(topic: str) -> State:
    """Return the state after the sample, on a stream that began as such streams do."""
    if topic.startswith(f"{Standing.KIND}."):
        return Standing.evolve(None, read(topic))
    begun = Report.evolve(None, read(Computed.TOPIC))
    return begun if topic == Computed.TOPIC else Report.evolve(begun, read(topic))


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_has_a_frozen_sample_that_still_loads(topic: str) -> None:
    event = read(topic)
    assert type(event) is TOPICS[topic]
    assert json.loads(event.model_dump_json()) == json.loads(sample(topic))


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_replays_and_is_published_or_kept_to_itself(topic: str) -> None:
    form = published(read(topic), replayed(topic))
    assert (None if form is None else type(form)) == PUBLISHED.get(topic)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_is_published_or_listed_as_private_and_never_both(topic: str) -> None:
    assert (topic in PUBLISHED) != (TOPICS[topic] in PRIVATE)


def test_an_event_that_nobody_foresaw_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="Event has no published form"):
        published(Event(), replayed(Computed.TOPIC))


def test_no_sample_is_left_without_its_event() -> None:
    assert {path.name.rsplit(".v", 1)[0] for path in SAMPLES.glob("*.json")} == set(TOPICS)


def test_a_published_report_carries_its_lines_and_figures_and_no_text() -> None:
    event = read(Computed.TOPIC)
    assert isinstance(event, Computed)
    form = published(event, replayed(Computed.TOPIC))
    assert isinstance(form, contract.GapReportComputed)
    assert [(line.competency, line.gap, line.band) for line in form.lines] == [
        ("design", 1.5, "gap"),
        ("code", 0.5, "close"),
        ("mentoring", 0.0, "strength"),
        ("writing", None, "not rated"),
    ]
    assert (form.met, form.rated, form.readiness) == (1, 3, event.calculation.readiness.figure)
    assert (form.present_level, form.target_level, form.cause) == ("engineering.ic2", "engineering.ic3", "approval")
