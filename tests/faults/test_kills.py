"""Kills under load: no acknowledged command is lost, none is applied twice, every approval has its one report.

clients at work → fault → start → the same commands again → … → every invariant holds, every promise is kept
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from .company import Prepared
from .conftest import MAY_CUT_CONNECTIONS
from .faults import (
    ANSWERING,
    AT_ANY_MOMENT,
    COMING_BACK,
    FOLLOWING,
    FORGETTING,
    HEARING,
    POSTGRES,
    POWER,
    REBUILDING,
    WRITING,
    Fault,
    live_through,
)
from .killable import Killable

pytestmark = [pytest.mark.faults, MAY_CUT_CONNECTIONS]


def lives_on(company: Prepared, system: Killable, faults: Sequence[Fault]) -> None:
    outcome = live_through(company, faults, random.Random("once"), system)
    assert outcome.broken == []
    assert len(outcome.recoveries) == len(faults)


def test_a_kill_while_a_command_is_written_loses_nothing_and_doubles_nothing(
    company: Prepared, system: Killable
) -> None:
    lives_on(company, system, WRITING)


def test_a_kill_between_a_command_and_its_answer_does_not_apply_it_twice(company: Prepared, system: Killable) -> None:
    lives_on(company, system, ANSWERING)


def test_a_kill_while_the_record_is_sent_and_shown_leaves_nobody_behind(company: Prepared, system: Killable) -> None:
    lives_on(company, system, FOLLOWING)


def test_a_kill_while_others_hear_of_it_gives_every_cause_its_one_report(company: Prepared, system: Killable) -> None:
    lives_on(company, system, HEARING)


def test_a_kill_while_keys_are_destroyed_leaves_what_is_erased_erased(company: Prepared, system: Killable) -> None:
    lives_on(company, system, FORGETTING)


def test_a_kill_during_a_rebuild_leaves_the_live_rows_whole(company: Prepared, system: Killable) -> None:
    lives_on(company, system, REBUILDING)


def test_a_kill_at_any_moment_loses_nothing(company: Prepared, system: Killable) -> None:
    lives_on(company, system, AT_ANY_MOMENT)


def test_a_power_cut_loses_nothing(company: Prepared, system: Killable) -> None:
    lives_on(company, system, POWER)


def test_a_kill_while_it_comes_back_from_a_kill_loses_nothing(company: Prepared, system: Killable) -> None:
    lives_on(company, system, COMING_BACK)


def test_postgresql_killed_under_load_comes_back_by_itself(company: Prepared, system: Killable) -> None:
    lives_on(company, system, POSTGRES)

    assert not system.has_died()
