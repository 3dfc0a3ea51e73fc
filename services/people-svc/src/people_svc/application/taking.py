"""Taking a file of people: the plan made again on what is known now, and every row of it recorded."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from chassis.kernel import Invalid
from chassis.unit import Unit
from people_svc.domain import (
    GUARD,
    SOURCE,
    Changes,
    Committed,
    Directory,
    Employee,
    Identifiers,
    NotAsPreviewed,
    Options,
    Placement,
    Plan,
    RowPlan,
    Sheet,
    plan,
)
from people_svc.search import read_people

_FIELDS = ("given_name", "family_name", "work_email", "job_title", "department", "location", "time_zone", "locale")
_DAY = timedelta(days=1)


def plan_digest(planned: Plan, options: Options, digest: Callable[[str], str]) -> str:
    """Return what a commit has to repeat: a keyed digest of everything the preview showed."""
    return digest(f"plan/{options.model_dump_json()}/{planned.model_dump_json()}")


class Taking:
    """One file while it is taken in one unit of work."""

    def __init__(self, unit: Unit, today: date) -> None:
        self.unit, self.today = unit, today
        self.plan = Plan(rows=())
        self.digest = ""
        self.identifiers: dict[str, Identifiers] = {}

    def take(self, sheet: Sheet, options: Options, previewed: str, confirmed: bool) -> list[Employee]:
        """Record what the file says; return whom it touched. Refuses a plan other than the one previewed."""
        known = [one.known for one in read_people(self.unit.reading, self.today)]
        self.plan = plan(sheet, known, options, self.today)
        self.plan.must_be_taken(confirmed)
        self.digest = plan_digest(self.plan, options, self.unit.digest)
        if previewed != self.digest:
            raise NotAsPreviewed("The directory or the file has changed since the preview; look at the preview again.")
        rows = [row for row in self.plan.rows if row.outcome != "unchanged"]
        ids = {row.line: row.person or self.unit.new_id("pe") for row in self.plan.rows}
        touched = [self._take_naming_the_row(row, ids) for row in rows]
        return touched + [self._leave(person) for person in self.plan.missing]

    def committed(self, confirmed: bool) -> Committed:
        """Return the fact that this file was taken."""
        return Committed(
            plan=self.digest,
            new=self.plan.count("new"),
            changed=self.plan.count("changed"),
            unchanged=self.plan.count("unchanged"),
            ended=self.plan.endings,
            confirmed=confirmed and self.plan.needs_confirmation,
            by=self.unit.actor.person,
            at=self.unit.now,
        )

    def _take_naming_the_row(self, row: RowPlan, ids: dict[int, str]) -> Employee:
        """Take one row; what a person's history refuses is refused with the line it stands in."""
        try:
            return self._take(row, ids)
        except Invalid as refused:
            raise Invalid(f"row {row.line}, {refused.field}", refused.value, refused.remedy) from None

    def _take(self, row: RowPlan, ids: dict[int, str]) -> Employee:
        person = ids[row.line]
        manager = ids[row.manager_line] if row.manager_line is not None else row.manager
        changes = _changes(row)
        guard = self.unit.find(Directory, GUARD) or Directory(people={})
        self.identifiers[person] = guard.identifiers(person).after(changes, self.unit.digest)
        if row.outcome == "new":
            self._add(row, person, manager, changes)
        else:
            self._change(row, person, manager, changes)
        return self._place(row, person)

    def _add(self, row: RowPlan, person: str, manager: str | None, changes: Changes) -> None:
        first, last = _day(row.after("start_date")), _day(row.after("end_date"))
        stated = Changes(**_set(changes), starts_on=first or self.today)
        self._record(person, Employee.add(person, stated, manager, (), self.today, self.unit.digest, last))
        if row.after("status") == "leave":
            employee = self.unit.get(Employee, person)
            self._record(person, employee.take_leave(_day(row.after("leave_until")), self.today))

    def _change(self, row: RowPlan, person: str, manager: str | None, changes: Changes) -> None:
        self._record(person, self._get(person).change(changes, self.today, self.unit.digest))
        if first := _day(row.after("start_date")):
            self._record(person, self._get(person).begin(first, self.today, self.unit.digest))
        if row.sets("end_date"):
            self._record(person, self._get(person).end(_day(row.after("end_date")), self.today))
        if row.sets("status") or row.sets("leave_until"):
            self._change_status(row, person)
        if row.sets("manager"):
            self._record(person, self._get(person).change_manager(manager, self.today))

    def _change_status(self, row: RowPlan, person: str) -> None:
        employee = self._get(person)
        status = row.after("status") or employee.status_on(self.today)
        match status:
            case "left":
                self._leave(person)
            case "leave":
                self._record(person, employee.take_leave(_day(row.after("leave_until")), self.today))
            case "active" if not row.sets("start_date"):
                self._record(person, employee.change_status("active", self.today, self.today))
            case _:
                pass

    def _leave(self, person: str) -> Employee:
        """End somebody today, unless a last day is known already."""
        employee = self._get(person)
        if employee.status_on(self.today) == "left":
            return employee
        return self._record(person, employee.end(max(self.today, employee.first_day(self.today)) - _DAY, self.today))

    def _place(self, row: RowPlan, person: str) -> Employee:
        employee = self._get(person)
        if not any(row.sets(column) for column in ("family", "track", "level")):
            return employee
        known = employee.placement
        placement = Placement(
            ladder=row.after("family") or (known.ladder if known else ""),
            track=row.after("track") or (known.track if known else ""),
            level=row.after("level") or (known.level if known else ""),
        )
        return self._record(
            person, employee.state_placement(placement, max(self.today, employee.first_day(self.today)))
        )

    def _get(self, person: str) -> Employee:
        return self.unit.get(Employee, person)

    def _record(self, person: str, events: Any) -> Employee:
        return self.unit.record(Employee, person, tuple(events))


def _changes(row: RowPlan) -> Changes:
    """Return what a row says about details and job."""
    values: dict[str, Any] = {field: row.after(field) or None for field in _FIELDS if row.sets(field)}
    if row.sets("employee_number"):
        values["external_ids"] = {SOURCE: row.after("employee_number")}
    return Changes(**values)


def _set(changes: Changes) -> dict[str, Any]:
    return {name: getattr(changes, name) for name in changes.model_fields_set}


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell) if cell else None
