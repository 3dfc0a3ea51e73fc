"""What is published: versions, ladders, differences; and publishing and archiving."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi import Query as QueryParameter

from chassis.http import Answer, Commanded, Queried, Query, problems
from chassis.unit import Unit
from framework_svc.api.allowed import May, allow_reading, application, framework_of
from framework_svc.api.ladders import Id
from framework_svc.api.shapes import (
    Affected,
    FrameworkView,
    History,
    Preview,
    PublicationBody,
    Versions,
    VersionView,
)
from framework_svc.application.publishing import seats
from framework_svc.domain.diff import FrameworkDiff, difference
from framework_svc.domain.errors import NotPublished
from framework_svc.domain.framework import FRAMEWORK, Framework
from framework_svc.domain.framework_events import ladder_in
from framework_svc.domain.occupancy import Occupancy
from framework_svc.domain.publication import plan
from framework_svc.domain.texts import PublishedLadder

router = APIRouter(tags=["framework"])

Number = Annotated[int, Path(ge=1, le=1_000_000)]
PUBLISHING = [Depends(May("publish"))]
_VERSION = "select version, note, scale, fates, published_at, because from framework_versions"


@router.get("/framework", responses=problems(404))
def framework(query: Queried) -> FrameworkView:
    """Read the last published version; browsing is open to everybody."""
    allow_reading(query, "read framework")
    last = query.row("select max(version) as last from framework_versions where workspace = %(workspace)s")
    if last is None or last["last"] is None:
        raise NotPublished("Nothing is published yet.")
    return _version(query, last["last"])


@router.get("/framework/versions")
def versions(query: Queried) -> Versions:
    """List the published versions, the newest first."""
    allow_reading(query, "read framework")
    rows = query.rows(f"{_VERSION} where workspace = %(workspace)s order by version desc")
    return Versions(items=[VersionView.model_validate(row) for row in rows])


@router.get("/framework/versions/{number}", responses=problems(404))
def version(number: Number, query: Queried) -> FrameworkView:
    """Read one published version."""
    allow_reading(query, "read framework")
    return _version(query, number)


@router.get("/framework/versions/{number}/affected", responses=problems(403, 404))
def affected(number: Number, query: Queried) -> Affected:
    """Read who sat at the levels that a version changed."""
    allow_reading(query, "read draft")
    sql = "select affected, because from framework_versions where workspace = %(workspace)s and version = %(number)s"
    row = query.row(sql, {"number": number})
    if row is None:
        raise NotPublished(f"There is no version {number}.")
    return Affected.model_validate(row)


@router.get("/framework/diff", responses=problems(404))
def diff(
    query: Queried,
    before: Annotated[int, QueryParameter(ge=1)],
    after: Annotated[int, QueryParameter(ge=1)],
) -> FrameworkDiff:
    """Tell what differs between two published versions."""
    allow_reading(query, "read framework")
    old, new = _version(query, before), _version(query, after)
    return difference(_by_name(old), _by_name(new), old.scale, new.scale)


@router.get("/framework/publication", responses=problems(403))
def publication(query: Queried) -> Preview:
    """Preview what publishing now would do, whom it would affect, and everything it would ask."""
    now = framework_of(query)
    planned = plan(now)
    counted = seats(now, lambda ladder: query.state(Occupancy, ladder)[0], query.directory)
    return Preview(
        **dict(planned), affected=planned.people_affected(counted), occupied=planned.people_in_the_way(counted)
    )


@router.post("/framework/publication", status_code=201, dependencies=PUBLISHING, responses=problems(403, 409, 412, 422))
def publish(body: PublicationBody, command: Commanded) -> Answer:
    """Publish every ladder that is ready as the next version."""

    def decide(unit: Unit) -> Answer:
        after = application(command).publish(unit, body.note, body.fates, body.ladders)
        return Answer(status=201, id=str(after.version), location=f"/framework/versions/{after.version}")

    return command.run(decide)


@router.post("/ladders/{ladder}/archive", dependencies=PUBLISHING, responses=problems(403, 404, 409))
def archive(ladder: Id, command: Commanded) -> Answer:
    """Let a published ladder take no new placements."""

    def decide(unit: Unit) -> Answer:
        application(command).archive(unit, ladder)
        return Answer(id=ladder)

    return command.run(decide)


@router.get("/framework/history", responses=problems(403))
def history(query: Queried) -> History:
    """Read everything recorded about the framework, drafts included."""
    allow_reading(query, "read draft")
    return History.of(query.history(Framework, FRAMEWORK))


@router.get("/ladders/{ladder}/history", responses=problems(403, 404))
def ladder_history(ladder: Id, query: Queried) -> History:
    """Read everything recorded about one ladder: its edits, versions, archiving, and who came to sit there."""
    allow_reading(query, "read draft")
    edits = [entry for entry in query.history(Framework, FRAMEWORK) if ladder_in(entry.event) == ladder]
    if not edits:
        raise NotPublished(f"Nothing was ever recorded about a ladder “{ladder}”.")
    all_of_it = sorted((*edits, *query.history(Occupancy, ladder)), key=lambda entry: (entry.epoch, entry.sequence))
    return History.of(all_of_it)


def _version(query: Query, number: int) -> FrameworkView:
    row = query.row(f"{_VERSION} where workspace = %(workspace)s and version = %(number)s", {"number": number})
    if row is None:
        raise NotPublished(f"There is no version {number}.")
    ladders = query.rows(
        "select content from published_ladders where workspace = %(workspace)s and version = %(number)s"
        " order by ladder",
        {"number": number},
    )
    return FrameworkView.model_validate({**row, "ladders": [ladder["content"] for ladder in ladders]})


def _by_name(of: FrameworkView) -> dict[str, PublishedLadder]:
    return {one.ladder.id: one for one in of.ladders}
