"""Faults of what lies on the topics: lost, rewound, doubled, foreign or poisonous records; the feed has the truth.

clients → services → records → topics (fault) → workers (→ feed) → verify
"""

from __future__ import annotations

from .conftest import MARKS, lives_on
from .faults import DOUBLED, NEWER, NO_EVENTS, POISON, RETENTION, REWOUND, TOO_LARGE, TOPICS_LOST, Scene

pytestmark = MARKS


def test_a_group_that_was_set_back_by_500_applies_nothing_twice(scene: Scene) -> None:
    lives_on(scene, REWOUND)


def test_topics_that_were_deleted_are_made_up_for_by_the_feed_also_for_a_workspace_that_stays_silent(scene: Scene) -> None:
    lives_on(scene, TOPICS_LOST)


def test_records_that_were_deleted_while_their_consumer_was_away_are_made_up_for_by_the_feed(scene: Scene) -> None:
    lives_on(scene, RETENTION)


def test_what_is_no_event_costs_no_other_record(scene: Scene) -> None:
    lives_on(scene, NO_EVENTS)


def test_records_that_come_again_and_in_any_order_are_applied_once(scene: Scene) -> None:
    lives_on(scene, DOUBLED)


def test_poison_is_set_aside_and_holds_nothing_up(scene: Scene) -> None:
    lives_on(scene, POISON)


def test_a_record_over_the_brokers_limit_is_refused_at_the_command(scene: Scene) -> None:
    lives_on(scene, TOO_LARGE)


def test_events_of_a_newer_version_are_read_as_far_as_they_are_known(scene: Scene) -> None:
    lives_on(scene, NEWER)
