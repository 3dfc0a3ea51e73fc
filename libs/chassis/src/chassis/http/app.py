"""The application of one service: its routes, its health, its document, with one way to refuse."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, Final

from anyio import to_thread
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from chassis.http import feed
from chassis.http.asking import Served
from chassis.http.document import show_document
from chassis.http.edge import Edge
from chassis.http.figures import figures
from chassis.http.problems import answer_problems
from chassis.identity import ServiceTokens, Verifier
from chassis.service import Service
from chassis.telemetry import Metrics, Traces

MEBIBYTE: Final = 2**20


def api(
    service: Service,
    *,
    verifier: Verifier,
    services: ServiceTokens | None = None,
    jwks: Callable[[], Mapping[str, Any]] | None = None,
    traces: Traces | None = None,
    metrics: Metrics | None = None,
    threads: int | None = None,
    inside: bool = True,
) -> FastAPI:
    """Return the ASGI application of a service, ready to be served or mounted under a path.

    `services` lets other services read the feed, `jwks` shows the public keys of actor tokens; `threads` is the size of
    its pool, where this application is the only one of its process. A route that takes more than 1 MiB says so by
    `max_body_size`. Who reaches an application that is not `inside` learns whether it is ready and nothing else about
    how it runs.
    """
    metrics = metrics or Metrics()
    metrics.measure(lambda: figures(service))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        if threads is not None:
            match_threads(threads)
        yield

    app = FastAPI(
        title=f"{service.name} · Career Ladder Builder",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.served = Served(service, verifier, services)
    answer_problems(app, service.errors)
    _show_health(app, service, inside)
    if inside:
        _show_metrics(app, metrics)
    show_document(app)
    app.include_router(feed.router)
    if jwks is not None:
        app.get("/.well-known/jwks.json", tags=["identity"], summary="Public keys of actor tokens (RFC 7517)")(jwks)
    if service.router is not None:
        app.include_router(service.router, max_body_size=MEBIBYTE)
    app.add_middleware(Edge, service=service.name, traces=traces or Traces(service.name), metrics=metrics)
    return app


def health_app(service: Service) -> FastAPI:
    """Return the application of a process that answers nobody but its supervisor: health and metrics."""
    metrics = Metrics()
    metrics.measure(lambda: figures(service))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _show_health(app, service, inside=True)
    _show_metrics(app, metrics)
    return app


def match_threads(size: int) -> None:
    """Let as many plain functions run at once as there are connections; call it in the event loop."""
    to_thread.current_default_thread_limiter().total_tokens = size


def _show_health(app: FastAPI, service: Service, inside: bool) -> None:
    @app.get("/livez", tags=["health"])
    async def livez() -> dict[str, str]:
        """Tell that the process answers."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"], responses={503: {"description": "A part is not well."}})
    def readyz() -> JSONResponse:
        """Tell whether every part is well: relay, consumer, projections, deadlines, database."""
        health = service.health()
        body: dict[str, Any] = {"status": "ok" if health.ok else "not ready"}
        if inside:
            body["parts"] = [asdict(one) for one in health.parts]
        return JSONResponse(body, 200 if health.ok else 503)


def _show_metrics(app: FastAPI, metrics: Metrics) -> None:
    @app.get("/metrics", include_in_schema=False)
    def measured() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
