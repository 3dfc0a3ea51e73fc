"""What the operator does with heard events that could not be applied: list, show, replay, discard."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chassis import parked
from ladder.operator.reached import Running, the_service

router = APIRouter()


class ToReplay(BaseModel):
    """Parked events of one service and workspace, of one subject or of all."""

    model_config = ConfigDict(extra="forbid")

    service: str
    workspace: str
    subject: str | None = None


class ToDiscard(BaseModel):
    """One parked event, and why it is given up."""

    model_config = ConfigDict(extra="forbid")

    service: str
    workspace: str
    event: UUID
    reason: str = Field(min_length=3, max_length=500)


@router.get("/parked")
def parked_events(
    system: Running, status: Literal["parked", "replayed", "discarded"] = "parked"
) -> list[dict[str, Any]]:
    """List what could not be applied, by type and reason."""
    return [
        {"service": service.name, **_plain(one)}
        for service in system.services
        for one in parked.listed(service, status=status)
    ]


@router.get("/unreadable")
def unreadable_records(system: Running) -> list[dict[str, Any]]:
    """Count what came from a broker and carries no event, by the service that heard it and its topic."""
    return [
        {"service": service.name, "topic": topic, "records": records}
        for service in system.services
        for topic, records in parked.unreadable(service).items()
    ]


@router.get("/parked/{service}/{workspace}/{event}")
def parked_event(service: str, workspace: str, event: UUID, system: Running) -> dict[str, Any]:
    """Show one parked event and how it arrived; its personal fields are sealed."""
    one, arrived = parked.shown(the_service(system, service), workspace, event)
    return {"service": service, **_plain(one), "envelope": arrived.model_dump(mode="json", exclude={"data"})}


@router.post("/parked/replay")
def replay(body: ToReplay, system: Running) -> dict[str, Any]:
    """Apply parked events again, in order; a subject stops at its first failure."""
    done = parked.replay(the_service(system, body.service), body.workspace, body.subject)
    return {"applied": [str(one) for one in done.applied], "stopped": [_plain(one) for one in done.stopped]}


@router.post("/parked/discard")
def discard(body: ToDiscard, system: Running) -> dict[str, str]:
    """Give one parked event up and say why."""
    parked.discard(the_service(system, body.service), body.workspace, body.event, body.reason)
    return {"discarded": str(body.event)}


def _plain(one: parked.Parked) -> dict[str, Any]:
    return {name: str(value) for name, value in asdict(one).items()}
