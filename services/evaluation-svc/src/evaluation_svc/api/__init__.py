"""Evaluation over HTTP."""

from fastapi import APIRouter

from evaluation_svc.api import cycles, evaluations, notes, results, scorecards
from evaluation_svc.api.allowed import ERRORS

router = APIRouter()
for part in (cycles, scorecards, results, evaluations, notes):
    router.include_router(part.router)

__all__ = ["ERRORS", "router"]
