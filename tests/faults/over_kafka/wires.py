"""Records as nobody should produce them, and as a newer version of a service would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from chassis.kafka import headers_of
from contracts.envelope import Envelope
from contracts.people import PersonAdded

from ..company import HR
from .platform import Platform
from .topics import NAMES

if TYPE_CHECKING:
    from .faults import Scene


class Record(NamedTuple):
    """One record as it lies on a topic; `partition` None: where its key belongs."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
    partition: int | None = None


def produce(platform: Platform, records: Iterable[Record]) -> None:
    """Put records on topics in one go, so that they come in as few batches as can be."""

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=platform.kafka.servers, max_request_size=10_000_000) as producer:
            sent: list[asyncio.Future[Any]] = [
                await producer.send(one.topic, one.value, key=one.key, headers=one.headers, partition=one.partition)
                for one in records
            ]
            await asyncio.gather(*sent)

    asyncio.run(send())


def no_events() -> list[Record]:
    """Return a null header, bytes that are no text and a tombstone, for three partitions of every topic."""
    kinds: tuple[tuple[bytes | None, Sequence[tuple[str, bytes | None]]], ...] = (
        (b"{}", [("ce_id", None), ("ce_type", b"x")]),
        (b"\xff\x00", [("ce_type", b"\xff\xfe")]),
        (None, ()),
        (b"{}", [("\x00", b"x")]),
    )
    return [
        Record(topic, b"nobody", value, headers, partition)
        for topic in NAMES
        for partition in range(3)
        for value, headers in kinds
    ]


def as_record(one: Envelope) -> Record:
    """Return an event as its relay would send it."""
    headers = [(name, text.encode()) for name, text in headers_of(one).items()]
    return Record(one.topic, one.workspace.encode(), one.data, headers)


class Upstream:
    """A directory that nobody runs: what it publishes for a workspace of its own, in order."""

    def __init__(self) -> None:
        self.workspace = f"ws_{uuid4().hex[:16]}"
        self.events: list[Envelope] = []

    def publish(self, kind: str, data: bytes, subject: str) -> None:
        """Add an event."""
        last = len(self.events)
        self.events.append(
            Envelope(
                eventid=str(uuid4()),
                type=kind,
                source="people",
                topic=PersonAdded.TOPIC,
                subject=f"person/{subject}",
                workspace=self.workspace,
                epoch="1",
                sequence=last + 1,
                previous=last,
                actor="nobody",
                correlationid="a test",
                time=datetime.now(UTC),
                data=data,
            )
        )

    def is_heard(self, platform: Platform) -> bool:
        """Return whether every service has come to its last event."""
        return platform.has_heard(
            {(one.name, PersonAdded.TOPIC, self.workspace): len(self.events) for one in platform.system.services}
        )


def added(person: str, **more: object) -> bytes:
    """Return somebody added, under keys that nobody has."""
    sealed = {"person": person, "stream": "nowhere", "part": "details", "key": "00" * 32, "enc": "AAAA"}
    said = {"person": person, "given_name": sealed, "family_name": sealed, "status": "active", "starts_on": "2024-03-01"}
    return json.dumps({**said, "time_zone": "Europe/London", **more}).encode()


POISON = {
    "no JSON": b'{"person":',
    "no object": b"[]",
    "NaN": b'{"person": NaN}',
    "lone surrogate": b'{"person": "\\ud800"}',
    "U+0000": added("a\x00b"),
    "10,000 deep": b"[" * 10_000,
    "no text": b"\xff\xfe",
    "empty": b"",
}


def poison(scene: Scene) -> None:
    """Send the whole set; wait until each service has parked what it hears, and let it go again."""
    platform, upstream = scene.platform, Upstream()
    for name, data in POISON.items():
        upstream.publish(PersonAdded.TYPE, data, name)
    produce(platform, map(as_record, upstream.events))
    produce(platform, _with_broken_headers(upstream))
    _assert_too_large(platform)
    scene.until(lambda: upstream.is_heard(platform), "what is poison holds its workspace up")
    for one in platform.operator("GET", "/parked"):
        if one["workspace"] == upstream.workspace:
            told = {"service": one["service"], "workspace": one["workspace"], "event": one["event_id"]}
            platform.operator("POST", "/parked/discard", {**told, "reason": "It was poison."})


def _with_broken_headers(upstream: Upstream) -> list[Record]:
    """Return an event whose headers are whole but one: no id, a number too large, a character no row can hold."""
    sound = as_record(upstream.events[0])
    changes = {"ce_eventid": b"x", "ce_sequence": b"9" * 30, "ce_workspace": b"a\x00b", "ce_time": b"soon", "ce_after": b"x"}
    return [
        sound._replace(headers=[*((name, text) for name, text in sound.headers if name != changed), (changed, value)])
        for changed, value in changes.items()
    ]


def _assert_too_large(platform: Platform) -> None:
    try:
        produce(platform, [Record(PersonAdded.TOPIC, b"nobody", b"x" * 5_000_000)])
    except MessageSizeTooLargeError:
        return
    raise AssertionError("the brokers took a record of 5 MB")


def newer(scene: Scene) -> None:
    """Send what a newer version would."""
    platform, upstream = scene.platform, Upstream()
    upstream.publish(PersonAdded.TYPE, added("pe_first", favourite_colour="green"), "pe_first")
    upstream.publish("careerladder.people.hat-chosen.v1", b'{"hat": "bowler"}', "pe_first")
    upstream.publish("careerladder.people.person-added.v2", b'{"who": "pe_first"}', "pe_first")
    upstream.publish(PersonAdded.TYPE, added("pe_second"), "pe_second")
    produce(platform, map(as_record, upstream.events))
    scene.until(lambda: upstream.is_heard(platform), "an event of a newer version holds its workspace up")
    for service in platform.system.services:
        sql = f"select distinct person from {service.name}.directory_people where workspace = %s order by 1"
        known = [person for (person,) in platform.rows(sql, upstream.workspace)]
        assert known == ["pe_first", "pe_second"], (service.name, known)


def too_large(scene: Scene) -> None:
    """Draft a ladder of more than one event, have its publication refused, and take it out of the draft again."""
    platform = scene.platform
    wordy = {"required": 3, "behaviours": ["x" * 290] * 5, "examples": ["x" * 190] * 5}
    competencies = [{"id": f"c{n}", "name": "-", "area": "-"} for n in range(12)]
    cells = {one["id"]: wordy for one in competencies}
    levels = [{"id": f"l{n}", "code": f"L{n}", "title": "-", "scope": "-", "expectations": cells} for n in range(12)]
    ladder = {"id": "huge", "name": "Huge", "tracks": [{"id": "t", "name": "-", "levels": levels}]}
    draft = "/framework/v1/framework/draft/ladders/huge"

    def hr(method: str, path: str, body: Any = None, edition: str = "") -> httpx.Response:
        return platform.send(HR, method, path, body, str(uuid4()), headers={"If-Match": edition} if edition else {})

    put = hr("PUT", draft, {"ladder": ladder, "competencies": competencies}, '"0"')
    assert put.status_code == 200, put.text
    ready = hr("POST", f"{draft}/readiness", edition=hr("GET", draft).headers["ETag"])
    assert ready.status_code == 200, ready.text
    refused = hr("POST", "/framework/v1/framework/publication", {"note": "Too much"})
    assert refused.status_code in (409, 413, 422), refused.text
    assert "Split it in two" in refused.text, refused.text
    removed = hr("DELETE", draft, edition=hr("GET", draft).headers["ETag"])
    assert removed.status_code == 200, removed.text
