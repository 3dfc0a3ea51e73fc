"""What a route is given: a command that runs once per key, or a query that reads one workspace."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final, TypeVar

import psycopg
from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chassis.http.page import Page, Sorting
from chassis.http.problems import Refusal
from chassis.identity import Actor, Directory, InvalidToken, Verifier
from chassis.kernel import Invalid, Sealed, State
from chassis.projection import RecordedEvent
from chassis.service import Executed, Reader, Service
from chassis.telemetry import current_traceparent
from chassis.unit import Answer, CommandInfo, Decide, Position

S = TypeVar("S", bound=State)

PATIENCE: Final = 2.0
"""Seconds a request waits for the positions it names."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_TAG = re.compile(r'"(\d{1,18})"')
_BOUNDARY = re.compile(rb'boundary="?([^";,\s]{1,70})"?')
_WAITERS: Final = 64


@dataclass(frozen=True)
class Served:
    """What the routes of one service share."""

    service: Service
    verifier: Verifier
    waiters: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_WAITERS))


@dataclass
class Command:
    """A request to change something, by a known actor, under a key that makes repeats recognisable."""

    service: Service
    actor: Actor
    info: Callable[[], CommandInfo]
    expected_version: int | None
    response: Response
    root_path: str = ""

    @property
    def workspace(self) -> str:
        """The workspace of the actor: nothing in a request can name another."""
        return self.actor.workspace

    def require_if_match(self) -> int:
        """Return the version the caller has seen; answer 428 when the request does not say."""
        if self.expected_version is None:
            detail = "Say which version you have read: send its ETag as If-Match."
            raise Refusal(428, "precondition-required", detail)
        return self.expected_version

    def run(self, decide: Decide) -> Answer:
        """Run the unit of work, or return what it answered the first time; the answer's headers are set."""
        executed = self.service.execute(self.info(), self.actor, decide)
        self._set_headers(executed)
        return executed.answer

    def _set_headers(self, executed: Executed) -> None:
        answer, headers = executed.answer, self.response.headers
        self.response.status_code = answer.status
        positions = [one for one in (executed.position, *executed.published) if one.epoch]
        if positions:
            headers["Position"] = ", ".join(map(str, positions))
        if answer.etag is not None:
            headers["ETag"] = entity_tag(answer.etag)
        if answer.location is not None:
            inside = answer.location.startswith("/") and not answer.location.startswith("//")
            headers["Location"] = self.root_path + answer.location if inside else answer.location


@dataclass
class Query:
    """A request to read one workspace. The database is first asked when the route asks."""

    service: Service
    actor: Actor
    request: Request
    response: Response
    _open: ExitStack = field(default_factory=ExitStack)
    _accesses: list[tuple[str, str, str, str]] = field(default_factory=list[tuple[str, str, str, str]])

    @property
    def workspace(self) -> str:
        """The workspace of the actor: nothing in a request can name another."""
        return self.actor.workspace

    @cached_property
    def reader(self) -> Reader:
        """The one read-only transaction of this request."""
        return self._open.enter_context(self.service.reader(self.workspace))

    @property
    def now(self) -> datetime:
        """The moment of this reading (UTC)."""
        return self.reader.now

    @cached_property
    def directory(self) -> Directory:
        """The people of this workspace as this service knows them."""
        return self.reader.directory()

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Read copied facts or views; `%(workspace)s` is always given."""
        return self.reader.rows(sql, params)

    def row(self, sql: str, params: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Read one row, or None."""
        return self.reader.row(sql, params)

    def state(self, cls: type[S], identifier: str) -> tuple[S | None, int]:
        """Return the state of a stream and its version, which is its ETag."""
        return self.reader.state(cls, identifier)

    def history(self, cls: type[State], identifier: str) -> list[RecordedEvent]:
        """Return what the record holds of a stream, oldest first."""
        return self.reader.history(cls, identifier)

    def open(self, sealed: Sealed | None) -> str | None:
        """Decrypt a personal text; None when it is absent, erased or withdrawn."""
        return self.reader.open(sealed)

    def opened(self, sealed: Sequence[Sealed | None]) -> list[str | None]:
        """Decrypt personal texts together, each in its place."""
        texts = iter(self.reader.open_many([one for one in sealed if one is not None]))
        return [None if one is None else next(texts) for one in sealed]

    def etag(self, version: int) -> None:
        """Answer with this version as the ETag, for the If-Match of a change."""
        self.response.headers["ETag"] = entity_tag(version)

    def record_access(self, person: str, what: str, subject: str, capacity: str | None = None) -> None:
        """Note that a personal document of `person` was read: `what` kind it is, `subject` its id, and as what.

        Reading what is about oneself is not noted. It is written before the answer is sent, or nothing is sent.
        """
        if person == self.actor.person:
            return
        self._accesses.append((capacity or self._capacity(person), what, person, subject))

    def page(
        self,
        sql: str,
        params: dict[str, Any] | None = None,
        *,
        sort: Sequence[str],
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[dict[str, Any]]:
        """Return a page of a statement's rows (without `order by`), and set the Link header to the next.

        `sort` names columns of the rows, the last ones making a row unique, `-` before a name for downwards.
        """
        sorting = Sorting(tuple(sort))
        after = None if cursor is None else sorting.read(cursor)
        statement, places = sorting.statement(sql, after, limit)
        try:
            found = self.rows(statement, {**(params or {}), **places})
        except psycopg.DataError:
            if after is None:
                raise
            raise Invalid("cursor", None, "use the next_cursor of the page before, with the same sorting") from None
        if len(found) <= limit:
            return Page(items=found)
        following = sorting.cursor(found[limit - 1])
        there = self.request.url.include_query_params(cursor=following)
        self.response.headers["Link"] = f'<{there.path}?{there.query}>; rel="next"'
        return Page(items=found[:limit], next_cursor=following)

    def close(self, *, answered: bool) -> None:
        """Give the connection back, then write who read what: never two connections at once."""
        self._open.close()
        if answered:
            for capacity, what, person, subject in self._accesses:
                self.service.access(self.workspace, self.actor.person, capacity, what, person, subject)

    def _capacity(self, person: str) -> str:
        relations = self.directory.relation(self.actor.person, person)
        return ", ".join([*sorted(relations), *sorted(self.actor.roles)]) or "other"

    @property
    def used(self) -> bool:
        """Whether there is anything to close or to write."""
        return "reader" in self.__dict__ or bool(self._accesses)


def entity_tag(version: int | str) -> str:
    """Return a version as a strong ETag."""
    text = str(version)
    return text if text.startswith('"') else f'"{text}"'


_bearer = HTTPBearer(auto_error=False, scheme_name="actor token", description="A short-lived signed actor token.")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_IdempotencyKey = Annotated[
    str | None,
    Header(description="1–255 visible characters, quoted or bare. The same key and body give the same answer."),
]
_IfMatch = Annotated[str | None, Header(description="The ETag of the version that was read.")]
_WaitFor = Annotated[str | None, Header(description="Positions, as a write answered them, that the answer must show.")]


async def command(
    request: Request,
    response: Response,
    credentials: _Credentials,
    idempotency_key: _IdempotencyKey = None,
    if_match: _IfMatch = None,
    wait_for: _WaitFor = None,
) -> Command:
    """Give a route its command: authenticated, with a key and the version that is expected."""
    served: Served = request.app.state.served
    actor = _actor(served, credentials)
    key = _key(request, idempotency_key)
    expected = _expected_version(if_match)
    await _wait(served, actor, request)
    body, media_type = await _body(request), request.headers.get("content-type", "").encode()
    identity = _command_id(served.service.name, actor, request, key)

    def info() -> CommandInfo:
        digest = served.service.cipher.digest(actor.workspace, _body_digest(body, media_type))
        return CommandInfo(
            workspace=actor.workspace,
            actor=actor.person,
            command_id=identity,
            correlation_id=identity,
            on_behalf_of=actor.on_behalf_of,
            traceparent=current_traceparent(),
            digest=bytes.fromhex(digest),
        )

    return Command(served.service, actor, info, expected, response, request.scope.get("root_path", ""))


async def query(
    request: Request, response: Response, credentials: _Credentials, wait_for: _WaitFor = None
) -> AsyncGenerator[Query]:
    """Give a route its query: authenticated, after what it was told to wait for."""
    served: Served = request.app.state.served
    actor = _actor(served, credentials)
    await _wait(served, actor, request)
    asked = Query(served.service, actor, request, response)
    answered = False
    try:
        yield asked
        answered = True
    finally:
        if asked.used:
            await to_thread.run_sync(lambda: asked.close(answered=answered))


Commanded = Annotated[Command, Depends(command)]
Queried = Annotated[Query, Depends(query, scope="function")]
"""Closed before the answer is sent: an access that cannot be written is an answer that is not given."""


def _actor(served: Served, credentials: HTTPAuthorizationCredentials | None) -> Actor:
    challenge = {"WWW-Authenticate": "Bearer"}
    if credentials is None:
        raise Refusal(401, "unauthenticated", "Send an actor token as Authorization: Bearer.", challenge)
    try:
        return served.verifier.verify(credentials.credentials)
    except InvalidToken as invalid:
        challenge["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        raise Refusal(401, "invalid-token", f"The actor token is not good: {invalid.reason}.", challenge) from None


def _key(request: Request, given: str | None) -> str:
    if given is None:
        if request.method == "POST":
            detail = "Send an Idempotency-Key header: one new value for each thing you want done once."
            raise Refusal(400, "idempotency-key-missing", detail)
        return secrets.token_hex(16)
    key = re.sub(r"\\(.)", r"\1", given[1:-1]) if given.startswith('"') and given.endswith('"') else given
    if not _KEY.fullmatch(key):
        raise Refusal(400, "idempotency-key-unusable", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return key


def _expected_version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _TAG.fullmatch(if_match.strip())
    if tag is None:
        raise Refusal(400, "if-match-unusable", 'If-Match takes one ETag as a read answered it, such as "7".')
    return int(tag[1])


async def _wait(served: Served, actor: Actor, request: Request) -> None:
    """Wait for what the request names; in threads of their own, so that waiting never stops working."""
    named = [part for line in request.headers.getlist("wait-for") for part in line.split(",") if part.strip()]
    if not named:
        return
    try:
        positions = [Position.parse(part) for part in named[:32]]
    except ValueError:
        detail = "Wait-For takes positions as a write answered them: name/epoch/sequence, separated by commas."
        raise Refusal(400, "wait-for-unusable", detail) from None
    reached = await to_thread.run_sync(
        served.service.wait, actor.workspace, positions, PATIENCE, limiter=served.waiters
    )
    if reached.state == "parked":
        detail = f"What this waits for was set aside and needs an operator: {reached.detail}."
        raise Refusal(503, "parked", detail)
    if reached.state == "behind":
        detail = f"What was written is not shown here yet: {reached.detail}. Ask again."
        raise Refusal(503, "not-there-yet", detail, {"Retry-After": "1"})


async def _body(request: Request) -> bytes:
    """Return the body as it was sent; the edge kept it where a form was read from the stream."""
    try:
        return await request.body()
    except RuntimeError:
        return b"".join(request.scope["chassis.body"])


def _body_digest(body: bytes, media_type: bytes) -> str:
    """Return the digest of a body; a form's random boundary, which no two requests share, is left out."""
    boundary = _BOUNDARY.search(media_type)
    if media_type.startswith(b"multipart/") and boundary:
        media_type, body = b"multipart", body.replace(boundary[1], b"")
    return hashlib.sha256(b"%d:%s%s" % (len(media_type), media_type, body)).hexdigest()


def _command_id(service: str, actor: Actor, request: Request, key: str) -> str:
    """Return the id under which a repeat is recognised: the same actor, route and key."""
    template = getattr(request.scope.get("route"), "path", "")
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    parts = [service, actor.workspace, actor.person, request.method, template, path, key]
    return "c_" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]
