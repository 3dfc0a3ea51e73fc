"""A file of people: its rows, what each would do, and the fact that it was taken."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, Self

from chassis.kernel import DomainError, Event, Frozen, State
from people_svc.domain.cells import DateOrder
from people_svc.domain.history import Status
from people_svc.domain.person_events import Placement

Outcome = Literal["new", "changed", "unchanged", "error"]

SOURCE = "file"
"""The source of the external ids (employee numbers) a file holds."""

TEXTS = ("given_name", "family_name", "work_email", "job_title", "department", "location")
PLACEMENT = ("family", "track", "level")
COLUMNS = (
    "person",
    "employee_number",
    *TEXTS,
    "manager",
    "status",
    "start_date",
    "end_date",
    "leave_until",
    "time_zone",
    "locale",
    *PLACEMENT,
)
"""The columns of a file of people, in the order in which it is exported."""

ENDINGS_TO_CONFIRM = 0.2
"""The share of the active people a file may end without somebody confirming it."""


class TooManyEndings(DomainError):
    """A file would end so many people that somebody has to confirm it."""

    def __init__(self, endings: int, active: int) -> None:
        super().__init__(
            f"This file would end {endings} of {active} active people, more than a fifth. Confirm it if it is meant."
        )
        self.endings, self.active = endings, active


class HasErrors(DomainError):
    """Nothing of a file is taken while a row of it has an error."""

    def __init__(self, lines: tuple[int, ...]) -> None:
        super().__init__(f"{len(lines)} rows have errors; nothing is imported before they are mended.")
        self.lines = lines


class NotAsPreviewed(DomainError):
    """The directory or the file is not what the preview showed."""


class Row(Frozen):
    """One row of a file: `line` counts from 1 as an editor does; `values` by column of `COLUMNS`."""

    line: int
    values: dict[str, str]


class Problem(Frozen):
    """Why a row cannot be taken, and what to do about it. `line` 1 is the heading."""

    line: int
    column: str
    value: str
    remedy: str


class Sheet(Frozen):
    """A file as rows; `unknown` are headings nobody knows, which are passed over."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    unknown: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Options(Frozen):
    """How to read a file: the order of its dates, and what becomes of active people who are not in it."""

    dates: DateOrder = "iso"
    missing: Literal["keep", "leave"] = "keep"


class Known(Frozen):
    """Somebody in the directory as they are today, in the clear."""

    person: str
    employee_number: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    work_email: str | None = None
    job_title: str | None = None
    department: str | None = None
    location: str | None = None
    manager: str | None = None
    status: Status = "active"
    starts_on: date
    ends_on: date | None = None
    leave_until: date | None = None
    time_zone: str | None = None
    locale: str | None = None
    placement: Placement | None = None

    def cells(self, known: Mapping[str, "Known"]) -> dict[str, str]:
        """Return the row that would change nothing when read back; `known` by person names the manager."""
        boss = known.get(self.manager or "")
        placement = self.placement
        return {
            "person": self.person,
            "employee_number": self.employee_number or "",
            **{column: getattr(self, column) or "" for column in (*TEXTS, "time_zone", "locale")},
            "manager": (boss.employee_number or boss.work_email or boss.person) if boss else "",
            "status": self.status,
            "start_date": self.starts_on.isoformat(),
            "end_date": self.ends_on.isoformat() if self.ends_on else "",
            "leave_until": self.leave_until.isoformat() if self.leave_until else "",
            "family": placement.ladder if placement else "",
            "track": placement.track if placement else "",
            "level": placement.level if placement else "",
        }


class Change(Frozen):
    """One cell that differs from the directory; empty where there was or will be nothing."""

    column: str
    before: str
    after: str


class RowPlan(Frozen):
    """What one row would do. `person` is known unless it is new; `manager_line` points to a manager who is new too."""

    line: int
    outcome: Outcome
    person: str | None = None
    changes: tuple[Change, ...] = ()
    manager: str | None = None
    manager_line: int | None = None
    problems: tuple[Problem, ...] = ()

    def sets(self, column: str) -> bool:
        """Tell whether this row gives `column` another value."""
        return any(change.column == column for change in self.changes)

    def after(self, column: str) -> str:
        """Return the value this row gives `column`, empty where it gives none."""
        return next((change.after for change in self.changes if change.column == column), "")

    @property
    def ends_somebody(self) -> bool:
        """Tell whether somebody known leaves by this row, now or on a last day that was not planned before."""
        planned = any(one.column == "end_date" and one.after and not one.before for one in self.changes)
        return self.outcome == "changed" and (planned or self.after("status") == "left")


class Plan(Frozen):
    """What a file would do, row by row. `missing` are the active people it does not name, where those shall leave."""

    rows: tuple[RowPlan, ...]
    missing: tuple[str, ...] = ()
    endings: int = 0
    active: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def needs_confirmation(self) -> bool:
        """Tell whether somebody has to confirm how many people this ends."""
        return self.endings > ENDINGS_TO_CONFIRM * self.active

    def count(self, outcome: Outcome) -> int:
        """Return how many rows have an outcome."""
        return sum(row.outcome == outcome for row in self.rows)

    def must_be_taken(self, confirmed: bool) -> None:
        """Refuse a plan with errors, or one that ends many people unconfirmed."""
        wrong = tuple(row.line for row in self.rows if row.outcome == "error")
        if wrong or self.problems:
            raise HasErrors(wrong or tuple(problem.line for problem in self.problems))
        if self.needs_confirmation and not confirmed:
            raise TooManyEndings(self.endings, self.active)


class Committed(Event):
    """A file was taken as one batch; `plan` is the keyed digest of what it did."""

    TOPIC = "import.committed"
    plan: str
    new: int
    changed: int
    unchanged: int
    ended: int
    confirmed: bool
    by: str
    at: datetime


class Import(State):
    """One file that was taken."""

    KIND = "import"

    committed: Committed

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case Committed():
                return cls(committed=event)
            case _:
                raise TypeError(event)
