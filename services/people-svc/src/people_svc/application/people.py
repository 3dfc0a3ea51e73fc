"""People: everything that can be done to a workspace's directory."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

from chassis.deadlines import Due
from chassis.kernel import Event
from chassis.unit import Unit
from people_svc import accounts
from people_svc.application.taking import Taking
from people_svc.domain import (
    GUARD,
    Changes,
    Directory,
    Employee,
    ErasureReason,
    Identifiers,
    Import,
    Listing,
    NotAtWork,
    Options,
    Role,
    Settings,
    Sheet,
    Status,
    Workspace,
)


class Keys(Protocol):
    """Whoever can destroy the keys of personal texts, for good; doing it again changes nothing."""

    def destroy_person(self, workspace: str, person: str) -> None:
        """Destroy the key of a person and with it every text about them."""

    def destroy_part(self, workspace: str, person: str, stream: str, part: str) -> None:
        """Destroy the key of one part of a stream."""


class People:
    """The directory of workspaces and their people."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    # ---- the workspace

    def open_workspace(self, unit: Unit, settings: Settings, admin: Changes) -> Employee:
        """Open the workspace of this unit with its first HR admin."""
        unit.record(Workspace, unit.workspace, Workspace.open(self._workspace(unit), settings, unit.now))
        person = unit.new_id("pe")
        events = Employee.add(person, admin, None, ("hr",), self.today(unit), unit.digest)
        return self._record(unit, person, events, admin)

    def change_settings(self, unit: Unit, settings: Settings) -> Workspace:
        """Replace the settings of the workspace."""
        workspace = unit.get(Workspace, unit.workspace)
        return unit.record(Workspace, unit.workspace, workspace.change(settings, unit.actor.person, unit.now))

    # ---- people

    def add_person(
        self, unit: Unit, stated: Changes, manager: str | None = None, ends_on: date | None = None
    ) -> Employee:
        """Put somebody into the directory."""
        self._must_be_at_work(unit, manager, self.today(unit))
        person = unit.new_id("pe")
        events = Employee.add(person, stated, manager, (), self.today(unit), unit.digest, ends_on)
        return self._record(unit, person, events, stated)

    def change_details(self, unit: Unit, person: str, changes: Changes, effective_on: date | None = None) -> Employee:
        """Change details now, and job title or department from `effective_on` (default: today) on."""
        employee = unit.get(Employee, person)
        if changes.starts_on is not None and changes.starts_on != employee.first_day(self.today(unit)):
            begun = employee.begin(changes.starts_on, self.today(unit), unit.digest)
            employee = self._record(unit, person, begun)
        others = Changes(**{name: getattr(changes, name) for name in changes.model_fields_set - {"starts_on"}})
        events = employee.change(others, self.today(unit), unit.digest, effective_on)
        return self._record(unit, person, events, others)

    def change_manager(
        self, unit: Unit, person: str, manager: str | None, effective_on: date | None = None
    ) -> Employee:
        """Let somebody report to another manager, or to nobody, from a day on."""
        day = effective_on or self.today(unit)
        self._must_be_at_work(unit, manager, day)
        return self._record(unit, person, unit.get(Employee, person).change_manager(manager, day))

    def change_status(
        self, unit: Unit, person: str, status: Status, effective_on: date | None = None, until: date | None = None
    ) -> tuple[str, ...]:
        """Change the status from a day on; return who reports to a leaver on that day and keeps doing so."""
        today = self.today(unit)
        day = effective_on or today
        self._record(unit, person, unit.get(Employee, person).change_status(status, day, today, until))
        return unit.get(Directory, GUARD).managed_by(person, day) if status == "left" else ()

    def set_roles(self, unit: Unit, person: str, roles: tuple[Role, ...]) -> Employee:
        """Give or take roles; the last HR admin keeps theirs."""
        return self._record(unit, person, unit.get(Employee, person).set_roles(roles, self.today(unit)))

    def invite(self, unit: Unit, person: str) -> Employee:
        """Invite somebody to sign in."""
        employee = unit.get(Employee, person)
        return unit.record(Employee, person, employee.invite(unit.actor.person, unit.now, self.today(unit)))

    # ---- erasure

    def erase(self, unit: Unit, person: str, reason: ErasureReason) -> Employee:
        """Order the erasure of somebody. From now on they are gone; the keys are destroyed at once, by `when_due`."""
        employee = unit.get(Employee, person)
        events = employee.erase(reason, unit.actor.person, unit.now, self.today(unit))
        return self._record(unit, person, events)

    def when_due(self, unit: Unit, deadline: Due) -> datetime | None:
        """Destroy the keys and the account of somebody whose erasure was ordered, and say so once they are gone."""
        employee = unit.get(Employee, deadline.subject)
        erased = employee.erased(unit.now)
        if erased:
            self._keys.destroy_person(unit.workspace, deadline.subject)
            for statement in accounts.FORGET:
                unit.reading.write(statement, {"person": deadline.subject})
            unit.record(Employee, deadline.subject, erased)
        return None

    def withdraw(self, unit: Unit, person: str, stream: str, part: str) -> None:
        """Destroy the key of a text that was withdrawn elsewhere."""
        self._keys.destroy_part(unit.workspace, person, stream, part)

    # ---- files

    def import_commit(
        self, unit: Unit, sheet: Sheet, options: Options, previewed: str, confirmed: bool = False
    ) -> str | None:
        """Take a file as one batch, as it was previewed; return the id of the import, None when it changed nothing."""
        taking = Taking(unit, self.today(unit))
        people = taking.take(sheet, options, previewed, confirmed)
        if not people or not unit.decided:
            return None
        self._list(unit, people, taking.identifiers)
        identifier = unit.new_id("im")
        unit.record(Import, identifier, taking.committed(confirmed))
        return identifier

    # ---- what every use case needs

    def today(self, unit: Unit) -> date:
        """Return the company's local date."""
        return unit.get(Workspace, unit.workspace).today(unit.now)

    def _workspace(self, unit: Unit) -> Workspace | None:
        return unit.find(Workspace, unit.workspace)

    def _record(self, unit: Unit, person: str, events: Iterable[Event], changes: Changes | None = None) -> Employee:
        """Record what was decided about somebody, with the guard's consent."""
        employee = unit.record(Employee, person, tuple(events))
        guard = unit.find(Directory, GUARD) or Directory(people={})
        known = guard.identifiers(person)
        self._list(unit, [employee], {person: known if changes is None else known.after(changes, unit.digest)})
        return employee

    def _list(self, unit: Unit, people: Iterable[Employee], identifiers: dict[str, Identifiers]) -> None:
        guard = unit.find(Directory, GUARD) or Directory(people={})
        listings = [Listing.of(one, identifiers.get(one.person) or guard.identifiers(one.person)) for one in people]
        listed = guard.list_people(listings, self.today(unit))
        if listed:
            unit.record(Directory, GUARD, listed)

    def _must_be_at_work(self, unit: Unit, manager: str | None, day: date) -> None:
        known = None if manager is None else unit.find(Employee, manager)
        if known is not None and (known.erasure or known.status_on(day) == "left"):
            raise NotAtWork("Somebody who has left cannot become a manager.")
