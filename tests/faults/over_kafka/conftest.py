"""Fixtures of the faults between services: one platform for all of them, a new company for each module."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from chassis.testing.kafka import NoKafka

from .faults import Fault, Scene, live_through
from .platform import Platform, platform

MARKS = [pytest.mark.faults, pytest.mark.timeout(900)]
"""Of every module of such faults."""


@pytest.fixture(scope="package")
def running() -> Iterator[Platform]:
    """The platform; where this machine can run no Kafka, its faults are skipped."""
    try:
        with platform() as one:
            yield one
    except NoKafka as missing:
        do_without = pytest.fail if os.environ.get("CI") else pytest.skip
        do_without(f"no Kafka here: {missing}")


@pytest.fixture(scope="module")
def scene(running: Platform) -> Scene:
    """A company on it, whose people are about to work."""
    return Scene(running, running.found(), random.Random("once"))


def lives_on(scene: Scene, fault: Fault) -> None:
    """Assert that nothing is broken after a fault."""
    assert live_through(scene, fault).broken == []
