"""The draft: its ladders, cells and scale; files and templates that are taken into it."""

import json
from typing import Annotated

from fastapi import APIRouter, Form, Path, Response, UploadFile
from fastapi import Query as QueryParameter

from chassis.http import Answer, Command, Commanded, Queried, problems
from chassis.kernel import NotFound
from chassis.unit import Unit
from framework_svc import templates
from framework_svc.api import shapes
from framework_svc.api.allowed import allow, allow_reading, application, draft_of
from framework_svc.documents import exchange, onet
from framework_svc.domain.events import Source
from framework_svc.domain.framework import Framework

router = APIRouter(tags=["draft"])

Id = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,59}$")]


@router.get("/framework/draft", responses=problems(403))
def draft(query: Queried) -> shapes.DraftView:
    """Read the draft with the edition of every part and what each ladder lacks."""
    now = draft_of(query)
    return shapes.DraftView(
        scale=now.scale,
        scale_edition=now.edition("scale"),
        competencies=list(now.competencies.values()),
        ladders=[_ladder(now, ladder) for ladder in now.ladders],
        published_version=now.version,
    )


@router.get("/framework/draft/ladders/{ladder}", responses=problems(403, 404))
def draft_ladder(ladder: Id, query: Queried) -> shapes.DraftLadder:
    """Read one ladder of the draft; its ETag is what an edit sends as If-Match."""
    now = draft_of(query)
    found = _ladder(now, ladder)
    query.etag(found.edition)
    return found


def _ladder(now: Framework, ladder: str) -> shapes.DraftLadder:
    return shapes.DraftLadder(
        ladder=now.draft(ladder),
        edition=now.edition(f"ladder/{ladder}"),
        ready=ladder in now.ready,
        holes=list(now.draft_holes(ladder)),
    )


@router.put("/framework/draft/ladders/{ladder}", responses=problems(403, 409, 412, 422, 428))
def put_ladder(ladder: Id, body: shapes.LadderBody, command: Commanded) -> Answer:
    """Add or replace a ladder with the competencies it brings; If-Match "0" adds."""
    edition = command.require_if_match()
    text = body.ladder.model_copy(update={"id": ladder})

    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        return _edited(ladder, application(command).replace_ladder(unit, text, body.competencies, edition))

    return command.run(decide)


@router.delete("/framework/draft/ladders/{ladder}", responses=problems(403, 404, 412, 428))
def remove_ladder(ladder: Id, command: Commanded) -> Answer:
    """Take a ladder out of the draft; the next version drops it."""
    edition = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        return _edited(ladder, application(command).remove_ladder(unit, ladder, edition))

    return command.run(decide)


@router.post("/framework/draft/ladders/{ladder}/reset", responses=problems(403, 404, 412))
def reset_ladder(ladder: Id, command: Commanded) -> Answer:
    """Go back to the ladder as it was last published."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        return _edited(ladder, application(command).reset_ladder(unit, ladder, command.expected_version))

    return command.run(decide)


@router.put(
    "/framework/draft/ladders/{ladder}/levels/{level}/expectations/{competency}",
    responses=problems(403, 404, 412, 422, 428),
)
def put_cell(ladder: Id, level: Id, competency: Id, body: shapes.CellBody, command: Commanded) -> Answer:
    """Write what a level asks of a competency."""
    edition = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        cases = application(command)
        return _edited(ladder, cases.set_expectation(unit, ladder, level, competency, body.cell, edition))

    return command.run(decide)


@router.put("/framework/draft/scale", responses=problems(403, 412, 422, 428))
def put_scale(body: shapes.ScaleBody, command: Commanded) -> Answer:
    """Write the anchors of the rating scale."""
    edition = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        after = application(command).write_scale(unit, body.scale, edition)
        return Answer(etag=str(after.edition("scale")))

    return command.run(decide)


@router.post("/framework/draft/ladders/{ladder}/readiness", responses=problems(403, 404, 409, 412))
def mark_ready(ladder: Id, command: Commanded) -> Answer:
    """Mark a ladder as ready; refused while it has holes."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        return _edited(ladder, application(command).mark_ready(unit, ladder, command.expected_version))

    return command.run(decide)


@router.delete("/framework/draft/ladders/{ladder}/readiness", responses=problems(403, 404))
def remove_ready_mark(ladder: Id, command: Commanded) -> Answer:
    """Take the mark back."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        return _edited(ladder, application(command).remove_ready_mark(unit, ladder))

    return command.run(decide)


@router.post("/framework/import", max_body_size=exchange.LARGEST + 2**16, responses=problems(403, 422))
def bring(file: UploadFile, command: Commanded) -> Answer:
    """Take a career-framework/v1 file (YAML or JSON) into the draft, all of it or nothing."""
    return _bring(command, file.file.read(), "import", None)


@router.get("/framework/export", response_class=Response)
def export(
    query: Queried, form: Annotated[shapes.Form, QueryParameter(description="yaml or json")] = "yaml"
) -> Response:
    """Write the draft as a career-framework/v1 file."""
    now = draft_of(query)
    document = exchange.document_of(tuple(now.ladders.values()), tuple(now.competencies.values()), now.scale)
    media = "application/yaml" if form == "yaml" else "application/json"
    return Response(exchange.write(document, form), media_type=media)


@router.get("/templates")
def offered_templates(query: Queried) -> shapes.Templates:
    """List the ladders one can start from."""
    allow_reading(query, "read framework")
    return shapes.Templates(items=[shapes.OfferedTemplate(name=name) for name in templates.NAMES])


@router.post("/framework/draft/templates/{name}", responses=problems(403, 404))
def copy_template(name: Id, command: Commanded) -> Answer:
    """Copy a template into the draft."""
    if name not in templates.NAMES:
        raise NotFound(name)
    return _bring(command, templates.text(name), "template", name)


@router.post("/framework/onet", max_body_size=100 * 2**20, responses=problems(403, 422))
def draft_from_onet(
    file: UploadFile, occupation: Annotated[str, Form(min_length=1, max_length=200)], command: Commanded
) -> Answer:
    """Draft a ladder for one occupation from an O*NET release archive."""
    archive = onet.read_archive(file.file, file.filename or "")
    found = onet.choose(archive, occupation)
    made = onet.draft_ladder(archive, found.code)
    return _bring(command, json.dumps(made.framework), "template", f"O*NET {found.code}")


def _bring(command: Command, content: bytes | str, source: Source, template: str | None) -> Answer:
    def decide(unit: Unit) -> Answer:
        allow(unit, "edit draft")
        document = exchange.read(content)
        application(command).bring(unit, document.ladders, document.competencies, document.scale, source, template)
        return Answer(ids=tuple(ladder.id for ladder in document.ladders))

    return command.run(decide)


def _edited(ladder: str, after: Framework) -> Answer:
    return Answer(id=ladder, etag=str(after.edition(f"ladder/{ladder}")))
