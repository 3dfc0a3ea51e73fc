"""A file of people against the directory: every row matched, resolved, compared, or refused with a remedy."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from chassis.kernel import Invalid
from people_svc.domain.cells import DateOrder, normal
from people_svc.domain.imports import (
    COLUMNS,
    PLACEMENT,
    Change,
    Known,
    Options,
    Outcome,
    Plan,
    Problem,
    Row,
    RowPlan,
    Sheet,
)

MOST_LISTED = 8
"""How many other rows a remedy names."""

_KEYS = ("person", "employee_number", "work_email")
_DAY = timedelta(days=1)


def plan(sheet: Sheet, known: Sequence[Known], options: Options, today: date) -> Plan:
    """Return what `sheet` would do to the people `known` today.

    Rows are matched by employee number, then by work e-mail; managers are resolved in a second pass, by either, among
    rows and known people alike.
    """
    if sheet.problems:
        return Plan(rows=(), problems=sheet.problems, active=_active(known))
    rows = _Rows(sheet, known, options, today)
    plans = tuple(rows.plan(row) for row in sheet.rows)
    named = {one.person for one in plans}
    missing = tuple(one.person for one in known if one.status in ("active", "leave") and one.person not in named)
    missing = missing if options.missing == "leave" else ()
    endings = sum(one.ends_somebody for one in plans) + len(missing)
    return Plan(rows=plans, missing=missing, endings=endings, active=_active(known))


def _active(known: Sequence[Known]) -> int:
    return sum(one.status in ("active", "leave") for one in known)


class _Rows:
    """The rows of one sheet while they are matched, resolved and compared."""

    def __init__(self, sheet: Sheet, known: Sequence[Known], options: Options, today: date) -> None:
        self.raw = {row.line: row.values for row in sheet.rows}
        self.today = today
        self.known = {one.person: one for one in known}
        self.problems: dict[int, list[Problem]] = defaultdict(list)
        self.by_number = {one.employee_number: one.person for one in known if one.employee_number}
        self.by_email = {one.work_email: one.person for one in known if one.work_email}
        self.cells = {row.line: self._read(row, options.dates) for row in sheet.rows}
        self._refuse_doubles()
        self.person = {row.line: self._match(row.line) for row in sheet.rows}
        self._refuse_one_person_twice()
        self.line_of = self._lines()
        self._line: dict[str | int, int] = {person or line: line for line, person in self.person.items()}
        self.managers = {row.line: self._manager(row.line) for row in sheet.rows}
        self._refuse_circles()

    def plan(self, row: Row) -> RowPlan:
        """Return what one row would do."""
        problems = tuple(self.problems[row.line])
        person = self.person[row.line]
        if problems:
            return RowPlan(line=row.line, outcome="error", person=person, problems=problems)
        changes = self._changes(row.line)
        outcome: Outcome = "new" if person is None else "changed" if changes else "unchanged"
        manager = self.managers[row.line]
        return RowPlan(
            line=row.line,
            outcome=outcome,
            person=person,
            changes=changes,
            manager=manager if isinstance(manager, str) else None,
            manager_line=manager if isinstance(manager, int) else None,
        )

    # ---- first pass: cells and people

    def _read(self, row: Row, dates: DateOrder) -> dict[str, str]:
        """Return the cells in their normal form, noting those that have none."""
        cells = dict(row.values)
        for column, value in row.values.items():
            try:
                cells[column] = normal(column, value, dates)
            except Invalid as refused:
                self._refuse(row.line, column, refused.remedy)
        return cells

    def _refuse(self, line: int, column: str, remedy: str) -> None:
        value = self.raw[line].get(column, "")
        self.problems[line].append(Problem(line=line, column=column, value=value, remedy=remedy))

    def _refuse_doubles(self) -> None:
        for column in _KEYS:
            lines: dict[str, list[int]] = defaultdict(list)
            for line, cells in self.cells.items():
                lines[cells.get(column, "")].append(line)
            for value, several in lines.items():
                for line in several if value and len(several) > 1 else ():
                    others = _others(several, line)
                    self._refuse(line, column, f"the same value stands in {others}; one person has one row")

    def _match(self, line: int) -> str | None:
        """Return the person a row is about; None for somebody new."""
        cells = self.cells[line]
        identity, number, email = (cells.get(key, "") for key in _KEYS)
        if identity and identity not in self.known:
            self._refuse(line, "person", "nobody in the directory has this id; leave it empty for somebody new")
            return None
        by_number, by_email = self.by_number.get(number), self.by_email.get(email)
        person = identity or by_number or by_email or None
        if by_number not in (None, person):
            self._refuse(line, "employee_number", "somebody else in the directory has this number")
        if by_email not in (None, person):
            self._refuse(line, "work_email", "somebody else in the directory has this address")
        if person is not None and not identity and not by_number and number and self.known[person].employee_number:
            self._refuse(line, "employee_number", "whoever has this address has another employee number")
        if person is None:
            self._check_new(line, cells, number or email)
        self._check_cells(line, cells, None if person is None else self.known.get(person))
        return person

    def _check_new(self, line: int, cells: Mapping[str, str], recognisable: str) -> None:
        if not recognisable:
            self._refuse(
                line, "employee_number", "give an employee number or an e-mail, so that the next file finds them"
            )
        if cells.get("status") == "left" and not cells.get("end_date"):
            self._refuse(line, "end_date", "give the last day of somebody who is new here and has left")

    def _check_cells(self, line: int, cells: dict[str, str], known: Known | None) -> None:
        """Note what cannot be together in one row; let the last day decide the status where it can."""
        for column in ("given_name", "family_name"):
            if not cells.get(column) and (known is None or column in cells):
                self._refuse(line, column, "everybody has a given and a family name")
        filled = [column for column in PLACEMENT if cells.get(column)]
        if filled and len(filled) < len(PLACEMENT):
            self._refuse(line, filled[0], "a level is named by family, track and level together")
        if not self.problems[line]:
            self._check_days(line, cells, known)

    def _check_days(self, line: int, cells: dict[str, str], known: Known | None) -> None:
        today = self.today.isoformat()
        status, last = cells.get("status", ""), cells.get("end_date", "")
        first = cells.get("start_date") or (known.starts_on.isoformat() if known else today)
        if last and date.fromisoformat(last) < date.fromisoformat(first) - _DAY:
            self._refuse(line, "end_date", f"the last day cannot lie before the first, {first}")
        elif last and last < today:
            if status not in ("", "left"):
                self._refuse(line, "status", "the last day has passed: write left, or empty the last day")
            cells["status"] = "left"
        elif last and status == "left":
            cells["status"] = ""
        if status == "preboarding" and first <= today:
            self._refuse(line, "status", "the first day has come: write active, or a later first day")
        if status == "active" and first > today:
            cells["status"] = "preboarding" if known is None or known.status != "left" else ""
        until = cells.get("leave_until", "")
        if until and (status or (known.status if known else "")) != "leave":
            self._refuse(line, "leave_until", "only somebody on leave has a last day of leave")
        elif until and until < today:
            self._refuse(line, "leave_until", "the leave is over: write active, or a later day")

    def _refuse_one_person_twice(self) -> None:
        """Refuse two rows for one person, one by number and one by address."""
        lines: dict[str, list[int]] = defaultdict(list)
        for line, person in self.person.items():
            if person is not None and not self.problems[line]:
                lines[person].append(line)
        for several in lines.values():
            for line in several if len(several) > 1 else ():
                others = _others(several, line)
                self._refuse(line, "work_email", f"{others} is about the same person; one person has one row")

    # ---- second pass: managers

    def _lines(self) -> dict[str, int]:
        """Return the line by employee number and by e-mail."""
        return {cells[key]: line for line, cells in self.cells.items() for key in _KEYS if cells.get(key)}

    def _manager(self, line: int) -> str | int | None:
        """Return the manager a row names: a known person, the line of a new one, or None."""
        named = self.cells[line].get("manager", "")
        if not named:
            return None
        found = self._find(named) or self._find(named.lower())
        if found is None:
            self._refuse(line, "manager", "no row and nobody in the directory has this employee number or e-mail")
        elif found in (line, self.person[line]):
            self._refuse(line, "manager", "nobody manages themselves; leave it empty for nobody")
        return found

    def _find(self, named: str) -> str | int | None:
        line = self.line_of.get(named)
        if line is not None:
            return self.person[line] or line
        return self.by_number.get(named) or self.by_email.get(named) or (named if named in self.known else None)

    def _refuse_circles(self) -> None:
        """Note every row of a circle of managers, naming the rows it runs through."""
        for circle in _circles(self._edges()):
            lines = sorted(line for line in (self._line.get(one) for one in circle) if line is not None)
            for line in lines if len(circle) > 1 else ():
                others = _others(lines, line) or "people who are not in this file"
                self._refuse(line, "manager", f"a circle of managers with {others}; one must report elsewhere")

    def _edges(self) -> dict[str | int, str | int]:
        """Return who reports to whom after this file: people by id, new ones by line."""
        edges: dict[str | int, str | int] = {
            one.person: one.manager for one in self.known.values() if one.manager is not None
        }
        for line, person in self.person.items():
            if "manager" not in self.cells[line]:
                continue
            manager = self.managers[line]
            edges.pop(person or line, None)
            if manager is not None:
                edges[person or line] = manager
        return edges

    # ---- comparing

    def _changes(self, line: int) -> tuple[Change, ...]:
        """Return the cells that differ from the directory."""
        cells, person = self.cells[line], self.person[line]
        before = {} if person is None else self.known[person].cells(self.known)
        changes = [
            Change(column=column, before=before.get(column, ""), after=cells[column])
            for column in COLUMNS
            if column in cells and self._differs(line, column, before)
        ]
        return tuple(changes)

    def _differs(self, line: int, column: str, before: Mapping[str, str]) -> bool:
        person, value = self.person[line], self.cells[line][column]
        if column == "manager" and person is not None:
            return self.managers[line] != self.known[person].manager
        if not value and column in ("employee_number", "status", "start_date", *PLACEMENT):
            return False
        if column == "person":
            return False
        if person is not None and column == "end_date" and not value and self.known[person].status == "left":
            return False
        return value != before.get(column, "")


def _others(lines: Sequence[int], line: int) -> str:
    """Return `row 4`, `rows 4 and 7` or `rows 4, 7 and 9`: the other lines, of many the first few."""
    named = [str(other) for other in lines[: MOST_LISTED + 1] if other != line][:MOST_LISTED]
    more = len(lines) - 1 - len(named)
    if more:
        named.append(f"{more} others")
    if len(named) < 2:
        return f"row {named[0]}" if named else ""
    return f"rows {', '.join(named[:-1])} and {named[-1]}"


def _circles(edges: Mapping[str | int, str | int]) -> Iterable[list[str | int]]:
    """Yield each circle of a graph in which everybody has at most one manager."""
    done: set[str | int] = set()
    for start in edges:
        path: list[str | int] = []
        one: str | int | None = start
        while one is not None and one not in done:
            done.add(one)
            path.append(one)
            one = edges.get(one)
        if one is not None and one in path:
            yield path[path.index(one) :]
