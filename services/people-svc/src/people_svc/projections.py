"""Read models: everybody as they are, the files that were taken, and the erasures that wait to be done."""

from collections.abc import Iterable
from typing import ClassVar

from chassis.deadlines import Due, Ended
from chassis.projection import RecordedEvent, Rows, View
from people_svc.domain import Committed, Employee, Erased, ErasureRequested

ERASURE = "erasure"
"""The kind of the deadline at which the keys of somebody are destroyed: at once."""


class People(View):
    """Everybody with their whole history; texts stay sealed."""

    NAME = "people"
    COLUMNS: ClassVar[dict[str, str]] = {"person": "text", "version": "int", "employee": "jsonb"}
    KEY = ("person",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event about a person into their row."""
        if entry.kind != Employee.KIND:
            return
        row = rows.get((entry.id,))
        before = None if row is None else Employee.model_validate(row["employee"])
        after = Employee.evolve(before, entry.event)
        rows.put({"person": entry.id, "version": entry.version, "employee": after.model_dump(mode="json")})


class Imports(View):
    """The files of people that were taken: when, by whom, and how much they did."""

    NAME = "imports"
    COLUMNS: ClassVar[dict[str, str]] = {
        "import_id": "text",
        "new": "int",
        "changed": "int",
        "unchanged": "int",
        "ended": "int",
        "confirmed": "boolean",
        "taken_by": "text",
        "taken_at": "timestamptz",
        "because": "text",
    }
    KEY = ("import_id",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Take note of a file."""
        match entry.event:
            case Committed() as taken:
                rows.put(
                    {
                        "import_id": entry.id,
                        **taken.model_dump(include={"new", "changed", "unchanged", "ended", "confirmed"}),
                        "taken_by": taken.by,
                        "taken_at": taken.at,
                        "because": str(entry.event_id),
                    }
                )
            case _:
                pass


def deadlines(entry: RecordedEvent) -> Iterable[Due | Ended]:
    """An erasure that was ordered is due at once, and stays due until the keys are gone."""
    match entry.event:
        case ErasureRequested() as ordered:
            yield Due(id=f"{ERASURE}/{entry.id}", kind=ERASURE, subject=entry.id, person=None, due_at=ordered.at)
        case Erased():
            yield Ended(id=f"{ERASURE}/{entry.id}")
        case _:
            pass
