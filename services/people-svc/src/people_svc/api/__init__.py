"""The directory over HTTP."""

from fastapi import APIRouter

from people_svc.api import erasure, imports, people, workspace
from people_svc.api.allowed import ERRORS

router = APIRouter()
for part in (workspace, people, erasure, imports):
    router.include_router(part.router)

__all__ = ["ERRORS", "router"]
