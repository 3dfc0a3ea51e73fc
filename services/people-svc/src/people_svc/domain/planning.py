"""A file of people against the directory: every row matched, resolved, compared, or refused with a remedy."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from people_svc.domain.imports import COLUMNS, PLACEMENT, Change, Known, Options, Outcome, Plan, Row, RowPlan, Sheet
from people_svc.domain.matching import KEYS, Matching, other_rows


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
    """The rows of one sheet, matched, while their managers are resolved and they are compared with the directory."""

    def __init__(self, sheet: Sheet, known: Sequence[Known], options: Options, today: date) -> None:
        self.rows = rows = Matching(sheet, known, options, today)
        self.known, self.cells, self.person = rows.known, rows.cells, rows.person
        self.line_of = self._lines()
        self._line: dict[str | int, int] = {person or line: line for line, person in self.person.items()}
        self.managers = {row.line: self._manager(row.line) for row in sheet.rows}
        self._refuse_circles()

    def plan(self, row: Row) -> RowPlan:
        """Return what one row would do."""
        problems = tuple(self.rows.problems[row.line])
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

    # ---- second pass: managers

    def _lines(self) -> dict[str, int]:
        """Return the line by employee number and by e-mail."""
        return {cells[key]: line for line, cells in self.cells.items() for key in KEYS if cells.get(key)}

    def _manager(self, line: int) -> str | int | None:
        """Return the manager a row names: a known person, the line of a new one, or None."""
        named = self.cells[line].get("manager", "")
        if not named:
            return None
        found = self._find(named) or self._find(named.lower())
        if found is None:
            self.rows.refuse(line, "manager", "no row and nobody in the directory has this employee number or e-mail")
        elif found in (line, self.person[line]):
            self.rows.refuse(line, "manager", "nobody manages themselves; leave it empty for nobody")
        return found

    def _find(self, named: str) -> str | int | None:
        line = self.line_of.get(named)
        if line is not None:
            return self.person[line] or line
        return self.rows.by_number.get(named) or self.rows.by_email.get(named) or (named if named in self.known else None)

    def _refuse_circles(self) -> None:
        """Note every row of a circle of managers, naming the rows it runs through."""
        for circle in _circles(self._edges()):
            lines = sorted(line for line in (self._line.get(one) for one in circle) if line is not None)
            for line in lines if len(circle) > 1 else ():
                others = other_rows(lines, line) or "people who are not in this file"
                self.rows.refuse(line, "manager", f"a circle of managers with {others}; one must report elsewhere")

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
