"""What this service knows of frameworks, cycles, approvals, releases and reactions: copied from published events."""

from gap_svc.facts import evaluations, frameworks
from gap_svc.facts.evaluations import (
    Approved,
    RatedLine,
    approved,
    approved_about,
    cancel_cycle,
    close_cycle,
    copy_approval,
    copy_cycle,
    copy_reaction,
    copy_reply,
    evaluations_in,
    from_memory,
    note_acknowledgement,
    note_release,
    note_reopening,
    note_withdrawal,
    rated_by,
    released,
    scores_of,
)
from gap_svc.facts.frameworks import (
    Anchor,
    Competency,
    Ladder,
    Mismatch,
    all_levels,
    close_version,
    copy_ladder,
    copy_level,
    has_version,
    ladder,
    ladder_event,
    ladder_events,
    ladders,
    latest_version,
    level,
    level_and_next,
    levels,
    scale,
)
from gap_svc.facts.reading import Reads

FRAMEWORK_TABLES, EVALUATION_TABLES = frameworks.TABLES, evaluations.TABLES
"""The copied tables, by the service whose events fill them."""


def sources(reads: Reads) -> frozenset[str]:
    """Return the ids of the approvals and of the ladders' events that are known: what a report may rest on."""
    rows = reads.rows(
        "select approval as id from evaluations where workspace = %(workspace)s"
        " union all select event_id from ladders where workspace = %(workspace)s"
    )
    return frozenset(row["id"] for row in rows)


__all__ = [
    "EVALUATION_TABLES",
    "FRAMEWORK_TABLES",
    "Anchor",
    "Approved",
    "Competency",
    "Ladder",
    "Mismatch",
    "RatedLine",
    "Reads",
    "all_levels",
    "approved",
    "approved_about",
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
    "from_memory",
    "has_version",
    "ladder",
    "ladder_event",
    "ladder_events",
    "ladders",
    "latest_version",
    "level",
    "level_and_next",
    "levels",
    "note_acknowledgement",
    "note_release",
    "note_reopening",
    "note_withdrawal",
    "rated_by",
    "released",
    "scale",
    "scores_of",
    "sources",
]
