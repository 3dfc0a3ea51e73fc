"""Files of people: a preview that changes nothing, the commit that takes what was previewed, and the export."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Header, Path, Response
from fastapi import Query as QueryParameter
from pydantic import BaseModel

from chassis.http import Answer, Commanded, Cursor, Limit, Page, Queried, Refusal, problems
from chassis.kernel import NotFound
from chassis.unit import Unit
from people_svc.api.allowed import allow, allow_reading, application, recorded, search, today
from people_svc.api.shapes import Recorded
from people_svc.application import plan_digest
from people_svc.documents import MAX_BYTES, read_people, write_people
from people_svc.domain import Change, Options, Plan, Problem, Sheet, plan
from people_svc.domain.cells import DateOrder
from people_svc.domain.imports import Import, Outcome

router = APIRouter(tags=["imports"])

CSV = "text/csv"
EXAMPLE = """\
employee_number,given_name,family_name,work_email,job_title,department,manager,status,start_date
1001,Ada,Byron,ada@example.com,Engineer,Product,1002,active,2026-04-01
1002,Grace,Adeyemi,grace@example.com,Head of Product,Product,,active,2019-05-20
"""
File = Annotated[
    bytes,
    Body(
        media_type=CSV,
        description="The file of people: CSV, UTF-8, first line headings.",
        openapi_examples={"people": {"summary": "Somebody and the manager", "value": EXAMPLE}},
    ),
]


def only_csv(content_type: Annotated[str, Header(include_in_schema=False)] = CSV) -> None:
    """Refuse a body that says it is something else, such as the form of a web page: its envelope is no list of people."""
    if content_type.partition(";")[0].strip().lower() != CSV:
        detail = f"Content-Type {content_type[:100]!r}: send the file itself as {CSV}."
        raise Refusal(415, "unsupported-media-type", detail)


TAKES_CSV = [Depends(only_csv)]
Dates = Annotated[DateOrder, QueryParameter(description="The order of dates that are not ISO dates.")]
Missing = Annotated[
    Literal["keep", "leave"], QueryParameter(description="What becomes of active people who are not in the file.")
]


class RowView(BaseModel):
    """What one row of the file would do."""

    line: int
    outcome: Outcome
    person: str | None
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]


class PreviewView(BaseModel):
    """What a file would do; `plan` is what the commit has to repeat, null while it cannot be taken."""

    plan: str | None
    new: int
    changed: int
    unchanged: int
    errors: int
    ends: int
    active: int
    needs_confirmation: bool
    missing: tuple[str, ...]
    unknown_headings: tuple[str, ...]
    problems: tuple[Problem, ...]
    rows: list[RowView]


class ImportView(BaseModel):
    """A file that was taken; `because` is the event that says so."""

    id: str
    new: int
    changed: int
    unchanged: int
    ended: int
    confirmed: bool
    taken_by: str
    taken_at: datetime
    because: str


@router.post("/imports/preview", max_body_size=MAX_BYTES, dependencies=TAKES_CSV, responses=problems(403, 415))
def preview(file: File, query: Queried, dates: Dates = "iso", missing: Missing = "keep") -> PreviewView:
    """Show what a file would do, row by row. Nothing is changed."""
    allow_reading(query, "import people")
    options = Options(dates=dates, missing=missing)
    sheet = read_people(file)
    known = [one.known for one in search(query).people(query.workspace, query.reader, today(query))]
    planned = plan(sheet, known, options, today(query))
    return _preview(planned, sheet, plan_digest(planned, options, query.reader.digest))


@router.post(
    "/imports",
    status_code=201,
    max_body_size=MAX_BYTES,
    dependencies=TAKES_CSV,
    responses=problems(403, 409, 415, 422),
)
def commit(
    file: File,
    command: Commanded,
    plan: Annotated[str, QueryParameter(max_length=128, description="The plan the preview gave.")],
    dates: Dates = "iso",
    missing: Missing = "keep",
    confirm_endings: Annotated[bool, QueryParameter(description="End more than a fifth of the people.")] = False,
) -> Answer:
    """Take a file as one batch, all or nothing, exactly as it was previewed."""
    options = Options(dates=dates, missing=missing)

    def decide(unit: Unit) -> Answer:
        allow(unit, "import people")
        sheet = read_people(file)
        taken = application(command).import_commit(unit, sheet, options, plan, confirm_endings)
        if taken is None:
            return Answer(status=200)
        return Answer(status=201, id=taken, location=f"/imports/{taken}")

    return command.run(decide)


@router.get("/imports", responses=problems(403))
def imports(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[ImportView]:
    """List the files that were taken, the latest first."""
    allow_reading(query, "import people")
    page = query.page(_IMPORTS, sort=("-taken_at", "id"), limit=limit, cursor=cursor)
    return page.map(lambda row: ImportView(**row))


@router.get("/imports/{identifier}", responses=problems(403, 404))
def import_(identifier: Annotated[str, Path(max_length=64)], query: Queried) -> ImportView:
    """Read what became of one file."""
    allow_reading(query, "import people")
    row = query.row(f"{_IMPORTS} and import_id = %(id)s", {"id": identifier})
    if row is None:
        raise NotFound(identifier)
    return ImportView(**row)


@router.get("/imports/{identifier}/history", responses=problems(403, 404))
def import_history(identifier: Annotated[str, Path(max_length=64)], query: Queried) -> list[Recorded]:
    """Read what was recorded of one file."""
    allow_reading(query, "import people")
    found = recorded(query, Import, identifier)
    if not found:
        raise NotFound(identifier)
    return found


@router.get("/export.csv", response_class=Response, responses={200: {"content": {CSV: {}}}, **problems(403)})
def export(query: Queried) -> Response:
    """Everybody as a file that imports back unchanged; cells a spreadsheet might run are made harmless."""
    allow_reading(query, "export people")
    everybody = [one.known for one in search(query).people(query.workspace, query.reader, today(query))]
    known = {one.person: one for one in everybody}
    headers = {"Content-Disposition": 'attachment; filename="people.csv"', "Cache-Control": "no-store"}
    content = write_people(one.cells(known) for one in everybody)
    return Response(content, media_type=f"{CSV}; charset=utf-8", headers=headers)


_IMPORTS = (
    "select import_id as id, new, changed, unchanged, ended, confirmed, taken_by, taken_at, because"
    " from imports where workspace = %(workspace)s"
)


def _preview(planned: Plan, sheet: Sheet, digest: str) -> PreviewView:
    errors = planned.count("error")
    return PreviewView(
        plan=None if errors or planned.problems else digest,
        new=planned.count("new"),
        changed=planned.count("changed"),
        unchanged=planned.count("unchanged"),
        errors=errors,
        ends=planned.endings,
        active=planned.active,
        needs_confirmation=planned.needs_confirmation,
        missing=planned.missing,
        unknown_headings=sheet.unknown,
        problems=planned.problems,
        rows=[RowView(**row.model_dump(exclude={"manager", "manager_line"})) for row in planned.rows],
    )
