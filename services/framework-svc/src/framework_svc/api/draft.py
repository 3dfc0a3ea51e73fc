"""The draft as a whole, and its rating scale."""

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Queried, problems
from chassis.unit import Unit
from framework_svc.api import shapes
from framework_svc.api.allowed import application, framework_of
from framework_svc.api.ladders import EDITING, draft_ladder

router = APIRouter(tags=["draft"])


@router.get("/framework/draft", responses=problems(403))
def draft(query: Queried) -> shapes.DraftView:
    """Read the draft with the edition of every part and what each ladder lacks."""
    now = framework_of(query)
    return shapes.DraftView(
        scale=now.draft.scale,
        scale_edition=now.draft.edition("scale"),
        competencies=list(now.draft.competencies.values()),
        ladders=[draft_ladder(now, ladder) for ladder in now.draft.ladders],
        published_version=now.version,
        credits=list(dict.fromkeys(credit for ladder in now.draft.ladders.values() for credit in ladder.credits)),
    )


@router.put("/framework/draft/scale", dependencies=EDITING, responses=problems(403, 412, 422, 428))
def put_scale(body: shapes.ScaleBody, command: Commanded) -> Answer:
    """Write the anchors of the rating scale."""
    edition = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        after = application(command).write_scale(unit, body.scale, edition)
        return Answer(etag=str(after.draft.edition("scale")))

    return command.run(decide)
