"""What a file of career-framework/v1 holds, and what may be wrong with it beside its shape."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Literal

from chassis.kernel import DomainError, Frozen
from framework_svc.domain.errors import MOST_PROBLEMS, in_all
from framework_svc.domain.structure import Fault, faults_in_competency, faults_in_ladder, faults_in_scale
from framework_svc.domain.texts import Anchor, Competency, Ladder

FORMAT = "career-framework/v1"
LARGEST = 2_000_000
"""The largest file that is read, in bytes."""

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
    """The file is not a career framework; `errors` says where and why, `unlisted` how many more there are."""

    def __init__(self, errors: tuple[FileError, ...]) -> None:
        first = errors[0]
        super().__init__(f"Line {first.line}, {first.path or 'the file'}: {first.problem}{in_all(len(errors))}")
        self.errors, self.unlisted = errors[:MOST_PROBLEMS], len(errors[MOST_PROBLEMS:])


def schema() -> Json:
    """Return the JSON Schema (2020-12) of the format."""
    return json.loads((files("framework_svc.documents") / "career-framework.v1.schema.json").read_text("utf-8"))


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
