"""What commands and queries have in common: who asks, and for what they wait first."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Final

from anyio import CapacityLimiter, Semaphore, move_on_after, to_thread
from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from chassis.http.positions import opened
from chassis.http.problems import Refusal
from chassis.identity import Actor, InvalidToken, KeysAway, KeysUnread, ServiceTokens, Verifier
from chassis.service import Service

PATIENCE: Final = 2.0
"""Seconds a request waits for the positions it names."""

_PLACES: Final = 64
_PLACES_OF_ONE: Final = 8
_MOST_POSITIONS: Final = 32


class Waiting:
    """Who waits for positions in this process: a bounded number, and of one person fewer.

    Whoever finds no place looks once and is told to come again, so that nobody can make the others wait.
    """

    def __init__(self, places: int = _PLACES, of_one: int = _PLACES_OF_ONE) -> None:
        self._places, self._of_one = places, of_one
        self._taken: Counter[tuple[str, str]] = Counter()
        self.waiters, self.lookers = CapacityLimiter(places), CapacityLimiter(2)

    @contextmanager
    def place(self, actor: Actor) -> Generator[tuple[float, CapacityLimiter]]:
        """Take a place for as long as the block lasts; give how long to wait (seconds) and in which threads."""
        whose = (actor.workspace, actor.person)
        if self._taken.total() >= self._places or self._taken[whose] >= self._of_one:
            yield 0.0, self.lookers
            return
        self._taken[whose] += 1
        try:
            yield PATIENCE, self.waiters
        finally:
            self._taken[whose] -= 1
            self._taken += Counter()  # forget who waits no more


@dataclass(frozen=True)
class Served:
    """What the routes of one service share."""

    service: Service
    verifier: Verifier
    services: ServiceTokens | None = None
    places: Semaphore = field(init=False)
    waiting: Waiting = field(default_factory=Waiting)
    closing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_PLACES))

    def __post_init__(self) -> None:
        # One connection is left to the consumer, so that a crowd of requests never stops what makes them answerable.
        object.__setattr__(self, "places", Semaphore(max(1, self.service.pool.max_size - 1)))


_bearer = HTTPBearer(auto_error=False, scheme_name="actor token", description="A short-lived signed actor token.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
WaitFor = Annotated[str | None, Header(description="Positions, as a write answered them, that the answer must show.")]


async def authenticated(served: Served, credentials: HTTPAuthorizationCredentials | None) -> Actor:
    """Return who asks; refuse with 401 when the token does not prove it, with 503 when that cannot be known now."""
    challenge = {"WWW-Authenticate": "Bearer"}
    if credentials is None:
        raise Refusal(401, "unauthenticated", "Send an actor token as Authorization: Bearer.", challenge)
    token = credentials.credentials
    try:
        try:
            return served.verifier.verify(token, may_read=False)
        except KeysUnread:
            return await to_thread.run_sync(served.verifier.verify, token)
    except KeysAway:
        detail = "Who you are cannot be judged now. Send the same request again in a moment, with the same Idempotency-Key."
        raise Refusal(503, "unavailable", detail, {"Retry-After": "1"}) from None
    except InvalidToken as invalid:
        challenge["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        raise Refusal(401, "invalid-token", f"The actor token is not good: {invalid.reason}.", challenge) from None


def refuse_unread(request: Request) -> None:
    """Refuse a parameter that the route does not read: a filter written wrong would answer as if none was given."""
    if not request.query_params:
        return
    read = _read_by(request.scope["route"].dependant)
    remedy = f"Leave it out; this route reads {', '.join(sorted(read)) or 'no parameters'}."
    unread = [(name, value) for name, value in request.query_params.multi_items() if name not in read]
    if unread:
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": remedy, "input": value} for name, value in unread]
        )


def _read_by(dependant: Dependant) -> set[str]:
    own = (_names(field.alias, field.field_info.annotation) for field in dependant.query_params)
    return set[str]().union(*own, *(_read_by(one) for one in dependant.dependencies))


def _names(name: str, kind: object) -> set[str]:
    """Return the names of a parameter: its own, or those in it where several are read as one model."""
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return {name}
    return {field.alias or one for one, field in kind.model_fields.items()}


async def wait_for_named(served: Served, actor: Actor, request: Request) -> None:
    """Wait for what the request names; in threads of their own, so that waiting never stops working."""
    named = [part for line in request.headers.getlist("wait-for") for part in line.split(",") if part.strip()]
    if not named:
        return
    try:
        positions = [opened(served.service.cipher, actor.workspace, part) for part in named[:_MOST_POSITIONS]]
    except ValueError:
        positions = []
    if len(positions) != len(named):
        detail = "Wait-For takes up to 32 positions as writes answered them: name/epoch/sequence, separated by commas."
        raise Refusal(400, "wait-for-unusable", detail) from None
    with served.waiting.place(actor) as (patience, threads):
        reached = await to_thread.run_sync(
            served.service.wait, actor.workspace, positions, patience, limiter=threads
        )
    if reached.state == "unknown":
        detail = "Wait-For names a position that no write has answered. Send it as it was answered."
        raise Refusal(400, "wait-for-unusable", detail)
    if reached.state == "parked":
        detail = f"What this waits for was set aside and needs an operator: {reached.detail}."
        raise Refusal(503, "parked", detail)
    if reached.state == "behind":
        detail = "What was written is not shown here yet. Ask again."
        raise Refusal(503, "not-there-yet", detail, {"Retry-After": "1"})


@asynccontextmanager
async def place(served: Served, request: Request) -> AsyncGenerator[None]:
    """Hold one of as many places as the service has connections; who waits for one holds no thread meanwhile."""
    if getattr(request.state, "placed", False):
        yield
        return
    with move_on_after(PATIENCE) as waiting:
        await served.places.acquire()
    if waiting.cancelled_caught:
        raise Refusal(503, "busy", "Too much is asked at once. Ask again.", {"Retry-After": "1"})
    request.state.placed = True
    try:
        yield
    finally:
        request.state.placed = False
        served.places.release()


def entity_tag(version: int | str) -> str:
    """Return a version as a strong ETag."""
    text = str(version)
    return text if text.startswith('"') else f'"{text}"'
