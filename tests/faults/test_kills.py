"""Kills: whatever dies at whatever point, no acknowledged command is lost, none is applied twice, the record verifies.

command → (kill) → start → same key again → verify
"""

from __future__ import annotations

import os
import signal

import httpx
import pytest

from .conftest import Killable

POINTS = (
    "before append",
    "before commit",
    "after commit",
    "before answer",
    "between send and position",
    "during a consumer",
    "after consumer commit",
    "before view commit",
)
PEOPLE = 8


def body(number: int) -> dict[str, str]:
    return {"given_name": f"Person {number}", "family_name": "Example", "starts_on": "2024-01-01"}


def add_people(system: Killable, prefix: str, count: int = PEOPLE) -> set[str]:
    """Add people one by one, each under a key; return the ids that were acknowledged."""
    answers = [system.send("/api/people/v1/people", body(n), f"{prefix}-{n}") for n in range(count)]
    assert {one.status_code for one in answers} == {201}, (system.home.parent / "log").read_text()[-6000:]
    return {one.json()["id"] for one in answers}


def listed(system: Killable) -> set[str]:
    headers = {"Authorization": f"Bearer {system.token}"}
    answer = httpx.get(f"{system.url}/api/people/v1/people", params={"limit": 200}, headers=headers, timeout=30)
    return {one["id"] for one in answer.json()["items"]}


@pytest.mark.faults
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_a_named_point_loses_nothing_and_doubles_nothing(system: Killable, point: str) -> None:
    system.stop()
    system.start(f"{point}:4")
    system.sign_in()

    acknowledged = add_people(system, "kill")
    if system.deaths == 0:  # the point was passed after the last answer
        system.revive()

    assert system.deaths == 1
    assert system.verdict() == []
    assert acknowledged <= listed(system)
    assert len(listed(system)) == PEOPLE + 1


@pytest.mark.faults
def test_a_kill_during_a_rebuild_leaves_the_live_rows_whole(system: Killable) -> None:
    acknowledged = add_people(system, "rebuild")
    assert system.verdict() == []
    system.stop()
    system.start("during rebuild:1")

    with pytest.raises(httpx.TransportError):
        system.operator("POST", "/rebuilds", {"view": "people"})
    system.revive()

    assert system.verdict() == []
    assert acknowledged <= listed(system)


@pytest.mark.faults
def test_postgresql_killed_under_load_comes_back_and_nothing_acknowledged_is_lost(system: Killable) -> None:
    first = add_people(system, "before", 3)
    pid = int((system.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    second = add_people(system, "after", 3)

    assert system.deaths == 0
    assert system.verdict() == []
    assert len(first | second) == 6
    assert first | second <= listed(system)
