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
    """Yield what a reader of `old` would miss or could not read in `new`; adding an optional field is no break."""
    for name in sorted({*old.get("$defs", {}), *old.get("properties", {})}):
        group = "$defs" if name in old.get("$defs", {}) else "properties"
        before, after = old[group][name], new.get(group, {}).get(name)
        if after is None:
            yield f"{path}{name} is gone"
        else:
            yield from _changed(before, after, f"{path}{name}")
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{path}{name} is required now"


def _changed(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for word in ("type", "$ref", "format", "const"):
        if old.get(word) != new.get(word):
            yield f"{path}: {word} was {old.get(word)!r}, is {new.get(word)!r}"
    for value in old.get("enum", ()):
        if value not in new.get("enum", ()):
            yield f"{path}: the value {value!r} is gone"
    for number, before in enumerate(cast("list[Schema]", old.get("anyOf", []))):
        if before not in new.get("anyOf", []):
            yield f"{path}: alternative {number} is gone"
    for word in ("items", "additionalProperties"):
        before, after = old.get(word), new.get(word)
        if isinstance(before, dict):
            found = cast("Schema", after) if isinstance(after, dict) else {}
            yield from _changed(cast("Schema", before), found, f"{path}.{word}")
    yield from breaks(old, new, f"{path}.")
