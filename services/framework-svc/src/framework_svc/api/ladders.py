"""The ladders of the draft: each read and edited by itself, ready or not."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from chassis.http import Answer, Command, Commanded, Queried, problems
from chassis.unit import Unit
from framework_svc.api import shapes
from framework_svc.api.allowed import May, application, framework_of
from framework_svc.domain.framework import Framework

router = APIRouter(prefix="/framework/draft/ladders/{ladder}", tags=["draft"])
EDITING = [Depends(May("edit draft"))]

Id = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,59}$", examples=["engineering"])]


def draft_ladder(now: Framework, ladder: str) -> shapes.DraftLadder:
    """Return a ladder of the draft with what it lacks."""
    return shapes.DraftLadder(
        ladder=now.draft.ladder(ladder),
        edition=now.draft.edition(f"ladder/{ladder}"),
        ready=ladder in now.draft.ready,
        holes=list(now.holes(ladder)),
    )


def edit(command: Command, ladder: str, change: Callable[[Unit], Framework]) -> Answer:
    """Change a ladder; the answer's ETag is what the next edit of it sends as If-Match."""
    return command.run(lambda unit: Answer(id=ladder, etag=str(change(unit).draft.edition(f"ladder/{ladder}"))))


@router.get("", responses=problems(403, 404))
def read_ladder(ladder: Id, query: Queried) -> shapes.DraftLadder:
    """Read one ladder of the draft; its ETag is what an edit sends as If-Match."""
    found = draft_ladder(framework_of(query), ladder)
    query.etag(found.edition)
    return found


@router.put("", dependencies=EDITING, responses=problems(403, 404, 412, 422, 428))
def put_ladder(ladder: Id, body: shapes.LadderBody, command: Commanded) -> Answer:
    """Add or replace a ladder with the competencies it brings; If-Match "0" adds."""
    edition = command.require_if_match()
    text = body.ladder.model_copy(update={"id": ladder})
    cases = application(command)
    return edit(command, ladder, lambda unit: cases.replace_ladder(unit, text, body.competencies, edition))


@router.patch("", dependencies=EDITING, responses=problems(403, 404, 412, 422, 428))
def describe_ladder(ladder: Id, body: shapes.LadderWords, command: Commanded) -> Answer:
    """Change a ladder's name, description or credit lines; what is left out stays."""
    edition = command.require_if_match()
    cases = application(command)

    def change(unit: Unit) -> Framework:
        words = {"name": body.name, "description": body.description}
        return cases.describe_ladder(unit, ladder, edition, **words, credit_lines=body.credits)

    return edit(command, ladder, change)


@router.delete("", dependencies=EDITING, responses=problems(403, 404, 412, 428))
def remove_ladder(ladder: Id, command: Commanded) -> Answer:
    """Take a ladder out of the draft; the next version drops it."""
    edition, cases = command.require_if_match(), application(command)
    return edit(command, ladder, lambda unit: cases.remove_ladder(unit, ladder, edition))


@router.post("/reset", dependencies=EDITING, responses=problems(403, 404, 412))
def reset_ladder(ladder: Id, command: Commanded) -> Answer:
    """Go back to the ladder as it was last published."""
    edition, cases = command.expected_version, application(command)
    return edit(command, ladder, lambda unit: cases.reset_ladder(unit, ladder, edition))


@router.post("/readiness", dependencies=EDITING, responses=problems(403, 404, 409, 412))
def mark_ready(ladder: Id, command: Commanded) -> Answer:
    """Mark a ladder as ready; refused while it has holes."""
    edition, cases = command.expected_version, application(command)
    return edit(command, ladder, lambda unit: cases.mark_ready(unit, ladder, edition))


@router.delete("/readiness", dependencies=EDITING, responses=problems(403, 404))
def remove_ready_mark(ladder: Id, command: Commanded) -> Answer:
    """Take the mark back."""
    return edit(command, ladder, lambda unit: application(command).remove_ready_mark(unit, ladder))
