"""One person of the directory, with the effective-dated history of manager, job and status."""

from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Literal, Self

from pydantic import Field

from chassis.kernel import DomainError, Event, Frozen, Invalid, Personal, State, Unsealed, evolve
from people_svc.domain.history import Job, ManagerFrom, Status, StatusFrom, latest, manager_on, status_on, with_entry
from people_svc.domain.stated import Changes, Digest

Role = Literal["hr", "analyst"]
ErasureReason = Literal["asked by the person", "no longer needed", "entered by mistake"]

PART = "details"
"""The part of a person's own stream: everything the directory says about them is withdrawn together."""
_DAY = timedelta(days=1)


class NotAtWork(DomainError):
    """Somebody who has left, or was erased, cannot take part in this."""


class Details(Frozen):
    """What the directory says of a person that has no history of its own."""

    given_name: Personal
    family_name: Personal
    work_email: Personal | None = None
    location: Personal | None = None
    external_ids: dict[str, Personal] = Field(default_factory=dict[str, Personal])
    starts_on: date
    ends_on: date | None = None
    time_zone: str | None = None
    locale: str | None = None


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


class Employee(State):
    """One person. Entries of a timeline are in order of their day; the latest word about a day holds."""

    KIND = "person"

    person: str
    details: Details
    jobs: tuple[Job, ...]
    managers: tuple[ManagerFrom, ...]
    statuses: tuple[StatusFrom, ...] = ()
    roles: tuple[Role, ...] = ()
    placement: Placement | None = None
    invited: bool = False
    erasure: Literal["requested", "done"] | None = None

    # ---- decisions

    @staticmethod
    def add(
        person: str,
        stated: Changes,
        manager: str | None,
        roles: tuple[Role, ...],
        today: date,
        digest: Digest,
        ends_on: date | None = None,
    ) -> tuple[Event, ...]:
        """Put somebody into the directory: preboarding until the first day, gone after the last where one is known."""
        stated = stated.checked()
        starts_on = stated.starts_on or today
        _checked_last_day(starts_on, ends_on)
        added = Added(
            person=person,
            details=_details(person, stated, starts_on, ends_on),
            job=_job(person, stated, digest),
            manager=manager,
            roles=_checked_roles(roles),
            on=today,
        )
        last_day = (StatusChanged(status="left", effective_on=ends_on + _DAY),) if ends_on else ()
        return (added, *last_day)

    def change(
        self, changes: Changes, today: date, digest: Digest, effective_on: date | None = None
    ) -> tuple[Event, ...]:
        """Change details now, and title or department from `effective_on` (default: today) on."""
        self._must_be_readable()
        changes = changes.checked()
        return self._change_details(changes, today) + self._change_job(changes, digest, effective_on or today)

    def _change_details(self, changes: Changes, today: date) -> tuple[Event, ...]:
        fields = changes.model_fields_set & set(Details.model_fields)
        if not fields:
            return ()
        texts = {"given_name", "family_name", "work_email", "location"}
        values: dict[str, object] = {
            name: _sealable(self.person, getattr(changes, name)) if name in texts else getattr(changes, name)
            for name in fields - {"external_ids"}
        }
        if "external_ids" in fields:
            values["external_ids"] = {**self.details.external_ids, **_external_ids(self.person, changes)}
        details = self.details.model_copy(update=values)
        _checked_last_day(details.starts_on, self.ends_on)
        return (DetailsChanged(details=details, effective_on=today),)

    def _change_job(self, changes: Changes, digest: Digest, effective_on: date) -> tuple[Event, ...]:
        if not changes.model_fields_set & {"job_title", "department"}:
            return ()
        before = self.job_on(effective_on)
        values: dict[str, object] = {"effective_on": effective_on}
        if "job_title" in changes.model_fields_set:
            values |= {"title": _sealable(self.person, changes.job_title), "title_group": _group(changes, digest)}
        if "department" in changes.model_fields_set:
            values |= {"department": _sealable(self.person, changes.department)}
        return (JobChanged(job=before.model_copy(update=values)),)

    def change_manager(self, manager: str | None, effective_on: date) -> tuple[ManagerChanged, ...]:
        """Report to somebody else, or to nobody, from a day on; nothing is recorded when it is so already."""
        self._must_be_readable()
        if manager == self.person:
            raise Invalid("manager", manager, "nobody manages themselves; leave it empty for nobody")
        if self.manager_on(effective_on) == manager:
            return ()
        return (ManagerChanged(manager=manager, effective_on=effective_on),)

    def change_status(
        self, status: Status, effective_on: date, today: date, until: date | None = None
    ) -> tuple[Event, ...]:
        """Be active, on leave (`until` its planned last day) or gone from a day on."""
        self._must_be_readable()
        if status == "preboarding":
            raise Invalid("status", status, "give the person a later first day instead")
        if until is not None and (status != "leave" or until < effective_on):
            raise Invalid("until", until.isoformat(), "only a leave ends, on or after the day it starts")
        if status == "left":
            effective_on = max(effective_on, self.details.starts_on)  # whoever leaves before the first day never joins
        if effective_on < self.details.starts_on:
            raise Invalid("effective_on", effective_on.isoformat(), f"the first day is {self.details.starts_on}")
        after = StatusFrom(effective_on=effective_on, status=status, until=until)
        if self._is_already(after):
            return ()
        changed = StatusChanged(status=status, effective_on=effective_on, until=until)
        return self._last_day_too((changed, *(self._nothing_after(effective_on) if status == "left" else ())), today)

    def _nothing_after(self, day: date) -> tuple[StatusChanged, ...]:
        """Undo what was planned for days after somebody has left."""
        later = (one for one in self.statuses if one.effective_on > day and one.status != "left")
        return tuple(StatusChanged(status="left", effective_on=one.effective_on) for one in later)

    def _is_already(self, after: StatusFrom) -> bool:
        entry = latest(self.statuses, after.effective_on)
        until = entry.until if entry and entry.status == "leave" else None
        return self.status_on(after.effective_on) == after.status and until == after.until

    def take_leave(self, until: date | None, today: date) -> tuple[Event, ...]:
        """Be on leave from today on, or give the present leave another last day."""
        entry = latest(self.statuses, today)
        on_leave = entry is not None and self.status_on(today) == "leave"
        return self.change_status("leave", entry.effective_on if entry and on_leave else today, today, until)

    def end(self, last_day: date | None, today: date) -> tuple[Event, ...]:
        """Plan the last day (None: none any more, whoever was to leave stays)."""
        self._must_be_readable()
        planned = self.ends_on
        if planned == last_day:
            return ()
        _checked_last_day(self.first_day(today), last_day)
        changed: list[StatusChanged] = []
        if planned is not None and (last_day is None or last_day > planned):
            changed.append(StatusChanged(status="active", effective_on=planned + _DAY))
        if last_day is not None:
            left = StatusChanged(status="left", effective_on=last_day + _DAY)
            changed += (left, *self._nothing_after(left.effective_on))
        return self._last_day_too(tuple(changed), today)

    def begin(self, first_day: date, today: date, digest: Digest) -> tuple[Event, ...]:
        """Give the present stay another first day, or come back on it after having left."""
        if self.status_on(today) == "left":
            return self.change_status("active", first_day, today)
        returned = self._returned(today)
        if returned is None:
            return self.change(Changes(starts_on=first_day), today, digest)
        waiting = (StatusChanged(status="left", effective_on=returned),) if first_day > returned else ()
        return (*waiting, StatusChanged(status="active", effective_on=first_day))

    def _last_day_too(self, changed: tuple[StatusChanged, ...], today: date) -> tuple[Event, ...]:
        """Keep the last day in the details in step with the timeline of the status."""
        ends_on = self._after(changed).ends_on
        if ends_on == self.details.ends_on:
            return changed
        details = self.details.model_copy(update={"ends_on": ends_on})
        return (*changed, DetailsChanged(details=details, effective_on=today))

    def _after(self, events: tuple[Event, ...]) -> Self:
        return evolve(type(self), events, self) or self

    def set_roles(self, roles: tuple[Role, ...], today: date) -> tuple[RolesChanged, ...]:
        """Give or take roles; somebody who has left can be given none."""
        self._must_be_readable()
        if roles and self.status_on(today) == "left":
            raise NotAtWork("Somebody who has left can have no role.")
        roles = _checked_roles(roles)
        return () if roles == self.roles else (RolesChanged(roles=roles),)

    def invite(self, by: str, at: datetime, today: date) -> Invited:
        """Invite to sign in, also again; it takes an e-mail address."""
        self._must_be_readable()
        if self.details.work_email is None:
            raise Invalid("work_email", None, "give the person a work e-mail address first")
        if self.status_on(today) == "left":
            raise NotAtWork("Somebody who has left cannot be invited.")
        return Invited(by=by, at=at)

    def state_placement(self, placement: Placement, effective_on: date) -> tuple[PlacementStated, ...]:
        """State where the person sits; nothing is recorded when it was stated so before."""
        self._must_be_readable()
        return () if placement == self.placement else (PlacementStated(placement=placement, effective_on=effective_on),)

    def erase(self, reason: ErasureReason, by: str, at: datetime, today: date) -> tuple[Event, ...]:
        """Order the erasure, which ends access at once. It cannot be undone, and nobody orders their own."""
        self._must_be_readable()
        if by == self.person:
            raise NotAtWork("Nobody erases themselves; another HR admin does it.")
        gone = self.change_status("left", today, today)
        return (*gone, ErasureRequested(reason=reason, by=by, at=at))

    def erased(self, at: datetime) -> tuple[Erased, ...]:
        """Say that the keys are gone, once."""
        return (Erased(at=at),) if self.erasure == "requested" else ()

    def _must_be_readable(self) -> None:
        if self.erasure:
            raise NotAtWork("This person was erased; nothing more can be said about them.")

    # ---- what holds on a day

    def status_on(self, day: date) -> Status:
        """Return the status on a day: nobody is at work before the first, and a leave ends with its planned last."""
        return status_on(self.statuses, self.details.starts_on, day)

    def manager_on(self, day: date) -> str | None:
        """Return the manager on a day."""
        return manager_on(self.managers, day)

    def job_on(self, day: date) -> Job:
        """Return title and department on a day."""
        return latest(self.jobs, day) or self.jobs[0]

    @property
    def ends_on(self) -> date | None:
        """The last day, gone by or planned; None when nobody plans to leave."""
        gone = list(takewhile(lambda entry: entry.status == "left", reversed(self.statuses)))
        return gone[-1].effective_on - _DAY if gone else None

    def first_day(self, day: date) -> date:
        """Return the first day of the stay somebody was last in on a day: after a return that of the return."""
        return self._returned(day) or self.details.starts_on

    def _returned(self, day: date) -> date | None:
        pairs = reversed(list(zip(self.statuses, self.statuses[1:], strict=False)))
        back = (later for earlier, later in pairs if earlier.status == "left" and later.status != "left")
        return next((entry.effective_on for entry in back if entry.effective_on <= day), None)

    # ---- evolve

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:  # noqa: C901 (one match: the only place of change)
        """Fold one event in."""
        match state, event:
            case None, Added():
                return cls._from(event)
            case None, _:
                raise TypeError(event)
            case _, DetailsChanged():
                change = {"details": event.details}
            case _, JobChanged():
                change = {"jobs": with_entry(state.jobs, event.job)}
            case _, ManagerChanged():
                entry = ManagerFrom(effective_on=event.effective_on, manager=event.manager)
                change = {"managers": with_entry(state.managers, entry)}
            case _, StatusChanged():
                entry = StatusFrom(effective_on=event.effective_on, status=event.status, until=event.until)
                change = {"statuses": with_entry(state.statuses, entry)}
            case _, RolesChanged():
                change = {"roles": event.roles}
            case _, Invited():
                change = {"invited": True}
            case _, PlacementStated():
                change = {"placement": event.placement}
            case _, ErasureRequested():
                change = {"erasure": "requested", "roles": ()}
            case _, Erased():
                change = {"erasure": "done"}
            case _:
                raise TypeError(event)
        return state.model_copy(update=change)

    @classmethod
    def _from(cls, event: Added) -> Self:
        return cls(
            person=event.person,
            details=event.details,
            jobs=(event.job,),
            managers=(ManagerFrom(effective_on=date.min, manager=event.manager),),
            statuses=(StatusFrom(effective_on=date.min, status="active"),),
            roles=event.roles,
        )


def _sealable(person: str, text: str | None) -> Unsealed | None:
    return None if text is None else Unsealed(person=person, part=PART, text=text)


def _named(person: str, field: str, text: str | None) -> Unsealed:
    if text is None:
        raise Invalid(field, text, "everybody has a given and a family name")
    return Unsealed(person=person, part=PART, text=text)


def _external_ids(person: str, stated: Changes) -> dict[str, Unsealed]:
    return {source: Unsealed(person=person, part=PART, text=one.strip()) for source, one in stated.external_ids.items()}


def _details(person: str, stated: Changes, starts_on: date, ends_on: date | None) -> Details:
    return Details(
        given_name=_named(person, "given_name", stated.given_name),
        family_name=_named(person, "family_name", stated.family_name),
        work_email=_sealable(person, stated.work_email),
        location=_sealable(person, stated.location),
        external_ids=dict(_external_ids(person, stated)),
        starts_on=starts_on,
        ends_on=ends_on,
        time_zone=stated.time_zone,
        locale=stated.locale,
    )


def _job(person: str, stated: Changes, digest: Digest) -> Job:
    return Job(
        effective_on=date.min,
        title=_sealable(person, stated.job_title),
        department=_sealable(person, stated.department),
        title_group=_group(stated, digest),
    )


def _group(stated: Changes, digest: Digest) -> str | None:
    """Return what is equal for equal job titles, without regard to case and blanks."""
    return None if stated.job_title is None else digest(f"title/{' '.join(stated.job_title.casefold().split())}")


def _checked_roles(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    return tuple(sorted(set(roles)))


def _checked_last_day(starts_on: date, ends_on: date | None) -> None:
    """Refuse a last day before the first; the day before the first itself says that somebody never joined."""
    if ends_on is not None and ends_on < starts_on - _DAY:
        raise Invalid("ends_on", ends_on.isoformat(), f"the last day cannot lie before the first, {starts_on}")
