"""What whoever runs the installation may do: a small HTTP application on a socket only their account can open."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from chassis import parked
from chassis.calendar import Calendar
from chassis.identity import Actor
from chassis.kernel import DomainError, NotFound
from chassis.service import Service
from chassis.unit import Answer, CommandInfo, Unit
from ladder.composition import Composition
from ladder.verifying import Verdict, verify
from people_svc import tokens
from people_svc.domain import Changes, Settings
from people_svc.domain.workspace import checked_time_zone

OPERATOR = "operator"


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
    """Whom a token is for: `hr`, `manager`, `employee`, or an e-mail address."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    who: str
    workspace: str | None = None


class ViewToRebuild(BaseModel):
    """A view, and the workspace (None: every one)."""

    model_config = ConfigDict(extra="forbid")

    view: str
    workspace: str | None = None


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


def operator_app(system: Composition) -> FastAPI:
    """Return the operator's application over a running composition."""
    app = FastAPI(title="Career Ladder Builder: operator", docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(DomainError)
    async def refused(_: Request, error: DomainError) -> JSONResponse:
        status = 404 if isinstance(error, NotFound) else 409
        return JSONResponse({"detail": str(error)}, status)

    @app.post("/workspaces")
    def open_workspace(body: NewWorkspace) -> dict[str, str]:
        """Open a workspace with its first HR admin."""
        return new_workspace(system, body)

    @app.get("/workspaces")
    def workspaces() -> list[str]:
        """List the workspaces."""
        return system.workspaces()

    @app.post("/tokens")
    def token(body: TokenFor) -> dict[str, str]:
        """Sign a token that acts as somebody for the next minutes."""
        workspace = body.workspace or _only_workspace(system)
        actor = tokens.sign_in_as(system.people, workspace, body.who, system.now())
        return {"token": system.signer.sign(actor), "workspace": workspace, "person": actor.person}

    @app.post("/verification")
    def verification() -> Verdict:
        """Check the invariants of every service and workspace."""
        return verify(system.services)

    @app.post("/rebuilds")
    def rebuild(body: ViewToRebuild) -> dict[str, int]:
        """Fold a view from the record again, beside the live one, and swap."""
        owner = next((s for s in system.services if body.view in {view.NAME for view in s.all_views}), None)
        if owner is None:
            known = sorted({view.NAME for service in system.services for view in service.all_views})
            raise NotFound(f"There is no view {body.view!r}. There are: {', '.join(known)}.")
        chosen = [body.workspace] if body.workspace else system.workspaces()
        return {workspace: owner.projections.rebuild(body.view, workspace) for workspace in chosen}

    @app.get("/events")
    def events(service: str | None = None, workspace: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        """Return the newest events, without what they say about people."""
        return latest_events(system, service, workspace, min(limit, 1000))

    _serve_parked(app, system)
    return app


def _serve_parked(app: FastAPI, system: Composition) -> None:
    """Add what the operator does with heard events that could not be applied."""

    @app.get("/parked")
    def parked_events(status: Literal["parked", "replayed", "discarded"] = "parked") -> list[dict[str, Any]]:
        """List what could not be applied, by type and reason."""
        return [
            {"service": service.name, **_plain(one)}
            for service in system.services
            for one in parked.listed(service, status=status)
        ]

    @app.get("/parked/{service}/{workspace}/{event}")
    def parked_event(service: str, workspace: str, event: UUID) -> dict[str, Any]:
        """Show one parked event and how it arrived; its personal fields are sealed."""
        one, arrived = parked.shown(_service(system, service), workspace, event)
        return {"service": service, **_plain(one), "envelope": arrived.model_dump(mode="json", exclude={"data"})}

    @app.post("/parked/replay")
    def replay(body: ToReplay) -> dict[str, Any]:
        """Apply parked events again, in order; a subject stops at its first failure."""
        done = parked.replay(_service(system, body.service), body.workspace, body.subject)
        return {"applied": [str(one) for one in done.applied], "stopped": [_plain(one) for one in done.stopped]}

    @app.post("/parked/discard")
    def discard(body: ToDiscard) -> dict[str, str]:
        """Give one parked event up and say why."""
        parked.discard(_service(system, body.service), body.workspace, body.event, body.reason)
        return {"discarded": str(body.event)}


def new_workspace(system: Composition, body: NewWorkspace) -> dict[str, str]:
    """Open a workspace in one unit of work; the same key opens it once."""
    workspace = f"ws_{secrets.token_hex(8)}"
    settings = Settings(name=body.name, calendar=Calendar(time_zone=checked_time_zone(body.time_zone)))
    admin = Changes(given_name=body.given_name, family_name=body.family_name, work_email=body.admin)
    found: list[str] = []

    def decide(unit: Unit) -> Answer:
        found.append(system.people.application.open_workspace(unit, settings, admin).person)
        return Answer(status=201, id=workspace)

    info = CommandInfo(workspace, OPERATOR, f"open/{body.key}", correlation_id=f"open/{body.key}")
    executed = system.people.execute(info, system_actor(workspace), decide)
    system.people.wait(workspace, (executed.position, *executed.published), 10)
    return {"workspace": workspace, "admin": found[-1]}


def system_actor(workspace: str) -> Actor:
    """Return the actor of what the operator does."""
    return Actor.service(workspace, OPERATOR)


def latest_events(system: Composition, service: str | None, workspace: str | None, limit: int) -> list[dict[str, Any]]:
    """Return the newest events of one service or all, oldest first: places and names, no data."""
    found: list[dict[str, Any]] = []
    for one in system.services:
        if service is not None and one.name != service:
            continue
        sql = f"""select workspace, epoch, sequence, stream, topic, actor, recorded_at from {one.name}.events
        where (%(workspace)s::text is null or workspace = %(workspace)s) order by recorded_at desc, sequence desc limit %(n)s"""
        with one.follower_pool.connection() as connection:
            rows = connection.execute(sql, {"workspace": workspace, "n": limit}).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
        found += [{"service": one.name, **row, "recorded_at": row["recorded_at"].isoformat()} for row in rows]
    return sorted(found, key=lambda row: (row["recorded_at"], row["sequence"]))[-limit:]


def _plain(one: parked.Parked) -> dict[str, Any]:
    return {name: str(value) for name, value in asdict(one).items()}


def _service(system: Composition, name: str) -> Service:
    found = next((service for service in system.services if service.name == name), None)
    if found is None:
        raise NotFound(f"There is no service {name!r}. There are: {', '.join(s.name for s in system.services)}.")
    return found


def _only_workspace(system: Composition) -> str:
    names = system.workspaces()
    if not names:
        raise NotFound("There is no workspace yet. Open one: ladder workspace create NAME --admin E-MAIL")
    if len(names) > 1:
        raise DomainError(f"There are {len(names)} workspaces; name one with --workspace: {', '.join(names[:5])}")
    return names[0]
