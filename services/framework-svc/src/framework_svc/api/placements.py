"""Placements: one person, a group, a file of them; who sits where."""

import csv
from datetime import date
from io import StringIO
from typing import Annotated

from fastapi import APIRouter, Path, UploadFile

from chassis.http import Answer, Commanded, Queried, problems
from chassis.kernel import Invalid
from chassis.unit import Unit
from framework_svc.api.allowed import allow, allow_reading, application
from framework_svc.api.shapes import GroupBody, History, PlacementBody, Recorded, Refused, RefusedList, Seat, Seats
from framework_svc.domain.placements import Placement

router = APIRouter(tags=["placements"])

PersonId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$")]
COLUMNS = ("person", "level", "effective_on", "reason")
REASONS = ("hire", "promotion", "move", "correction")
_SEATS = (
    "select person, placement, level, effective_on, reason, version, evaluation, criteria, planned, recorded_at,"
    " because from placements where workspace = %(workspace)s"
)


@router.post("/placements", status_code=201, responses=problems(403, 404, 409, 422))
def place(body: PlacementBody, command: Commanded) -> Answer:
    """Place somebody at a level from a day on; a day ahead is planned."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "place")
        application(command).place(unit, **body.model_dump())
        return Answer(status=201, id=body.person, location=f"/people/{body.person}/placements")

    return command.run(decide)


@router.post("/placements/group", status_code=201, responses=problems(403, 404, 409, 422))
def place_group(body: GroupBody, command: Commanded) -> Answer:
    """Place several people at one level, all of them or none."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "place")
        return Answer(status=201, ids=application(command).place_group(unit, **body.model_dump()))

    return command.run(decide)


@router.post("/placements/import", status_code=201, responses=problems(403, 404, 409, 422))
def place_from_file(file: UploadFile, command: Commanded) -> Answer:
    """Place everybody in a CSV file (person, level, effective_on, reason), all of them or none."""
    content = file.file.read()

    def decide(unit: Unit) -> Answer:
        allow(unit, "place")
        rows = _rows(content)
        for row in rows:
            application(command).place(unit, row.person, row.level, row.effective_on, row.reason)
        return Answer(status=201, ids=tuple(row.person for row in rows))

    return command.run(decide)


def _rows(content: bytes) -> tuple[PlacementBody, ...]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("file", None, "Save the file as UTF-8.") from None
    reader = csv.DictReader(StringIO(text))
    if set(COLUMNS) - set(reader.fieldnames or ()):
        raise Invalid("file", None, f"Name the columns {', '.join(COLUMNS)} in the first line.")
    return tuple(_row(number, row) for number, row in enumerate(reader, 2))


def _row(line: int, row: dict[str, str]) -> PlacementBody:
    values = {name: (row[name] or "").strip() for name in COLUMNS}
    if values["reason"] not in REASONS:
        raise Invalid(f"line {line}, reason", values["reason"], f"Use one of {', '.join(REASONS)}.")
    try:
        day = date.fromisoformat(values["effective_on"])
    except ValueError:
        raise Invalid(f"line {line}, effective_on", values["effective_on"], "Write a day as 2026-03-31.") from None
    reason = values["reason"]
    return PlacementBody.model_construct(
        person=values["person"], level=values["level"], effective_on=day, reason=reason
    )


@router.get("/people/{person}/placements", responses=problems(404))
def placements(person: PersonId, query: Queried) -> Seats:
    """Read where somebody sat, sits and will sit, the latest first."""
    allow_reading(query, "read person", person)
    rows = query.rows(
        f"{_SEATS} and person = %(person)s order by effective_on desc, recorded_at desc", {"person": person}
    )
    return Seats(items=[Seat.model_validate(row) for row in rows])


@router.get("/people/{person}/placements/history", responses=problems(404))
def history(person: PersonId, query: Queried) -> History:
    """Read everything recorded about where somebody sits, taken back or not."""
    allow_reading(query, "read person", person)
    return History(items=[Recorded.of(entry) for entry in query.history(Placement, person)])


@router.delete("/people/{person}/placements/{placement}", responses=problems(403, 404, 409))
def take_back(person: PersonId, placement: PersonId, command: Commanded) -> Answer:
    """Take back a plan, or withdraw a placement recorded by mistake."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "place")
        application(command).take_back(unit, person, placement)
        return Answer(id=person)

    return command.run(decide)


@router.get("/placements")
def all_placements(query: Queried) -> Seats:
    """List every placement of the company, by level."""
    allow_reading(query, "read all placements")
    rows = query.rows(f"{_SEATS} order by level, effective_on desc, person")
    return Seats(items=[Seat.model_validate(row) for row in rows])


@router.get("/placements/refused")
def refused(query: Queried) -> RefusedList:
    """List what imports stated and nobody could place, and why."""
    allow_reading(query, "read all placements")
    rows = query.rows(
        "select person, ladder, track, level, effective_on, why, because from refused_placements"
        " where workspace = %(workspace)s order by person"
    )
    return RefusedList(items=[Refused.model_validate(row) for row in rows])
