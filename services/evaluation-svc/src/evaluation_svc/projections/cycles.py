"""The read model of cycles."""

from __future__ import annotations

from typing import ClassVar

from chassis.projection import RecordedEvent, Rows, View
from evaluation_svc.domain import cycle as cycles


class CycleList(View):
    """Every cycle with its plan and status."""

    NAME = "cycle_list"
    COLUMNS: ClassVar[dict[str, str]] = {
        "cycle": "text",
        "name": "text",
        "status": "text",
        "plan": "jsonb",
        "proposed": "boolean",
        "participants": "int",
        "reason": "text",
        "planned_by": "text",
        "planned_at": "timestamptz",
    }
    KEY = ("cycle",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event in."""
        key = (entry.id,)
        match entry.event:
            case cycles.Planned() as event:
                plan = event.plan.model_dump(mode="json")
                rows.put(
                    {
                        "cycle": entry.id,
                        "name": event.plan.name,
                        "status": "planned",
                        "plan": plan,
                        "proposed": event.proposed,
                        "participants": 0,
                        "planned_by": event.by,
                        "planned_at": event.at,
                    }
                )
            case cycles.Replanned() as event:
                rows.update(key, name=event.plan.name, plan=event.plan.model_dump(mode="json"))
            case cycles.Opened() as event:
                rows.update(key, status="open", participants=len(event.participants))
            case cycles.ParticipantEntered():
                rows.update(key, participants=((rows.get(key) or {}).get("participants") or 0) + 1)
            case cycles.Closed():
                rows.update(key, status="closed")
            case cycles.Cancelled() as event:
                rows.update(key, status="cancelled", reason=event.reason)
            case _:
                pass
