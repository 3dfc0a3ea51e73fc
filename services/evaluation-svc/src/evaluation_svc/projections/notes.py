"""The read model of observations and examples."""

from __future__ import annotations

from typing import ClassVar

from chassis.projection import RecordedEvent, Rows, View
from evaluation_svc.domain import notes
from evaluation_svc.projections.columns import texts


class NoteList(View):
    """Observations and examples, by who holds them."""

    NAME = "note_list"
    COLUMNS: ClassVar[dict[str, str]] = {
        "note": "text",
        "kind": "text",
        "holder": "text",
        "author": "text",
        "employee": "text",
        "on_day": "date",
        "competencies": "jsonb",
        "text": "jsonb",
        "cited_in": "jsonb",
        "withdrawn_on": "date",
    }
    KEY = ("note",)
    INDEXES = (("holder",), ("employee",))

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        key = (entry.id,)
        match entry.event:
            case notes.Observed() as event:
                rows.put(_noted(entry, event, event.author))
            case notes.ExampleNoted() as event:
                rows.put(_noted(entry, event, event.employee))
            case notes.ObservationCited() | notes.ExampleCited() as event:
                cited = texts(rows.get(key) or {}, "cited_in")
                rows.update(key, cited_in=sorted({*cited, event.citation.evaluation}))
            case notes.ObservationPassedOn() as event:
                rows.update(key, holder=event.to)
            case notes.ObservationWithdrawn() | notes.ExampleWithdrawn() as event:
                rows.update(key, withdrawn_on=event.on)
            case _:
                pass


def _noted(entry: RecordedEvent, event: notes.Observed | notes.ExampleNoted, author: str) -> dict[str, object]:
    return {
        "note": entry.id,
        "kind": entry.kind,
        "holder": author,
        "author": author,
        "employee": event.employee,
        "on_day": event.on,
        "competencies": list(event.competencies),
        "text": event.text.model_dump(),
        "cited_in": [],
    }
