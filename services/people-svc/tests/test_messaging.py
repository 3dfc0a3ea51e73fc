"""What the directory stores and publishes: all of it readable for ever, all of it with a published form or none."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path

import pytest

from chassis.kernel import Event, EventMapper, Sealed, Unsealed, all_topics, evolve, sealed_event
from contracts import people as contract
from people_svc.application import People
from people_svc.domain import (
    Added,
    Changes,
    DetailsChanged,
    Directory,
    Employee,
    Erased,
    ErasureRequested,
    Import,
    JobChanged,
    Listed,
    ManagerChanged,
    Workspace,
)
from people_svc.messaging import PRIVATE, handlers, published

SAMPLES = Path(__file__).parent / "stored_events"
TODAY = date(2026, 3, 10)
TOPICS = {topic: cls for topic, cls in all_topics().items() if cls.__module__.startswith("people_svc.")}
STREAMS = {"workspace": Workspace, "directory": Directory, "person": Employee, "import": Import}


def seal(text: Unsealed) -> Sealed:
    return Sealed(person=text.person, stream=f"w/person/{text.person}", part=text.part, key="00", enc="AA==")


def sample(topic: str) -> bytes:
    return (SAMPLES / f"{topic}.v{TOPICS[topic].VERSION}.json").read_bytes().strip()


def read(topic: str) -> Event:
    return EventMapper().read(topic, sample(topic))


def ada(*events: Event) -> Employee:
    """Return somebody added from the frozen sample, after some more events."""
    state = evolve(Employee, chain((read("person.added"),), events))
    assert state is not None
    return state


def sealed(*events: Event) -> tuple[Event, ...]:
    return tuple(sealed_event(one, seal) for one in events)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_has_a_frozen_sample_that_still_loads(topic: str) -> None:
    event = read(topic)

    assert type(event) is TOPICS[topic]
    assert json.loads(event.model_dump_json()) == json.loads(sample(topic))


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_replays(topic: str) -> None:
    cls = STREAMS[topic.split(".")[0]]
    first = {"workspace": "workspace.opened", "person": "person.added"}.get(topic.split(".")[0], topic)

    events = [read(first)] if first == topic else [read(first), read(topic)]

    assert evolve(cls, events) is not None


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_stored_event_has_a_published_form_or_concerns_the_directory_alone(topic: str) -> None:
    event = read(topic)
    state = ada(event) if topic.startswith("person.") and topic != "person.added" else ada()

    form = published(event, state)

    assert (form is None) == (TOPICS[topic] in PRIVATE)
    assert form is None or type(form).model_validate_json(form.model_dump_json()) == form


def test_somebody_added_is_published_with_everything_said_about_them() -> None:
    card = Changes(given_name="Ada", family_name="Byron", job_title="Lead", starts_on=date(2026, 4, 1))
    (added,) = sealed(*Employee.add("pe_ada", card, "pe_boss", ("hr",), TODAY, str))
    assert isinstance(added, Added)

    form = published(added, ada())

    assert isinstance(form, contract.PersonAdded)
    assert (form.status, form.manager, form.roles) == ("preboarding", "pe_boss", ("hr",))
    assert form.job_title == added.job.title
    assert form.job_title_group == "title/lead"


def test_a_title_from_a_later_day_is_published_at_once_with_its_day() -> None:
    later = date(2026, 7, 1)
    (changed,) = sealed(*ada().change(Changes(job_title="Lead"), TODAY, str, later))

    form = published(changed, ada(changed))

    assert isinstance(changed, JobChanged)
    assert isinstance(form, contract.PersonDetailsChanged)
    assert (form.effective_on, form.job_title) == (later, changed.job.title)


def test_details_are_published_with_the_job_in_force_and_leave_a_later_one_alone() -> None:
    (promoted,) = sealed(*ada().change(Changes(job_title="Lead"), TODAY, str, date(2026, 7, 1)))
    state = ada(promoted)
    (moved,) = sealed(*state.change(Changes(location="Leeds"), TODAY, str))

    form = published(moved, ada(promoted, moved))

    assert isinstance(moved, DetailsChanged)
    assert isinstance(form, contract.PersonDetailsChanged)
    assert (form.job_title, form.effective_on) == (state.jobs[0].title, state.jobs[0].effective_on)
    assert form.location == moved.details.location


def test_a_personal_text_is_never_published_in_the_clear() -> None:
    (added,) = Employee.add("pe_ada", Changes(given_name="Ada", family_name="Byron"), None, (), TODAY, str)

    with pytest.raises(TypeError, match="in the clear"):
        published(added, ada())


def test_an_order_to_erase_publishes_that_the_roles_are_gone_and_erasure_follows_when_the_keys_are() -> None:
    at = datetime(2026, 3, 10, tzinfo=UTC)
    ordered = ErasureRequested(reason="asked by the person", by="pe_hr", at=at)

    assert published(ordered, ada(ordered)) == contract.RolesChanged(person="pe_ada", roles=())
    assert published(Erased(at=at), ada(ordered)) == contract.PersonErased(person="pe_ada")


def test_what_has_no_published_form_says_so_by_name() -> None:
    with pytest.raises(TypeError, match="Event"):
        published(Event(), ada())


def test_the_guard_stays_private() -> None:
    assert published(Listed(people=()), ada()) is None
    assert published(ManagerChanged(manager=None, effective_on=TODAY), ada()) is not None


class KeyRing:
    """Remembers what it destroyed."""

    def __init__(self) -> None:
        self.destroyed: list[tuple[str, ...]] = []

    def destroy_person(self, workspace: str, person: str) -> None:
        self.destroyed.append((workspace, person))

    def destroy_part(self, workspace: str, person: str, stream: str, part: str) -> None:
        self.destroyed.append((workspace, person, stream, part))


def test_the_directory_hears_of_withdrawn_texts_and_nothing_else() -> None:
    assert [heard.TYPE for heard in handlers(People(KeyRing()))] == ["careerladder.evaluation.text-withdrawn.v1"]
