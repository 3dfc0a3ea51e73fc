"""`ladder verify` on a record that somebody changed: what it prints, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import psycopg
import pytest

from chassis.sql import vouched

from .conftest import Installation, serving


@pytest.fixture
def record(installation: Installation) -> Iterator[Installation]:
    """A running system with the record of one workspace."""
    with serving(installation.home) as running:
        running.northwind = running.workspace("Northwind", "hanna@example.com")
        yield running


@pytest.fixture
def change(record: Installation) -> Callable[[str], None]:
    """Change one stored event of people-svc, as only somebody at the database can."""

    def change(what: str) -> None:
        with psycopg.connect(record.database().admin_dsn()) as admin:
            changed = admin.execute(vouched(f"update people.events set {what} where sequence = 2"))
            assert changed.rowcount == 1

    return change


def test_one_changed_byte_of_what_is_stored_is_named_and_the_exit_code_is_1(
    record: Installation, change: Callable[[str], None]
) -> None:
    assert record.run("verify").returncode == 0

    change("state = set_byte(state, 0, get_byte(state, 0) # 1)")
    found = record.run("verify")

    assert found.returncode == 1
    assert f"people {record.northwind}: the record is whole: at 2: " in found.stdout
    assert found.stdout.splitlines()[-1].endswith("invariants broken.")


def test_the_verdict_is_read_by_machines_too_and_names_the_same(
    record: Installation, change: Callable[[str], None]
) -> None:
    change("actor = 'somebody else'")

    found = record.run("verify", "--json")

    verdict = json.loads(found.stdout)
    assert found.returncode == 1
    assert ("people", record.northwind, "the record is whole") in {
        (one["service"], one["workspace"], one["invariant"]) for one in verdict["broken"]
    }
    assert verdict["events"] > 0


def test_the_doctor_says_what_to_do_about_a_changed_record(record: Installation, change: Callable[[str], None]) -> None:
    change("recorded_at = recorded_at + interval '1 microsecond'")

    looked = record.run("doctor")

    assert looked.returncode == 1
    assert "restore a backup beside it" in " ".join(looked.stdout.split())
