"""The operator's wish to wait until what was recorded of a workspace is known everywhere."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from ladder.operator.reached import Running, the_workspace
from ladder.resting import at_rest

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
