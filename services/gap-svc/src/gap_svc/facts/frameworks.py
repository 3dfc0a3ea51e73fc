"""What this service knows of published frameworks: ladders, levels and what these expect, version by version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from chassis.kernel import DomainError, Frozen, NotFound
from chassis.unit import Unit
from gap_svc.domain.levels import Level, LevelRef
from gap_svc.facts.reading import Reads

TABLES = (
    "create table if not exists {schema}.framework_versions (workspace text not null, version int not null,"
    " note text not null, scale jsonb not null, fates jsonb not null, ladders jsonb not null, event_id text not null,"
    " published_at timestamptz not null, primary key (workspace, version))",
    "create table if not exists {schema}.ladders (workspace text not null, version int not null, ladder text not null,"
    " name text not null, changed_in int not null, digest text not null, event_id text not null,"
    " content jsonb not null, primary key (workspace, version, ladder))",
    "create table if not exists {schema}.levels (workspace text not null, version int not null, ladder text not null,"
    " level text not null, place int not null, next jsonb not null, content jsonb not null,"
    " primary key (workspace, version, ladder, level))",
    "create index if not exists levels_by_id on {schema}.levels (workspace, version, level)",
)
"""`levels.content` is a `Level` without its next levels, whose full ids are `levels.next`; `ladders.content` is a
`Ladder`; `ladders` of a framework version maps its ladders to their digests.
"""


class Mismatch(DomainError):
    """A closing event of a framework version does not fit the ladders that were heard."""


class Competency(Frozen):
    """A competency as a ladder uses it."""

    competency: str
    name: str
    area: str
    description: str = ""


class Anchor(Frozen):
    """What one whole point of the rating scale means."""

    point: int
    name: str
    text: str = ""


class Ladder(Frozen):
    """What belongs to a ladder beside its levels: its tracks by id, its competencies in order, the credits it owes."""

    name: str
    tracks: dict[str, str] = Field(default={})
    competencies: tuple[Competency, ...] = ()
    credits: tuple[str, ...] = ()


# -- writing


def copy_ladder(
    unit: Unit, version: int, ladder: str, content: Ladder, changed_in: int, digest: str, event_id: str
) -> None:
    """Copy a published ladder; its levels follow by `copy_level`."""
    unit.copy(
        "insert into ladders values (%(workspace)s, %(version)s, %(ladder)s, %(name)s, %(changed_in)s, %(digest)s,"
        " %(event_id)s, %(content)s::jsonb) on conflict (workspace, version, ladder) do update set"
        " name = excluded.name, changed_in = excluded.changed_in, digest = excluded.digest,"
        " event_id = excluded.event_id, content = excluded.content",
        {
            "version": version,
            "ladder": ladder,
            "name": content.name,
            "changed_in": changed_in,
            "digest": digest,
            "event_id": event_id,
            "content": content.model_dump_json(),
        },
    )


def copy_level(unit: Unit, place: int, level: Level, following: Iterable[str]) -> None:
    """Copy one level at its place in the ladder; `following` are the full ids of the levels one may move to."""
    unit.copy(
        "insert into levels values (%(workspace)s, %(version)s, %(ladder)s, %(level)s, %(place)s, %(next)s::jsonb,"
        " %(content)s::jsonb) on conflict (workspace, version, ladder, level) do update set place = excluded.place,"
        " next = excluded.next, content = excluded.content",
        {
            "version": level.version,
            "ladder": level.ladder,
            "level": level.level,
            "place": place,
            "next": json.dumps(list(following)),
            "content": level.model_dump_json(exclude={"next"}),
        },
    )


def close_version(
    unit: Unit,
    version: int,
    note: str,
    scale: list[dict[str, Any]],
    fates: list[dict[str, Any]],
    digests: Mapping[str, str],
    event_id: str,
    at: datetime,
) -> None:
    """Note that a framework version is complete; Mismatch unless every ladder of it was heard as it was published."""
    heard = unit.rows(
        "select ladder, digest from ladders where workspace = %(workspace)s and version = %(version)s",
        {"version": version},
    )
    if {row["ladder"]: row["digest"] for row in heard} != dict(digests):
        raise Mismatch(f"The ladders heard of framework version {version} are not those it was published with.")
    unit.copy(
        "insert into framework_versions values (%(workspace)s, %(version)s, %(note)s, %(scale)s::jsonb,"
        " %(fates)s::jsonb, %(ladders)s::jsonb, %(event_id)s, %(at)s) on conflict do nothing",
        {
            "version": version,
            "note": note,
            "scale": json.dumps(scale),
            "fates": json.dumps(fates),
            "ladders": json.dumps(dict(digests)),
            "event_id": event_id,
            "at": at,
        },
    )


# -- reading

_LEVELS = (
    "select l.content, (select coalesce(jsonb_agg(jsonb_build_object('ladder', n.ladder, 'level', n.level)"
    " order by i.place), '[]') from jsonb_array_elements_text(l.next) with ordinality as i (id, place)"
    " join levels n on n.workspace = l.workspace and n.version = l.version and n.level = i.id) as next"
    " from levels l where l.workspace = %(workspace)s and l.version = %(version)s"
)


def level(reads: Reads, version: int, ref: LevelRef) -> Level | None:
    """Return a level of a framework version, or None where that version has no such level."""
    found = levels(reads, version, (ref,))
    return found[0] if found else None


def level_and_next(reads: Reads, version: int, ref: LevelRef) -> tuple[Level, tuple[Level, ...]] | None:
    """Return a level of a version and the levels one moves to from it; None where the version has no such level."""
    rows = reads.rows(
        f"{_LEVELS} and (l.level = %(level)s or l.level in (select jsonb_array_elements_text(p.next) from levels p"
        " where p.workspace = l.workspace and p.version = l.version and p.level = %(level)s))",
        {"version": version, "level": ref.level},
    )
    known = {one.ref: one for one in map(_level, rows)}
    if ref not in known:
        return None
    return known[ref], tuple(known[following] for following in known[ref].next if following in known)


def levels(reads: Reads, version: int, refs: Iterable[LevelRef]) -> list[Level]:
    """Return the levels of a version that are named, in that order; those it does not have are left out."""
    named = list(refs)
    if not named:
        return []
    rows = reads.rows(
        f"{_LEVELS} and l.level = any(%(levels)s)", {"version": version, "levels": [ref.level for ref in named]}
    )
    known = {one.ref: one for one in map(_level, rows)}
    return [known[ref] for ref in named if ref in known]


def all_levels(reads: Reads, version: int) -> list[Level]:
    """Return every level of a version, ladder by ladder, in their order."""
    return [_level(row) for row in reads.rows(f"{_LEVELS} order by l.ladder, l.place", {"version": version})]


def ladder_event(reads: Reads, version: int, ladder: str) -> str:
    """Return the id of the event that published a ladder; NotFound where it was not heard."""
    return ladder_events(reads, ((version, ladder),))[version, ladder]


def ladder_events(reads: Reads, ladders: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """Return the ids of the events that published ladders, by (version, ladder); NotFound where one was not heard."""
    named = sorted(set(ladders))
    rows = reads.rows(
        "select version, ladder, event_id from ladders where workspace = %(workspace)s"
        " and (version, ladder) in (select * from unnest(%(versions)s::int[], %(ladders)s::text[]))",
        {"versions": [version for version, _ in named], "ladders": [ladder for _, ladder in named]},
    )
    found = {(row["version"], row["ladder"]): str(row["event_id"]) for row in rows}
    missing = next((one for one in named if one not in found), None)
    if missing is not None:
        raise NotFound(f"Framework version {missing[0]} has no ladder {missing[1]!r}.")
    return found


def ladder(reads: Reads, version: int, name: str) -> Ladder | None:
    """Return what belongs to a ladder beside its levels, or None where the version has no such ladder."""
    rows = reads.rows(
        "select content from ladders where workspace = %(workspace)s and version = %(version)s and ladder = %(ladder)s",
        {"version": version, "ladder": name},
    )
    return Ladder.model_validate_json(json.dumps(rows[0]["content"])) if rows else None


def ladders(reads: Reads, versions: Iterable[int]) -> list[Ladder]:
    """Return the ladders of some framework versions, those of the newest first."""
    rows = reads.rows(
        "select content from ladders where workspace = %(workspace)s and version = any(%(versions)s)"
        " order by version desc, ladder",
        {"versions": sorted(set(versions))},
    )
    return [Ladder.model_validate_json(json.dumps(row["content"])) for row in rows]


def scale(reads: Reads, version: int) -> tuple[Anchor, ...]:
    """Return the rating scale of a framework version; nothing where it is not complete here."""
    rows = reads.rows(
        "select scale from framework_versions where workspace = %(workspace)s and version = %(version)s",
        {"version": version},
    )
    return tuple(Anchor.model_validate_json(json.dumps(one)) for one in rows[0]["scale"]) if rows else ()


def has_version(reads: Reads, version: int) -> bool:
    """Tell whether a framework version is complete here."""
    sql = "select 1 from framework_versions where workspace = %(workspace)s and version = %(version)s"
    return bool(reads.rows(sql, {"version": version}))


def latest_version(reads: Reads) -> int | None:
    """Return the number of the newest complete framework version, or None before the first."""
    rows = reads.rows("select max(version) as version from framework_versions where workspace = %(workspace)s")
    return rows[0]["version"] if rows else None


def _level(row: Mapping[str, Any]) -> Level:
    return Level.model_validate_json(json.dumps({**row["content"], "next": row["next"]}))
