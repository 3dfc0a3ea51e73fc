"""The framework over HTTP."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Form, Path, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from chassis.http import Answer, Command, Commanded, Queried, Query, problems
from chassis.kernel import DomainError, Forbidden, NotFound
from chassis.unit import Unit
from framework_svc import templates
from framework_svc.access import Action, decide
from framework_svc.application import Frameworks
from framework_svc.documents import exchange
from framework_svc.documents.onet import choose, draft_ladder, read_archive
from framework_svc.domain import publication
from framework_svc.domain.diff import difference
from framework_svc.domain.errors import Stale
from framework_svc.domain.framework import FRAMEWORK, Framework
from framework_svc.domain.placements import Placement
from framework_svc.domain.texts import Anchor, Cell, CompetencyFate, Ladder, PublishedLadder

ERRORS: dict[type[DomainError], int] = {Stale: 412, exchange.NotReadable: 422}

router = APIRouter(tags=["framework"])

Id = Annotated[str, Path(max_length=80)]
Edition = Annotated[int | None, Field(description="The edition of the ladder that was seen; absent: any.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LadderBody(_Body):
    """A whole ladder of the draft."""

    ladder: Ladder
    edition: Edition = None


class CellBody(_Body):
    """What one level asks of one competency."""

    cell: Cell
    edition: Edition = None


class ReadyBody(_Body):
    """The mark that a ladder is ready."""

    edition: Edition = None


class PublicationBody(_Body):
    """What HR says when publishing."""

    note: str = Field(min_length=1, max_length=1000)
    fates: tuple[CompetencyFate, ...] = ()
    expected: tuple[str, ...] | None = Field(None, description="The ladders the preview showed as going out.")


class PlacementBody(_Body):
    """Where somebody sits from a day on."""

    person: str = Field(max_length=80)
    level: str = Field(max_length=130, examples=["engineering.ic2"])
    effective_on: date
    reason: Literal["hire", "promotion", "move", "correction"]
    evaluation: str | None = None
    criteria: tuple[str, ...] = ()


class GroupBody(_Body):
    """Everybody with one job title, placed at one level."""

    job_title: str = Field(min_length=1, max_length=200)
    level: str = Field(max_length=130)
    effective_on: date
    reason: Literal["hire", "promotion", "move", "correction"] = "move"


def frameworks(asked: Command | Query) -> Frameworks:
    """Return the use cases."""
    found: Frameworks = asked.service.application
    return found


def allow(unit: Unit, action: Action, person: str | None = None) -> None:
    """Refuse what may not be done; what may not even be seen does not exist."""
    relations = unit.directory.relation(unit.actor.person, person) if person else frozenset()
    if decide(unit.actor, action, relations):
        return
    raise Forbidden("Only HR does this, and nobody for themselves.")


def allow_reading(query: Query, action: Action, person: str | None = None) -> None:
    """Hide what may not be read."""
    relations = query.directory.relation(query.actor.person, person) if person else frozenset()
    if not decide(query.actor, action, relations):
        raise NotFound("not for you")


# ---- what is published


@router.get("/framework")
def framework(query: Queried, version: int | None = None) -> dict[str, Any]:
    """Return a published version whole: its scale and ladders (default: the last)."""
    found = _version(query, version)
    rows = query.rows(
        "select l.ladder, l.published, a.ladder is not null as archived from published_ladders l"
        " left join archived_ladders a on a.workspace = l.workspace and a.ladder = l.ladder"
        " where l.workspace = %(workspace)s and l.version = %(version)s order by l.ladder",
        {"version": found["version"]},
    )
    return {**found, "ladders": rows}


@router.get("/framework/versions")
def versions(query: Queried) -> list[dict[str, Any]]:
    """List the published versions, newest first."""
    return query.rows("select * from version_list where workspace = %(workspace)s order by version desc")


@router.get("/framework/diff")
def diff(query: Queried, before: int, after: int) -> dict[str, Any]:
    """Return what changed between two published versions, per ladder, level and competency."""
    old, new = _version(query, before), _version(query, after)
    found = difference(_ladders(query, before), _ladders(query, after), _scale(old), _scale(new))
    return found.model_dump(mode="json")


@router.get("/framework/export")
def export(query: Queried, form: Literal["yaml", "json"] = "yaml") -> Response:
    """Return the draft as a career-framework/v1 file."""
    allow_reading(query, "read draft")
    state = _state(query)
    document = exchange.document_of(tuple(state.ladders.values()), tuple(state.competencies.values()), state.scale)
    media = "application/yaml" if form == "yaml" else "application/json"
    named = {"Content-Disposition": f'attachment; filename="framework.{form}"'}
    return Response(exchange.write(document, form), media_type=media, headers=named)


@router.get("/framework/history")
def history(query: Queried) -> list[dict[str, Any]]:
    """Return what was done with the framework, from the record."""
    allow_reading(query, "read draft")
    return [
        {
            "event": str(one.event_id),
            "what": one.topic,
            "by": one.actor,
            "at": one.recorded_at,
            "version": one.version,
        }
        for one in query.history(Framework, FRAMEWORK)
    ]


# ---- the draft


@router.get("/framework/draft")
def draft(query: Queried) -> dict[str, Any]:
    """Return the draft: every ladder with its edition, whether it is ready, and what it lacks."""
    allow_reading(query, "read draft")
    state = _state(query)
    return {
        "scale": [anchor.model_dump() for anchor in state.scale],
        "competencies": [one.model_dump(mode="json") for one in state.competencies.values()],
        "ladders": [
            {
                "ladder": ladder.model_dump(mode="json"),
                "edition": state.edition(f"ladder/{name}"),
                "ready": name in state.ready,
                "archived": name in state.archived,
                "missing": [hole.model_dump(mode="json") for hole in state.draft_holes(name)],
            }
            for name, ladder in state.ladders.items()
        ],
    }


@router.put("/framework/draft/ladders/{ladder}", responses=problems(403, 412, 422))
def replace_ladder(ladder: Id, body: LadderBody, command: Commanded) -> Answer:
    """Add or replace a ladder of the draft; an edit takes its ready mark away."""
    if body.ladder.id != ladder:
        raise DomainError(f"The ladder in the body is called “{body.ladder.id}”; the address says “{ladder}”.")
    return _edit(command, ladder, lambda use, unit: use.replace_ladder(unit, body.ladder, body.edition))


@router.put("/framework/draft/ladders/{ladder}/cells/{level}/{competency}", responses=problems(403, 404, 412, 422))
def set_cell(ladder: Id, level: Id, competency: Id, body: CellBody, command: Commanded) -> Answer:
    """Write what one level asks of one competency."""
    return _edit(
        command,
        ladder,
        lambda use, unit: use.edit(
            unit, lambda state: state.set_expectation(ladder, level, competency, body.cell, body.edition)
        ),
    )


@router.delete("/framework/draft/ladders/{ladder}", responses=problems(403, 404, 409))
def remove_ladder(ladder: Id, command: Commanded) -> Answer:
    """Take a ladder out of the draft."""
    return _edit(command, ladder, lambda use, unit: use.edit(unit, lambda state: state.remove_ladder(ladder)))


@router.post("/framework/draft/ladders/{ladder}/readiness", responses=problems(403, 404, 409))
def mark_ready(ladder: Id, command: Commanded, body: Annotated[ReadyBody | None, Body()] = None) -> Answer:
    """Mark a ladder ready; refused while it has holes."""
    edition = body.edition if body else None
    return _edit(command, ladder, lambda use, unit: use.mark_ready(unit, ladder, edition))


@router.post("/framework/draft/templates/{name}", responses=problems(403, 404))
def copy_template(name: Id, command: Commanded) -> Answer:
    """Copy a template into the draft."""
    return _edit(command, name, lambda use, unit: use.copy_template(unit, name))


@router.get("/templates")
def list_templates(query: Queried) -> list[dict[str, Any]]:
    """List the templates that come with the product."""
    allow_reading(query, "read draft")
    found = [(name, exchange.read(templates.text(name))) for name in templates.NAMES]
    return [
        {
            "name": name,
            "ladder": document.ladders[0].name,
            "tracks": {track.name: len(track.levels) for track in document.ladders[0].tracks},
            "competencies": len(document.competencies),
        }
        for name, document in found
    ]


@router.post("/framework/import", responses=problems(403, 422), max_body_size=2 * 2**20)
def import_file(file: UploadFile, command: Commanded) -> Answer:
    """Add or replace ladders of the draft from a career-framework/v1 file (YAML or JSON); errors name path and line."""
    document = exchange.read(file.file.read())
    return _edit(command, file.filename or "file", lambda use, unit: use.import_document(unit, document))


@router.post("/framework/onet", responses=problems(403, 409, 422), max_body_size=200 * 2**20)
def import_onet(archive: UploadFile, occupation: Annotated[str, Form(max_length=200)], command: Commanded) -> Answer:
    """Draft a ladder from an O*NET release archive that the user downloaded."""
    read = read_archive(archive.file, archive.filename or "archive.zip")
    drafted = draft_ladder(read, choose(read, occupation).code)
    document = exchange.read(json.dumps(drafted.framework))
    return _edit(command, document.ladders[0].id, lambda use, unit: use.import_document(unit, document))


# ---- publishing


@router.get("/framework/publication")
def preview(query: Queried) -> dict[str, Any]:
    """Show what publishing now would do: what goes out, what is missing, who is affected, what has to be said."""
    allow_reading(query, "read draft")
    planned = publication.plan(_state(query))
    return planned.model_dump(mode="json", exclude={"ladders"}) | {"asks_for_fates": planned.asks_for_fates()}


@router.post("/framework/publication", status_code=201, responses=problems(403, 409, 412))
def publish(body: PublicationBody, command: Commanded) -> Answer:
    """Publish the ladders that are ready as the next version."""

    def decided(unit: Unit) -> Answer:
        allow(unit, "publish")
        version = frameworks(command).publish(unit, body.note, body.fates, body.expected)
        return Answer(status=201, id=str(version), location=f"/framework?version={version}")

    return command.run(decided)


@router.post("/ladders/{ladder}/archive", responses=problems(403, 404, 409))
def archive(ladder: Id, command: Commanded) -> Answer:
    """Let a published ladder take no new placements."""

    def decided(unit: Unit) -> Answer:
        allow(unit, "publish")
        frameworks(command).archive(unit, ladder)
        return Answer(id=ladder)

    return command.run(decided)


# ---- placing


@router.post("/placements", status_code=201, responses=problems(403, 404, 409, 422))
def place(body: PlacementBody, command: Commanded) -> Answer:
    """Place somebody at a published level from a day on; a future day is planned."""

    def decided(unit: Unit) -> Answer:
        allow(unit, "place", body.person)
        frameworks(command).place(unit, **body.model_dump())
        return Answer(status=201, id=body.person, location=f"/people/{body.person}/placements")

    return command.run(decided)


@router.post("/placements/group", status_code=201, responses=problems(403, 404, 409, 422))
def place_group(body: GroupBody, command: Commanded) -> Answer:
    """Place everybody who has one job title at one level."""

    def decided(unit: Unit) -> Answer:
        allow(unit, "place")
        chosen = _titled(unit, body.job_title)
        if not chosen:
            raise NotFound(f"Nobody at work has the job title {body.job_title!r}.")
        for person in chosen:
            allow(unit, "place", person)
            frameworks(command).place(unit, person, body.level, body.effective_on, body.reason)
        return Answer(status=201, ids=tuple(chosen))

    return command.run(decided)


@router.get("/placements/refused")
def refused(query: Queried) -> list[dict[str, Any]]:
    """List what imports stated and nobody could place, with the reason."""
    allow_reading(query, "read draft")
    return query.rows("select * from refused_statements where workspace = %(workspace)s order by recorded_at, person")


@router.get("/people/{person}/placements", responses=problems(404))
def placements(person: Id, query: Queried) -> list[dict[str, Any]]:
    """Return where somebody sat from when, and what is planned."""
    if query.directory.person(person) is None:
        raise NotFound(person)
    allow_reading(query, "read placements", person)
    return query.rows(
        "select * from placement_list where workspace = %(workspace)s and person = %(person)s"
        " order by effective_on, recorded_at",
        {"person": person},
    )


@router.delete("/people/{person}/placements/{placement}", responses=problems(403, 404))
def take_back(person: Id, placement: Id, command: Commanded) -> Answer:
    """Take back a planned placement, or withdraw one recorded by mistake."""

    def decided(unit: Unit) -> Answer:
        allow(unit, "place", person)
        frameworks(command).take_back(unit, person, placement)
        return Answer(id=person)

    return command.run(decided)


@router.get("/people/{person}/placements/history", responses=problems(404))
def placement_history(person: Id, query: Queried) -> list[dict[str, Any]]:
    """Return what was recorded of somebody's placements."""
    if query.directory.person(person) is None:
        raise NotFound(person)
    allow_reading(query, "read placements", person)
    return [
        {"event": str(one.event_id), "what": one.topic, "by": one.actor, "at": one.recorded_at}
        for one in query.history(Placement, person)
    ]


# ---- how


def _edit(command: Command, ladder: str, use: Any) -> Answer:
    def decided(unit: Unit) -> Answer:
        allow(unit, "draft")
        use(frameworks(command), unit)
        return Answer(id=ladder)

    return command.run(decided)


def _titled(unit: Unit, title: str) -> list[str]:
    wanted = title.strip().casefold()
    people = [one for one in unit.directory.people() if one.job_title and one.status != "left"]
    opened = unit.opened([one.job_title for one in people if one.job_title])
    return [one.id for one, found in zip(people, opened, strict=True) if found and found.strip().casefold() == wanted]


def _state(query: Query) -> Framework:
    return query.state(Framework, FRAMEWORK)[0] or Framework()


def _version(query: Query, version: int | None) -> dict[str, Any]:
    where = "version = %(version)s" if version is not None else "true"
    found = query.row(
        f"select * from version_list where workspace = %(workspace)s and {where} order by version desc limit 1",
        {"version": version},
    )
    if found is None:
        raise NotFound("no such version")
    return found


def _ladders(query: Query, version: int) -> dict[str, PublishedLadder]:
    rows = query.rows(
        "select ladder, published from published_ladders where workspace = %(workspace)s and version = %(version)s"
        " order by ladder",
        {"version": version},
    )
    return {row["ladder"]: PublishedLadder.model_validate(row["published"]) for row in rows}


def _scale(row: dict[str, Any]) -> tuple[Anchor, ...]:
    return tuple(Anchor(**anchor) for anchor in row["scale"])
