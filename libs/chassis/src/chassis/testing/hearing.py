"""What others tell a service in a test: personal texts sealed as their owner seals them, and events heard in one run."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

from chassis.cipher import Cipher
from chassis.clock import now
from chassis.identity import Actor
from chassis.kernel import Unsealed
from chassis.service import Service
from chassis.unit import Answer, CommandInfo
from contracts.envelope import Envelope, Published, Reached, Sealed

_numbers = itertools.count(1)
RECORD = Envelope(
    eventid="0a1b2c3d-0000-5000-8000-000000000001",
    type="careerladder.evaluation.approved.v1",
    source="evaluation",
    topic="evaluation.v1",
    subject="evaluation/ev_1",
    workspace="ws_1",
    epoch="000660f14b5b7c",
    sequence=7,
    previous=3,
    after=(Reached(topic="people.v1", epoch="000660f14b5b7c", sequence=2),),
    actor="pe_1",
    causationid="0a1b2c3d-0000-5000-8000-000000000000",
    correlationid="c",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    time=datetime(2026, 11, 23, tzinfo=UTC),
    data=b"{}",
)
"""One record as it travels: an approval of somebody who was heard of before."""


def sealed(cipher: Cipher, workspace: str, stream: str, person: str, text: str) -> Sealed:
    """Seal a text about somebody as the service does that owns the stream (`person/maya`)."""
    texts = [(f"{workspace}/{stream}", Unsealed(person=person, part="1", text=text))]
    return cipher.seal_many(workspace, texts)[0]


def heard(service: Service, workspace: str, *events: Published) -> list[str]:
    """Let a service hear events in one run, also of services that are not here; return the events' ids.

    What the run decides is recorded and, where followers run, followed before this returns.
    """
    envelopes = [enveloped(workspace, event) for event in events]
    handlers = replace(service).heard  # those of a connected service lack the topics nobody here publishes on
    with service.pool.connection() as connection:
        actor = Actor.service(workspace, service.name)
        unit = service.unit(connection, _command(envelopes[0]), actor, may_copy=True)
        for event, envelope in zip(events, envelopes, strict=True):
            unit.next_command(_command(envelope), actor)
            for handler in handlers[type(event)]:
                handler(unit, event, envelope)
        recorded = service.store.append(unit, Answer(), connection) if unit.decided else None
    if recorded is not None and service.runners:
        service.changed(workspace)
        found = service.wait(workspace, (recorded.position,), 10)
        assert found.state == "reached", found
    return [envelope.eventid for envelope in envelopes]


def _command(envelope: Envelope) -> CommandInfo:
    return CommandInfo(envelope.workspace, "heard", f"heard/{envelope.eventid}", correlation_id="test")


def enveloped(workspace: str, event: Published) -> Envelope:
    """Return the record of an event that somebody publishes now."""
    number = next(_numbers)
    return Envelope(
        eventid=f"event-{number}",
        type=event.TYPE,
        source="test",
        topic=event.TOPIC,
        subject="test",
        workspace=workspace,
        epoch="e",
        sequence=number,
        previous=0,
        actor="hanna",
        correlationid="test",
        time=now(),
        data=event.model_dump_json().encode(),
    )
