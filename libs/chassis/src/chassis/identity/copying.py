"""The directory's copied facts: tables, and what each event of people-svc writes into them.

Manager, status and job (title and department) are kept as spans of days: `from_on` is the first day, `until_on` the
first day after (null: still in force). Names, address, location and dates have no history: they are as last heard.
What a person was added with holds from the beginning of time, so a start date that is corrected later leaves no hole.
A change dated in the future is a span that has not begun.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from chassis.copied import Facts
from contracts import people
from contracts.envelope import Envelope, Published, Sealed

if TYPE_CHECKING:
    from chassis.unit import Unit

TABLES: Final = (
    "create table if not exists {schema}.directory_workspaces (workspace text not null primary key, name text not null,"
    " time_zone text not null, locale text not null, spelling text not null, working_days jsonb not null,"
    " holidays jsonb not null, one_level_up boolean not null)",
    "create table if not exists {schema}.directory_people ("
    "workspace text not null, person text not null, given_name jsonb,"
    " family_name jsonb, work_email jsonb, starts_on date not null, ends_on date, time_zone text, locale text,"
    " roles jsonb not null, invited boolean not null, erased boolean not null, location jsonb,"
    " primary key (workspace, person))",
    "alter table {schema}.directory_people add column if not exists location jsonb",
    "create table if not exists {schema}.directory_jobs ("
    "workspace text not null, person text not null, from_on date not null,"
    " until_on date, job_title jsonb, department jsonb, job_title_group text,"
    " primary key (workspace, person, from_on))",
    "create table if not exists {schema}.directory_managers ("
    "workspace text not null, person text not null, from_on date not null,"
    " until_on date, manager text, primary key (workspace, person, from_on))",
    "create index if not exists directory_managers_by_manager on {schema}.directory_managers (workspace, manager)",
    "create table if not exists {schema}.directory_statuses ("
    "workspace text not null, person text not null, from_on date not null,"
    " until_on date, status text not null, planned_until date, primary key (workspace, person, from_on))",
)

_BEGINNING = date.min


def when_workspace_opened_then_copy_its_settings(unit: Unit, heard: people.WorkspaceOpened, envelope: Envelope) -> None:
    """Copy name, zone, locale, working days and settings."""
    _copy_settings(unit, heard)


def when_settings_changed_then_copy_them(
    unit: Unit, heard: people.WorkspaceSettingsChanged, envelope: Envelope
) -> None:
    """Copy the settings as they are now."""
    _copy_settings(unit, heard)


def when_person_added_then_copy_them(unit: Unit, heard: people.PersonAdded, envelope: Envelope) -> None:
    """Copy a person with manager, status and job, in force from the beginning."""
    unit.copy(
        "insert into directory_people values (%(workspace)s, %(person)s, %(given_name)s::jsonb,"
        " %(family_name)s::jsonb, %(work_email)s::jsonb, %(starts_on)s, %(ends_on)s, %(time_zone)s, %(locale)s,"
        " %(roles)s::jsonb, %(invited)s, false, %(location)s::jsonb)"
        " on conflict (workspace, person) do update set given_name = excluded.given_name,"
        " family_name = excluded.family_name, work_email = excluded.work_email, starts_on = excluded.starts_on,"
        " ends_on = excluded.ends_on, time_zone = excluded.time_zone, locale = excluded.locale,"
        " roles = excluded.roles, invited = excluded.invited, location = excluded.location",
        _details(heard) | {"roles": json.dumps(heard.roles), "invited": heard.invited},
    )
    _copy_job(unit, heard, _BEGINNING)
    _copy_manager(unit, heard.person, heard.manager, _BEGINNING)
    _copy_status(unit, heard.person, heard.status, _BEGINNING, None)


def when_details_changed_then_copy_them(unit: Unit, heard: people.PersonDetailsChanged, envelope: Envelope) -> None:
    """Copy name, address, location, dates and zone at once, the job from its day."""
    unit.copy(
        "update directory_people set given_name = %(given_name)s::jsonb, family_name = %(family_name)s::jsonb,"
        " work_email = %(work_email)s::jsonb, starts_on = %(starts_on)s, ends_on = %(ends_on)s,"
        " time_zone = %(time_zone)s, locale = %(locale)s, location = %(location)s::jsonb"
        " where workspace = %(workspace)s and person = %(person)s",
        _details(heard),
    )
    _copy_job(unit, heard, heard.effective_on)


def when_manager_changed_then_copy_the_edge(unit: Unit, heard: people.ManagerChanged, envelope: Envelope) -> None:
    """Copy who somebody reports to from a day on."""
    _copy_manager(unit, heard.person, heard.manager, heard.effective_on)


def when_status_changed_then_copy_the_span(unit: Unit, heard: people.StatusChanged, envelope: Envelope) -> None:
    """Copy status or leave from a day on."""
    _copy_status(unit, heard.person, heard.status, heard.effective_on, heard.until)


def when_roles_changed_then_copy_them(unit: Unit, heard: people.RolesChanged, envelope: Envelope) -> None:
    """Copy the roles as they are now."""
    unit.copy(
        "update directory_people set roles = %(roles)s::jsonb where workspace = %(workspace)s and person = %(person)s",
        {"person": heard.person, "roles": json.dumps(heard.roles)},
    )


def when_person_invited_then_copy_that(unit: Unit, heard: people.PersonInvited, envelope: Envelope) -> None:
    """Copy that somebody was invited to sign in."""
    unit.copy(
        "update directory_people set invited = true where workspace = %(workspace)s and person = %(person)s",
        {"person": heard.person},
    )


def when_person_erased_then_drop_their_texts(unit: Unit, heard: people.PersonErased, envelope: Envelope) -> None:
    """Drop the texts, whose keys are gone; the opaque id, its edges and dates stay."""
    unit.copy(
        "update directory_people set erased = true, given_name = null, family_name = null, work_email = null,"
        " location = null"
        " where workspace = %(workspace)s and person = %(person)s",
        {"person": heard.person},
    )
    unit.copy(
        "update directory_jobs set job_title = null, department = null"
        " where workspace = %(workspace)s and person = %(person)s",
        {"person": heard.person},
    )


DIRECTORY_HANDLERS: Final[dict[type[Published], Callable[[Unit, Any, Envelope], None]]] = {
    people.WorkspaceOpened: when_workspace_opened_then_copy_its_settings,
    people.WorkspaceSettingsChanged: when_settings_changed_then_copy_them,
    people.PersonAdded: when_person_added_then_copy_them,
    people.PersonDetailsChanged: when_details_changed_then_copy_them,
    people.ManagerChanged: when_manager_changed_then_copy_the_edge,
    people.StatusChanged: when_status_changed_then_copy_the_span,
    people.RolesChanged: when_roles_changed_then_copy_them,
    people.PersonInvited: when_person_invited_then_copy_that,
    people.PersonErased: when_person_erased_then_drop_their_texts,
}
"""What every service copies when it hears people-svc."""

DIRECTORY: Final = Facts(people.TOPIC, TABLES, DIRECTORY_HANDLERS)
"""The directory as every service copies it."""


def _copy_settings(unit: Unit, heard: people.WorkspaceOpened | people.WorkspaceSettingsChanged) -> None:
    unit.copy(
        "insert into directory_workspaces values (%(workspace)s, %(name)s, %(time_zone)s, %(locale)s, %(spelling)s,"
        " %(working_days)s::jsonb, %(holidays)s::jsonb, %(one_level_up)s)"
        " on conflict (workspace) do update set name = excluded.name, time_zone = excluded.time_zone,"
        " locale = excluded.locale, spelling = excluded.spelling, working_days = excluded.working_days,"
        " holidays = excluded.holidays, one_level_up = excluded.one_level_up",
        {
            "name": heard.name,
            "time_zone": heard.calendar.time_zone,
            "locale": heard.locale,
            "spelling": heard.spelling,
            "working_days": json.dumps(heard.calendar.working_days),
            "holidays": json.dumps([day.isoformat() for day in heard.calendar.holidays]),
            "one_level_up": heard.one_level_up,
        },
    )


def _details(heard: people.PersonAdded | people.PersonDetailsChanged) -> dict[str, Any]:
    return {
        "person": heard.person,
        "given_name": _json(heard.given_name),
        "family_name": _json(heard.family_name),
        "work_email": _json(heard.work_email),
        "starts_on": heard.starts_on,
        "ends_on": heard.ends_on,
        "time_zone": heard.time_zone,
        "locale": heard.locale,
        "location": _json(heard.location),
    }


def _copy_job(unit: Unit, heard: people.PersonAdded | people.PersonDetailsChanged, from_on: date) -> None:
    _copy_span(
        unit,
        "directory_jobs",
        heard.person,
        from_on,
        {
            "job_title": _json(heard.job_title),
            "department": _json(heard.department),
            "job_title_group": heard.job_title_group,
        },
        jsonb=("job_title", "department"),
    )


def _copy_manager(unit: Unit, person: str, manager: str | None, from_on: date) -> None:
    _copy_span(unit, "directory_managers", person, from_on, {"manager": manager})


def _copy_status(unit: Unit, person: str, status: str, from_on: date, planned_until: date | None) -> None:
    _copy_span(unit, "directory_statuses", person, from_on, {"status": status, "planned_until": planned_until})


def _copy_span(
    unit: Unit, table: str, person: str, from_on: date, values: dict[str, Any], jsonb: tuple[str, ...] = ()
) -> None:
    """Put a span that begins on `from_on`: it ends the one before, and the one after ends it.

    Of several for the same day the last one heard wins.
    """
    names = ", ".join(values)
    given = ", ".join(f"%({name})s::jsonb" if name in jsonb else f"%({name})s" for name in values)
    taken = ", ".join(f"{name} = excluded.{name}" for name in values)
    same = "workspace = %(workspace)s and person = %(person)s"
    unit.copy(
        f"with before as (update {table} set until_on = %(from_on)s where {same} and from_on ="
        f" (select max(from_on) from {table} where {same} and from_on < %(from_on)s))"
        f" insert into {table} (workspace, person, from_on, until_on, {names})"
        f" values (%(workspace)s, %(person)s, %(from_on)s,"
        f" (select min(from_on) from {table} where {same} and from_on > %(from_on)s), {given})"
        f" on conflict (workspace, person, from_on) do update set {taken}",
        {"person": person, "from_on": from_on, **values},
    )


def _json(sealed: Sealed | None) -> str | None:
    return None if sealed is None else sealed.model_dump_json()
