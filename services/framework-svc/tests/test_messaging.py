"""What the framework stores and publishes: all of it readable for ever, all of it with a published form or none."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from chassis.kernel import Event, EventMapper, State, all_topics, evolve
from contracts import framework as contract
from contracts.envelope import Published
from framework_svc.domain.framework import Framework
from framework_svc.domain.occupancy import Occupancy
from framework_svc.domain.placements import Placement
from framework_svc.messaging import PRIVATE, published

SAMPLES = Path(__file__).parent / "stored_events"
TOPICS = {topic: cls for topic, cls in all_topics().items() if cls.__module__.startswith("framework_svc.")}
BEFORE: dict[str, tuple[type[State], tuple[str, ...]]] = {
    "framework": (Framework, ("framework.ladder-replaced", "framework.ladder-taken")),
    "placement": (Placement, ("placement.opened", "placement.person-placed")),
    "occupancy": (Occupancy, ("occupancy.levels-offered",)),
}
PUBLISHED: dict[str, type[Published]] = {
    "framework.ladder-taken": contract.LadderPublished,
    "framework.ladder-carried": contract.LadderPublished,
    "framework.version-published": contract.FrameworkPublished,
    "framework.ladder-archived": contract.LadderArchived,
    "placement.person-placed": contract.PersonPlaced,
    "placement.counts-again": contract.PersonPlaced,
    "placement.withdrawn": contract.PlacementEnded,
}
"""Everything others hear; any other event is this service's own business."""


def sample(topic: str) -> bytes:
    return (SAMPLES / f"{topic}.v{TOPICS[topic].VERSION}.json").read_bytes().strip()


def read(topic: str) -> Event:
    return EventMapper().read(topic, sample(topic))


def replayed(topic: str) -> State:
    cls, before = BEFORE[topic.split(".")[0]]
    state = evolve(cls, [read(one) for one in (*before, topic)])
    assert state is not None
    return state


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
        published(Event(), replayed("placement.opened"))


def test_every_level_goes_out_by_its_full_id_and_what_is_not_expected_requires_nothing() -> None:
    form = published(read("framework.ladder-taken"), replayed("framework.ladder-taken"))
    assert isinstance(form, contract.LadderPublished)
    assert form.tracks[0].levels == ("engineering.ic1", "engineering.ic2")
    assert form.levels[0].next == ("engineering.ic2",)
    assert [(one.level, one.required) for one in form.expectations] == [
        ("engineering.ic1", 2.5),
        ("engineering.ic2", None),
    ]


def test_the_closing_event_holds_the_digest_of_each_ladder_as_it_was_published() -> None:
    ladder = published(read("framework.ladder-taken"), replayed("framework.ladder-taken"))
    closing = published(read("framework.version-published"), replayed("framework.version-published"))
    assert isinstance(ladder, contract.LadderPublished)
    assert isinstance(closing, contract.FrameworkPublished)
    assert closing.digests == {"engineering": hashlib.sha256(ladder.model_dump_json().encode()).hexdigest()}


def test_a_placement_names_the_person_its_stream_is_about() -> None:
    form = published(read("placement.person-placed"), replayed("placement.person-placed"))
    assert isinstance(form, contract.PersonPlaced)
    assert (form.person, form.ladder, form.level) == ("maya", "engineering", "engineering.ic1")
