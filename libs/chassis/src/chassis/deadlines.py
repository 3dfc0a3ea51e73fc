"""The one clock mechanism: a deadline follows from events, fires once when due, and its consequence is an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import structlog

from chassis.kernel import DomainError
from chassis.projection import RecordedEvent, Rows, View
from chassis.sql import vouched
from chassis.steps import Progress, failpoint
from chassis.store import Pool

log = structlog.get_logger(__name__)

BATCH = 100
"""Deadlines of one workspace fired in a step."""
REFUSED_PAUSE = timedelta(minutes=5)
"""When a deadline that a rule refused is asked again; the others do not wait for it."""


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline: its id is unique in the workspace, `subject` names the aggregate, `person` who has to act."""

    id: str
    kind: str
    subject: str
    person: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A deadline that no longer stands."""

    id: str


DeadlineChanges = Callable[[RecordedEvent], Iterable[Due | Ended]]


class Deadlines(View):
    """What is waiting: every deadline that stands. `ask_at` is when it is looked at next, null once it was answered."""

    NAME: ClassVar[str] = "deadlines"
    COLUMNS: ClassVar[dict[str, str]] = {
        "deadline": "text",
        "kind": "text",
        "subject": "text",
        "person": "text",
        "due_at": "timestamptz",
        "ask_at": "timestamptz",
    }
    KEY: ClassVar[tuple[str, ...]] = ("deadline",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("ask_at",), ("person",))

    def __init__(self, changes: DeadlineChanges) -> None:
        self.changes = changes

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold what an event says about deadlines."""
        for change in self.changes(entry):
            match change:
                case Ended():
                    rows.delete((change.id,))
                case Due():
                    rows.put(
                        {
                            "deadline": change.id,
                            "kind": change.kind,
                            "subject": change.subject,
                            "person": change.person,
                            "due_at": change.due_at,
                            "ask_at": change.due_at,
                        }
                    )


@dataclass
class Clockwork:
    """The follower that fires due deadlines: each once, in a unit of work of its own."""

    schema: str
    pool: Pool
    now: Callable[[], datetime]
    fire: Callable[[str, Due], datetime | None]
    name: str = "deadlines"

    def step(self, workspace: str) -> Progress:
        """Fire what is due in a workspace, earliest first."""
        found = self._due(workspace)
        for due in found:
            try:
                later = self.fire(workspace, due)
            except DomainError as error:
                log.warning("deadline refused", kind=due.kind, error=type(error).__name__)
                later = self.now() + REFUSED_PAUSE
            failpoint("between firing and mark")
            self._ask_again(workspace, due, later)
        return "more" if len(found) == BATCH else "done"

    def behind(self) -> Iterable[str]:
        """Return the workspaces where something is due."""
        sql = f"select distinct workspace from {self.schema}.deadlines where ask_at <= %s"
        with self.pool.connection() as connection:
            return [row["workspace"] for row in connection.execute(vouched(sql), (self.now(),)).fetchall()]

    def _due(self, workspace: str) -> list[Due]:
        sql = f"""select deadline as id, kind, subject, person, due_at from {self.schema}.deadlines
        where workspace = %s and ask_at <= %s order by ask_at, deadline limit {BATCH}"""
        with self.pool.connection() as connection:
            rows = connection.execute(vouched(sql), (workspace, self.now())).fetchall()
        return [Due(**row) for row in rows]

    def _ask_again(self, workspace: str, due: Due, later: datetime | None) -> None:
        sql = f"""update {self.schema}.deadlines_rows set ask_at = %s
        where workspace = %s and deadline = %s and due_at = %s"""
        with self.pool.connection() as connection:
            connection.execute(vouched(sql), (later, workspace, due.id, due.due_at))
