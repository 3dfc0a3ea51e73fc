"""What was published once is read for ever: one frozen sample of every published event, as it travelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from contracts.catalogue import published_events
from contracts.envelope import Published

SAMPLES = Path(__file__).parent / "samples"


def test_every_published_event_has_a_sample_and_every_sample_an_event() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == {one.TYPE for one in published_events()}


@pytest.mark.parametrize("event", published_events(), ids=lambda one: one.TYPE)
def test_what_was_published_once_is_read_in_full_by_the_present_contract(event: type[Published]) -> None:
    published = (SAMPLES / f"{event.TYPE}.json").read_bytes()

    read = json.loads(event.model_validate_json(published).model_dump_json())

    assert list(lost(json.loads(published), read)) == []


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    """Return the places whose value is not what it was; what `after` has in addition is growth."""
    if isinstance(before, dict) and isinstance(after, dict):
        fields, found = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
        return [place for name, value in fields.items() for place in lost(value, found.get(name), f"{path}/{name}")]
    if isinstance(before, list) and isinstance(after, list):
        items, others = cast("list[Any]", before), cast("list[Any]", after)
        if len(items) == len(others):
            pairs = enumerate(zip(items, others, strict=True))
            return [place for number, (one, other) in pairs for place in lost(one, other, f"{path}/{number}")]
    return [] if before == after else [path]


def test_a_field_that_the_present_contract_drops_or_reads_otherwise_is_seen() -> None:
    before = {"name": "H1", "lines": [{"rating": 3.5, "note": "x"}], "on": None}
    assert lost(before, before | {"mood": "new"}) == []
    assert lost(before, {"name": "H2", "lines": [{"rating": 3.5}], "on": None}) == ["/name", "/lines/0/note"]
    assert lost(before, before | {"lines": []}) == ["/lines"]
