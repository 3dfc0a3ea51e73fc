"""The workspace and its settings."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chassis.calendar import Calendar
from chassis.http import Answer, Commanded, Queried, problems
from chassis.kernel import Invalid, NotFound
from chassis.unit import Unit
from people_svc.api.allowed import allow, allow_reading, application, recorded
from people_svc.api.shapes import Recorded
from people_svc.domain import Settings, Spelling, Workspace
from people_svc.domain.workspace import checked_time_zone

router = APIRouter(tags=["workspace"])

_EXAMPLE: dict[str, Any] = {
    "name": "Northwind",
    "locale": "en-GB",
    "spelling": "british",
    "calendar": {
        "time_zone": "Europe/London",
        "working_days": [0, 1, 2, 3, 4],
        "holidays": ["2026-12-25"],
    },
    "one_level_up": True,
}


class CalendarBody(BaseModel):
    """Time zone (IANA), working days (0 = Monday … 6 = Sunday) and holidays."""

    model_config = ConfigDict(extra="forbid")

    time_zone: str = Field(default="UTC", max_length=64)
    working_days: tuple[int, ...] = Field(default=(0, 1, 2, 3, 4), max_length=7)
    holidays: tuple[date, ...] = Field(default=(), max_length=1000)

    def calendar(self) -> Calendar:
        """Return the calendar; Invalid when its zone or its days are none."""
        checked_time_zone(self.time_zone)
        days = tuple(sorted(set(self.working_days)))
        if not days or any(day not in range(7) for day in days):
            raise Invalid("working_days", None, "name at least one day, from 0 (Monday) to 6 (Sunday)")
        return Calendar(time_zone=self.time_zone, working_days=days, holidays=tuple(sorted(set(self.holidays))))


class SettingsBody(BaseModel):
    """The settings of a workspace; `one_level_up`: whether the manager of a manager may read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: str = Field(min_length=1, max_length=200)
    locale: str = "en-GB"
    spelling: Spelling = "british"
    calendar: CalendarBody = CalendarBody()
    one_level_up: bool = True


@router.get("/workspace", responses=problems(404))
def workspace(query: Queried) -> SettingsBody:
    """Read the settings of the workspace."""
    allow_reading(query, "read workspace")
    found, version = query.state(Workspace, query.workspace)
    if found is None:
        raise NotFound(query.workspace)
    query.etag(version)
    settings = found.settings.model_dump(exclude={"calendar": {"away"}})
    return SettingsBody.model_validate(settings)


@router.get("/workspace/history", responses=problems(403))
def workspace_history(query: Queried) -> list[Recorded]:
    """Read what was recorded of the workspace: when it was opened, and every change of its settings."""
    allow_reading(query, "change settings")
    return recorded(query, Workspace, query.workspace)


@router.put("/workspace", responses=problems(403, 404, 412, 422, 428))
def change_settings(body: SettingsBody, command: Commanded) -> Answer:
    """Replace the settings of the workspace; send the ETag that was read as If-Match."""
    expected = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        allow(unit, "change settings")
        unit.expect(Workspace, unit.workspace, expected)
        settings = Settings(**body.model_dump(exclude={"calendar"}), calendar=body.calendar.calendar())
        application(command).change_settings(unit, settings)
        return Answer(etag=str(unit.version(Workspace, unit.workspace)))

    return command.run(decide)
