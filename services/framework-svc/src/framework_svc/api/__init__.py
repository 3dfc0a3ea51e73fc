"""The framework and its placements over HTTP."""

from fastapi import APIRouter

from framework_svc.api import draft, matrix, placements, published
from framework_svc.api.allowed import ERRORS

router = APIRouter()
for part in (published, draft, matrix, placements):
    router.include_router(part.router)

__all__ = ["ERRORS", "router"]
