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
AWAY: Final = "This service is starting or away; send the same request again, with the same Idempotency-Key."


def front_app(at: Mapping[str, Sequence[str]]) -> FastAPI:
    """Return the application of the one port; `at` holds the addresses of each service's interface, asked in turn."""
    turns = {service: itertools.cycle(addresses) for service, addresses in at.items()}
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
        url = httpx.URL(f"{next(turns[service])}/{quote(path)}", query=request.scope["query_string"] or None)
        if url.path.strip("/") in INSIDE:  # as it is sent: `/./metrics` is `/metrics` by now
            return problem(request, 404, "not-found", NOTHING_HERE)
        return await _forward(client, request, url)

    return app


async def _forward(client: httpx.AsyncClient, request: Request, url: httpx.URL) -> Response:
    headers = [(name, value) for name, value in request.headers.raw if name.decode().lower() not in HOP_BY_HOP]
    asked = client.build_request(request.method, url, headers=headers, content=request.stream())
    try:
        answer = await client.send(asked, stream=True)
    except httpx.TransportError as error:
        log.warning("service not reached", error=type(error).__name__)
        return problem(request, 503, "unavailable", AWAY, {"Retry-After": "1"})
    passed = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    passed.raw_headers = [(name, value) for name, value in answer.headers.raw if name.decode().lower() not in HOP_BY_HOP]
    return passed
