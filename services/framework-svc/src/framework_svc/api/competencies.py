"""The competencies of the draft: their texts, shared by ladders, and the row of one in a ladder."""

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Queried, problems
from chassis.unit import Unit
from framework_svc.api import shapes
from framework_svc.api.allowed import application, framework_of
from framework_svc.api.ladders import EDITING, Id, edit
from framework_svc.domain.errors import NoSuchDraft
from framework_svc.domain.texts import Competency

router = APIRouter(prefix="/framework/draft", tags=["draft"])


@router.get("/competencies/{competency}", responses=problems(403, 404))
def read_competency(competency: Id, query: Queried) -> shapes.DraftCompetency:
    """Read a competency and which ladders use it; its ETag is what an edit sends as If-Match."""
    now = framework_of(query)
    found = now.draft.competency(competency)
    query.etag(now.draft.edition(f"competency/{competency}"))
    using = list(now.draft.ladders_using(competency))
    owed = dict.fromkeys(credit for ladder in using for credit in now.draft.ladder(ladder).credits)
    return shapes.DraftCompetency(competency=found, ladders=using, credits=list(owed))


@router.put("/competencies/{competency}", dependencies=EDITING, responses=problems(403, 412, 422, 428))
def put_competency(competency: Id, body: shapes.CompetencyBody, command: Commanded) -> Answer:
    """Add or reword a competency; If-Match "0" adds. Ladders that use it are ready no more."""
    edition, cases = command.require_if_match(), application(command)
    text = Competency(id=competency, **body.model_dump())

    def decide(unit: Unit) -> Answer:
        after = cases.describe_competency(unit, text, edition)
        return Answer(id=competency, etag=str(after.draft.edition(f"competency/{competency}")))

    return command.run(decide)


@router.delete("/competencies/{competency}", dependencies=EDITING, responses=problems(403, 404, 409, 412, 428))
def remove_competency(competency: Id, command: Commanded) -> Answer:
    """Take a competency out of the draft; refused while a ladder uses it."""
    edition, cases = command.require_if_match(), application(command)

    def decide(unit: Unit) -> Answer:
        after = cases.remove_competency(unit, competency, edition)
        return Answer(id=competency, etag=str(after.draft.edition(f"competency/{competency}")))

    return command.run(decide)


@router.get("/ladders/{ladder}/competencies/{competency}", responses=problems(403, 404))
def read_row(ladder: Id, competency: Id, query: Queried) -> shapes.DraftRow:
    """Read what every level of a ladder asks of a competency; null is a hole."""
    now = framework_of(query)
    text = now.draft.ladder(ladder)
    if competency not in text.competency_ids():
        raise NoSuchDraft(f"No level of “{ladder}” speaks of “{competency}” in the draft.")
    query.etag(now.draft.edition(f"ladder/{ladder}"))
    return shapes.DraftRow(
        ladder=ladder,
        competency=now.draft.competency(competency),
        cells={text.full(level): level.expectations.get(competency) for level in text.levels()},
        credits=list(text.credits),
    )


@router.delete(
    "/ladders/{ladder}/competencies/{competency}", dependencies=EDITING, responses=problems(403, 404, 412, 428)
)
def drop_competency(ladder: Id, competency: Id, command: Commanded) -> Answer:
    """Take a competency out of every level of a ladder."""
    edition, cases = command.require_if_match(), application(command)
    return edit(command, ladder, lambda unit: cases.drop_competency(unit, ladder, competency, edition))
