"""Everything that is recorded of one person."""

from datetime import date, datetime
from typing import Literal

from chassis.kernel import Event, Frozen
from people_svc.domain.details import Details
from people_svc.domain.history import Job, Status

Role = Literal["hr", "analyst"]
ErasureReason = Literal["asked by the person", "no longer needed", "entered by mistake"]


class Placement(Frozen):
    """Where somebody is said to sit, in framework-svc's own ids."""

    ladder: str
    track: str
    level: str


class Added(Event):
    """Somebody is in the directory; job and manager hold from the beginning of time until another is stated."""

    TOPIC = "person.added"
    person: str
    details: Details
    job: Job
    manager: str | None
    roles: tuple[Role, ...] = ()
    on: date


class DetailsChanged(Event):
    """Names, e-mail, location, first or last day, zone, locale or external ids are different; all as they are now."""

    TOPIC = "person.details-changed"
    details: Details
    effective_on: date


class JobChanged(Event):
    """Title or department are different from a day on, which may lie ahead."""

    TOPIC = "person.job-changed"
    job: Job


class ManagerChanged(Event):
    """From a day on somebody reports to another manager, or to nobody."""

    TOPIC = "person.manager-changed"
    manager: str | None
    effective_on: date


class StatusChanged(Event):
    """From a day on somebody is active, on leave or gone."""

    TOPIC = "person.status-changed"
    status: Status
    effective_on: date
    until: date | None = None


class RolesChanged(Event):
    """The roles of somebody, as they are now."""

    TOPIC = "person.roles-changed"
    roles: tuple[Role, ...]


class Invited(Event):
    """Somebody was invited to sign in."""

    TOPIC = "person.invited"
    by: str
    at: datetime


class PlacementStated(Event):
    """An import stated at which level somebody sits."""

    TOPIC = "person.placement-stated"
    placement: Placement
    effective_on: date


class ErasureRequested(Event):
    """HR ordered the erasure; the keys are destroyed next."""

    TOPIC = "person.erasure-requested"
    reason: ErasureReason
    by: str
    at: datetime


class Erased(Event):
    """The keys are destroyed: what was written about this person cannot be read any more."""

    TOPIC = "person.erased"
    at: datetime
