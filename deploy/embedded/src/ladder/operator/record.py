"""The record as the operator sees it: its invariants, its views made anew, its newest events."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chassis.kernel import NotFound
from chassis.service import Service
from chassis.sql import vouched
from ladder.operator.reached import Running, the_service, the_workspaces
from ladder.verifying import Verdict, verify

MOST_EVENTS = 1000
router = APIRouter()

Positions = dict[str, dict[str, int]]
"""By service and workspace: the sequence number of the last event seen."""


class ViewToRebuild(BaseModel):
    """A view, and the workspace (None: every one)."""

    model_config = ConfigDict(extra="forbid")

    view: str
    workspace: str | None = None


class EventsAsked(BaseModel):
    """Which events are asked for: the newest ones, or those after `after`; of one service or workspace, or of all."""

    model_config = ConfigDict(extra="forbid")

    service: str | None = None
    workspace: str | None = None
    limit: int = Field(default=20, ge=1, le=MOST_EVENTS)
    after: Positions | None = None


class EventsFound(BaseModel):
    """Events in the order of their time, without what they say about people; ask for more with `at` as `after`."""

    events: list[dict[str, Any]]
    at: Positions


@router.post("/verification")
def verification(system: Running) -> Verdict:
    """Check the invariants of every service and workspace."""
    return verify(system.services)


@router.post("/rebuilds")
def rebuild(body: ViewToRebuild, system: Running) -> dict[str, int]:
    """Fold a view from the record again, beside the live one, and swap."""
    owner = next((one for one in system.services if body.view in _views(one)), None)
    if owner is None:
        known = sorted({name for one in system.services for name in _views(one)})
        raise NotFound(f"There is no view {body.view!r}. There are: {', '.join(known)}.")
    chosen = the_workspaces(system, body.workspace)
    return {workspace: owner.projections.rebuild(body.view, workspace) for workspace in chosen}


def _views(service: Service) -> list[str]:
    return [view.NAME for view in service.all_views]


@router.post("/events")
def events(body: EventsAsked, system: Running) -> EventsFound:
    """Return events: places and names, no data."""
    chosen = system.services if body.service is None else (the_service(system, body.service),)
    found: list[dict[str, Any]] = []
    at: Positions = {}
    for one in chosen:
        after = None if body.after is None else body.after.get(one.name, {})
        rows, at[one.name] = _events_of(one, body.workspace, after, body.limit)
        found += rows
    ordered = sorted(found, key=itemgetter("recorded_at", "sequence"))
    return EventsFound(events=ordered[-body.limit :] if body.after is None else ordered, at=at)


def _events_of(
    service: Service, workspace: str | None, after: Mapping[str, int] | None, limit: int
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return events of a service, and up to where it was looked in each workspace.

    Without `after` the newest ones and the present end of every workspace; else the first ones after it.
    """
    names = list(after or {})
    values = {"workspace": workspace, "names": names, "seen": [(after or {})[one] for one in names], "n": limit}
    with service.follower_pool.connection() as connection:

        def ask(sql: str) -> list[dict[str, Any]]:
            return connection.execute(vouched(sql.format(name=service.name)), values).fetchall()

        if after is None:
            at = {row["workspace"]: row["sequence"] for row in ask(_HEADS)}
            rows = ask(_NEWEST)[::-1]
        else:
            rows = ask(_AFTER)
            at = {**after, **{row["workspace"]: row["sequence"] for row in rows}}
    told = [{"service": service.name, **row, "recorded_at": row["recorded_at"].isoformat()} for row in rows]
    return told, at


_COLUMNS = "workspace, epoch, sequence, stream, topic, actor, recorded_at"
_HEADS = "select workspace, sequence from {name}.head where %(workspace)s::text is null or workspace = %(workspace)s"
_NEWEST = f"""select {_COLUMNS} from {{name}}.events where %(workspace)s::text is null or workspace = %(workspace)s
    order by recorded_at desc, workspace, sequence desc limit %(n)s"""
_AFTER = f"""select {_COLUMNS} from {{name}}.events
    left join unnest(%(names)s::text[], %(seen)s::bigint[]) seen (workspace, last) using (workspace)
    where sequence > coalesce(last, 0) and (%(workspace)s::text is null or workspace = %(workspace)s)
    order by recorded_at, workspace, sequence limit %(n)s"""
