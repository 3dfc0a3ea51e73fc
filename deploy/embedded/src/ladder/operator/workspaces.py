"""Workspaces and their first HR admin, and tokens to try the interfaces with."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chassis.calendar import Calendar
from chassis.http import feed
from chassis.identity import Actor
from chassis.kernel import DomainError
from chassis.unit import Answer, CommandInfo, Unit
from ladder.composition import OPERATOR, Composition
from ladder.operator.reached import Running, the_workspace
from people_svc import tokens
from people_svc.domain import Changes, Settings
from people_svc.domain.workspace import checked_time_zone

router = APIRouter()


class NewWorkspace(BaseModel):
    """A workspace and its first HR admin."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=200)
    admin: str = Field(min_length=3, max_length=254, description="e-mail address of the first HR admin")
    given_name: str = "HR"
    family_name: str = "Admin"
    time_zone: str = "Europe/London"
    key: str = Field(default_factory=lambda: secrets.token_hex(16))


class TokenFor(BaseModel):
    """Whom a token is for: `hr`, `manager`, `employee`, or an e-mail address; with a scope, for that alone."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    who: str
    workspace: str | None = None
    scope: Literal["feed"] | None = None


@router.get("/workspaces")
def workspaces(system: Running) -> list[str]:
    """List the workspaces."""
    return system.workspaces()


@router.post("/workspaces")
def open_workspace(body: NewWorkspace, system: Running) -> dict[str, str]:
    """Open a workspace with its first HR admin."""
    return new_workspace(system, body)


@router.post("/tokens")
def token(body: TokenFor, system: Running) -> dict[str, str]:
    """Sign a token that acts as somebody for the next minutes."""
    workspace = the_workspace(system, body.workspace)
    actor = tokens.sign_in_as(system.people, workspace, body.who, system.now())
    if body.scope is not None:
        actor = _for_the_feed(actor)
    return {"token": system.signer.sign(actor), "workspace": workspace, "person": actor.person}


def _for_the_feed(actor: Actor) -> Actor:
    """Let somebody of HR read all that is published of their workspace, and nothing else as HR."""
    if "hr" not in actor.roles:
        raise DomainError("The feed holds all that is published of a workspace: name somebody of HR (--as hr).")
    return actor.model_copy(update={"roles": frozenset[str](), "scope": frozenset({feed.SCOPE})})


def new_workspace(system: Composition, body: NewWorkspace) -> dict[str, str]:
    """Open a workspace in one unit of work; the same key opens it once."""
    workspace = f"ws_{sha256(body.key.encode()).hexdigest()[:16]}"
    settings = Settings(name=body.name, calendar=Calendar(time_zone=checked_time_zone(body.time_zone)))
    admin = Changes(given_name=body.given_name, family_name=body.family_name, work_email=body.admin)

    def decide(unit: Unit) -> Answer:
        return Answer(status=201, id=system.people.application.open_workspace(unit, settings, admin).person)

    info = CommandInfo(workspace, OPERATOR, f"open/{body.key}", correlation_id=f"open/{body.key}")
    executed = system.people.execute(info, Actor.service(workspace, OPERATOR), decide)
    system.people.wait(workspace, (executed.position, *executed.published), 10)
    return {"workspace": workspace, "admin": executed.answer.id or ""}
