"""What people-svc publishes: the workspace, its people, who manages whom from when, roles, leave and erasure."""

from datetime import date
from typing import Literal

from contracts.envelope import Part, Published, Sealed

TOPIC = "people.v1"

Status = Literal["preboarding", "active", "leave", "left"]
Role = Literal["hr", "analyst"]


class WorkspaceCalendar(Part):
    """Time zone (IANA), working days (0 = Monday … 6 = Sunday) and holidays of a workspace."""

    time_zone: str
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: tuple[date, ...] = ()


class WorkspaceOpened(Published):
    """A company's workspace exists."""

    TYPE = "careerladder.people.workspace-opened.v1"
    TOPIC = TOPIC

    name: str
    locale: str
    spelling: Literal["british", "american"] = "british"
    calendar: WorkspaceCalendar
    one_level_up: bool = True


class WorkspaceSettingsChanged(Published):
    """Name, locale, calendar or the one-level-up setting of a workspace changed; every field as it is now."""

    TYPE = "careerladder.people.workspace-settings-changed.v1"
    TOPIC = TOPIC

    name: str
    locale: str
    spelling: Literal["british", "american"] = "british"
    calendar: WorkspaceCalendar
    one_level_up: bool = True


class PersonAdded(Published):
    """Somebody is in the directory."""

    TYPE = "careerladder.people.person-added.v1"
    TOPIC = TOPIC

    person: str
    given_name: Sealed
    family_name: Sealed
    work_email: Sealed | None = None
    job_title: Sealed | None = None
    department: Sealed | None = None
    location: Sealed | None = None
    status: Status
    manager: str | None = None
    starts_on: date
    ends_on: date | None = None
    time_zone: str | None = None
    locale: str | None = None
    roles: tuple[Role, ...] = ()
    job_title_group: str | None = None
    invited: bool = False


class PersonDetailsChanged(Published):
    """Name, e-mail, title, department, location, dates, zone or locale changed; every field as it is now."""

    TYPE = "careerladder.people.person-details-changed.v1"
    TOPIC = TOPIC

    person: str
    given_name: Sealed
    family_name: Sealed
    work_email: Sealed | None = None
    job_title: Sealed | None = None
    department: Sealed | None = None
    location: Sealed | None = None
    starts_on: date
    ends_on: date | None = None
    time_zone: str | None = None
    locale: str | None = None
    job_title_group: str | None = None
    effective_on: date


class ManagerChanged(Published):
    """From a day on somebody reports to another manager, or to nobody."""

    TYPE = "careerladder.people.manager-changed.v1"
    TOPIC = TOPIC

    person: str
    manager: str | None
    effective_on: date


class StatusChanged(Published):
    """From a day on somebody is preboarding, active, on leave or gone; `until` is the planned end of a leave."""

    TYPE = "careerladder.people.status-changed.v1"
    TOPIC = TOPIC

    person: str
    status: Status
    effective_on: date
    until: date | None = None


class RolesChanged(Published):
    """The roles of somebody, as they are now (manager and employee follow from relations)."""

    TYPE = "careerladder.people.roles-changed.v1"
    TOPIC = TOPIC

    person: str
    roles: tuple[Role, ...]


class PersonInvited(Published):
    """Somebody was invited to sign in."""

    TYPE = "careerladder.people.person-invited.v1"
    TOPIC = TOPIC

    person: str


class PlacementStated(Published):
    """An import stated where somebody sits; framework-svc makes the placement or lists why not."""

    TYPE = "careerladder.people.placement-stated.v1"
    TOPIC = TOPIC

    person: str
    ladder: str
    track: str
    level: str
    effective_on: date


class PersonErased(Published):
    """The keys of somebody are destroyed: what was written about them cannot be read any more."""

    TYPE = "careerladder.people.person-erased.v1"
    TOPIC = TOPIC

    person: str
