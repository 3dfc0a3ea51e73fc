"""One person of the directory, with the effective-dated history of manager, job and status."""

from datetime import date, datetime, timedelta
from typing import Literal, Self

from chassis.kernel import DomainError, Event, Invalid, State, evolve
from people_svc.domain.details import Details, changed_details, changed_job, checked_last_day, first_details, first_job
from people_svc.domain.history import Job, ManagerFrom, Status, StatusFrom, latest, manager_on, with_entry
from people_svc.domain.person_events import (
    Added,
    DetailsChanged,
    Erased,
    ErasureReason,
    ErasureRequested,
    Invited,
    JobChanged,
    ManagerChanged,
    Placement,
    PlacementStated,
    Role,
    RolesChanged,
    StatusChanged,
)
from people_svc.domain.stated import Changes, Digest
from people_svc.domain.stay import Stay

_DAY = timedelta(days=1)


class NotAtWork(DomainError):
    """Somebody who has left, or was erased, cannot take part in this."""


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
        added = Added(
            person=person,
            details=first_details(person, stated, stated.starts_on or today, ends_on),
            job=first_job(person, stated, digest),
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
        changes, day = changes.checked(), effective_on or today
        job = changed_job(self.person, self.job_on(day), changes, digest, day)
        return (*self._change_details(changes, today), *((JobChanged(job=job),) if job else ()))

    def _change_details(self, changes: Changes, today: date) -> tuple[DetailsChanged, ...]:
        details = changed_details(self.person, self.details, changes)
        if details is None:
            return ()
        checked_last_day(details.starts_on, self.stay.ends_on)
        return (DetailsChanged(details=details, effective_on=today),)

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
        return self._last_day_too(self.stay.change(status, effective_on, until), today)

    def take_leave(self, until: date | None, today: date) -> tuple[Event, ...]:
        """Be on leave from today on, or give the present leave another last day."""
        self._must_be_readable()
        return self._last_day_too(self.stay.take_leave(until, today), today)

    def end(self, last_day: date | None, today: date) -> tuple[Event, ...]:
        """Plan the last day (None: none any more, whoever was to leave stays)."""
        self._must_be_readable()
        return self._last_day_too(self.stay.end(last_day, today), today)

    def begin(self, first_day: date, today: date, digest: Digest) -> tuple[Event, ...]:
        """Give the present stay another first day, or come back on it after having left."""
        if self.status_on(today) == "left":
            return self.change_status("active", first_day, today)
        returned = self.stay.returned(today)
        if returned is None:
            return self.change(Changes(starts_on=first_day), today, digest)
        return self.stay.move_return(returned, first_day)

    def _last_day_too(self, changed: tuple[StatusChanged, ...], today: date) -> tuple[Event, ...]:
        """Keep the last day in the details in step with the timeline of the status."""
        ends_on = self._after(changed).ends_on
        if not changed or ends_on == self.details.ends_on:
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
        return self.stay.on(day)

    def manager_on(self, day: date) -> str | None:
        """Return the manager on a day."""
        return manager_on(self.managers, day)

    def job_on(self, day: date) -> Job:
        """Return title and department on a day."""
        return latest(self.jobs, day) or self.jobs[0]

    @property
    def stay(self) -> Stay:
        """The timeline of the status."""
        return Stay(starts_on=self.details.starts_on, statuses=self.statuses)

    @property
    def ends_on(self) -> date | None:
        """The last day, gone by or planned; None when nobody plans to leave."""
        return self.stay.ends_on

    def first_day(self, day: date) -> date:
        """Return the first day of the stay somebody was last in on a day: after a return that of the return."""
        return self.stay.first_day(day)

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


def _checked_roles(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    return tuple(sorted(set(roles)))
