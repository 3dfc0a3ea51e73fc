"""What a cycle sets for one evaluation, and the words its events use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from chassis.kernel import Frozen
from evaluation_svc.domain.cycle import Dates, ReleaseRule

ReleasedHow = Literal["by the manager", "by HR", "on the date", "at approval", "by itself"]
Reaction = Literal["matches", "push back", "already knew"]
ExcuseReason = Literal["leave", "joined", "left"]


class DueTimes(Frozen):
    """The due days and the moments (UTC) at which they end for the employee, the evaluator and HR."""

    days: Dates
    self_at: datetime
    manager_at: datetime
    approval_at: datetime


class Terms(Frozen):
    """What the cycle sets for one evaluation; recorded on the day the person enters it."""

    cycle: str
    cycle_name: str
    framework_version: int
    ends_on: date
    release: ReleaseRule
    release_on: date | None = None
    evidence_required: bool = False
    ladder: str
    level: str
    next_levels: tuple[str, ...] = ()
    competencies: tuple[str, ...]
