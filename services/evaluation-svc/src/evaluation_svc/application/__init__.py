"""The use cases of evaluation: one class, one method each."""

from __future__ import annotations

from evaluation_svc.application.clocks import Clocks
from evaluation_svc.application.cycles import Cycles
from evaluation_svc.application.judging import Judging
from evaluation_svc.application.noting import Noting
from evaluation_svc.application.self_assessing import SelfAssessing

__all__ = ["Evaluations"]


class Evaluations(Cycles, Judging, SelfAssessing, Noting, Clocks):
    """Cycles, evaluations, self-assessments, notes and their clocks."""
