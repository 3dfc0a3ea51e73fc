"""Faults of workers: killed, stopped, thrown out of their group or taken for dead, none applies anything twice.

clients → services → records → workers (fault) → their successors → verify
"""

from __future__ import annotations

from .conftest import MARKS, lives_on
from .faults import CONSUMER_KILLED, LOCK_CUT, OFFSET_LOST, REBALANCES, RELAY_KILLED, RESTARTED, ZOMBIE, Scene

pytestmark = MARKS


def test_a_relay_killed_after_sending_and_before_it_noted_that_doubles_nothing(scene: Scene) -> None:
    lives_on(scene, RELAY_KILLED)


def test_a_consumer_killed_after_its_commit_applies_nothing_twice_whether_kafka_was_told_or_not(scene: Scene) -> None:
    lives_on(scene, CONSUMER_KILLED)


def test_a_consumer_killed_with_records_in_its_hands_loses_none_of_them(scene: Scene) -> None:
    lives_on(scene, OFFSET_LOST)


def test_a_worker_that_was_paused_and_goes_on_writes_nothing_twice(scene: Scene) -> None:
    lives_on(scene, ZOMBIE)


def test_a_stopped_leader_whose_lock_is_cut_is_followed_by_another_and_does_no_harm_when_it_wakes(scene: Scene) -> None:
    lives_on(scene, LOCK_CUT)


def test_partitions_that_change_hands_every_three_seconds_lose_and_double_nothing(scene: Scene) -> None:
    lives_on(scene, REBALANCES)


def test_everything_restarted_in_turn_under_load_answers_every_request_at_the_one_port(scene: Scene) -> None:
    lives_on(scene, RESTARTED)
