"""What things are called: levels, competencies, people, and the credits that ladders owe."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from chassis.http import Query
from chassis.identity import Person
from chassis.kernel import NotFound, Sealed
from gap_svc import facts
from gap_svc.api import shapes
from gap_svc.documents import data
from gap_svc.domain import calculation
from gap_svc.domain.levels import Level, LevelRef

NO_NAME = "name erased"
"""Stands where the person was erased."""


def level_of(query: Query, version: int, ref: LevelRef) -> Level:
    """Return a level as a framework version has it, else as the newest one that has it; NotFound where none has."""
    found = find_level(query, version, ref)
    if found is None:
        raise NotFound(str(ref))
    return found


def find_level(query: Query, version: int, ref: LevelRef) -> Level | None:
    """Return a level as `level_of` does, or None where no version has it: the one that had it was lost."""
    return facts.level(query, version, ref) or _newest_level(query, ref)


def _newest_level(query: Query, ref: LevelRef) -> Level | None:
    row = query.row(
        "select max(version) as version from levels where workspace = %(workspace)s and ladder = %(ladder)s"
        " and level = %(level)s",
        {"ladder": ref.ladder, "level": ref.level},
    )
    return facts.level(query, row["version"], ref) if row and row["version"] is not None else None


def level_view(level: Level) -> shapes.LevelView:
    """Return a level as it goes over the wire."""
    return shapes.LevelView(
        ladder=level.ladder, level=level.level, code=level.code, title=level.title, scope=level.scope
    )


def below_view(
    one: calculation.BelowPresent,
    competencies: Mapping[str, data.Named],
    from_memory: Container[str],
    because: list[str],
) -> shapes.BelowPresentView:
    """Return a score below the present requirement."""
    name = competencies[one.competency].name if one.competency in competencies else one.competency
    on_memory = one.competency in from_memory
    return shapes.BelowPresentView(**one.model_dump(), name=name, rests_on_memory=on_memory, because=because)


def named(ladders: Iterable[facts.Ladder]) -> dict[str, data.Named]:
    """Return names and areas of the competencies of some ladders; the first to name one is followed."""
    found: dict[str, data.Named] = {}
    for ladder in ladders:
        for one in ladder.competencies:
            found.setdefault(one.competency, data.Named(name=one.name, area=one.area))
    return found


def competency_names(ladders: Iterable[facts.Ladder]) -> dict[str, str]:
    """Return the names of every competency of some ladders; the first to name one is followed."""
    return {competency: one.name for competency, one in named(ladders).items()}


def credits_of(ladders: Iterable[facts.Ladder]) -> list[str]:
    """Return the credits these ladders owe, each once."""
    return list(dict.fromkeys(credit for ladder in ladders for credit in ladder.credits))


def names(query: Query, people: Iterable[str]) -> dict[str, str]:
    """Return full names by id."""
    wanted = sorted(people)
    known = [query.directory.person(one) for one in wanted]
    opened = query.opened([name for person in known for name in _sealed_name(person)])
    pairs = zip(opened[::2], opened[1::2], strict=True)
    full = (" ".join(name for name in pair if name) for pair in pairs)
    return {person: name or NO_NAME for person, name in zip(wanted, full, strict=True)}


def _sealed_name(person: Person | None) -> tuple[Sealed | None, Sealed | None]:
    return (person.given_name, person.family_name) if person else (None, None)
