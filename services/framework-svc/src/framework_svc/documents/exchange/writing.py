"""career-framework/v1 out: the canonical text of a document, and the document that holds a draft's texts."""

import json
from itertools import chain
from typing import Literal

from framework_svc.documents.exchange.document import Document, Json
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


def write(document: Document, form: Literal["yaml", "json"] = "yaml") -> str:
    """Return the canonical text of `document`: reading it and writing it again gives the same bytes."""
    fields = _document(document)
    if form == "json":
        return json.dumps(fields, ensure_ascii=False, indent=2) + "\n"
    from framework_svc.documents.exchange.layout import yaml_text  # only who writes YAML waits for its library

    return yaml_text(fields)


def document_of(
    ladders: tuple[Ladder, ...], competencies: tuple[Competency, ...], scale: tuple[Anchor, ...]
) -> Document:
    """Return the document that holds these texts; the default scale is left out, expectations stand in order."""
    order = {competency.id: place for place, competency in enumerate(competencies)}
    ordered = tuple(_with_cells_in_order(ladder, order) for ladder in ladders)
    return Document(scale=None if scale == DEFAULT_SCALE else scale, competencies=competencies, ladders=ordered)


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


def competencies_used(ladders: tuple[Ladder, ...], known: dict[str, Competency]) -> tuple[Competency, ...]:
    """Return the competencies these ladders speak of, in the order of `known`."""
    used = set(chain.from_iterable(ladder.competency_ids() for ladder in ladders))
    return tuple(competency for identifier, competency in known.items() if identifier in used)
