"""The routes of an api held against its table of who may do what."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI


def every_route_has_a_row(router: APIRouter, rows: Iterable[tuple[str, str]]) -> None:
    """Fail unless the routes of an api, as (METHOD, path), are just those of its table of who may do what."""
    app = FastAPI()
    app.include_router(router)
    shown = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    held = set(rows)
    if shown != held:
        raise AssertionError(
            f"routes without a row: {sorted(shown - held)}; rows without a route: {sorted(held - shown)}"
        )
