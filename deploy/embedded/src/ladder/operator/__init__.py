"""What whoever runs the installation may do: a small HTTP application on a socket only their account can open."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from chassis.http.problems import answer_problems, problem
from chassis.kernel import DomainError, NotFound
from ladder.composition import Composition
from ladder.operator import backups, health, parked, record, rest, workspaces


def operator_app(system: Composition) -> FastAPI:
    """Return the operator's application over a running composition.

    It also serves every service's interface, as the public door does: a command that acts as somebody needs no port.
    """
    app = FastAPI(title="Career Ladder Builder: operator", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.system = system
    answer_problems(app, {})
    app.add_exception_handler(DomainError, _refused)
    for part in (workspaces, record, rest, parked, health, backups):
        app.include_router(part.router)
    for name, service_app in system.apps(inside=True).items():
        app.mount(f"/api/{name}/v1", service_app)
    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """Say everything: who operates may know what is there."""
    return problem(request, 404 if isinstance(error, NotFound) else 409, "refused", str(error))
