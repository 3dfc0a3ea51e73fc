"""What another bar would change in a report: the same scores against levels as they would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gap_svc.api.seen import Row, present_of, target_of
from gap_svc.api.shapes import ChangedView
from gap_svc.domain.calculation import BelowPresent, Calculation, Line, Readiness, calculate
from gap_svc.domain.change import change
from gap_svc.domain.levels import Level, LevelRef
from gap_svc.domain.report import Because

Bars = Mapping[LevelRef, Level]
"""Levels as they would be; one that is not among them would be gone."""


def changed(row: Row, scores: Mapping[str, float], bars: Bars) -> ChangedView | None:
    """Return what would differ in a report if these were the levels, or None for nothing."""
    present, target = present_of(row), target_of(row)
    new_present, new_target = bars.get(present), bars.get(target)
    because = Because.model_validate(row["because"])
    named: dict[str, Any] = {
        "person": row["employee"],
        "report": row["report"],
        "version": row["version"],
        "present": present,
        "target": target,
        "because": [row["event_id"], because.approval],
    }
    if new_present is None or new_target is None:
        gone = [ref for ref in dict.fromkeys((present, target)) if bars.get(ref) is None]
        return ChangedView(**named, gone=gone, before=None, after=None, lines=[])
    found = change(_calculation(row), calculate(scores, new_present.bar, new_target.bar))
    if not found.is_any:
        return None
    return ChangedView(**named, gone=[], before=found.before, after=found.after, lines=list(found.lines))


def _calculation(row: Row) -> Calculation:
    return Calculation(
        lines=tuple(Line.model_validate(one) for one in row["lines"]),
        met=row["met"],
        rated=row["rated"],
        readiness=Readiness.model_validate(row["readiness"]),
        below_present=tuple(BelowPresent.model_validate(one) for one in row["below_present"]),
    )
