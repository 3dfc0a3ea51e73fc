"""Gap reports over HTTP."""

from fastapi import APIRouter

from gap_svc.api import company, drafts, reports, targets
from gap_svc.api.allowed import ERRORS

PARTS = (
    reports.router,
    targets.router,
    company.router,
    drafts.router,
)

router = APIRouter()
for part in PARTS:
    router.include_router(part)

__all__ = ["ERRORS", "PARTS", "router"]
