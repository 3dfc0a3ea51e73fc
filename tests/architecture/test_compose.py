"""The compose file is valid, and names every process with what that process says it needs.

`compose-spec.json` is the JSON Schema of the Compose Specification (compose-go v2.9.0, Apache-2.0).
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from chassis.process import ROLES, Environment
from contracts.topics import TOPICS

ROOT = Path(__file__).parents[2]
OFFICIAL: dict[str, Any] = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
SERVICES = [topic.name.partition(".")[0] for topic in TOPICS]


def composed() -> dict[str, Any]:
    reader: Any = YAML(typ="safe")
    return reader.load((ROOT / "deploy" / "compose.yaml").read_text())


def check(document: dict[str, Any]) -> None:
    validator: Any = jsonschema.Draft7Validator(OFFICIAL)
    validator.validate(document)


def test_the_file_is_valid_compose() -> None:
    check(composed())


def test_an_invalid_file_is_seen() -> None:
    document = copy.deepcopy(composed())
    document["services"]["postgres"]["restrat"] = "always"
    with pytest.raises(jsonschema.ValidationError):
        check(document)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", [role for role in ROLES if role != "migrate"])
def test_every_service_runs_in_both_roles_with_what_it_needs(service: str, role: str) -> None:
    found = composed()["services"][f"{service}-{role}"]
    assert found["command"] == [f"{service}_svc", role]
    given = {name: re.sub(r"\$\{(\w+):\?\}", r"\1", str(value)) for name, value in found["environment"].items()}
    environment = Environment.read({**given, "LADDER_BIND": "0.0.0.0:8000"})
    assert set(environment.upstreams) == set(SERVICES)
    assert environment.kafka is not None


def test_no_secret_stands_in_the_file() -> None:
    example = (ROOT / "deploy" / "compose.env.example").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "deploy" / "compose.yaml").read_text()))
    assert asked == {line.removesuffix("=") for line in example.splitlines() if not line.startswith("#")}
