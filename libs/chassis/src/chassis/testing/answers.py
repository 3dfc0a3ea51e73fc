"""What the routes of an api answer with: every object of every answer, with the fields it has and those around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI


class Answered(NamedTuple):
    """One object in an answer: its name, its fields with their schemas, and all that a reader of it has before them.

    `known` names its fields, those of the objects around it, and of the objects that stand beside it in these.
    """

    route: str
    name: str
    fields: dict[str, Any]
    known: frozenset[str]


def answered(router: APIRouter) -> Iterator[Answered]:
    """Yield every object in what the routes of an api answer with when all goes well, as their document shows it."""
    app = FastAPI()
    app.include_router(router)
    document = app.openapi()
    schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
                if status.startswith("2"):
                    yield from _objects(f"{method.upper()} {path}", schema, schemas, frozenset(), ())


def _objects(
    route: str, schema: dict[str, Any], schemas: dict[str, Any], around: frozenset[str], inside: tuple[str, ...]
) -> Iterator[Answered]:
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in inside:
        return
    found = schemas[name] if name else schema
    fields: dict[str, Any] = found.get("properties", {})
    beside = (schemas[part["$ref"].rpartition("/")[2]] for part in fields.values() if "$ref" in part)
    known = around.union(fields, *(part.get("properties", {}) for part in beside))
    if fields:
        yield Answered(route, name, fields, known)
    for part in _parts(found):
        yield from _objects(route, part, schemas, known, (*inside, name) if name else inside)


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a schema is made of: its fields, its items, its values, its alternatives."""
    yield from schema.get("properties", {}).values()
    yield from (schema[part] for part in ("items", "additionalProperties") if isinstance(schema.get(part), dict))
    for part in ("anyOf", "oneOf", "allOf"):
        yield from schema.get(part, [])
