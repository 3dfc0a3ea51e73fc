"""One track, one level or one cell of a ladder of the draft; each edit names the edition of its ladder."""

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Queried, problems
from framework_svc.api import shapes
from framework_svc.api.allowed import application, framework_of
from framework_svc.api.ladders import EDITING, Id, edit
from framework_svc.domain.texts import Level

router = APIRouter(prefix="/framework/draft/ladders/{ladder}", tags=["draft"])
_READ = problems(403, 404)
_PUT = problems(403, 404, 412, 422, 428)
_DELETE = problems(403, 404, 412, 428)


@router.get("/tracks/{track}", responses=_READ)
def read_track(ladder: Id, track: Id, query: Queried) -> shapes.DraftTrack:
    """Read a track and the levels in it, lowest first."""
    now = framework_of(query)
    found, text = now.draft.track(ladder, track), now.draft.ladder(ladder)
    query.etag(now.draft.edition(f"ladder/{ladder}"))
    return shapes.DraftTrack(
        ladder=ladder,
        track=track,
        name=found.name,
        place=text.tracks.index(found),
        levels=[text.full(level) for level in found.levels],
    )


@router.put("/tracks/{track}", dependencies=EDITING, responses=_PUT)
def put_track(ladder: Id, track: Id, body: shapes.TrackBody, command: Commanded) -> Answer:
    """Add, rename or move a track; its levels stay."""
    edition, cases = command.require_if_match(), application(command)
    return edit(command, ladder, lambda unit: cases.set_track(unit, ladder, track, body.name, body.place, edition))


@router.delete("/tracks/{track}", dependencies=EDITING, responses=_DELETE)
def remove_track(ladder: Id, track: Id, command: Commanded) -> Answer:
    """Take a track out with its levels."""
    edition, cases = command.require_if_match(), application(command)
    return edit(command, ladder, lambda unit: cases.remove_track(unit, ladder, track, edition))


@router.get("/levels/{level}", responses=_READ)
def read_level(ladder: Id, level: Id, query: Queried) -> shapes.DraftLevel:
    """Read a level with what it asks and what it lacks."""
    now = framework_of(query)
    found = now.draft.level(ladder, level)
    home = next(track for track in now.draft.ladder(ladder).tracks if found in track.levels)
    full = now.draft.ladder(ladder).full(found)
    query.etag(now.draft.edition(f"ladder/{ladder}"))
    return shapes.DraftLevel(
        ladder=ladder,
        track=home.id,
        place=home.levels.index(found),
        level=found,
        holes=[hole for hole in now.holes(ladder) if hole.level == full],
        credits=list(now.draft.ladder(ladder).credits),
    )


@router.put("/levels/{level}", dependencies=EDITING, responses=_PUT)
def put_level(ladder: Id, level: Id, body: shapes.LevelBody, command: Commanded) -> Answer:
    """Add, reword or move a level; what it asks stays unless the body says what it asks."""
    edition, cases = command.require_if_match(), application(command)
    text = Level(id=level, **body.model_dump(exclude={"track", "place"}))
    return edit(command, ladder, lambda unit: cases.set_level(unit, ladder, body.track, text, body.place, edition))


@router.delete("/levels/{level}", dependencies=EDITING, responses=_DELETE)
def remove_level(ladder: Id, level: Id, command: Commanded) -> Answer:
    """Take a level out; publishing refuses while somebody sits there."""
    edition, cases = command.require_if_match(), application(command)
    return edit(command, ladder, lambda unit: cases.remove_level(unit, ladder, level, edition))


@router.get("/levels/{level}/expectations/{competency}", responses=_READ)
def read_cell(ladder: Id, level: Id, competency: Id, query: Queried) -> shapes.DraftCell:
    """Read what a level asks of a competency; null is a hole, where the ladder speaks of it elsewhere."""
    now = framework_of(query)
    found = now.draft.level(ladder, level)
    query.etag(now.draft.edition(f"ladder/{ladder}"))
    return shapes.DraftCell(
        level=now.draft.ladder(ladder).full(found),
        competency=now.draft.competency(competency).id,
        cell=found.expectations.get(competency),
        credits=list(now.draft.ladder(ladder).credits),
    )


@router.put("/levels/{level}/expectations/{competency}", dependencies=EDITING, responses=_PUT)
def put_cell(ladder: Id, level: Id, competency: Id, body: shapes.CellBody, command: Commanded) -> Answer:
    """Write what a level asks of a competency; null empties the cell."""
    edition, cases = command.require_if_match(), application(command)
    return edit(
        command, ladder, lambda unit: cases.set_expectation(unit, ladder, level, competency, body.cell, edition)
    )


@router.delete("/levels/{level}/expectations/{competency}", dependencies=EDITING, responses=_DELETE)
def empty_cell(ladder: Id, level: Id, competency: Id, command: Commanded) -> Answer:
    """Empty a cell: a hole until it is written again."""
    edition, cases = command.require_if_match(), application(command)
    return edit(command, ladder, lambda unit: cases.set_expectation(unit, ladder, level, competency, None, edition))
