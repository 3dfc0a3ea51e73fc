"""Files and templates that go into the draft, and the draft as a file; one that fails tells all its problems."""

import json
from collections.abc import Callable
from itertools import takewhile
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Form, Path, Request, Response, UploadFile
from fastapi import Query as QueryParameter

from chassis.http import Answer, Command, Commanded, Queried, problems
from chassis.http.problems import problem
from chassis.kernel import DomainError, evolve
from chassis.unit import Decide, Unit
from framework_svc import templates
from framework_svc.api import shapes
from framework_svc.api.allowed import allow_reading, application, framework_of
from framework_svc.api.ladders import EDITING, Id
from framework_svc.application.drafting import framework
from framework_svc.documents import exchange, matrix, onet
from framework_svc.domain.errors import NoSuchDraft, NotPlaceable
from framework_svc.domain.framework import FRAMEWORK, Framework
from framework_svc.domain.framework_events import Source
from framework_svc.domain.texts import Ladder

router = APIRouter(tags=["draft"])
T = TypeVar("T")

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "yaml": "application/yaml",
}
FORM = 2**16
"""Bytes a form needs around its file."""
LARGEST_MATRIX = 10 * 2**20
LARGEST_ARCHIVE = 100 * 2**20


# --- career-framework/v1 ----------------------------------------------------------------------------------------------


@router.post(
    "/framework/import",
    max_body_size=exchange.LARGEST + FORM,
    dependencies=EDITING,
    response_model=shapes.Brought,
    responses=problems(403, 422),
)
def import_framework(file: UploadFile, command: Commanded, request: Request) -> shapes.Brought | Response:
    """Take a career-framework/v1 file (YAML or JSON) into the draft, all of it or nothing; says what it replaced."""
    return all_problems(request, lambda: _bring(command, file.file.read(), "import", None))


@router.get("/framework/export", response_class=Response, responses=problems(403, 404))
def export_framework(
    query: Queried,
    form: Annotated[shapes.Form, QueryParameter(description="yaml or json")] = "yaml",
    ladder: Annotated[str | None, QueryParameter(description="One ladder with its competencies; else all.")] = None,
) -> Response:
    """Write the draft, or one ladder of it, as a career-framework/v1 file."""
    now = framework_of(query)
    ladders = tuple(now.draft.ladders.values()) if ladder is None else (now.draft.ladder(ladder),)
    known = now.draft.competencies
    competencies = tuple(known.values()) if ladder is None else exchange.competencies_used(ladders, known)
    document = exchange.document_of(ladders, competencies, now.draft.scale)
    return Response(exchange.write(document, form), media_type=MEDIA[form])


@router.get("/templates")
def offered_templates(query: Queried) -> shapes.Templates:
    """List the ladders one can start from."""
    allow_reading(query, "read framework")
    return shapes.Templates(items=[shapes.OfferedTemplate(name=name) for name in templates.NAMES])


@router.post("/framework/draft/templates/{name}", dependencies=EDITING, responses=problems(403, 404))
def copy_template(name: Annotated[str, Path(examples=["engineering"])], command: Commanded) -> shapes.Brought:
    """Copy a template into the draft; says whether it replaced a ladder."""
    if name not in templates.NAMES:
        raise NoSuchDraft(f"There is no template “{name}”; choose one of {', '.join(templates.NAMES)}.")
    return _bring(command, templates.text(name), "template", name)


# --- O*NET® -----------------------------------------------------------------------------------------------------------


@router.post(
    "/framework/onet",
    max_body_size=LARGEST_ARCHIVE,
    dependencies=EDITING,
    response_model=shapes.DraftedFromOnet,
    responses=problems(403, 422),
)
def draft_from_onet(
    file: UploadFile,
    occupation: Annotated[str, Form(min_length=1, max_length=200, examples=["29-1141.00"])],
    command: Commanded,
    request: Request,
    title: Annotated[
        str, Form(max_length=100, description="What the levels are called; else like the occupation.")
    ] = "",
) -> shapes.DraftedFromOnet | Response:
    """Draft a ladder for one occupation from an O*NET® release archive; says what the archive lacks."""
    return all_problems(request, lambda: _draft_from_onet(file, occupation, title, command))


def _draft_from_onet(file: UploadFile, occupation: str, title: str, command: Command) -> shapes.DraftedFromOnet:
    archive = onet.read_archive(file.file, file.filename or "")
    found = onet.choose(archive, occupation)
    made = onet.draft_ladder(archive, found.code, title=title)
    brought = _bring(command, json.dumps(made.framework), "template", f"O*NET {found.code}")
    report = made.report.model_dump()
    return shapes.DraftedFromOnet(**brought.model_dump(), occupation=found.shown(), **report)


# --- matrices ---------------------------------------------------------------------------------------------------------


@router.get("/framework/draft/ladders/{ladder}/matrix.{form}", response_class=Response, responses=problems(403, 404))
def export_matrix(ladder: Id, form: Literal["csv", "xlsx"], query: Queried) -> Response:
    """Write a ladder of the draft as a matrix of competencies by levels."""
    now = framework_of(query)
    text = now.draft.ladder(ladder)
    used = exchange.competencies_used((text,), now.draft.competencies)
    data = matrix.write_csv(text, used) if form == "csv" else matrix.write_xlsx(text, used)
    named = {"Content-Disposition": f'attachment; filename="{ladder}.{form}"'}
    return Response(data, media_type=MEDIA[form], headers=named)


@router.post(
    "/framework/draft/ladders/{ladder}/matrix",
    max_body_size=LARGEST_MATRIX,
    dependencies=EDITING,
    response_model=shapes.Brought,
    responses=problems(403, 412, 422),
)
def import_matrix(
    ladder: Id,
    file: UploadFile,
    command: Commanded,
    request: Request,
    name: Annotated[str | None, Form(description="What a new ladder is called; else like its id.")] = None,
) -> shapes.Brought | Response:
    """Take a matrix (XLSX or CSV) as a new ladder or into one of the draft, all or nothing; errors name the cell."""
    data = file.file.read()
    read = matrix.read_xlsx if data.startswith(b"PK") else matrix.read_csv
    new = Ladder(id=ladder, name=name or ladder.replace("-", " ").capitalize())

    def decide(unit: Unit) -> Answer:
        now = framework(unit)
        now.draft.expect(f"ladder/{ladder}", command.expected_version)
        brought = read(data, now.draft.ladders.get(ladder, new), now.draft.competencies)
        after = application(command).bring(unit, (brought.ladder,), brought.competencies, None, "matrix")
        return Answer(ids=(ladder,), etag=str(after.draft.edition(f"ladder/{ladder}")))

    return all_problems(request, lambda: _brought(command, decide))


# --- what became of a file --------------------------------------------------------------------------------------------


def _bring(command: Command, content: bytes | str, source: Source, template: str | None) -> shapes.Brought:
    def decide(unit: Unit) -> Answer:
        document = exchange.read(content)
        application(command).bring(unit, document.ladders, document.competencies, document.scale, source, template)
        return Answer(ids=tuple(ladder.id for ladder in document.ladders))

    return _brought(command, decide)


def _brought(command: Command, decide: Decide) -> shapes.Brought:
    ids = command.run(decide).ids or ()
    before = _ladders_before(command)
    return shapes.Brought(
        ids=list(ids),
        added=[ladder for ladder in ids if ladder not in before],
        replaced=[ladder for ladder in ids if ladder in before],
    )


def _ladders_before(command: Command) -> frozenset[str]:
    """Return the ladders the draft had when a command began, from the record: a repeat is told the same."""
    with command.service.reader(command.workspace) as reader:
        recorded = reader.history(Framework, FRAMEWORK)
    this = command.info().command_id
    earlier = takewhile(lambda entry: entry.command_id != this, recorded)
    before = evolve(Framework, (entry.event for entry in earlier))
    return frozenset(before.draft.ladders) if before else frozenset()


def all_problems(request: Request, work: Callable[[], T]) -> T | Response:
    """Run `work`; a file that cannot be taken answers with everything that is wrong with it, not the first alone."""
    try:
        return work()
    except exchange.NotReadable as error:
        errors = [{"field": one.path, "line": one.line, "remedy": one.problem} for one in error.errors]
        return _refused(request, "not-readable", error, errors)
    except matrix.NotAMatrix as error:
        errors = [{"field": one.cell, "value": one.value, "remedy": one.remedy} for one in error.problems]
        return _refused(request, "not-a-matrix", error, errors)
    except NotPlaceable as error:
        return _refused(request, "not-placeable", error, [one.model_dump() for one in error.problems])
    except onet.NotAnArchive as error:
        return _refused(request, "not-an-archive", error, [])
    except onet.NoSingleOccupation as error:
        errors = [{"field": "occupation", "value": one.code, "remedy": one.shown()} for one in error.candidates]
        return _refused(request, "no-single-occupation", error, errors)
    except onet.NotRated as error:
        errors = [{"field": "file", "remedy": sentence} for sentence in error.report.missing]
        return _refused(request, "not-rated", error, errors)


def _refused(request: Request, name: str, error: DomainError, errors: list[dict[str, Any]]) -> Response:
    return problem(request, 422, name, str(error), errors=errors or None)
