"""A command: a request to change something, done once per key."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Response

from chassis.http.asking import (
    Credentials,
    Served,
    WaitFor,
    authenticated,
    entity_tag,
    place,
    refuse_unread,
    wait_for_named,
)
from chassis.http.positions import sealed
from chassis.http.problems import Refusal
from chassis.identity import Actor
from chassis.kernel import holds_nul
from chassis.service import Service
from chassis.telemetry import current_traceparent
from chassis.unit import Answer, CommandInfo, Decide, Executed

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_TAG: Final = re.compile(r'"(\d{1,18})"')
_BOUNDARY: Final = re.compile(rb'boundary="?([^";,\s]{1,70})"?')


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
        if executed.recorded:  # where the log is says, to whoever wrote nothing, only what others did
            keys, workspace = self.service.cipher, self.workspace
            positions = (executed.position, *executed.published)
            headers["Position"] = ", ".join(sealed(keys, workspace, one) for one in positions)
        if answer.etag is not None:
            headers["ETag"] = entity_tag(answer.etag)
        if answer.location is not None:
            inside = answer.location.startswith("/") and not answer.location.startswith("//")
            headers["Location"] = self.root_path + answer.location if inside else answer.location


_IdempotencyKey = Annotated[
    str | None,
    Header(description="1–255 visible characters, quoted or bare. The same key and body give the same answer."),
]
_IfMatch = Annotated[str | None, Header(description="The ETag of the version that was read.")]


async def command(
    request: Request,
    response: Response,
    credentials: Credentials,
    idempotency_key: _IdempotencyKey = None,
    if_match: _IfMatch = None,
    wait_for: WaitFor = None,
) -> AsyncGenerator[Command]:
    """Give a route its command: authenticated, with a key and the version that is expected."""
    served: Served = request.app.state.served
    actor = await authenticated(served, credentials)
    refuse_unread(request)
    key = _key(request, idempotency_key)
    expected = _expected_version(if_match)
    await wait_for_named(served, actor, request)
    body, media_type = await _body(request), request.headers.get("content-type", "").encode()
    _refuse_nul(body, media_type)
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

    async with place(served, request):
        yield Command(served.service, actor, info, expected, response, request.scope.get("root_path", ""))


Commanded = Annotated[Command, Depends(command, scope="function")]


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


async def _body(request: Request) -> bytes:
    """Return the body as it was sent; the edge kept it where a form was read from the stream."""
    try:
        return await request.body()
    except RuntimeError:
        return b"".join(request.scope["chassis.body"])


def _refuse_nul(body: bytes, media_type: bytes) -> None:
    """Refuse U+0000 in JSON: no text of PostgreSQL can hold it, so no event may. (A file's reader looks for itself.)"""
    if (not media_type or media_type.startswith(b"application/json")) and holds_nul(body):
        raise Refusal(422, "control-character", "A text holds the character U+0000, which cannot be kept. Remove it.")


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
