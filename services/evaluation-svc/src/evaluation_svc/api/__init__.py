"""Evaluation over HTTP."""

from fastapi import APIRouter

from evaluation_svc.api import cycles, evaluations, notes
from evaluation_svc.api.allowed import ERRORS

router = APIRouter()
for part in (cycles, evaluations, notes):
    router.include_router(part.router)

__all__ = ["ERRORS", "router"]
