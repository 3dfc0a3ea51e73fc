"""A published event as a Kafka record: CloudEvents 1.0.2, Kafka protocol binding 1.0.2 § 3.2 (binary mode)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from contracts.envelope import Envelope, Reached

CONTENT_TYPE: Final = "application/json"
_PREFIX: Final = "ce_"
_LARGEST: Final = 2**63 - 1
"""What a row holds at most as a number."""
_PLAIN: Final = (
    "eventid",
    "type",
    "source",
    "subject",
    "workspace",
    "epoch",
    "sequence",
    "previous",
    "actor",
    "causationid",
    "correlationid",
    "traceparent",
)


class NoEvent(Exception):
    """A record that is no published event of ours; `reason` names headers, never what stands in them."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def headers_of(record: Envelope) -> dict[str, str]:
    """Return the headers of an event's record; its value is `record.data`, its key the workspace."""
    attributes = {"specversion": "1.0", "id": record.id, "time": record.time.isoformat()}
    attributes |= {name: str(value) for name in _PLAIN if (value := getattr(record, name)) is not None}
    if record.after:
        attributes["after"] = ",".join(f"{one.topic}/{one.epoch}/{one.sequence}" for one in record.after)
    return {_PREFIX + name: value for name, value in attributes.items()}


def from_record(
    topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> Envelope:
    """Return the event a record carries; NoEvent when it carries none, or one that no row could hold.

    A record lies where its key belongs: one whose key is not its workspace was sent by no relay of ours.
    """
    if value is None:
        raise NoEvent("a tombstone")
    try:
        found = {
            name.removeprefix(_PREFIX): text.decode()
            for name, text in headers
            if text is not None and name.startswith(_PREFIX)
        }
    except UnicodeDecodeError:
        raise NoEvent("a header is no UTF-8") from None
    if any("\x00" in text for text in found.values()):
        raise NoEvent("a header holds U+0000")
    try:
        given: dict[str, Any] = {**found, "topic": topic, "data": value, "after": _after(found.get("after", ""))}
        event = _storable(Envelope.model_validate(given))
    except ValidationError as error:
        names = sorted({str(one["loc"][0]) for one in error.errors(include_input=False)})
        raise NoEvent("headers " + ", ".join(names)) from None
    except ValueError:
        raise NoEvent("headers after") from None
    if key != event.workspace.encode():
        raise NoEvent("its key is not its workspace")
    return event


def _storable(event: Envelope) -> Envelope:
    """Refuse what an inbox could not note: it would be tried for ever, and hold its whole workspace up."""
    try:
        UUID(event.eventid)
    except ValueError:
        raise NoEvent("headers eventid") from None
    for name, number in (("sequence", event.sequence), ("previous", event.previous)):
        if number > _LARGEST:
            raise NoEvent(f"headers {name}")
    return event


def _after(text: str) -> tuple[Reached, ...]:
    found: list[Reached] = []
    for part in filter(None, text.split(",")):
        topic, epoch, sequence = part.split("/")
        if int(sequence) > _LARGEST:
            raise ValueError(text)
        found.append(Reached(topic=topic, epoch=epoch, sequence=int(sequence)))
    return tuple(found)
