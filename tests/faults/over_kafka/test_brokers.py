"""Faults of Kafka: whatever becomes of brokers and acknowledgements, what was published is heard once everywhere.

clients → services → records → relays → three brokers (fault) → workers of every service → verify
"""

from __future__ import annotations

from .conftest import MARKS, lives_on
from .faults import ACKNOWLEDGEMENTS_LOST, BROKER_KILLED, KAFKA_GONE, Scene

pytestmark = MARKS


def test_a_broker_that_is_killed_and_comes_back_loses_nothing(scene: Scene) -> None:
    lives_on(scene, BROKER_KILLED)


def test_approvals_go_on_while_kafka_is_gone(scene: Scene) -> None:
    lives_on(scene, KAFKA_GONE)


def test_a_lost_acknowledgement_doubles_nothing(scene: Scene) -> None:
    lives_on(scene, ACKNOWLEDGEMENTS_LOST)
