"""Records as nobody should produce them, and as a newer version of a service would."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
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


class NoEvent(NamedTuple):
    """A record that is no event of ours, and the reason it is to be put aside for."""

    record: Record
    reason: str


NOTHING_SAID = "headers actor, correlationid, epoch, eventid, previous, sequence, source, subject, time, type, workspace"
ONLY_A_TYPE = NOTHING_SAID.replace(" type,", "")


def no_events() -> list[NoEvent]:
    """Return a null header, bytes that are no text, a tombstone and more, for three partitions of every topic."""
    kinds: tuple[tuple[bytes | None, Sequence[tuple[str, bytes | None]], str], ...] = (
        (b"{}", [("ce_id", None), ("ce_type", b"x")], ONLY_A_TYPE),
        (b"\xff\x00", [("ce_type", b"\xff\xfe")], "a header is no UTF-8"),
        (None, (), "a tombstone"),
        (b"{}", [("\x00", b"x")], NOTHING_SAID),
        (b"{}", (), NOTHING_SAID),
    )
    return [
        NoEvent(Record(topic, b"nobody", value, headers, partition), reason)
        for topic in NAMES
        for partition in range(3)
        for value, headers, reason in kinds
    ]


def aside(scene: Scene, records: Sequence[NoEvent]) -> None:
    """Put records on their topics; wait until every service that hears a topic has put each aside, and nothing else."""
    platform = scene.platform
    before = platform.unreadable()
    wanted = Counter(
        (service.name, record.topic, reason)
        for service in platform.system.services
        for record, reason in records
        if record.topic in service.topics
    )
    produce(platform, (record for record, _ in records))
    scene.until(lambda: (platform.unreadable() - before).total() >= wanted.total(), "not every record was put aside")
    assert platform.unreadable() - before == wanted


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


def added(person: str, workspace: str, **more: object) -> bytes:
    """Return somebody added to a workspace, under keys that nobody has."""
    stream = f"{workspace}/person/{person}"
    sealed = {"person": person, "stream": stream, "part": "details", "key": "00" * 32, "enc": "AAAA"}
    said = {"person": person, "given_name": sealed, "family_name": sealed, "status": "active", "starts_on": "2024-03-01"}
    return json.dumps({**said, "time_zone": "Europe/London", **more}).encode()


NOT_READ = "ValidationError at "


def poisonous(here: str) -> dict[str, tuple[bytes, str]]:
    """Return bodies of events that nobody can apply in a workspace, and the reason each is to be parked for."""
    return {
        "no JSON": (b'{"person":', NOT_READ),
        "no object": (b"[]", NOT_READ),
        "NaN": (b'{"person": NaN}', f"{NOT_READ}family_name, given_name, person, starts_on, status"),
        "lone surrogate": (b'{"person": "\\ud800"}', NOT_READ),
        "U+0000": (added("a\x00b", here), "DataError"),
        "10,000 deep": (b"[" * 10_000, NOT_READ),
        "no text": (b"\xff\xfe", NOT_READ),
        "empty": (b"", NOT_READ),
        "of another workspace": (added("pe_elsewhere", "ws_another"), f"{NOT_READ}family_name, given_name"),
    }


FOLLOWED = "no JSON"
"""Whose subject has one more event: sound, and parked because of the one before."""


def poison(scene: Scene) -> None:
    """Send the whole set; each service parks what it hears of it, by subject and reason; then it is let go."""
    platform, upstream = scene.platform, Upstream()
    reasons = poisonous(upstream.workspace)
    for name, (body, _) in reasons.items():
        upstream.publish(PersonAdded.TYPE, body, name)
    upstream.publish(PersonAdded.TYPE, added("pe_sound", upstream.workspace), FOLLOWED)
    produce(platform, map(as_record, upstream.events))
    aside(scene, _never_sent_by_a_relay(platform, upstream))
    _assert_too_large(platform)
    scene.until(lambda: upstream.is_heard(platform), "what is poison holds its workspace up")
    expected = [(f"person/{name}", reason) for name, (_, reason) in reasons.items()]
    expected.append((f"person/{FOLLOWED}", "an earlier event of this subject is parked"))
    for service in platform.system.services:
        found = [(one["subject"], one["reason"]) for one in _parked(platform, service.name, upstream.workspace)]
        assert sorted(found) == sorted(expected), (service.name, found)
        _set_right(platform, service.name, upstream.workspace)


def _parked(platform: Platform, service: str, workspace: str) -> list[dict[str, Any]]:
    listed = platform.operator("GET", "/parked")
    return [one for one in listed if (one["service"], one["workspace"]) == (service, workspace)]


def _set_right(platform: Platform, service: str, workspace: str) -> None:
    """Let the poison go: applied again it is parked again, and so is what follows it; discarded it stops nothing."""
    place = {"service": service, "workspace": workspace}
    again = platform.operator("POST", "/parked/replay", place)
    assert again["applied"] == [], again
    for one in again["stopped"]:
        discarded = {**place, "event": one["event_id"], "reason": "It was poison."}
        platform.operator("POST", "/parked/discard", discarded)
    followed = platform.operator("POST", "/parked/replay", place)
    assert (len(followed["applied"]), followed["stopped"]) == (1, []), followed
    assert _known(platform, service, workspace) == ["pe_sound"], service


def _never_sent_by_a_relay(platform: Platform, upstream: Upstream) -> list[NoEvent]:
    """Return an event whose record is whole but for one thing: a header no row can hold, or the key of others."""
    sound = as_record(upstream.events[0])
    changes = {
        "ce_eventid": (b"x", "headers eventid"),
        "ce_sequence": (b"9" * 30, "headers sequence"),
        "ce_workspace": (b"a\x00b", "a header holds U+0000"),
        "ce_time": (b"soon", "headers time"),
        "ce_after": (b"x", "headers after"),
    }
    broken = [
        NoEvent(sound._replace(headers=[*(one for one in sound.headers if one[0] != name), (name, value)]), reason)
        for name, (value, reason) in changes.items()
    ]
    ours, whose = platform.workspace.encode(), "its key is not its workspace"
    return [*broken, NoEvent(sound._replace(key=ours), whose), NoEvent(sound._replace(key=None), whose)]


def _assert_too_large(platform: Platform) -> None:
    try:
        produce(platform, [Record(PersonAdded.TOPIC, b"nobody", b"x" * 5_000_000)])
    except MessageSizeTooLargeError:
        return
    raise AssertionError("the brokers took a record of 5 MB")


def newer(scene: Scene) -> None:
    """Send what a newer version would."""
    platform, upstream = scene.platform, Upstream()
    here = upstream.workspace
    upstream.publish(PersonAdded.TYPE, added("pe_first", here, favourite_colour="green"), "pe_first")
    upstream.publish("careerladder.people.hat-chosen.v1", b'{"hat": "bowler"}', "pe_first")
    upstream.publish("careerladder.people.person-added.v2", b'{"who": "pe_first"}', "pe_first")
    upstream.publish(PersonAdded.TYPE, added("pe_second", here), "pe_second")
    produce(platform, map(as_record, upstream.events))
    scene.until(lambda: upstream.is_heard(platform), "an event of a newer version holds its workspace up")
    for service in platform.system.services:
        assert _known(platform, service.name, here) == ["pe_first", "pe_second"], service.name


def _known(platform: Platform, service: str, workspace: str) -> list[str]:
    """Return whom a service knows in a workspace."""
    sql = f"select distinct person from {service}.directory_people where workspace = %s order by 1"
    return [person for (person,) in platform.rows(sql, workspace)]


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
