"""The framework and its placements over HTTP."""

from fastapi import APIRouter

from framework_svc.api import competencies, draft, files, ladders, levels, placements, published
from framework_svc.api.allowed import ERRORS

PARTS = (
    published.router,
    draft.router,
    ladders.router,
    levels.router,
    competencies.router,
    files.router,
    placements.router,
)

router = APIRouter()
for part in PARTS:
    router.include_router(part)

__all__ = ["ERRORS", "PARTS", "router"]
