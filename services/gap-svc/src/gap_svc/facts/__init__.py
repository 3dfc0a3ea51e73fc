"""What this service knows of frameworks, cycles, approvals, releases and reactions: copied from published events."""

from gap_svc.facts import evaluations, frameworks
from gap_svc.facts.evaluations import (
    Approved,
    RatedLine,
    approved,
    cancel_cycle,
    close_cycle,
    copy_approval,
    copy_cycle,
    copy_reaction,
    copy_reply,
    evaluations_in,
    note_acknowledgement,
    note_release,
    note_reopening,
    note_withdrawal,
    released,
)
from gap_svc.facts.frameworks import (
    Competency,
    Ladder,
    Mismatch,
    all_levels,
    close_version,
    copy_ladder,
    copy_level,
    ladder,
    ladder_event,
    latest_version,
    level,
    levels,
)
from gap_svc.facts.reading import Reads

TABLES = (*frameworks.TABLES, *evaluations.TABLES)
"""The copied tables."""

__all__ = [
    "TABLES",
    "Approved",
    "Competency",
    "Ladder",
    "Mismatch",
    "RatedLine",
    "Reads",
    "all_levels",
    "approved",
    "cancel_cycle",
    "close_cycle",
    "close_version",
    "copy_approval",
    "copy_cycle",
    "copy_ladder",
    "copy_level",
    "copy_reaction",
    "copy_reply",
    "evaluations_in",
    "ladder",
    "ladder_event",
    "latest_version",
    "level",
    "levels",
    "note_acknowledgement",
    "note_release",
    "note_reopening",
    "note_withdrawal",
    "released",
]
