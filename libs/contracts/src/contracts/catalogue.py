"""Every published event there is, its JSON Schema, and whether a change of a schema only adds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from contracts import evaluation, framework, gap, people
from contracts.envelope import Published

Schema = dict[str, Any]

MODULES = (people, framework, evaluation, gap)


def published_events() -> list[type[Published]]:
    """Return the published event classes, by type."""
    found = (one for module in MODULES for one in vars(module).values() if isinstance(one, type))
    return sorted({one for one in found if issubclass(one, Published) and one.TYPE}, key=lambda one: one.TYPE)


def schema(event: type[Published]) -> Schema:
    """Return the JSON Schema (2020-12) of an event's data."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **event.model_json_schema()}


def breaks(old: Schema, new: Schema, path: str = "") -> Iterator[str]:
    """Yield why a reader of `old` could not read `new`, or a reader of `new` not `old`; an added optional field is fine.

    A reader is as old as what it was built from: a value it never heard of is as unreadable as one that is missing.
    """
    for group in ("$defs", "properties"):
        for name, before in sorted(old.get(group, {}).items()):
            after = new.get(group, {}).get(name)
            if after is None:
                yield f"{path}{name} is gone"
            else:
                yield from _changed(before, after, f"{path}{name}")
    required, was = set(new.get("required", ())), set(old.get("required", ()))
    yield from (f"{path}{name} is required now" for name in sorted(required - was))
    yield from (f"{path}{name} is no longer required" for name in sorted(was - required))


def _changed(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for word in ("type", "$ref", "format", "const"):
        if old.get(word) != new.get(word):
            yield f"{path}: {word} was {old.get(word)!r}, is {new.get(word)!r}"
    for word in ("enum", "anyOf"):
        before, after = old.get(word, []), new.get(word, [])
        yield from (f"{path}: {word} loses {value!r}" for value in before if value not in after)
        yield from (f"{path}: {word} gains {value!r}" for value in after if value not in before)
    for word in ("items", "additionalProperties"):
        before, after = old.get(word), new.get(word)
        if isinstance(before, dict):
            found = cast("Schema", after) if isinstance(after, dict) else {}
            yield from _changed(cast("Schema", before), found, f"{path}.{word}")
    yield from breaks(old, new, f"{path}.")
