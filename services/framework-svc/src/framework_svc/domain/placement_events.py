"""What happened to the placements of a person: planned, placed, taken back; stated by an import and refused."""

from datetime import date, datetime
from typing import Literal

from chassis.kernel import Event

Reason = Literal["hire", "promotion", "move", "correction"]


class PlacementsOpened(Event):
    """From now on the placements of this person are kept."""

    TOPIC = "placement.opened"
    person: str


class PersonPlaced(Event):
    """From `effective_on` on somebody sits at `level` of framework version `version`.

    A promotion may name the evaluation and the readiness criteria it rests on.
    """

    TOPIC = "placement.person-placed"
    placement: str
    level: str
    effective_on: date
    reason: Reason
    version: int
    evaluation: str | None = None
    criteria: tuple[str, ...] = ()


class PlacementPlanned(Event):
    """Somebody will sit at `level` from a future day on; `due_at` is when that day begins where they are."""

    TOPIC = "placement.planned"
    placement: str
    level: str
    effective_on: date
    due_at: datetime
    reason: Reason
    evaluation: str | None = None
    criteria: tuple[str, ...] = ()


class PlanEnded(Event):
    """A planned placement will not happen: taken back, or the person left."""

    TOPIC = "placement.plan-ended"
    placement: str
    why: Literal["taken back", "left", "erased"]


class PlacementWithdrawn(Event):
    """A placement was recorded by mistake and never was."""

    TOPIC = "placement.withdrawn"
    placement: str
    level: str
    effective_on: date


class PlacementCountsAgain(Event):
    """The placement of a day that counted was withdrawn, and this one of the same day takes its place."""

    TOPIC = "placement.counts-again"
    placement: str


class StatementRefused(Event):
    """An import stated where somebody sits, and it could not be placed: in its own words, and why."""

    TOPIC = "placement.statement-refused"
    ladder: str
    track: str
    level: str
    effective_on: date
    why: str


class StatementSettled(Event):
    """What an import states is so already: the statement that could not be placed before is settled."""

    TOPIC = "placement.statement-settled"


class SeatsVacated(Event):
    """The person is erased and counts at no level any more; their history keeps its dates and levels."""

    TOPIC = "placement.seats-vacated"
