"""The catch-up feed over HTTP: what a service has published, for consumers that lack some and for analytics."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from chassis.feed import HeadWithEpochs, StoredFeed
from chassis.http.asking import Credentials, Served, authenticated, refuse_unread
from chassis.http.problems import NOTHING_HERE, Refusal, problems
from chassis.identity import EVERYWHERE, Actor, InvalidToken
from contracts.envelope import Envelope, Reached

SCOPE: Final = "feed"


class Event(BaseModel):
    """One published event in the JSON format of CloudEvents 1.0.2; names as on the topic, without their `ce_`."""

    model_config = ConfigDict(frozen=True)

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    eventid: str
    workspace: str
    epoch: str
    sequence: int
    previous: int
    after: tuple[Reached, ...] = ()
    actor: str
    causationid: str | None = None
    correlationid: str
    traceparent: str | None = None
    data: Any

    @classmethod
    def of(cls, record: Envelope) -> Event:
        """Return an envelope as the feed shows it."""
        return cls.model_validate({**record.model_dump(), "id": record.id, "data": json.loads(record.data)})


class Events(BaseModel):
    """A page of the feed; `through` is the last published sequence it covers, also where it left types out."""

    records: list[Event]
    through: int


class Heads(BaseModel):
    """Heads in the order of their workspaces; ask again with `after` until `next` is null."""

    heads: list[HeadWithEpochs]
    next: str | None = Field(default=None, description="What `after` of the next page is; null when there is none.")


async def _reader(request: Request, credentials: Credentials) -> Actor:
    """Return who reads: a service by a token of its own, or anybody whose actor token has the scope."""
    actor = await _known(request, credentials)
    refuse_unread(request)
    return actor


async def _known(request: Request, credentials: Credentials) -> Actor:
    served: Served = request.app.state.served
    if served.services is not None and credentials is not None:
        with suppress(InvalidToken):
            return served.services.verify(credentials.credentials)
    actor = await authenticated(served, credentials)
    if SCOPE not in actor.scope:
        raise Refusal(403, "scope-missing", "Reading the feed takes a token with the scope feed.")
    return actor


Reader = Annotated[Actor, Depends(_reader)]
Topic = Annotated[str, Query(description="Topic, such as evaluation.v1.", examples=["evaluation.v1"])]
router = APIRouter(tags=["feed"], responses=problems(400, 401, 403, 404))


@router.get("/events")
def events(
    request: Request,
    reader: Reader,
    topic: Topic,
    workspace: Annotated[str | None, Query(description="Whose events; a token of one workspace may leave it out.")] = None,
    epoch: Annotated[str | None, Query(description="The epoch `after` was counted in.")] = None,
    after: Annotated[int, Query(ge=0)] = 0,
    types: Annotated[str | None, Query(description="Only these types, separated by commas.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Events:
    """Return what was published after a position, in order.

    A position of an ended epoch counts up to where the next one began: what came above it was lost in a restore.
    """
    feed = _feed(request, topic)
    asked = _workspace(reader, workspace)
    if epoch is not None:
        after = min([after, *(one.base for one in feed.epochs(asked) if one.epoch > epoch)])
    page = feed.events(topic, asked, after, limit)
    wanted = None if types is None else {one.strip() for one in types.split(",")}
    shown = [Event.of(record) for record in page.records if wanted is None or record.type in wanted]
    return Events(records=shown, through=page.through)


@router.get("/heads")
def heads(
    request: Request,
    reader: Reader,
    topic: Topic,
    workspace: Annotated[str | None, Query(description="This workspace only.")] = None,
    after: Annotated[str, Query(description="The workspace the page before ended with.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Heads:
    """Return how far the topic has come, workspace by workspace, with the epochs of each."""
    feed = _feed(request, topic)
    only = workspace if reader.workspace == EVERYWHERE else _workspace(reader, workspace)
    page = feed.page_of_heads(topic, after, limit, only)
    return Heads(heads=page, next=page[-1].workspace if len(page) == limit else None)


def _feed(request: Request, topic: str) -> StoredFeed:
    served: Served = request.app.state.served
    if topic != served.service.topic:
        raise Refusal(404, "topic-unknown", f"{served.service.name} publishes on {served.service.topic}.")
    return served.service.feed


def _workspace(reader: Actor, workspace: str | None) -> str:
    if reader.workspace == EVERYWHERE:
        if workspace is None:
            raise Refusal(400, "workspace-missing", "Name the workspace: ?workspace=…")
        return workspace
    if workspace not in (None, reader.workspace):
        raise Refusal(404, "not-found", NOTHING_HERE)
    return reader.workspace
