"""Published events only ever grow, and their schemas and page are current."""

from __future__ import annotations

import copy
import importlib.util
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.catalogue import breaks, published_events, schema
from contracts.evaluation import CycleOpened

ROOT = Path(__file__).parents[3]


def tool() -> Any:
    spec = importlib.util.spec_from_file_location("events_tool", ROOT / "tools" / "events.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_committed_schemas_and_the_page_are_current() -> None:
    for path, text in tool().texts().items():
        assert path.read_text() == text, f"{path.relative_to(ROOT)}: run `make events`"


def test_every_committed_schema_belongs_to_a_published_event() -> None:
    known = {one.TYPE for one in published_events()}
    assert {path.stem for path in (ROOT / "libs/contracts/schemas").glob("*.json")} == known


def test_the_published_events_only_add_to_what_was_committed() -> None:
    assert tool().refusals(tool().committed(ROOT), {one.TYPE: schema(one) for one in published_events()}) == []


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Hanna", "-c", "user.email=hanna@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository in which the schema of one event is committed."""
    folder = tmp_path / "libs/contracts/schemas"
    folder.mkdir(parents=True)
    (folder / f"{CycleOpened.TYPE}.json").write_text(json.dumps(schema(CycleOpened)))
    for arguments in (["init"], ["add", "."], ["commit", "-m", "Publish cycles"]):
        git(tmp_path, *arguments)
    return tmp_path


def test_a_schema_that_is_deleted_or_rewritten_by_hand_is_still_what_a_change_is_held_to(repository: Path) -> None:
    (path,) = (repository / "libs/contracts/schemas").iterdir()
    path.write_text("{}")
    assert tool().committed(repository) == {CycleOpened.TYPE: schema(CycleOpened)}
    path.unlink()
    assert tool().committed(repository) == {CycleOpened.TYPE: schema(CycleOpened)}


def test_without_a_repository_the_schemas_that_lie_there_are_what_a_change_is_held_to(tmp_path: Path) -> None:
    folder = tmp_path / "libs/contracts/schemas"
    folder.mkdir(parents=True)
    (folder / "a.v1.json").write_text("{}")
    assert tool().committed(tmp_path) == {"a.v1": {}}


def test_an_event_that_is_no_longer_published_is_refused_by_name() -> None:
    (refused,) = tool().refusals({"a.v1": {}}, {})
    assert refused.startswith("a.v1 is no longer published")


def test_a_changed_event_is_refused_by_name_with_the_way_out() -> None:
    refused = tool().refusals({"a.v1": {"required": ["name"]}}, {"a.v1": {"required": []}})
    assert refused == ["a.v1: name is no longer required. Publish a new type beside it."]


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


def test_a_field_that_may_be_missing_is_a_break() -> None:
    assert planted(lambda new: new["required"].remove("name")) == ["name is no longer required"]


def test_a_value_taken_from_a_list_is_a_break() -> None:
    assert planted(lambda new: new["properties"]["release"]["enum"].pop()) == ["release: enum loses 'at approval'"]


def test_a_value_that_no_reader_has_heard_of_is_a_break() -> None:
    assert planted(lambda new: new["properties"]["release"]["enum"].append("by vote")) == [
        "release: enum gains 'by vote'"
    ]


def test_a_field_that_may_be_of_another_kind_is_a_break() -> None:
    assert planted(lambda new: new["properties"]["release_on"]["anyOf"].append({"type": "integer"})) == [
        "release_on: anyOf gains {'type': 'integer'}"
    ]


def test_a_new_optional_field_is_no_break() -> None:
    assert planted(lambda new: new["properties"].update(mood={"type": "string"})) == []
