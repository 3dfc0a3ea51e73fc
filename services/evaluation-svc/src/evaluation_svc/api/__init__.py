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

router = APIRouter()
for part in (cycles, participants, scorecards, results, evaluations, self_assessments, notes, waiting):
    router.include_router(part.router)

__all__ = ["ERRORS", "router"]
