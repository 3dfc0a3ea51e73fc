"""Gap reports over HTTP."""

from fastapi import APIRouter

from gap_svc.api import aims, company, drafts, reports
from gap_svc.api.allowed import ERRORS

router = APIRouter()
for part in (reports, aims, company, drafts):
    router.include_router(part.router)

__all__ = ["ERRORS", "router"]
