"""career-framework/v1 in: YAML or JSON to a document, every error with its path and line."""

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import cast

from pydantic import ValidationError

from framework_svc.documents.exchange.document import (
    FORMAT,
    LARGEST,
    Document,
    FileError,
    Json,
    NotReadable,
    faults_in,
    schema,
)
from framework_svc.documents.marked import Lines, Unreadable, read_json, read_yaml
from framework_svc.domain.structure import Path


def read(content: bytes | str) -> Document:
    """Return the document in `content` (UTF-8 YAML or JSON, at most 2 MB); raises `NotReadable`."""
    parsed, lines = _parsed(content)
    data = cast(Json, parsed) if isinstance(parsed, dict) else {}
    if data.get("format") != FORMAT:
        raise NotReadable((FileError(path="format", line=1, problem=f"Begin with “format: {FORMAT}”."),))
    try:
        document = Document.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as invalid:
        raise NotReadable(tuple(_shape_errors(invalid, data, lines))) from None
    errors = [_error(fault.path, f"{fault.value!r}: {fault.remedy}", lines) for fault in faults_in(document)]
    if errors:
        raise NotReadable(tuple(errors))
    return document


def _parsed(content: bytes | str) -> tuple[object, Lines]:
    raw = content.encode() if isinstance(content, str) else content
    if len(raw) > LARGEST:
        raise NotReadable((FileError(path="", line=1, problem="The file is larger than 2 MB; split it by ladder."),))
    try:
        text = raw.decode("utf-8-sig")
        return read_json(text) if text.lstrip().startswith("{") else read_yaml(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise NotReadable((FileError(path="", line=line, problem="Save the file as UTF-8."),)) from None
    except Unreadable as error:
        raise NotReadable((FileError(path=error.path, line=error.line, problem=str(error)),)) from None


_REMEDIES = {
    "missing": "It is missing.",
    "string_type": "Write a text here (in quotes if it looks like a number or a date).",
    "float_type": "Write a number here.",
    "int_type": "Write a whole number here.",
    "int_from_float": "Write a whole number here.",
    "bool_type": "Write true or false here.",
    "tuple_type": "Write a list here.",
    "dict_type": "Write fields here.",
    "model_type": "Write fields here.",
    "model_attributes_type": "Write fields here.",
    "literal_error": "Write “not expected”, or an expectation with its fields.",
    "finite_number": "Write a number from 1 to 5.",
}


def _shape_errors(invalid: ValidationError, data: Json, lines: Lines) -> Iterator[FileError]:
    for error in invalid.errors(include_input=False, include_url=False):
        path = _real_path(error["loc"], data)
        unknown = error["type"] == "extra_forbidden"
        remedy = _no_such_field(path) if unknown else _REMEDIES.get(error["type"], error["msg"])
        yield _error(path, remedy, lines)


def _no_such_field(path: Path) -> str:
    """Say what a field that the format does not know may have been meant as."""
    known = _fields_at(path[:-1])
    near = get_close_matches(str(path[-1]), known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    return f"The format has no such field here: {meant}"


def _fields_at(path: Path) -> list[str]:
    """Return the fields that the format knows at a place, in the order of its schema."""
    whole = schema()
    shapes = [whole]
    for step in path:
        shapes = [deeper for shape in shapes for deeper in _choices(whole, _within(shape, step))]
    return list(dict.fromkeys(name for shape in shapes for name in shape.get("properties", {})))


def _within(shape: Json, step: int | str) -> Json:
    """Return the shape of an item or a field of a shape, nothing where it has none."""
    if isinstance(step, int):
        return shape.get("items", {})
    named: Json = shape.get("properties", {})
    others = shape.get("additionalProperties")
    return named.get(step) or (cast(Json, others) if isinstance(others, dict) else {})


def _choices(whole: Json, shape: Json) -> Iterable[Json]:
    """Return the shapes that a shape stands for: its alternatives, each as it is defined."""
    if "$ref" in shape:
        return [whole["$defs"][shape["$ref"].rpartition("/")[2]]]
    alternatives: list[Json] = shape.get("anyOf", []) + shape.get("oneOf", [])
    return [found for one in alternatives for found in _choices(whole, one)] or [shape]


def _real_path(loc: tuple[int | str, ...], data: object) -> Path:
    """Take the validator's own markers out of a path: they name no field of the data."""
    path: list[int | str] = []
    here = data
    for position, step in enumerate(loc):
        if isinstance(here, dict):
            fields = cast(dict[str, object], here)
            if step not in fields and step in ("expectation", "not expected") and position < len(loc):
                continue
            here = fields.get(str(step))
        elif isinstance(here, list) and isinstance(step, int):
            items = cast(list[object], here)
            here = items[step] if step < len(items) else None
        elif step in ("expectation", "not expected"):
            continue
        path.append(step)
    return tuple(path)


def _error(path: Path, problem: str, lines: Lines) -> FileError:
    return FileError(path="/".join(str(step) for step in path), line=lines.of(path), problem=problem)
