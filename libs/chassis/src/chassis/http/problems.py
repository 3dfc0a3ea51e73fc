"""Every refusal as `application/problem+json` (RFC 9457): a sentence to act on, and nothing somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from chassis.cipher.errors import Erased, KeysUnavailable
from chassis.kernel import DomainError, Forbidden, Invalid, NotFound
from chassis.postgres import INTERRUPTED
from chassis.store import TooLarge
from chassis.unit import KeyReused, PreconditionFailed, Unavailable

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
NOTHING_HERE: Final = "There is nothing here, or you may not see it."

ErrorTable = Mapping[type[DomainError], int]
"""Which status answers which broken rule; what is not listed answers by its base class.

A `NotFound` tells nothing. One that a service lists as 404 tells its sentence: it is raised only to somebody who may
see everything around what is missing.
"""

_DEFAULTS: Final[ErrorTable] = {DomainError: 409, Invalid: 422, NotFound: 404, Forbidden: 403}
_CHOICES: Final = frozenset({"enum", "literal_error"})
_REMEDIES: Final = {
    "Field required": "Give this field.",
    "Extra inputs are not permitted": "There is no such field here; leave it out, or look its name up in the document.",
}
"""What pydantic only states, as something to do."""
_WORDED_BY_US: Final = frozenset({"value_error", "assertion_error"})

Scalar = str | int | float | bool | None


class FieldProblem(BaseModel):
    """One field that cannot be accepted, and what to do about it."""

    field: str
    remedy: str
    value: Scalar = None


class Problem(BaseModel):
    """A refusal (RFC 9457). `type` names the rule and stays the same; `detail` is for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:career-ladder:problem:not-found",
                    "title": "Not found",
                    "status": 404,
                    "detail": NOTHING_HERE,
                    "instance": "/evaluations/ev_4c1f",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    field: str | None = None
    value: Scalar = None
    remedy: str | None = None
    errors: list[FieldProblem] | None = None
    reference: str | None = None


class Refusal(Exception):
    """What is wrong with a request before any rule of a domain was asked."""

    def __init__(self, status: int, name: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail, self.headers = status, name, detail, headers


def problem(
    request: Request, status: int, name: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Return the answer that refuses a request; `name` is the kebab-case name of what is wrong."""
    body = problem_body(status, name, detail, request.url.path, **more)
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def problem_body(status: int, name: str, detail: str, instance: str, **more: Any) -> dict[str, Any]:
    """Return a problem document; members that are None are left out."""
    return {
        "type": f"urn:career-ladder:problem:{name}",
        "title": name.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "instance": instance,
        **{key: value for key, value in more.items() if value is not None},
    }


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of a route that may answer with these problems."""
    return {status: _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": phrase, "content": content}


def answer_problems(app: FastAPI, errors: ErrorTable) -> None:
    """Let `app` answer every known error with its problem."""
    table = {**_DEFAULTS, **errors}

    async def broken_rule(request: Request, error: DomainError) -> JSONResponse:
        listed = next(cls for cls in type(error).__mro__ if cls in table)
        status = table[listed]
        if listed is NotFound:  # the same body whether it is absent or hidden
            return problem(request, 404, "not-found", NOTHING_HERE)
        if isinstance(error, Invalid):
            return _invalid(request, status, error)
        return problem(request, status, _kebab(type(error).__name__), str(error))

    handlers: dict[Any, Any] = {
        DomainError: broken_rule,
        RequestValidationError: _malformed,
        HTTPException: _http_error,
        Refusal: _refused,
        KeyReused: _key_reused,
        PreconditionFailed: _precondition_failed,
        TooLarge: _too_large,
        Erased: _erased,
        KeysUnavailable: _unavailable,
        Unavailable: _unavailable,
        PoolTimeout: _unavailable,
        **dict.fromkeys(INTERRUPTED, _unavailable),
    }
    for cls, handler in handlers.items():
        app.add_exception_handler(cls, handler)


def _invalid(request: Request, status: int, error: Invalid) -> JSONResponse:
    value = error.value if isinstance(error.value, str | int | float | bool) else None
    detail = f"{error.field}: {error.remedy}"
    name = _kebab(type(error).__name__)
    return problem(request, status, name, detail, field=error.field, value=value, remedy=error.remedy)


async def _refused(request: Request, error: Refusal) -> JSONResponse:
    return problem(request, error.status, error.name, error.detail, error.headers)


async def _key_reused(request: Request, error: KeyReused) -> JSONResponse:
    detail = "This Idempotency-Key was used for another request. Use a new key for a new request."
    return problem(request, 422, "idempotency-key-reused", detail)


async def _precondition_failed(request: Request, error: PreconditionFailed) -> JSONResponse:
    detail = "Somebody changed this after you read it. Read it again and repeat your change with the new ETag."
    return problem(request, 412, "precondition-failed", detail, {"ETag": f'"{error.actual}"'})


async def _too_large(request: Request, error: TooLarge) -> JSONResponse:
    detail = "This is more than one event can carry. Send less at once, or shorter texts."
    return problem(request, 413, "content-too-large", detail)


async def _erased(request: Request, error: Erased) -> JSONResponse:
    return problem(request, 409, "erased", "This person was erased: nothing can be written about them any more.")


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    log.warning("store unavailable", error=type(error).__name__)
    detail = "The store cannot answer now. Send the same request again in a moment, with the same Idempotency-Key."
    return problem(request, 503, "unavailable", detail, {"Retry-After": "1"})


async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    if error.status_code == 404:
        return problem(request, 404, "not-found", NOTHING_HERE)
    if error.status_code == 413:
        return problem(request, 413, "content-too-large", "The request is larger than this route takes.")
    phrase = HTTPStatus(error.status_code).phrase
    return problem(request, error.status_code, _kebab(phrase.title().replace(" ", "")), f"{phrase}.", error.headers)


async def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
    fields = [_field_problem(one) for one in error.errors()]
    named = ", ".join(dict.fromkeys(one.field for one in fields))
    errors = [one.model_dump(exclude_none=True) for one in fields]
    return problem(request, 422, "invalid-request", f"Cannot be accepted: {named}.", errors=errors)


def _field_problem(found: Mapping[str, Any]) -> FieldProblem:
    place: Sequence[str | int] = found["loc"]
    given = found.get("input")
    if found["type"] == "json_invalid":
        return FieldProblem(field="body", remedy=f"This is no JSON from character {place[-1]} on; mend it there.")
    remedy = str(found["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    remedy = _REMEDIES.get(remedy, remedy)
    if found["type"] in _WORDED_BY_US and isinstance(given, str) and given and given in remedy:
        remedy = "This value cannot be accepted."
    shown = place[0] in ("path", "query") or found["type"] in _CHOICES
    value = given if shown and isinstance(given, str | int | float | bool) and len(str(given)) <= 100 else None
    return FieldProblem(field=_field_name(place), remedy=remedy, value=value)


def _field_name(place: Sequence[str | int]) -> str:
    """Return where a field stands; of a name the sender made up only what looks like a name is repeated."""
    return ".".join(str(part) if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(part)) else "…" for part in place)


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
