"""A thousand schedules of one seed each: whatever goes wrong on the way, every invariant holds in the end.

commands, relays, consumers, views, clocks held and killed anywhere → calm → everything heard, nothing doubled or lost
"""

from __future__ import annotations

import pytest

from .schedule import play
from .world import World

BATCHES = 20
SMALL_IN_A_BATCH, COMPANY_IN_A_BATCH = 45, 5


def broken(world: World, seeds: range) -> list[str]:
    """Return what the schedules of these seeds broke, each with its seed."""
    return [f"{world.play.name} SEED={seed}: {one}" for seed in seeds for one in play(world, seed).broken]


def batch(number: int, size: int) -> range:
    return range(1 + number * size, 1 + (number + 1) * size)


@pytest.mark.parametrize("number", range(BATCHES))
def test_the_small_world_lives_through_every_schedule(small: World, number: int) -> None:
    assert broken(small, batch(number, SMALL_IN_A_BATCH)) == []


@pytest.mark.parametrize("number", range(BATCHES))
def test_the_real_services_live_through_every_schedule(company: World, number: int) -> None:
    assert broken(company, batch(number, COMPANY_IN_A_BATCH)) == []
