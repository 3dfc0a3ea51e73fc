"""The exchange format career-framework/v1: YAML or JSON in and out, every error with its path and line.

`career-framework.v1.schema.json` beside this module is the same shape as JSON Schema 2020-12; the rules a schema
cannot say (ids named twice, unknown references) are checked here too. docs/career-framework-format.md explains it.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from io import StringIO
from itertools import chain
from typing import Any, Literal, cast

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from chassis.kernel import DomainError, Frozen
from framework_svc.documents.marked import Lines, Unreadable, read_json, read_yaml
from framework_svc.domain.structure import (
    Fault,
    Path,
    faults_in_competency,
    faults_in_ladder,
    faults_in_scale,
)
from framework_svc.domain.texts import (
    DEFAULT_SCALE,
    Anchor,
    Cell,
    Competency,
    Expectation,
    Ladder,
    Level,
    Provenance,
    Track,
)

FORMAT = "career-framework/v1"
LARGEST = 2_000_000
"""The largest file that is read, in bytes."""
MOST_ERRORS = 50

Json = dict[str, Any]


class Document(Frozen):
    """A file's content; `scale` is None where the file leaves the framework's scale alone."""

    format: Literal["career-framework/v1"] = FORMAT
    scale: tuple[Anchor, ...] | None = None
    competencies: tuple[Competency, ...] = ()
    ladders: tuple[Ladder, ...] = ()


class FileError(Frozen):
    """One thing wrong with a file: `path` as in `ladders/0/tracks/1/id`, `line` from 1, what to do."""

    path: str
    line: int
    problem: str


class NotReadable(DomainError):
    """The file is not a career framework; `errors` says where and why."""

    def __init__(self, errors: tuple[FileError, ...]) -> None:
        first = errors[0]
        more = f" ({len(errors)} problems in all)" if len(errors) > 1 else ""
        super().__init__(f"Line {first.line}, {first.path or 'the file'}: {first.problem}{more}")
        self.errors = errors


# --- in ---------------------------------------------------------------------------------------------------------------


def read(content: bytes | str) -> Document:
    """Return the document in `content` (UTF-8 YAML or JSON, at most 2 MB); raises `NotReadable`."""
    parsed, lines = _parsed(content)
    data = cast(Json, parsed) if isinstance(parsed, dict) else {}
    if data.get("format") != FORMAT:
        raise NotReadable((FileError(path="format", line=1, problem=f"Begin with “format: {FORMAT}”."),))
    try:
        document = Document.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as invalid:
        raise NotReadable(tuple(_shape_errors(invalid, data, lines))) from None
    errors = [_error(fault.path, f"{fault.value!r}: {fault.remedy}", lines) for fault in faults_in(document)]
    if errors:
        raise NotReadable(tuple(errors[:MOST_ERRORS]))
    return document


def faults_in(document: Document) -> Iterator[Fault]:
    """Yield what the shape alone does not say: sizes, ids named twice, competencies that nobody describes."""
    if document.scale is not None:
        yield from faults_in_scale(document.scale, ("scale",))
    for n, competency in enumerate(document.competencies):
        yield from faults_in_competency(competency, ("competencies", n))
    yield from _named_twice([competency.id for competency in document.competencies], "competencies")
    for n, ladder in enumerate(document.ladders):
        yield from faults_in_ladder(ladder, ("ladders", n))
    yield from _named_twice([ladder.id for ladder in document.ladders], "ladders")
    yield from _undescribed(document)


def _named_twice(ids: list[str], where: str) -> Iterator[Fault]:
    for n, identifier in enumerate(ids):
        if identifier in ids[:n]:
            yield Fault(path=(where, n, "id"), value=identifier, remedy="This id is taken; give each its own.")


def _undescribed(document: Document) -> Iterator[Fault]:
    known = {competency.id for competency in document.competencies}
    for n, ladder in enumerate(document.ladders):
        for t, track in enumerate(ladder.tracks):
            for place, level in enumerate(track.levels):
                for competency in level.expectations:
                    if competency not in known:
                        path = ("ladders", n, "tracks", t, "levels", place, "expectations", competency)
                        yield Fault(path=path, value=competency, remedy="Describe it under “competencies”.")


def _parsed(content: bytes | str) -> tuple[object, Lines]:
    raw = content.encode() if isinstance(content, str) else content
    if len(raw) > LARGEST:
        raise NotReadable((FileError(path="", line=1, problem="The file is larger than 2 MB; split it by ladder."),))
    try:
        text = raw.decode("utf-8-sig")
        return read_json(text) if text.lstrip().startswith("{") else read_yaml(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise NotReadable((FileError(path="", line=line, problem="Save the file as UTF-8."),)) from None
    except Unreadable as error:
        raise NotReadable((FileError(path=error.path, line=error.line, problem=str(error)),)) from None


_REMEDIES = {
    "missing": "It is missing.",
    "extra_forbidden": "The format has no such field here.",
    "string_type": "Write a text here (in quotes if it looks like a number or a date).",
    "float_type": "Write a number here.",
    "int_type": "Write a whole number here.",
    "int_from_float": "Write a whole number here.",
    "bool_type": "Write true or false here.",
    "tuple_type": "Write a list here.",
    "dict_type": "Write fields here.",
    "model_type": "Write fields here.",
    "model_attributes_type": "Write fields here.",
    "literal_error": "Write “not expected”, or an expectation with its fields.",
    "finite_number": "Write a number from 1 to 5.",
}


def _shape_errors(invalid: ValidationError, data: Json, lines: Lines) -> Iterator[FileError]:
    for error in invalid.errors(include_input=False, include_url=False)[:MOST_ERRORS]:
        yield _error(_real_path(error["loc"], data), _REMEDIES.get(error["type"], error["msg"]), lines)


def _real_path(loc: tuple[int | str, ...], data: object) -> Path:
    """Take the validator's own markers out of a path: they name no field of the data."""
    path: list[int | str] = []
    here = data
    for position, step in enumerate(loc):
        if isinstance(here, dict):
            fields = cast(dict[str, object], here)
            if step not in fields and step in ("expectation", "not expected") and position < len(loc):
                continue
            here = fields.get(str(step))
        elif isinstance(here, list) and isinstance(step, int):
            items = cast(list[object], here)
            here = items[step] if step < len(items) else None
        elif step in ("expectation", "not expected"):
            continue
        path.append(step)
    return tuple(path)


def _error(path: Path, problem: str, lines: Lines) -> FileError:
    return FileError(path="/".join(str(step) for step in path), line=lines.of(path), problem=problem)


# --- out --------------------------------------------------------------------------------------------------------------


def write(document: Document, form: Literal["yaml", "json"] = "yaml") -> str:
    """Return the canonical text of `document`: reading it and writing it again gives the same bytes."""
    fields = _document(document)
    if form == "json":
        return json.dumps(fields, ensure_ascii=False, indent=2) + "\n"
    yaml = cast(Any, YAML(typ="rt", pure=True))  # its own types are partly unknown
    yaml.width = 10_000  # a text stays on its line: its changes read well in any diff
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(_laid_out(fields), out)
    return out.getvalue()


def document_of(
    ladders: tuple[Ladder, ...], competencies: tuple[Competency, ...], scale: tuple[Anchor, ...]
) -> Document:
    """Return the document that holds these texts; the default scale is left out, expectations stand in order."""
    order = {competency.id: place for place, competency in enumerate(competencies)}
    ordered = tuple(_with_cells_in_order(ladder, order) for ladder in ladders)
    return Document(scale=None if scale == DEFAULT_SCALE else scale, competencies=competencies, ladders=ordered)


def schema() -> Json:
    """Return the JSON Schema (2020-12) of the format."""
    return json.loads((files("framework_svc.documents") / "career-framework.v1.schema.json").read_text("utf-8"))


def _with_cells_in_order(ladder: Ladder, order: dict[str, int]) -> Ladder:
    def tidy(level: Level) -> Level:
        cells = sorted(level.expectations.items(), key=lambda cell: order.get(cell[0], len(order)))
        return level.model_copy(update={"expectations": dict(cells)})

    tracks = tuple(
        track.model_copy(update={"levels": tuple(tidy(level) for level in track.levels)}) for track in ladder.tracks
    )
    return ladder.model_copy(update={"tracks": tracks})


def _document(document: Document) -> Json:
    return _without_nothing(
        format=document.format,
        scale=[_anchor(anchor) for anchor in document.scale] if document.scale is not None else None,
        competencies=[_competency(competency) for competency in document.competencies],
        ladders=[_ladder(ladder) for ladder in document.ladders],
    )


def _anchor(anchor: Anchor) -> Json:
    return {"point": anchor.point, "name": anchor.name, "text": anchor.text}


def _competency(competency: Competency) -> Json:
    return _without_nothing(
        id=competency.id,
        name=competency.name,
        area=competency.area,
        description=competency.description,
        provenance=_provenance(competency.provenance),
    )


def _provenance(provenance: Provenance | None) -> Json | None:
    if provenance is None:
        return None
    return _without_nothing(
        source=provenance.source,
        release=provenance.release,
        element=provenance.element,
        licence=provenance.licence,
        modified=provenance.modified,
        original=provenance.original,
    )


def _ladder(ladder: Ladder) -> Json:
    return _without_nothing(
        id=ladder.id,
        name=ladder.name,
        description=ladder.description,
        credits=list(ladder.credits),
    ) | {"tracks": [_track(track) for track in ladder.tracks]}


def _track(track: Track) -> Json:
    return {"id": track.id, "name": track.name, "levels": [_level(level) for level in track.levels]}


def _level(level: Level) -> Json:
    return _without_nothing(
        id=level.id,
        code=level.code,
        title=level.title,
        scope=level.scope,
        next=list(level.next),
        expectations={competency: _cell(cell) for competency, cell in level.expectations.items()},
    )


def _cell(cell: Cell) -> Json | str:
    if not isinstance(cell, Expectation):
        return cell
    return _without_nothing(
        required=cell.required,
        weight=cell.weight,
        behaviours=list(cell.behaviours),
        examples=list(cell.examples),
        provenance=_provenance(cell.provenance),
    )


def _without_nothing(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


_ON_ONE_LINE = {"next", "provenance"}


def _laid_out(value: object, name: str = "") -> object:
    """Return `value` as YAML nodes, short things on one line."""
    if isinstance(value, dict):
        fields = CommentedMap((key, _laid_out(item, key)) for key, item in cast(Json, value).items())
        if name in _ON_ONE_LINE:
            cast(Any, fields).fa.set_flow_style()
        return fields
    if isinstance(value, list):
        items = CommentedSeq(_laid_out(item) for item in cast(list[object], value))
        if name in _ON_ONE_LINE:
            cast(Any, items).fa.set_flow_style()
        return items
    if isinstance(value, str) and value.startswith(("?", ":", "-")):
        return SingleQuotedScalarString(value)  # bare, the library writes what it cannot read inside { }
    return value


def competencies_used(ladders: tuple[Ladder, ...], known: dict[str, Competency]) -> tuple[Competency, ...]:
    """Return the competencies these ladders speak of, in the order of `known`."""
    used = set(chain.from_iterable(ladder.competency_ids() for ladder in ladders))
    return tuple(competency for identifier, competency in known.items() if identifier in used)
