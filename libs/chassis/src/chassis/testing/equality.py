"""When two runs are equal: their streams, decrypted, agree event by event, and all rows of their views agree.

Left out is what may differ between equal runs: times, sequences, epochs, event ids, trace ids, ciphertext, leaves, and
what is made with a key of the installation (the digests by which people are recognised).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

from chassis.kernel import Sealed
from chassis.projection import RecordedEvent, View
from chassis.service import Service
from chassis.sql import vouched

Comparable = dict[str, list[str]]
"""What is said of each stream (its events in their order) and of each view (its rows in the order of their texts)."""

_SEALED: Final = frozenset(Sealed.model_fields)
_LEFT_OUT: Final = frozenset({"epoch", "sequence", "traceparent", "leaf"})
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}[\d:.]*(?:Z|[+-]\d{2}:\d{2})?")
_EVENT_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGEST: Final = re.compile(r"\b[0-9a-f]{64}\b")

Open = Callable[[Sealed], str | None]


def comparable(services: Sequence[Service], workspace: str) -> Comparable:
    """Return what two equal runs have in common about one workspace; the services must be quiet."""
    found: Comparable = {}
    for service in services:
        found |= dict(_streams(service, workspace))
        found |= dict(_views(service, workspace))
    return found


def differences(one: Comparable, other: Comparable) -> list[str]:
    """Return sentences about what differs, the first twenty; none where the two are equal."""
    return list(islice(_differences(one, other), 20))


def _differences(one: Comparable, other: Comparable) -> Iterator[str]:
    for name in sorted({*one, *other}):
        here, there = one.get(name, []), other.get(name, [])
        if len(here) != len(there):
            yield f"{name}: {len(here)} here, {len(there)} there"
        for left, right in zip(here, there, strict=False):
            if left != right:
                yield f"{name}: {left} here, {right} there"
                break


def _streams(service: Service, workspace: str) -> Iterator[tuple[str, list[str]]]:
    streams: dict[str, list[RecordedEvent]] = {}
    with service.follower_pool.connection() as connection:
        after = 0
        while events := service.projections.read(connection, workspace, after, 5_000):
            for event in events:
                streams.setdefault(f"{event.kind}/{event.id}", []).append(event)
            after = events[-1].sequence
    for name, events in streams.items():
        said = [(event.topic, event.actor, event.on_behalf_of, event.event.model_dump()) for event in events]
        yield f"{service.name} stream {name}", _texts(service, workspace, said)


def _views(service: Service, workspace: str) -> Iterator[tuple[str, list[str]]]:
    for view in service.all_views:
        yield f"{service.name} view {view.NAME}", sorted(_texts(service, workspace, _rows(service, workspace, view)))


def _rows(service: Service, workspace: str, view: View) -> list[dict[str, Any]]:
    columns = ", ".join(f"r.{column}" for column in view.COLUMNS)
    sql = f"""select {columns} from {service.name}.{view.NAME}_rows r join {service.name}.followed f
    on f.workspace = r.workspace and f.name = %s and f.generation = r.generation where r.workspace = %s"""
    with service.follower_pool.connection() as connection:
        return connection.execute(vouched(sql), (view.NAME, workspace)).fetchall()


def _texts(service: Service, workspace: str, values: Sequence[object]) -> list[str]:
    """Return values as texts without what may differ, their sealed parts opened in one go."""
    sealed = [one for value in values for one in _sealed_in(value)]
    opened = dict(zip(map(_key, sealed), service.cipher.open_many(workspace, sealed), strict=True))
    return [json.dumps(_plain(value, lambda one: opened[_key(one)]), sort_keys=True) for value in values]


def _key(sealed: Sealed) -> tuple[str, str]:
    return sealed.key, sealed.enc


def _sealed_in(value: object) -> Iterable[Sealed]:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        if frozenset(items) == _SEALED:
            yield Sealed.model_validate(items)
            return
        for one in items.values():
            yield from _sealed_in(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in cast("Iterable[object]", value):
            yield from _sealed_in(one)


def _plain(value: object, opened: Open) -> Any:
    """Return a value as JSON takes it, without moments, event ids and whatever else may differ."""
    match value:
        case Mapping():
            return _plain_mapping(cast("Mapping[str, object]", value), opened)
        case set() | frozenset():
            found = [_plain(one, opened) for one in cast("Iterable[object]", value)]
            return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))
        case list() | tuple():
            return [_plain(one, opened) for one in cast("Iterable[object]", value)]
        case datetime() | UUID():
            return None
        case date():
            return value.isoformat()
        case str():
            return _DIGEST.sub("·", _EVENT_ID.sub("·", _MOMENT.sub("·", value)))
        case _:
            return value


def _plain_mapping(value: Mapping[str, object], opened: Open) -> Any:
    if frozenset(value) == _SEALED:
        return {"sealed": opened(Sealed.model_validate(value))}
    return {str(name): _plain(one, opened) for name, one in value.items() if name not in _LEFT_OUT}
