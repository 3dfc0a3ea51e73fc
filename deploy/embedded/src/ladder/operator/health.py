"""How the system runs, for whoever operates it: every part of every service, and the metrics."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse

from chassis.http.problems import answer_problems
from ladder.composition import Composition
from ladder.operator.reached import Running

router = APIRouter()


@router.get("/livez")
def livez() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(system: Running) -> JSONResponse:
    """Tell how every part of every service is."""
    told = {service.name: service.health() for service in system.services}
    parts = [{"service": name, **asdict(one)} for name, health in told.items() for one in health.parts]
    well = all(health.ok for health in told.values())
    return JSONResponse({"status": "ok" if well else "not ready", "parts": parts}, 200 if well else 503)


@router.get("/metrics")
def measured(system: Running) -> Response:
    """Return the metrics of this process in Prometheus' text format."""
    return Response(system.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def health_app(system: Composition) -> FastAPI:
    """Return these routes alone, for a port on the loopback address that a Prometheus server can read."""
    app = FastAPI(title="Career Ladder Builder: health", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.system = system
    answer_problems(app, {})
    app.include_router(router)
    return app
