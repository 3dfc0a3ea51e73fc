"""What this service knows of frameworks, cycles, approvals, releases and reactions: copied from published events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from pydantic import Field

from chassis.kernel import DomainError, Frozen, NotFound, Sealed
from chassis.unit import Unit
from gap_svc.domain.levels import Level, LevelRef

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
    "create table if not exists {schema}.cycles (workspace text not null, cycle text not null, name text not null,"
    " framework_version int not null, starts_on date not null, ends_on date not null, conversations_by date not null,"
    " status text not null, primary key (workspace, cycle))",
    "create table if not exists {schema}.evaluations (workspace text not null, evaluation text not null,"
    " revision int not null, employee text not null, evaluator text not null, cycle text not null,"
    " cycle_name text not null, framework_version int not null, ladder text not null, level text not null,"
    " lines jsonb not null, approved_by text not null, approved_at timestamptz not null, period_ends_on date not null,"
    " approval text not null, released_at timestamptz, acknowledged_at timestamptz, reopened_at timestamptz,"
    " cancelled_at timestamptz, primary key (workspace, evaluation, revision))",
    "create index if not exists evaluations_of_employee on {schema}.evaluations (workspace, employee)",
    "create index if not exists evaluations_of_cycle on {schema}.evaluations (workspace, cycle)",
    "create table if not exists {schema}.reactions (workspace text not null, evaluation text not null,"
    " revision int not null, competency text not null, answer text not null, reason jsonb, at timestamptz not null,"
    " reply jsonb, replied_at timestamptz, primary key (workspace, evaluation, revision, competency))",
    "create table if not exists {schema}.withdrawn_texts (workspace text not null, stream text not null,"
    " part text not null, withdrawn_on date not null, primary key (workspace, stream, part))",
)
"""The copied tables.

`evaluations.lines` is a list of `RatedLine`, `approval` the event id of the approval; `levels.content` is a `Level`
without its next levels, whose full ids are `levels.next`; `ladders.content` is a `Ladder`; `ladders` of a framework
version maps its ladders to their digests. A revision is released, reopened or cancelled where its time is not null.
"""


class Reads(Protocol):
    """A unit of work or a query: whatever reads the rows of one workspace."""

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the rows a statement finds."""
        ...


class Mismatch(DomainError):
    """A closing event of a framework version does not fit the ladders that were heard."""


class Competency(Frozen):
    """A competency as a ladder uses it."""

    competency: str
    name: str
    area: str
    description: str = ""


class Ladder(Frozen):
    """What belongs to a ladder beside its levels: its tracks by id, its competencies in order, the credits it owes."""

    name: str
    tracks: dict[str, str] = Field(default={})
    competencies: tuple[Competency, ...] = ()
    credits: tuple[str, ...] = ()


class RatedLine(Frozen):
    """One competency as rated; `rating` is None where it was not seen. `evidence` stays sealed."""

    competency: str
    rating: float | None
    not_seen: bool = False
    rests_on_memory: bool = False
    evidence: tuple[Sealed, ...] = ()
    self_rating: float | None = None


class Approved(Frozen):
    """An approved revision with its lines; `approval` is the event id of the approval."""

    evaluation: str
    revision: int
    employee: str
    evaluator: str
    cycle: str
    cycle_name: str
    framework_version: int
    ladder: str
    level: str
    lines: tuple[RatedLine, ...]
    approved_by: str
    approved_at: datetime
    period_ends_on: date
    approval: str

    @property
    def scores(self) -> dict[str, float]:
        """The ratings by competency; what was not seen is absent."""
        return {line.competency: line.rating for line in self.lines if line.rating is not None}

    @property
    def rated_at(self) -> LevelRef:
        """The level the employee was placed at in that cycle."""
        return LevelRef(ladder=self.ladder, level=self.level)


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


def copy_cycle(
    unit: Unit, cycle: str, name: str, version: int, starts_on: date, ends_on: date, conversations_by: date
) -> None:
    """Copy a cycle that runs."""
    unit.copy(
        "insert into cycles values (%(workspace)s, %(cycle)s, %(name)s, %(version)s, %(starts_on)s, %(ends_on)s,"
        " %(conversations_by)s, 'open') on conflict (workspace, cycle) do nothing",
        {
            "cycle": cycle,
            "name": name,
            "version": version,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "conversations_by": conversations_by,
        },
    )


def close_cycle(unit: Unit, cycle: str) -> None:
    """Note that a cycle ended."""
    unit.copy(
        "update cycles set status = 'closed' where workspace = %(workspace)s and cycle = %(cycle)s", {"cycle": cycle}
    )


def cancel_cycle(unit: Unit, cycle: str, at: datetime) -> None:
    """Note that a cycle was cancelled, and every evaluation in it."""
    named = {"cycle": cycle, "at": at}
    unit.copy("update cycles set status = 'cancelled' where workspace = %(workspace)s and cycle = %(cycle)s", named)
    unit.copy(
        "update evaluations set cancelled_at = %(at)s where workspace = %(workspace)s and cycle = %(cycle)s", named
    )


def copy_approval(unit: Unit, approved: Approved) -> None:
    """Copy an approved revision."""
    unit.copy(
        "insert into evaluations values (%(workspace)s, %(evaluation)s, %(revision)s, %(employee)s, %(evaluator)s,"
        " %(cycle)s, %(cycle_name)s, %(framework_version)s, %(ladder)s, %(level)s, %(lines)s::jsonb, %(approved_by)s,"
        " %(approved_at)s, %(period_ends_on)s, %(approval)s) on conflict (workspace, evaluation, revision) do nothing",
        {
            **approved.model_dump(exclude={"lines"}),
            "lines": json.dumps([line.model_dump(mode="json") for line in approved.lines]),
        },
    )


def note_release(unit: Unit, evaluation: str, revision: int, at: datetime) -> None:
    """Note that the employee may read a revision."""
    unit.copy(
        "update evaluations set released_at = %(at)s where workspace = %(workspace)s"
        " and evaluation = %(evaluation)s and revision = %(revision)s and released_at is null",
        {"evaluation": evaluation, "revision": revision, "at": at},
    )


def note_acknowledgement(unit: Unit, evaluation: str, revision: int, at: datetime) -> None:
    """Note that the employee read a revision."""
    unit.copy(
        "update evaluations set acknowledged_at = %(at)s where workspace = %(workspace)s"
        " and evaluation = %(evaluation)s and revision = %(revision)s and acknowledged_at is null",
        {"evaluation": evaluation, "revision": revision, "at": at},
    )


def note_reopening(unit: Unit, evaluation: str, revision: int, at: datetime) -> None:
    """Note that the revisions before `revision` are being corrected."""
    unit.copy(
        "update evaluations set reopened_at = %(at)s where workspace = %(workspace)s"
        " and evaluation = %(evaluation)s and revision < %(revision)s and reopened_at is null",
        {"evaluation": evaluation, "revision": revision, "at": at},
    )


def copy_reaction(
    unit: Unit, evaluation: str, revision: int, competency: str, answer: str, reason: Sealed | None, at: datetime
) -> None:
    """Copy the employee's answer to one score; a later answer takes the place of an earlier one and its reply."""
    unit.copy(
        "insert into reactions values (%(workspace)s, %(evaluation)s, %(revision)s, %(competency)s, %(answer)s,"
        " %(reason)s::jsonb, %(at)s) on conflict (workspace, evaluation, revision, competency) do update set"
        " answer = excluded.answer, reason = excluded.reason, at = excluded.at, reply = null, replied_at = null",
        {
            "evaluation": evaluation,
            "revision": revision,
            "competency": competency,
            "answer": answer,
            "reason": reason.model_dump_json() if reason else None,
            "at": at,
        },
    )


def copy_reply(unit: Unit, evaluation: str, revision: int, competency: str, text: Sealed, at: datetime) -> None:
    """Copy the answer to a push-back."""
    unit.copy(
        "update reactions set reply = %(reply)s::jsonb, replied_at = %(at)s where workspace = %(workspace)s"
        " and evaluation = %(evaluation)s and revision = %(revision)s and competency = %(competency)s",
        {
            "evaluation": evaluation,
            "revision": revision,
            "competency": competency,
            "reply": text.model_dump_json(),
            "at": at,
        },
    )


def note_withdrawal(unit: Unit, stream: str, part: str, on: date) -> None:
    """Note that a text was withdrawn, so that its place can say since when."""
    unit.copy(
        "insert into withdrawn_texts values (%(workspace)s, %(stream)s, %(part)s, %(on)s) on conflict do nothing",
        {"stream": stream, "part": part, "on": on},
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
    rows = reads.rows(
        "select event_id from ladders where workspace = %(workspace)s and version = %(version)s"
        " and ladder = %(ladder)s",
        {"version": version, "ladder": ladder},
    )
    if not rows:
        raise NotFound(f"Framework version {version} has no ladder {ladder!r}.")
    return str(rows[0]["event_id"])


def ladder(reads: Reads, version: int, name: str) -> Ladder | None:
    """Return what belongs to a ladder beside its levels, or None where the version has no such ladder."""
    rows = reads.rows(
        "select content from ladders where workspace = %(workspace)s and version = %(version)s and ladder = %(ladder)s",
        {"version": version, "ladder": name},
    )
    return Ladder.model_validate_json(json.dumps(rows[0]["content"])) if rows else None


def latest_version(reads: Reads) -> int | None:
    """Return the number of the newest complete framework version, or None before the first."""
    rows = reads.rows("select max(version) as version from framework_versions where workspace = %(workspace)s")
    return rows[0]["version"] if rows else None


def approved(reads: Reads, evaluation: str, revision: int) -> Approved:
    """Return an approved revision; NotFound where it was not heard."""
    rows = reads.rows(
        f"select {_APPROVED} from evaluations where workspace = %(workspace)s and evaluation = %(evaluation)s"
        " and revision = %(revision)s",
        {"evaluation": evaluation, "revision": revision},
    )
    if not rows:
        raise NotFound(f"Revision {revision} of evaluation {evaluation!r} is not known.")
    return _approved(rows[0])


def released(reads: Reads, person: str) -> Approved | None:
    """Return the released revision that counts: of the latest period, the one approved last; None before the first."""
    rows = reads.rows(
        f"select {_APPROVED} from (select distinct on (evaluation) * from evaluations"
        " where workspace = %(workspace)s and employee = %(person)s and released_at is not null"
        " and cancelled_at is null order by evaluation, revision desc) newest"
        " order by period_ends_on desc, approved_at desc, evaluation desc limit 1",
        {"person": person},
    )
    return _approved(rows[0]) if rows else None


def evaluations_in(reads: Reads, cycle: str) -> list[tuple[str, str]]:
    """Return the evaluations of a cycle that were approved, each with its employee."""
    rows = reads.rows(
        "select distinct evaluation, employee from evaluations where workspace = %(workspace)s and cycle = %(cycle)s"
        " order by evaluation",
        {"cycle": cycle},
    )
    return [(row["evaluation"], row["employee"]) for row in rows]


_APPROVED = ", ".join(Approved.model_fields)


def _level(row: Mapping[str, Any]) -> Level:
    return Level.model_validate_json(json.dumps({**row["content"], "next": row["next"]}))


def _approved(row: Mapping[str, Any]) -> Approved:
    lines = tuple(RatedLine.model_validate_json(json.dumps(line)) for line in row["lines"])
    return Approved.model_validate({**row, "lines": lines})
