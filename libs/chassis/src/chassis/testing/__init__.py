"""What the tests of every service share: a real port to ask, views held against their rebuilt selves, routes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from httpx import Client

    from chassis.service import Service

__all__ = ["assert_live_equals_rebuilt", "every_route_has_a_row", "live_rows", "served"]

NOT_FROM_THE_RECORD = {"deadlines": ("ask_at",)}
"""Columns that are marks of a follower, not folded from events."""


@contextmanager
def served(app: FastAPI, timeout: float = 30) -> Generator[Client]:
    """Serve an application on a free port of this machine and give a client of it; real HTTP, ended at the end."""
    import uvicorn
    from httpx import Client

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the one port: else each answer waits 40 ms
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            with Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=timeout) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(timeout)


def live_rows(service: Service, workspace: str) -> dict[str, list[dict[str, Any]]]:
    """Return the live rows of every view of a workspace, by the view's name and in the order of their keys."""
    found: dict[str, list[dict[str, Any]]] = {}
    with service.reader(workspace) as reader:
        for view in service.all_views:
            left_out = NOT_FROM_THE_RECORD.get(view.NAME, ())
            columns = ", ".join(name for name in view.COLUMNS if name not in left_out)
            sql = f"select {columns} from {view.NAME} where workspace = %(workspace)s order by {', '.join(view.KEY)}"
            found[view.NAME] = reader.rows(sql)
    return found


def assert_live_equals_rebuilt(service: Service, workspace: str) -> None:
    """Fail unless every view of a workspace, rebuilt from the record, has the rows it had; it is rebuilt afterwards."""
    while service.projections.step(workspace) == "more":
        pass
    before = live_rows(service, workspace)
    for view in service.all_views:
        service.projections.rebuild(view.NAME, workspace)
    after = live_rows(service, workspace)
    for name, rows in before.items():
        if rows != after[name]:
            raise AssertionError(f"{name}: {_first_difference(rows, after[name])}")


def every_route_has_a_row(router: APIRouter, rows: Iterable[tuple[str, str]]) -> None:
    """Fail unless the routes of an api, as (METHOD, path), are just those of its table of who may do what."""
    from fastapi import FastAPI

    app = FastAPI()
    app.include_router(router)
    shown = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    held = set(rows)
    if shown != held:
        raise AssertionError(
            f"routes without a row: {sorted(shown - held)}; rows without a route: {sorted(held - shown)}"
        )


def _first_difference(live: list[dict[str, Any]], rebuilt: list[dict[str, Any]]) -> str:
    """Say where two lists of rows part, naming columns and counts; values may be personal."""
    if len(live) != len(rebuilt):
        return f"{len(live)} rows live, {len(rebuilt)} rebuilt"
    number, one, other = next((n, a, b) for n, (a, b) in enumerate(zip(live, rebuilt, strict=True)) if a != b)
    return f"row {number} differs in {', '.join(name for name in one if one[name] != cast('Any', other)[name])}"
