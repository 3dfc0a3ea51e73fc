"""The AsyncAPI document is valid, says what the wire does, and a breach of either is seen.

`asyncapi-3.0.0.json` is the JSON Schema of the AsyncAPI Initiative (@asyncapi/specs 6.11.1, Apache-2.0).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest

from chassis.kafka import headers_of
from chassis.testing import RECORD
from contracts.topics import group_of

from .members import SERVICES

ROOT = Path(__file__).parents[2]
OFFICIAL: dict[str, Any] = json.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_text())


def described() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "asyncapi.json").read_text())


def check(document: dict[str, Any], against: dict[str, Any] = OFFICIAL) -> None:
    validator: Any = jsonschema.Draft7Validator(against)
    validator.validate(document)


def test_the_document_is_valid_asyncapi() -> None:
    check(described())


@pytest.mark.parametrize("breach", ["no channel", "unknown action", "version"])
def test_an_invalid_document_is_seen(breach: str) -> None:
    document = copy.deepcopy(described())
    match breach:
        case "no channel":
            del document["operations"]["peoplePublishes"]["channel"]
        case "unknown action":
            document["operations"]["peoplePublishes"]["action"] = "shout"
        case _:
            document["asyncapi"] = "2.6.0"
    with pytest.raises(jsonschema.ValidationError):
        check(document)


def test_the_groups_are_those_in_which_the_workers_share_what_they_hear() -> None:
    operations = described()["operations"]
    hears = {name.partition("Hears")[0]: one for name, one in operations.items() if "Hears" in name}
    rights = (ROOT / "docs" / "operating.md").read_text()
    for service in SERVICES:
        assert hears[service]["bindings"]["kafka"]["groupId"] == {"const": group_of(service)}
    assert f"the group `{group_of('evaluation')}`" in rights


def test_every_reference_within_the_document_leads_somewhere() -> None:
    document = described()
    for target in references(document):
        if target.startswith("#/"):
            at: Any = document
            for step in target[2:].split("/"):
                at = at[step]
        else:
            assert (ROOT / "docs" / target).resolve().exists(), target


def references(part: Any) -> Iterator[str]:
    """Yield every `$ref` below a part of the document."""
    if isinstance(part, dict):
        found = cast("dict[str, Any]", part)
        if isinstance(found.get("$ref"), str):
            yield found["$ref"]
        part = [*found.values()]
    for one in cast("list[Any]", part) if isinstance(part, list) else []:
        yield from references(one)


def test_the_headers_that_are_described_are_those_that_travel() -> None:
    headers: dict[str, Any] = described()["components"]["schemas"]["headers"]
    sent = {**headers_of(RECORD), "content-type": "application/json"}
    assert set(sent) == set(headers["properties"])
    check(sent, headers)
    bare = RECORD.model_copy(update={"after": (), "causationid": None, "traceparent": None})
    assert set(headers_of(bare)) | {"content-type"} == set(headers["required"])
