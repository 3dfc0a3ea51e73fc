"""Published events only ever grow, and their schemas and page are current."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.catalogue import breaks, published_events, schema
from contracts.evaluation import CycleOpened

ROOT = Path(__file__).parents[3]


def generated() -> dict[Path, str]:
    spec = importlib.util.spec_from_file_location("events_tool", ROOT / "tools" / "events.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    found: dict[Path, str] = tool.texts()
    return found


def test_the_committed_schemas_and_the_page_are_current() -> None:
    for path, text in generated().items():
        assert path.read_text() == text, f"{path.relative_to(ROOT)}: run `make events`"


def test_every_committed_schema_belongs_to_a_published_event() -> None:
    known = {one.TYPE for one in published_events()}
    assert {path.stem for path in (ROOT / "libs/contracts/schemas").glob("*.json")} == known


@pytest.mark.parametrize("event", published_events(), ids=lambda one: one.TYPE)
def test_a_published_event_only_adds_to_what_was_committed(event: Any) -> None:
    old = json.loads((ROOT / "libs/contracts/schemas" / f"{event.TYPE}.json").read_text())
    assert list(breaks(old, schema(event))) == []


def planted(change: Callable[[dict[str, Any]], object]) -> list[str]:
    new = copy.deepcopy(schema(CycleOpened))
    change(new)
    return list(breaks(schema(CycleOpened), new))


def test_a_field_taken_away_is_a_break() -> None:
    assert planted(lambda new: new["properties"].pop("name")) == ["name is gone"]


def test_a_changed_type_is_a_break() -> None:
    assert planted(lambda new: new["properties"]["name"].update(type="integer")) != []


def test_a_new_required_field_is_a_break() -> None:
    assert planted(lambda new: new["required"].append("mood")) == ["mood is required now"]


def test_a_value_taken_from_a_list_is_a_break() -> None:
    assert planted(lambda new: new["properties"]["release"]["enum"].pop()) != []


def test_a_new_optional_field_is_no_break() -> None:
    assert planted(lambda new: new["properties"].update(mood={"type": "string"})) == []
