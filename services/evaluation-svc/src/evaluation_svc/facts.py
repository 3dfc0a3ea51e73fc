"""What this service knows of frameworks and placements: copied from published events, read when deciding."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol

from chassis.kernel import Frozen
from chassis.unit import Unit

TABLES = (
    "create table if not exists {schema}.framework_versions (workspace text not null, version int not null,"
    " primary key (workspace, version))",
    "create table if not exists {schema}.framework_levels (workspace text not null, version int not null,"
    " ladder text not null, level text not null, code text not null, title text not null, next jsonb not null,"
    " primary key (workspace, version, ladder, level))",
    "create table if not exists {schema}.framework_expectations (workspace text not null, version int not null,"
    " ladder text not null, level text not null, competency text not null, name text not null, area text not null,"
    " place int not null, required double precision, behaviours jsonb not null,"
    " primary key (workspace, version, ladder, level, competency))",
    "create table if not exists {schema}.framework_credits (workspace text not null, version int not null,"
    " ladder text not null, credits jsonb not null, primary key (workspace, version, ladder))",
    "create table if not exists {schema}.placements (workspace text not null, person text not null,"
    " effective_on date not null, ladder text not null, level text not null,"
    " primary key (workspace, person, effective_on))",
)


class Reads(Protocol):
    """A unit of work or a query: whatever reads the rows of one workspace."""

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the rows a statement finds."""
        ...


class Placement(Frozen):
    """Where somebody sits."""

    ladder: str
    level: str


class Form(Frozen):
    """What is rated of somebody: the competencies of their level and of its next levels, in the ladder's order."""

    ladder: str
    level: str
    next_levels: tuple[str, ...]
    competencies: tuple[str, ...]


class Bar(Frozen):
    """What one level asks of one competency; `required` is None where nothing is expected."""

    level: str
    code: str
    title: str
    competency: str
    name: str
    area: str
    required: float | None
    behaviours: tuple[str, ...]


class Level(Frozen):
    """One level of a published ladder; `next` are the levels one may move to from it."""

    level: str
    code: str
    title: str
    next: tuple[str, ...]


class Expectation(Frozen):
    """What a level asks of a competency; `place` is the competency's in its ladder."""

    level: str
    competency: str
    name: str
    area: str
    place: int
    required: float | None
    behaviours: tuple[str, ...]


class Ladder(Frozen):
    """What this service keeps of a ladder as one version publishes it."""

    version: int
    ladder: str
    levels: tuple[Level, ...]
    expectations: tuple[Expectation, ...]
    credits: tuple[str, ...]


def copy_ladder(unit: Unit, ladder: Ladder) -> None:
    """Copy a published ladder: its levels, what they ask, and the sentences that its texts' licence asks for."""
    of = {"version": ladder.version, "ladder": ladder.ladder}
    unit.copy(
        "insert into framework_credits values (%(workspace)s, %(version)s, %(ladder)s, %(credits)s::jsonb)"
        " on conflict (workspace, version, ladder) do update set credits = excluded.credits",
        {**of, "credits": json.dumps(ladder.credits)},
    )
    for level in ladder.levels:
        _copy_level(unit, of, level)
    for expectation in ladder.expectations:
        _copy_expectation(unit, of, expectation)


def _copy_level(unit: Unit, of: dict[str, Any], level: Level) -> None:
    unit.copy(
        "insert into framework_levels values (%(workspace)s, %(version)s, %(ladder)s, %(level)s, %(code)s, %(title)s,"
        " %(next)s::jsonb) on conflict (workspace, version, ladder, level) do update set code = excluded.code,"
        " title = excluded.title, next = excluded.next",
        {**of, **level.model_dump(), "next": json.dumps(level.next)},
    )


def _copy_expectation(unit: Unit, of: dict[str, Any], expectation: Expectation) -> None:
    unit.copy(
        "insert into framework_expectations values (%(workspace)s, %(version)s, %(ladder)s, %(level)s, %(competency)s,"
        " %(name)s, %(area)s, %(place)s, %(required)s, %(behaviours)s::jsonb)"
        " on conflict (workspace, version, ladder, level, competency) do update set name = excluded.name,"
        " area = excluded.area, place = excluded.place, required = excluded.required, behaviours = excluded.behaviours",
        {**of, **expectation.model_dump(), "behaviours": json.dumps(expectation.behaviours)},
    )


def credits_of(reads: Reads, version: int, levels: Iterable[str]) -> tuple[str, ...]:
    """Return the credits that showing these levels of a version asks for, each once."""
    rows = reads.rows(
        "select c.credits from framework_credits c where c.workspace = %(workspace)s and c.version = %(version)s"
        " and exists (select 1 from framework_levels l where l.workspace = c.workspace and l.version = c.version"
        " and l.ladder = c.ladder and l.level = any(%(levels)s)) order by c.ladder",
        {"version": version, "levels": list(levels)},
    )
    return tuple(dict.fromkeys(credit for row in rows for credit in row["credits"]))


def copy_version(unit: Unit, version: int) -> None:
    """Note that a framework version is complete."""
    unit.copy(
        "insert into framework_versions values (%(workspace)s, %(version)s) on conflict do nothing",
        {"version": version},
    )


def copy_placement(unit: Unit, person: str, effective_on: date, ladder: str, level: str) -> None:
    """Copy where somebody sits from a day on."""
    unit.copy(
        "insert into placements values (%(workspace)s, %(person)s, %(effective_on)s, %(ladder)s, %(level)s)"
        " on conflict (workspace, person, effective_on) do update set ladder = excluded.ladder, level = excluded.level",
        {"person": person, "effective_on": effective_on, "ladder": ladder, "level": level},
    )


def drop_placement(unit: Unit, person: str, effective_on: date, level: str) -> None:
    """Take back a placement that was corrected away."""
    unit.copy(
        "delete from placements where workspace = %(workspace)s and person = %(person)s"
        " and effective_on = %(effective_on)s and level = %(level)s",
        {"person": person, "effective_on": effective_on, "level": level},
    )


def is_published(reads: Reads, version: int) -> bool:
    """Tell whether a framework version is complete here."""
    sql = "select 1 as found from framework_versions where workspace = %(workspace)s and version = %(version)s"
    return bool(reads.rows(sql, {"version": version}))


def placements_on(reads: Reads, people: Iterable[str], day: date) -> dict[str, Placement]:
    """Return where people sit on a day, by person."""
    rows = reads.rows(
        "select distinct on (person) person, ladder, level from placements where workspace = %(workspace)s"
        " and person = any(%(people)s) and effective_on <= %(day)s order by person, effective_on desc",
        {"people": list(people), "day": day},
    )
    return {row["person"]: Placement(ladder=row["ladder"], level=row["level"]) for row in rows}


def form(reads: Reads, version: int, placement: Placement) -> Form | None:
    """Return what is rated at a level of a version, or None where the ladder is not published in it."""
    rows = reads.rows(
        "select next from framework_levels where workspace = %(workspace)s and version = %(version)s"
        " and ladder = %(ladder)s and level = %(level)s",
        {"version": version, "ladder": placement.ladder, "level": placement.level},
    )
    if not rows:
        return None
    following = tuple(rows[0]["next"])
    found = bars(reads, version, (placement.level, *following))
    asked = {bar.competency: None for bar in found if bar.required is not None}
    return Form(ladder=placement.ladder, level=placement.level, next_levels=following, competencies=tuple(asked))


def bars(reads: Reads, version: int, levels: Iterable[str]) -> list[Bar]:
    """Return what levels of a version ask, in the ladder's order."""
    rows = reads.rows(
        "select e.level, l.code, l.title, e.competency, e.name, e.area, e.required, e.behaviours"
        " from framework_expectations e join framework_levels l on l.workspace = e.workspace"
        " and l.version = e.version and l.ladder = e.ladder and l.level = e.level"
        " where e.workspace = %(workspace)s and e.version = %(version)s and e.level = any(%(levels)s)"
        " order by e.place, e.competency, e.level",
        {"version": version, "levels": list(levels)},
    )
    return [Bar.model_validate({**row, "behaviours": tuple(row["behaviours"])}) for row in rows]
