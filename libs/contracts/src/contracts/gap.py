"""What gap-svc publishes: targets and gap reports."""

from typing import Literal

from contracts.envelope import Part, Published

TOPIC = "gap.v1"

Band = Literal["strength", "close", "gap", "not rated"]
Cause = Literal["approval", "target", "placement", "request"]


class GapLine(Part):
    """One competency of a report: the requirement of the target, the score, the distance and its weight."""

    competency: str
    required: float | None
    actual: float | None
    gap: float | None
    weight: int
    band: Band


class TargetChosen(Published):
    """Somebody chose the level they want to reach (None: back to the default)."""

    TYPE = "careerladder.gap.target-chosen.v1"
    TOPIC = TOPIC

    person: str
    ladder: str | None
    level: str | None


class GapReportComputed(Published):
    """A version of a report: one employee, one approved revision, one target level.

    `readiness` is the distance covered in 0..1, None where no figure is given.
    """

    TYPE = "careerladder.gap.report-computed.v1"
    TOPIC = TOPIC

    report: str
    version: int
    employee: str
    evaluation: str
    revision: int
    framework_version: int
    present_level: str
    target_ladder: str
    target_level: str
    is_main: bool
    cause: Cause
    caused_by: str
    new_bar_old_scores: bool = False
    lines: tuple[GapLine, ...]
    met: int
    rated: int
    readiness: float | None


class GapReportWithdrawn(Published):
    """A report was derived from an approval that is no longer in the record, or from a cancelled cycle."""

    TYPE = "careerladder.gap.report-withdrawn.v1"
    TOPIC = TOPIC

    report: str
    version: int
    employee: str
    reason: str
