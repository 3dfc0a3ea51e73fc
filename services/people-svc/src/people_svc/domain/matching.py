"""The rows of a file of people, one by one: their cells in normal form, and whom each is about."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from chassis.kernel import Invalid
from people_svc.domain.cells import DateOrder, normal
from people_svc.domain.imports import PLACEMENT, Known, Options, Problem, Row, Sheet

KEYS = ("person", "employee_number", "work_email")
MOST_LISTED = 8
"""How many other rows a remedy names."""

_DAY = timedelta(days=1)


class Matching:
    """Rows by their line: `cells` in normal form, the `person` each is about (None: somebody new), its `problems`."""

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

    def _read(self, row: Row, dates: DateOrder) -> dict[str, str]:
        """Return the cells in their normal form, noting those that have none."""
        cells = dict(row.values)
        for column, value in row.values.items():
            try:
                cells[column] = normal(column, value, dates)
            except Invalid as refused:
                self.refuse(row.line, column, refused.remedy)
        return cells

    def refuse(self, line: int, column: str, remedy: str) -> None:
        """Note why a cell cannot be taken."""
        value = self.raw[line].get(column, "")
        self.problems[line].append(Problem(line=line, column=column, value=value, remedy=remedy))

    def _refuse_doubles(self) -> None:
        for column in KEYS:
            lines: dict[str, list[int]] = defaultdict(list)
            for line, cells in self.cells.items():
                lines[cells.get(column, "")].append(line)
            for value, several in lines.items():
                for line in several if value and len(several) > 1 else ():
                    others = other_rows(several, line)
                    self.refuse(line, column, f"the same value stands in {others}; one person has one row")

    def _match(self, line: int) -> str | None:
        """Return the person a row is about; None for somebody new."""
        cells = self.cells[line]
        identity, number, email = (cells.get(key, "") for key in KEYS)
        if identity and identity not in self.known:
            self.refuse(line, "person", "nobody in the directory has this id; leave it empty for somebody new")
            return None
        by_number, by_email = self.by_number.get(number), self.by_email.get(email)
        person = identity or by_number or by_email or None
        if by_number not in (None, person):
            self.refuse(line, "employee_number", "somebody else in the directory has this number")
        if by_email not in (None, person):
            self.refuse(line, "work_email", "somebody else in the directory has this address")
        if person is not None and not identity and not by_number and number and self.known[person].employee_number:
            self.refuse(line, "employee_number", "whoever has this address has another employee number")
        if person is None:
            self._check_new(line, cells, number or email)
        self._check_cells(line, cells, None if person is None else self.known.get(person))
        return person

    def _check_new(self, line: int, cells: Mapping[str, str], recognisable: str) -> None:
        if not recognisable:
            self.refuse(
                line, "employee_number", "give an employee number or an e-mail, so that the next file finds them"
            )
        if cells.get("status") == "left" and not cells.get("end_date"):
            self.refuse(line, "end_date", "give the last day of somebody who is new here and has left")

    def _check_cells(self, line: int, cells: dict[str, str], known: Known | None) -> None:
        """Note what cannot be together in one row; let the last day decide the status where it can."""
        for column in ("given_name", "family_name"):
            if not cells.get(column) and (known is None or column in cells):
                self.refuse(line, column, "everybody has a given and a family name")
        filled = [column for column in PLACEMENT if cells.get(column)]
        if filled and len(filled) < len(PLACEMENT):
            self.refuse(line, filled[0], "a level is named by family, track and level together")
        if not self.problems[line]:
            self._check_days(line, cells, known)

    def _check_days(self, line: int, cells: dict[str, str], known: Known | None) -> None:
        today = self.today.isoformat()
        status, last = cells.get("status", ""), cells.get("end_date", "")
        first = cells.get("start_date") or (known.starts_on.isoformat() if known else today)
        if last and date.fromisoformat(last) < date.fromisoformat(first) - _DAY:
            self.refuse(line, "end_date", f"the last day cannot lie before the first, {first}")
        elif last and last < today:
            if status not in ("", "left"):
                self.refuse(line, "status", "the last day has passed: write left, or empty the last day")
            cells["status"] = "left"
        elif last and status == "left":
            cells["status"] = ""
        if status == "preboarding" and first <= today:
            self.refuse(line, "status", "the first day has come: write active, or a later first day")
        if status == "active" and first > today:
            cells["status"] = "preboarding" if known is None or known.status != "left" else ""
        until = cells.get("leave_until", "")
        if until and (status or (known.status if known else "")) != "leave":
            self.refuse(line, "leave_until", "only somebody on leave has a last day of leave")
        elif until and until < today:
            self.refuse(line, "leave_until", "the leave is over: write active, or a later day")

    def _refuse_one_person_twice(self) -> None:
        """Refuse two rows for one person, one by number and one by address."""
        lines: dict[str, list[int]] = defaultdict(list)
        for line, person in self.person.items():
            if person is not None and not self.problems[line]:
                lines[person].append(line)
        for several in lines.values():
            for line in several if len(several) > 1 else ():
                others = other_rows(several, line)
                self.refuse(line, "work_email", f"{others} is about the same person; one person has one row")


def other_rows(lines: Sequence[int], line: int) -> str:
    """Return `row 4`, `rows 4 and 7` or `rows 4, 7 and 9`: the other lines, of many the first few."""
    named = [str(other) for other in lines[: MOST_LISTED + 1] if other != line][:MOST_LISTED]
    more = len(lines) - 1 - len(named)
    if more:
        named.append(f"{more} others")
    if len(named) < 2:
        return f"row {named[0]}" if named else ""
    return f"rows {', '.join(named[:-1])} and {named[-1]}"
