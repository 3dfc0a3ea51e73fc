"""The doors of the one process: every service under `/api/<service>/v1` of one port, and the operator's socket."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from chassis.http import match_threads
from chassis.http.edge import Edge
from chassis.http.problems import answer_problems
from chassis.telemetry import Traces
from ladder.composition import Composition
from ladder.home import SOCKET
from ladder.operator import operator_app

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Career Ladder Builder</title><h1>Career Ladder Builder</h1>
<p>This installation serves its HTTP interfaces. Each page lists what one service accepts and answers.</p>
<ul>{items}</ul></html>"""


def public_app(system: Composition) -> FastAPI:
    """Return the application of the one port."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        match_threads(system.pool_size)
        yield

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    for name, service_app in system.apps().items():
        app.mount(f"/api/{name}/v1", service_app)
    app.mount("/", _front(system))
    return app


def _front(system: Composition) -> FastAPI:
    """Return what answers beside the interfaces: the page at `/`, and that there is nothing anywhere else."""
    app = FastAPI(title="Career Ladder Builder", docs_url=None, redoc_url=None, openapi_url=None)
    items = "".join(f'<li><a href="/api/{one.name}/v1/docs">{one.name}</a></li>' for one in system.services)

    @app.get("/", response_class=HTMLResponse)
    async def home() -> str:
        return _PAGE.format(items=items)

    answer_problems(app, {})
    app.add_middleware(Edge, service="front", traces=Traces("front"), metrics=system.metrics)
    return app


@contextmanager
def serving(app: FastAPI, listening: socket.socket) -> Generator[None]:
    """Serve an application on a socket in a thread, until the block ends."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", server_header=False, date_header=False)
    )
    gc.freeze()  # the routes stay, as the composition's modules and models do
    thread = threading.Thread(target=server.run, args=([listening],), name="http", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def operator_door(system: Composition) -> Generator[Path]:
    """Serve the operator's application on a socket that only this account can open."""
    path = system.home / SOCKET
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen(16)
        try:
            with serving(operator_app(system), listening):
                yield path
        finally:
            path.unlink(missing_ok=True)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; OSError when the port is taken.

    Its connections send at once: the body of an answer does not wait until its head is acknowledged, which takes 40 ms.
    """
    listening = socket.create_server((host, port), backlog=128)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
