"""A ladder of the draft as the matrix HR keeps: competencies by levels, out and in."""

from typing import Literal

from fastapi import APIRouter, Response, UploadFile

from chassis.http import Answer, Commanded, Queried, problems
from chassis.unit import Unit
from framework_svc.api.allowed import allow, application, draft_of
from framework_svc.api.draft import Id
from framework_svc.application.drafting import framework
from framework_svc.documents import exchange, matrix
from framework_svc.domain.texts import Ladder

router = APIRouter(tags=["draft"])

MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
LARGEST = 10 * 2**20


@router.get("/framework/draft/ladders/{ladder}/matrix.{form}", response_class=Response, responses=problems(403, 404))
def matrix_of(ladder: Id, form: Literal["csv", "xlsx"], query: Queried) -> Response:
    """Write a ladder of the draft as a matrix."""
    now = draft_of(query)
    text = now.draft(ladder)
    used = exchange.competencies_used((text,), now.competencies)
    data = matrix.write_csv(text, used) if form == "csv" else matrix.write_xlsx(text, used)
    named = {"Content-Disposition": f'attachment; filename="{ladder}.{form}"'}
    return Response(data, media_type=MEDIA[form], headers=named)


@router.post(
    "/framework/draft/ladders/{ladder}/matrix", max_body_size=LARGEST, responses=problems(403, 404, 412, 422)
)
def bring_matrix(ladder: Id, file: UploadFile, command: Commanded) -> Answer:
    """Take a matrix (XLSX or CSV) into a ladder of the draft, all of it or nothing; errors name the cell."""
    data = file.file.read()

    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        now = framework(unit)
        onto: Ladder = now.draft(ladder)
        read = matrix.read_xlsx if data.startswith(b"PK") else matrix.read_csv
        brought = read(data, onto, now.competencies)
        after = application(command).bring(unit, (brought.ladder,), brought.competencies, None, "matrix")
        return Answer(id=ladder, etag=str(after.edition(f"ladder/{ladder}")))

    return command.run(decide)
