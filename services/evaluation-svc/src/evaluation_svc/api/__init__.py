"""Evaluation over HTTP."""

from fastapi import APIRouter

from evaluation_svc.api import (
    cycles,
    evaluations,
    notes,
    participants,
    results,
    scorecards,
    self_assessments,
    waiting,
)
from evaluation_svc.api.allowed import ERRORS

PARTS = (
    cycles.router,
    participants.router,
    scorecards.router,
    results.router,
    evaluations.router,
    self_assessments.router,
    notes.router,
    waiting.router,
)

router = APIRouter()
for part in PARTS:
    router.include_router(part)

__all__ = ["ERRORS", "PARTS", "router"]
