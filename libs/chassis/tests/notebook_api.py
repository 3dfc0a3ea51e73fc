"""The notebooks of `toy` over HTTP: routes as a service writes them, for the tests of the edge."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field, field_validator

from chassis.http import Answer, Commanded, Cursor, Limit, Page, Queried, problems
from chassis.kernel import Forbidden, Invalid, NotFound
from chassis.unit import Unit

from . import toy

router = APIRouter(tags=["notebooks"])
NotebookId = Annotated[str, Path(pattern="^[a-z0-9_]{1,40}$")]


class NewNotebook(BaseModel):
    """A notebook to open."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "lined"}]})

    kind: Literal["lined", "plain"] = "lined"
    pages: int = Field(default=10, ge=1, le=500)
    opened_on: date | None = None


class Whose(BaseModel):
    """Whose part of a history is asked for."""

    by: str | None = None


class NewLine(BaseModel):
    """A line to write."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Led the review."}]})

    text: str = Field(min_length=1, max_length=2000)
    mood: str = "calm"

    @field_validator("mood")
    @classmethod
    def _is_calm(cls, mood: str) -> str:
        if mood != "calm":
            raise ValueError(f"{mood!r} is no mood for a notebook")
        return mood


class NotebookView(BaseModel):
    """A notebook as its owner reads it."""

    id: str
    lines: int
    last: str | None


class HistoryLine(BaseModel):
    """One recorded fact."""

    version: int
    what: str
    actor: str


@router.post("/notebooks", status_code=201, responses=problems(409))
def open_notebook(new: NewNotebook, command: Commanded) -> Answer:
    """Open a notebook."""

    def decide(unit: Unit) -> Answer:
        identifier = unit.new_id("nb")
        toy.Notebooks().open(unit, identifier, unit.actor.person)
        return Answer(status=201, id=identifier, location=f"/notebooks/{identifier}", etag="1")

    return command.run(decide)


@router.post("/notebooks/{notebook}/lines", responses=problems(404, 409))
def write_line(notebook: NotebookId, line: NewLine, command: Commanded) -> Answer:
    """Write a line."""

    def decide(unit: Unit) -> Answer:
        unit.expect(toy.Notebook, notebook, command.expected_version)
        toy.Notebooks().write(unit, notebook, line.text)
        return Answer(id=notebook, etag=str(unit.version(toy.Notebook, notebook)))

    return command.run(decide)


@router.put("/notebooks/{notebook}/cover", responses=problems(404, 412, 428))
def close_notebook(notebook: NotebookId, command: Commanded) -> Answer:
    """Close the cover."""
    seen = command.require_if_match()

    def decide(unit: Unit) -> Answer:
        unit.expect(toy.Notebook, notebook, seen)
        toy.Notebooks().close(unit, notebook)
        return Answer(id=notebook, etag=str(unit.version(toy.Notebook, notebook)))

    return command.run(decide)


@router.post("/scans", status_code=201, max_body_size=3 * 2**20)
def scan(file: UploadFile, command: Commanded, whole: bool = False) -> Answer:
    """Open a notebook with the whole text of a file, or with the number of its words."""
    text = file.file.read().decode()
    line = text if whole else f"{len(text.split())} words"

    def decide(unit: Unit) -> Answer:
        identifier = unit.new_id("nb")
        toy.Notebooks().open(unit, identifier, unit.actor.person)
        toy.Notebooks().write(unit, identifier, line)
        return Answer(status=201, id=identifier)

    return command.run(decide)


@router.get("/notebooks", response_model=Page[NotebookView])
def notebooks(
    query: Queried, limit: Limit = 50, cursor: Cursor = None, order: Literal["up", "down"] = "up"
) -> Page[NotebookView]:
    """List the notebooks of an owner, most lines first where asked for."""
    sql = "select notebook, lines from notebook_list where workspace = %(workspace)s and owner = %(owner)s"
    sort = ("notebook",) if order == "up" else ("-lines", "notebook")
    page = query.page(sql, {"owner": query.actor.person}, sort=sort, limit=limit, cursor=cursor)
    return page.map(lambda row: NotebookView(id=row["notebook"], lines=row["lines"], last=None))


@router.get("/notebooks/{notebook}", responses=problems(404))
def notebook(notebook: NotebookId, query: Queried) -> NotebookView:
    """Read a notebook."""
    row = query.row(
        "select * from notebook_list where workspace = %(workspace)s and notebook = %(notebook)s",
        {"notebook": notebook},
    )
    if row is None:
        raise NotFound(f"There is no notebook {notebook!r}.")
    if row["owner"] == "p_hidden" and query.actor.person != "p_hidden":
        raise NotFound("It is hidden from you.")
    state, version = query.state(toy.Notebook, notebook)
    assert state is not None
    query.etag(version)
    query.record_access(row["owner"], "notebook", notebook)
    [text] = query.opened([state.last])  # type: ignore[list-item]  # a loaded text is sealed
    return NotebookView(id=notebook, lines=row["lines"], last=text)


@router.get("/notebooks/{notebook}/history")
def history(notebook: NotebookId, query: Queried, whose: Annotated[Whose, Query()]) -> list[HistoryLine]:
    """Read what the record holds of a notebook, of everybody or of one."""
    found = (one for one in query.history(toy.Notebook, notebook) if whose.by in (None, one.actor))
    return [HistoryLine(version=one.version, what=one.topic, actor=one.actor) for one in found]


@router.get("/search")
def search(query: Queried, words: str = "") -> None:
    """Ask the database something it cannot do with what was given."""
    query.rows("select %(words)s::text::int", {"words": words})


@router.get("/fall/{how}")
def fall(how: str, query: Queried) -> None:
    """Go wrong in a way a domain or a bug can."""
    errors: dict[str, Exception] = {
        "forbidden": Forbidden("You may read it, not close it."),
        "invalid": Invalid("lines.0.rating", 7, "give a rating from 1 to 5 in half points"),
        "page": toy.NoSuchPage("The notebook has no page 9."),
        "nothing": NotFound("The notebook has no page 9."),
        "rule": toy.AlreadyClosed("This notebook is closed already."),
    }
    raise errors.get(how) or RuntimeError(f"a bug that quotes CANARY-bug: {how}")


reader_router = APIRouter()


@reader_router.get("/lines")
def lines(query: Queried) -> list[int]:
    """List the numbers of the lines that were heard of."""
    found = query.rows("select number from lines where workspace = %(workspace)s order by notebook, number")
    return [row["number"] for row in found]
