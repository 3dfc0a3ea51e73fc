"""One port before services that are processes of their own: `/api/<service>/v1` goes to the service, as in one process."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import quote

import httpx
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from chassis.http.problems import NOTHING_HERE, answer_problems, problem

log = structlog.get_logger(__name__)

METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
INSIDE: Final = frozenset({"metrics", "readyz", "livez"})
"""What only whoever runs the system asks, at the process itself."""
HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "host", "te", "trailer"})
"""Headers of one connection (RFC 9110, section 7.6.1)."""
SENT_AGAIN: Final = 1_000_000
"""Bytes of the largest request that is kept until it is answered, so that it can be sent once more."""
AWAY: Final = "This service is starting or away; send the same request again, with the same Idempotency-Key."


def front_app(at: Mapping[str, Sequence[str]]) -> FastAPI:
    """Return the application of the one port; `at` holds the addresses of each service's interface, asked in turn."""
    turns = {service: itertools.cycle(_orders(addresses)) for service, addresses in at.items()}
    client = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=200))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        await client.aclose()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    answer_problems(app, {})

    @app.api_route("/api/{service}/v1/{path:path}", methods=METHODS)
    async def forward(request: Request, service: str, path: str) -> Response:
        if service not in turns:
            return problem(request, 404, "not-found", NOTHING_HERE)
        query = request.scope["query_string"] or None
        urls = [httpx.URL(f"{address}/{quote(path)}", query=query) for address in next(turns[service])]
        if any(url.path.strip("/") in INSIDE for url in urls):  # as it is sent: `/./metrics` is `/metrics` by now
            return problem(request, 404, "not-found", NOTHING_HERE)
        return await _forward(client, request, urls)

    return app


def _orders(addresses: Sequence[str]) -> list[Sequence[str]]:
    """Return in which orders the addresses are asked: each is the first once."""
    return [(*addresses[first:], *addresses[:first]) for first in range(len(addresses))]


async def _forward(client: httpx.AsyncClient, request: Request, urls: Sequence[httpx.URL]) -> Response:
    answer = await _answered(client, request, urls)
    if answer is None:
        return problem(request, 503, "unavailable", AWAY, {"Retry-After": "1"})
    passed = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    passed.raw_headers = [(name, value) for name, value in answer.headers.raw if name.decode().lower() not in HOP_BY_HOP]
    return passed


async def _answered(client: httpx.AsyncClient, request: Request, urls: Sequence[httpx.URL]) -> httpx.Response | None:
    """Return the first answer; None where nobody gives one.

    Where no connection comes about nothing was sent, so the next address is asked whatever the request is; where one
    breaks, only what may be sent twice.
    """
    headers = [(name, value) for name, value in request.headers.raw if name.decode().lower() not in HOP_BY_HOP]
    again = _may_be_sent_again(request)
    if again:
        await request.body()  # kept: `stream` gives it to every try
    for url in urls:
        try:
            asked = client.build_request(request.method, url, headers=headers, content=request.stream())
            return await client.send(asked, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            log.info("process not reached", error=type(error).__name__)
        except httpx.TransportError as error:
            log.warning("process gave no answer", error=type(error).__name__)
            if not again or isinstance(error, httpx.TimeoutException):
                return None
    return None


def _may_be_sent_again(request: Request) -> bool:
    """Whether a request that may have arrived does no harm when it comes again: it only reads, or has its own key."""
    size = request.headers.get("content-length", "" if "transfer-encoding" in request.headers else "0")
    small = size.isdigit() and int(size) <= SENT_AGAIN
    return small and (request.method in {"GET", "HEAD"} or "idempotency-key" in request.headers)
