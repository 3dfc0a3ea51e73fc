"""The read model of reactions to released scores."""

from __future__ import annotations

from typing import ClassVar

from chassis.projection import RecordedEvent, Rows, View
from evaluation_svc.domain import evaluation_events as events


class ReactionList(View):
    """The newest reaction to each released score, and whether a push-back waits for its answer."""

    NAME = "reaction_list"
    COLUMNS: ClassVar[dict[str, str]] = {
        "evaluation": "text",
        "competency": "text",
        "revision": "int",
        "reaction": "text",
        "waits": "boolean",
        "reacted_at": "timestamptz",
        "answered_at": "timestamptz",
    }
    KEY = ("evaluation", "competency")

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        match entry.event:
            case events.ReactedTo() as event:
                rows.put(
                    {
                        "evaluation": entry.id,
                        "competency": event.competency,
                        "revision": event.revision,
                        "reaction": event.reaction,
                        "waits": event.reaction == "push back",
                        "reacted_at": event.at,
                    }
                )
            case events.PushBackAnswered() as event:
                rows.update((entry.id, event.competency), waits=False, answered_at=event.at)
            case _:
                pass
