"""What the directory publishes of its events, and what it does when it hears other services."""

from typing import Any

from chassis.consumer import Handler
from chassis.kernel import Event, Personal, Sealed, State, sealed
from chassis.unit import Unit
from contracts import people
from contracts.envelope import Envelope, Published
from contracts.evaluation import TextWithdrawn
from people_svc.application import People
from people_svc.domain import (
    Added,
    Committed,
    DetailsChanged,
    Employee,
    Erased,
    ErasureRequested,
    Invited,
    Job,
    JobChanged,
    Listed,
    ManagerChanged,
    Opened,
    PlacementStated,
    RolesChanged,
    Settings,
    SettingsChanged,
    StatusChanged,
)

PRIVATE: tuple[type[Event], ...] = (Listed, Committed)
"""The guard of the directory, and which file was imported."""


def published(event: Event, state: State) -> Published | None:
    """Return what others may know of an event; `state` is the one after it."""
    if isinstance(event, PRIVATE):
        return None
    match event:
        case Opened():
            return people.WorkspaceOpened(**_settings(event.settings))
        case SettingsChanged():
            return people.WorkspaceSettingsChanged(**_settings(event.settings))
        case _ if isinstance(state, Employee):
            return _published_of_person(event, state)
        case _:
            raise _unforeseen(event)


def _published_of_person(event: Event, state: Employee) -> Published:  # noqa: C901 (one total match)
    person = state.person
    match event:
        case Added():
            return _added(event)
        case DetailsChanged():
            return _details_changed(event, state)
        case JobChanged():
            return people.PersonDetailsChanged(
                **_details(state), **_job(event.job), effective_on=event.job.effective_on
            )
        case ManagerChanged():
            return people.ManagerChanged(person=person, manager=event.manager, effective_on=event.effective_on)
        case StatusChanged():
            return people.StatusChanged(
                person=person, status=event.status, effective_on=event.effective_on, until=event.until
            )
        case RolesChanged():
            return people.RolesChanged(person=person, roles=event.roles)
        case Invited():
            return people.PersonInvited(person=person)
        case PlacementStated():
            return people.PlacementStated(
                person=person, **event.placement.model_dump(), effective_on=event.effective_on
            )
        case ErasureRequested():
            return people.RolesChanged(person=person, roles=())
        case Erased():
            return people.PersonErased(person=person)
        case _:
            raise _unforeseen(event)


def _added(event: Added) -> people.PersonAdded:
    details = event.details
    return people.PersonAdded(
        person=event.person,
        given_name=sealed(details.given_name),
        family_name=sealed(details.family_name),
        work_email=_maybe_sealed(details.work_email),
        location=_maybe_sealed(details.location),
        **_job(event.job),
        status="preboarding" if details.starts_on > event.on else "active",
        manager=event.manager,
        starts_on=details.starts_on,
        ends_on=details.ends_on,
        time_zone=details.time_zone,
        locale=details.locale,
        roles=event.roles,
    )


def _details_changed(event: DetailsChanged, state: Employee) -> people.PersonDetailsChanged:
    """Details have no history: they are published with the job in force, from the day that job is in force."""
    job = state.job_on(event.effective_on)
    return people.PersonDetailsChanged(**_details(state), **_job(job), effective_on=job.effective_on)


def _details(state: Employee) -> dict[str, Any]:
    details = state.details
    return {
        "person": state.person,
        "given_name": sealed(details.given_name),
        "family_name": sealed(details.family_name),
        "work_email": _maybe_sealed(details.work_email),
        "location": _maybe_sealed(details.location),
        "starts_on": details.starts_on,
        "ends_on": details.ends_on,
        "time_zone": details.time_zone,
        "locale": details.locale,
    }


def _job(job: Job) -> dict[str, Any]:
    return {
        "job_title": _maybe_sealed(job.title),
        "department": _maybe_sealed(job.department),
        "job_title_group": job.title_group,
    }


def _settings(settings: Settings) -> dict[str, Any]:
    calendar = settings.calendar
    return {
        "name": settings.name,
        "locale": settings.locale,
        "spelling": settings.spelling,
        "calendar": people.WorkspaceCalendar(
            time_zone=calendar.time_zone, working_days=calendar.working_days, holidays=calendar.holidays
        ),
        "one_level_up": settings.one_level_up,
    }


def _maybe_sealed(text: Personal | None) -> Sealed | None:
    return None if text is None else sealed(text)


def _unforeseen(event: Event) -> TypeError:
    return TypeError(f"{type(event).__name__} has no published form and is not listed as private")


def handlers(application: People) -> dict[type[Published], Handler]:
    """Return what this service does when it hears others."""

    def when_text_withdrawn_then_destroy_its_key(unit: Unit, heard: TextWithdrawn, envelope: Envelope) -> None:
        application.withdraw(unit, heard.person, heard.stream, heard.part)

    return {TextWithdrawn: when_text_withdrawn_then_destroy_its_key}
