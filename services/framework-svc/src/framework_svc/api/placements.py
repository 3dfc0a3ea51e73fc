"""Placements: one person, a group, a file of them; who sits where."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response, UploadFile
from fastapi import Query as QueryParameter

from chassis.http import Answer, Commanded, Cursor, Limit, Page, Queried, problems
from chassis.unit import Unit
from framework_svc.api.allowed import May, allow_reading, application
from framework_svc.api.files import all_problems
from framework_svc.api.shapes import GroupBody, History, PlacementBody, Refused, Seat, Seats
from framework_svc.documents.placements import read
from framework_svc.domain.placements import Placement

router = APIRouter(tags=["placements"])
PLACING = [Depends(May("place"))]

PersonId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$")]
_SEATS = (
    "select person, placement, level, effective_on, reason, version, evaluation, criteria, planned, recorded_at,"
    " because from placements where workspace = %(workspace)s"
)


@router.post("/placements", status_code=201, dependencies=PLACING, responses=problems(403, 404, 409, 422))
def place(body: PlacementBody, command: Commanded) -> Answer:
    """Place somebody at a level from a day on; a day ahead is planned."""

    def decide(unit: Unit) -> Answer:
        application(command).place(unit, **body.model_dump())
        return Answer(status=201, id=body.person, location=f"/people/{body.person}/placements")

    return command.run(decide)


@router.post("/placements/group", status_code=201, dependencies=PLACING, responses=problems(403, 404, 409, 422))
def place_group(body: GroupBody, command: Commanded) -> Answer:
    """Place those named, or everybody who has a job title, at one level: all of them or none; says who they are."""

    def decide(unit: Unit) -> Answer:
        cases = application(command)
        people = body.people or cases.with_job_title(unit, body.job_title or "")
        return Answer(status=201, ids=cases.place_group(unit, people, body.level, body.effective_on, body.reason))

    return command.run(decide)


@router.post(
    "/placements/import",
    status_code=201,
    dependencies=PLACING,
    response_model=Answer,
    responses=problems(403, 422),
)
def place_from_file(file: UploadFile, command: Commanded, request: Request) -> Answer | Response:
    """Place everybody in a CSV file (person, level, effective_on, reason), all of them or none."""
    content = file.file.read()

    def decide(unit: Unit) -> Answer:
        return Answer(status=201, ids=application(command).place_lines(unit, read(content)))

    return all_problems(request, lambda: command.run(decide))


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
    return History.of(query.history(Placement, person))


@router.delete("/people/{person}/placements/{placement}", dependencies=PLACING, responses=problems(403, 404, 409))
def take_back(person: PersonId, placement: PersonId, command: Commanded) -> Answer:
    """Take back a plan, or withdraw a placement recorded by mistake."""

    def decide(unit: Unit) -> Answer:
        application(command).take_back(unit, person, placement)
        return Answer(id=person)

    return command.run(decide)


@router.get("/placements", responses=problems(403))
def all_placements(
    query: Queried,
    level: Annotated[str | None, QueryParameter(max_length=121, description="Only those at this level.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Seat]:
    """List the placements of the company by level, the latest day first."""
    allow_reading(query, "read all placements")
    there = "" if level is None else " and level = %(level)s"
    order = ("level", "-effective_on", "person", "placement")
    return query.page(_SEATS + there, {"level": level}, sort=order, limit=limit, cursor=cursor).map(Seat.model_validate)


@router.get("/placements/refused", responses=problems(403))
def refused(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[Refused]:
    """List what imports stated and nobody could place, and why."""
    allow_reading(query, "read all placements")
    sql = (
        "select person, ladder, track, level, effective_on, why, because from refused_placements"
        " where workspace = %(workspace)s"
    )
    return query.page(sql, sort=("person",), limit=limit, cursor=cursor).map(Refused.model_validate)
