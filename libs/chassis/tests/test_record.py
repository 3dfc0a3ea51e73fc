"""The record: a frozen leaf, the same in SQL and in Python, and a check that notices whatever was changed."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from chassis.record import Leaf, flaws_in, leaf_of, microseconds

from .conftest import Pair

DOCUMENT = Path(__file__).parents[3] / "docs" / "record.md"

VECTOR = Leaf(
    service="evaluation",
    workspace="northwind",
    epoch="000642f5d5b1a0004f1c2a",
    sequence=42,
    event_id=UUID("6f1c8f3e-9d9b-5c0a-8a52-0b1f6d2a7c11"),
    stream="northwind/evaluation/ev_3f2a",
    version=3,
    topic="evaluation.submitted",
    actor="pe_ann",
    on_behalf_of=None,
    command_id="",
    cause=UUID("00000000-0000-4000-8000-000000000001"),
    correlation_id="req-7",
    recorded_at=datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC),
    state='{"by":"pe_ann","note":"ä"}'.encode(),
)
DIGEST = "28cd20bab3e0238597f2751a2ba07541e63ed888261dd7505dea91d6ebdf3759"


def stored(pair: Pair, workspace: str) -> list[dict[str, Any]]:
    return pair.rows("select * from toy.events where workspace = %s order by sequence", workspace)


def flaws(pair: Pair, workspace: str) -> list[tuple[int, str]]:
    return [(flaw.sequence, flaw.what) for flaw in flaws_in("toy", iter(stored(pair, workspace)))]


def written(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.write(workspace, "one", "two")
    pair.write(workspace, "three")


def test_the_leaf_is_the_one_it_was_when_it_was_frozen() -> None:
    assert VECTOR.digest().hex() == DIGEST


def test_the_document_states_the_same_vector() -> None:
    text = DOCUMENT.read_text()

    assert DIGEST in text
    for field in dataclasses.fields(VECTOR):
        assert f"| {field.name} |" in text, field.name


def test_the_leaf_is_encoded_as_the_document_says() -> None:
    def field(value: bytes | None) -> bytes:
        return b"\xff\xff\xff\xff" if value is None else len(value).to_bytes(4, "big") + value

    fields = [
        b"clb-leaf-1",
        b"evaluation",
        b"northwind",
        b"000642f5d5b1a0004f1c2a",
        (42).to_bytes(8, "big"),
        bytes.fromhex("6f1c8f3e9d9b5c0a8a520b1f6d2a7c11"),
        b"northwind/evaluation/ev_3f2a",
        (3).to_bytes(8, "big"),
        b"evaluation.submitted",
        b"pe_ann",
        None,
        b"",
        bytes.fromhex("00000000000040008000000000000001"),
        b"req-7",
        (1772443815123456).to_bytes(8, "big"),
        b'{"by":"pe_ann","note":"\xc3\xa4"}',
    ]

    assert hashlib.sha256(b"\x00" + b"".join(map(field, fields))).digest() == VECTOR.digest()


def test_absent_differs_from_empty() -> None:
    empty = dataclasses.replace(VECTOR, on_behalf_of="")

    assert empty.digest() != VECTOR.digest()


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Leaf)])
def test_every_field_is_covered_by_the_leaf(name: str) -> None:
    now: Any = getattr(VECTOR, name)
    other: dict[type[Any], Any] = {str: f"{now}x", int: 9, bytes: b"{}", UUID: UUID(int=1), type(None): "pe_bob"}
    kind = cast("type[Any]", type(now))
    value = other.get(kind, VECTOR.recorded_at + timedelta(microseconds=1))

    assert dataclasses.replace(VECTOR, **{name: value}).digest() != VECTOR.digest()


def test_a_field_cannot_borrow_a_byte_of_its_neighbour() -> None:
    one = dataclasses.replace(VECTOR, topic="ab", actor="c")
    other = dataclasses.replace(VECTOR, topic="a", actor="bc")

    assert one.digest() != other.digest()


def test_microseconds_are_exact_far_from_1970() -> None:
    assert microseconds(datetime(2262, 4, 11, 23, 47, 16, 854775, tzinfo=UTC)) == 9223372036854775
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)) == -1


def test_the_database_and_this_process_make_the_same_leaf(pair: Pair, workspace: str) -> None:
    pair.toy.execute(*_by_somebody_for_somebody(pair, f"{workspace}-ä"))
    written(pair, workspace)
    pair.settle(workspace)

    for service, name in (("toy", workspace), ("toy", f"{workspace}-ä"), ("reader", workspace)):
        rows = pair.rows(f"select * from {service}.events where workspace = %s order by sequence", name)
        assert rows
        assert [bytes(row["leaf"]) for row in rows] == [leaf_of(service, row).digest() for row in rows]


def _by_somebody_for_somebody(pair: Pair, workspace: str) -> tuple[Any, Any, Any]:
    from chassis.identity import Actor
    from chassis.unit import Answer, CommandInfo, Unit

    def decide(unit: Unit) -> Answer:
        pair.toy.application.open(unit, "n-ü", "änn")
        return Answer()

    info = CommandInfo(workspace, "pe_ä", "cömmand", "", on_behalf_of="", cause=UUID(int=7))
    return info, Actor(workspace=workspace, person="pe_ä", roles=frozenset()), decide


def test_a_record_nobody_touched_has_no_flaw(pair: Pair, workspace: str) -> None:
    written(pair, workspace)

    assert flaws(pair, workspace) == []


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("epoch", "epoch || 'x'"),
        ("event_id", "gen_random_uuid()"),
        ("stream", "stream || 'x'"),
        ("version", "version + 10"),
        ("topic", "'notebook.closed'"),
        ("state", "state || '\\x20'::bytea"),
        ("actor", "'somebody else'"),
        ("on_behalf_of", "''"),
        ("command_id", "''"),
        ("cause", "gen_random_uuid()"),
        ("correlation_id", "correlation_id || ' '"),
        ("recorded_at", "recorded_at + interval '1 microsecond'"),
        ("leaf", "sha256('x')"),
    ],
)
def test_a_change_of_one_stored_field_is_noticed(pair: Pair, workspace: str, column: str, change: str) -> None:
    written(pair, workspace)

    pair.rows(f"update toy.events set {column} = {change} where workspace = %s and sequence = 4", workspace)

    assert flaws(pair, workspace) == [(4, "the leaf does not match what is stored")]


def test_an_event_moved_to_another_workspace_is_noticed(pair: Pair, workspace: str) -> None:
    written(pair, workspace)
    sql = "update toy.events set workspace = workspace || 'x' where workspace = %s"

    pair.rows(sql, workspace)

    assert len(flaws(pair, f"{workspace}x")) == 4


def test_a_record_passed_off_as_another_services_is_noticed(pair: Pair, workspace: str) -> None:
    written(pair, workspace)

    assert len(list(flaws_in("reader", iter(stored(pair, workspace))))) == 4


def test_a_missing_event_is_noticed_wherever_it_was(pair: Pair, workspace: str) -> None:
    written(pair, workspace)
    pair.rows("delete from toy.events where workspace = %s and sequence in (1, 3)", workspace)

    assert flaws(pair, workspace) == [(1, "the next event is 2: 1 missing"), (3, "the next event is 4: 1 missing")]


def test_two_events_that_changed_places_are_noticed(pair: Pair, workspace: str) -> None:
    written(pair, workspace)
    for old, new in ((3, 30), (4, 3), (30, 4)):
        pair.rows("update toy.events set sequence = %s where workspace = %s and sequence = %s", new, workspace, old)

    assert {sequence for sequence, _ in flaws(pair, workspace)} == {3, 4}


def test_a_step_back_in_time_is_noticed_even_under_a_leaf_made_to_fit(pair: Pair, workspace: str) -> None:
    written(pair, workspace)
    pair.rows("update toy.events set recorded_at = '2001-01-01Z' where workspace = %s and sequence = 4", workspace)
    forged = leaf_of("toy", stored(pair, workspace)[-1]).digest()
    pair.rows("update toy.events set leaf = %s where workspace = %s and sequence = 4", forged, workspace)

    assert flaws(pair, workspace) == [(4, "the recorded time runs backwards")]
