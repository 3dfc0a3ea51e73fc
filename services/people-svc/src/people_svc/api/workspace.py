"""The workspace and its settings."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chassis.calendar import Calendar
from chassis.http import Answer, Commanded, Queried, problems
from chassis.kernel import NotFound
from chassis.unit import Unit
from people_svc.api.allowed import allow, allow_reading, application
from people_svc.domain import Settings, Spelling, Workspace

router = APIRouter(tags=["workspace"])

_EXAMPLE: dict[str, Any] = {
    "name": "Northwind",
    "locale": "en-GB",
    "spelling": "british",
    "calendar": {
        "time_zone": "Europe/London",
        "working_days": [0, 1, 2, 3, 4],
        "holidays": ["2026-12-25"],
        "away": [],
    },
    "one_level_up": True,
}


class SettingsBody(BaseModel):
    """The settings of a workspace; `one_level_up`: whether the manager of a manager may read."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: str = Field(min_length=1, max_length=200)
    locale: str = "en-GB"
    spelling: Spelling = "british"
    calendar: Calendar = Calendar()
    one_level_up: bool = True


@router.get("/workspace", responses=problems(404))
def workspace(query: Queried) -> SettingsBody:
    """Read the settings of the workspace."""
    allow_reading(query, "read workspace")
    found, version = query.state(Workspace, query.workspace)
    if found is None:
        raise NotFound(query.workspace)
    query.etag(version)
    return SettingsBody(**found.settings.model_dump())


@router.put("/workspace", responses=problems(403, 404, 412, 422, 428))
def change_settings(body: SettingsBody, command: Commanded) -> Answer:
    """Replace the settings of the workspace; send the ETag that was read as If-Match."""
    expected = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        allow(unit, "change settings")
        unit.expect(Workspace, unit.workspace, expected)
        application(command).change_settings(unit, Settings(**body.model_dump()))
        return Answer(etag=str(unit.version(Workspace, unit.workspace)))

    return command.run(decide)
