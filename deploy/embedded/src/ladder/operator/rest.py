"""Waiting until what was recorded of a workspace is known everywhere: shown by its service, heard by the others."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from chassis.service import Service
from chassis.sql import vouched
from chassis.unit import Position
from ladder.composition import Composition
from ladder.operator.reached import Running, the_workspace

PATIENCE: Final = 30.0
"""Seconds after which whoever waits is told that it takes longer; what is parked is not waited for."""

router = APIRouter()


class Resting(BaseModel):
    """The workspace whose services shall come to rest (None: the only one)."""

    model_config = ConfigDict(extra="forbid")

    workspace: str | None = None


@router.post("/rest")
def rest(body: Resting, system: Running) -> dict[str, bool]:
    """Wait until every service shows and has heard all that is recorded; tell whether that is so."""
    return {"rested": at_rest(system, the_workspace(system, body.workspace), PATIENCE)}


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
