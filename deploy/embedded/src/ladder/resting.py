"""Waiting until what was recorded of a workspace is known everywhere: shown by its service, heard by the others."""

from __future__ import annotations

from chassis.service import Service
from chassis.sql import vouched
from chassis.unit import Position
from ladder.composition import Composition


def at_rest(system: Composition, workspace: str, patience: float) -> bool:
    """Return whether every service came to know what all of them recorded; what that caused is waited for too."""
    before: list[Position] = []
    while (found := recorded(system, workspace)) != before:
        for service in system.services:
            if service.wait(workspace, found, patience).state == "behind":
                return False
        before = found
    return True


def recorded(system: Composition, workspace: str) -> list[Position]:
    """Return how far every service's record and what it published of it have come."""
    return [position for service in system.services for position in _heads(service, workspace)]


def _heads(service: Service, workspace: str) -> list[Position]:
    """Return how far a service's record and what it published of it have come."""
    sql = f"select epoch, sequence, published from {service.name}.head where workspace = %s"
    with service.follower_pool.connection() as connection:
        row = connection.execute(vouched(sql), (workspace,)).fetchone()
    if row is None:
        return []
    topics = sorted(row["published"].items())
    own = Position(service.name, row["epoch"], row["sequence"])
    return [own, *(Position(topic, row["epoch"], last) for topic, last in topics)]
