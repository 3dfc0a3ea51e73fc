"""The directory over HTTP."""

from fastapi import APIRouter

from people_svc.api import erasure, imports, people, workspace
from people_svc.api.allowed import ERRORS

PARTS = (
    workspace.router,
    people.router,
    erasure.router,
    imports.router,
)

router = APIRouter()
for part in PARTS:
    router.include_router(part)

__all__ = ["ERRORS", "PARTS", "router"]
