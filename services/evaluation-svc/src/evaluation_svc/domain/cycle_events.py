"""What can happen to a cycle."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis.kernel import Event, Frozen, Personal
from evaluation_svc.domain.plan import Plan


class KeptText(Frozen):
    """A sealed text with its measure."""

    text: Personal
    length: int
    vague: bool


class KeptLine(Frozen):
    """A line of a scorecard that waits for its cycle to open."""

    competency: str
    rating: float | None
    not_seen: KeptText | None = None
    evidence: tuple[KeptText, ...] = ()


class Participant(Frozen):
    """Somebody in an open cycle, and their evaluation."""

    person: str
    evaluation: str


class Planned(Event):
    """HR planned a cycle, or a scorecard was brought for one person (`proposed`: HR has not consented yet)."""

    TOPIC = "cycle.planned"
    plan: Plan
    by: str
    at: datetime
    proposed: bool = False


class Replanned(Event):
    """The plan was changed before opening."""

    TOPIC = "cycle.replanned"
    plan: Plan
    by: str
    at: datetime


class ParticipantAdded(Event):
    """HR added somebody who is no default participant, or had been excluded."""

    TOPIC = "cycle.participant-added"
    person: str
    by: str
    at: datetime


class ParticipantExcluded(Event):
    """HR left somebody out, with a reason, which is about them (a leave, an illness) whatever it was meant to be.

    Before version 2 it was stored where no erasure reaches it, so it is not read any more.
    """

    TOPIC = "cycle.participant-excluded"
    VERSION = 2
    person: str
    reason: Personal | None
    by: str
    at: datetime

    @staticmethod
    def upcast_v1_v2(data: dict[str, Any]) -> dict[str, Any]:
        """Return what was stored before the reason was sealed, without it."""
        return {**data, "reason": None}


class EvaluatorNamed(Event):
    """HR named who evaluates somebody (before opening)."""

    TOPIC = "cycle.evaluator-named"
    person: str
    evaluator: str
    by: str
    at: datetime


class CycleSubstituteNamed(Event):
    """HR named who approves somebody's evaluation where no HR admin is left."""

    TOPIC = "cycle.substitute-named"
    person: str
    substitute: str
    by: str
    at: datetime


class ScorecardBrought(Event):
    """Somebody brought a filled scorecard; its lines become a draft when the cycle opens."""

    TOPIC = "cycle.scorecard-brought"
    person: str
    lines: tuple[KeptLine, ...]
    by: str
    at: datetime


class Opened(Event):
    """The cycle runs; every participant has an evaluation."""

    TOPIC = "cycle.opened"
    cycle: str
    participants: tuple[Participant, ...]
    by: str
    at: datetime


class ParticipantEntered(Event):
    """Somebody entered the open cycle later."""

    TOPIC = "cycle.participant-entered"
    person: str
    evaluation: str
    by: str
    at: datetime


class Closed(Event):
    """The cycle ended; `not_finished` are the evaluations that were not approved by then."""

    TOPIC = "cycle.closed"
    cycle: str
    not_finished: tuple[str, ...]
    by: str
    at: datetime


class Cancelled(Event):
    """The cycle was cancelled; nothing is deleted, its clocks end, no report or trend uses it."""

    TOPIC = "cycle.cancelled"
    cycle: str
    reason: str
    by: str
    at: datetime
