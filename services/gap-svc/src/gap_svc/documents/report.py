"""The printed gap report: what stands on its pages, and how they become a PDF."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from gap_svc.domain.trend import Break

Band = Literal["strength", "close", "gap", "not rated"]
Target = Literal["chosen", "next", "present", "on request"]


class Part(BaseModel):
    """A value of the report; every text in it is printed as text, never read as markup."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Level(Part):
    """A level as the report names it, `IC3` and `Senior Software Engineer`."""

    code: str
    title: str
    scope: str = ""


class Evidence(Part):
    """What was seen, by whom and when; `text` is None where it was withdrawn or its author erased."""

    text: str | None
    by: str = ""
    relation: str = ""
    on: date | None = None
    withdrawn_on: date | None = None


class TrendPoint(Part):
    """An earlier score; `then` says what changed between it and the score after it, so that the line breaks."""

    cycle: str
    score: float
    required: float | None = None
    then: tuple[Break, ...] = ()
    rests_on_memory: bool = False


class Line(Part):
    """One competency: what the target level asks, the score, the distance, and what was seen.

    `required` is None where the target level expects nothing of it (then it counts nowhere), `actual` None where it
    was not rated. `gap` is max(0, required − actual). `trend` holds earlier cycles only, oldest first.
    """

    competency: str
    name: str
    area: str = ""
    required: float | None
    actual: float | None
    self_rating: float | None = None
    gap: float | None = None
    weight: int = 1
    band: Band
    present_required: float | None = None
    below_present: bool = False
    behaviours: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rests_on_memory: bool = False
    not_seen_reason: str | None = None
    trend: tuple[TrendPoint, ...] = ()


class Term(Part):
    """One term of readiness: `covered` is clip((score − present) ÷ (target − present), 0, 1).

    `present_presumed`: the present level asks nothing here, the scale's 1 stands for it.
    """

    name: str
    present: float
    target: float
    score: float
    weight: int
    covered: float
    present_presumed: bool = False
    rests_on_memory: bool = False


class Readiness(Part):
    """Distance covered, 0..1, with every term; without a figure, `why` says why in one sentence."""

    figure: float | None
    why: str = ""
    terms: tuple[Term, ...] = ()


class EarlierReadiness(Part):
    """The figure of an earlier cycle against the same target, oldest first."""

    cycle: str
    figure: float


class Action(Part):
    """One action item, `status` in the words of the domain."""

    text: str
    method: str
    owner: str
    due: date | None = None
    status: str = "proposed"


class Anchor(Part):
    """The name of one whole point of the rating scale."""

    point: int
    name: str


class ReportDocument(Part):
    """Everything on the pages of one gap report version.

    `computed_at` is also the time in the file's own metadata: equal documents give equal bytes. `readers` are the
    people (and "HR") it is confidential to. `corrected_on` marks a revision that a later one replaced.
    """

    company: str
    employee: str
    given_name: str = ""
    job_title: str = ""
    department: str = ""
    manager: str = ""
    readers: tuple[str, ...]
    cycle: str
    framework: str
    framework_version: int
    present: Level
    target: Level
    target_is: Target = "next"
    scale: tuple[Anchor, ...]
    approved_by: str
    approved_on: date | None = None
    lines: tuple[Line, ...]
    readiness: Readiness
    earlier: tuple[EarlierReadiness, ...] = ()
    actions: tuple[Action, ...] = ()
    credits: tuple[str, ...] = ()
    report: str
    version: int
    revision: int = 1
    computed_at: datetime
    new_bar_old_scores: bool = False
    corrected_on: date | None = None
    released: bool = True
    spelling: Literal["british", "american"] = "british"
    paper: Literal["a4", "us-letter"] = "a4"

    @computed_field
    @property
    def asked(self) -> int:
        """How many competencies the target level asks something of."""
        return sum(line.required is not None for line in self.lines)

    @computed_field
    @property
    def rated(self) -> int:
        """How many of those were rated."""
        return sum(line.required is not None and line.actual is not None for line in self.lines)

    @computed_field
    @property
    def met(self) -> int:
        """How many of those are at or above the requirement."""
        return sum(line.required is not None and line.band == "strength" for line in self.lines)
