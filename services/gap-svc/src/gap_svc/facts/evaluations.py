"""What this service knows of evaluations: cycles, approved revisions, releases, reactions and withdrawn texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from chassis.kernel import Frozen, NotFound, Sealed
from chassis.unit import Unit
from gap_svc.domain.levels import LevelRef
from gap_svc.facts.reading import Reads

TABLES = (
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
"""`evaluations.lines` is a list of `RatedLine`, `approval` the event id of the approval. A revision is released,
reopened or cancelled where its time is not null.
"""


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
    def from_memory(self) -> frozenset[str]:
        """The competencies whose rating rests on memory: it has no evidence."""
        return frozenset(line.competency for line in self.lines if line.rests_on_memory)

    @property
    def rated_at(self) -> LevelRef:
        """The level the employee was placed at in that cycle."""
        return LevelRef(ladder=self.ladder, level=self.level)


# -- writing


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


def scores_of(reads: Reads, evaluations: Iterable[str]) -> dict[tuple[str, int], dict[str, float]]:
    """Return the ratings of every approved revision of some evaluations, by evaluation and revision."""
    rows = reads.rows(
        "select evaluation, revision, lines from evaluations where workspace = %(workspace)s"
        " and evaluation = any(%(evaluations)s)",
        {"evaluations": sorted(set(evaluations))},
    )
    return {
        (row["evaluation"], row["revision"]): {
            line["competency"]: line["rating"] for line in row["lines"] if line["rating"] is not None
        }
        for row in rows
    }


def from_memory(reads: Reads, evaluations: Iterable[str]) -> dict[tuple[str, int], frozenset[str]]:
    """Return the competencies rated from memory in every approved revision of some evaluations."""
    rows = reads.rows(
        "select evaluation, revision, lines from evaluations where workspace = %(workspace)s"
        " and evaluation = any(%(evaluations)s)",
        {"evaluations": sorted(set(evaluations))},
    )
    return {
        (row["evaluation"], row["revision"]): frozenset(
            line["competency"] for line in row["lines"] if line.get("rests_on_memory")
        )
        for row in rows
    }


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


def approved_about(reads: Reads, person: str) -> list[Approved]:
    """Return every approved revision about somebody that counts, in the order of approval."""
    rows = reads.rows(
        f"select {_APPROVED} from evaluations where workspace = %(workspace)s and employee = %(person)s"
        " and cancelled_at is null order by approved_at, evaluation, revision",
        {"person": person},
    )
    return [_approved(row) for row in rows]


def rated_by(reads: Reads, version: int) -> list[str]:
    """Return who has an approved evaluation by a framework version that counts."""
    rows = reads.rows(
        "select distinct employee from evaluations where workspace = %(workspace)s"
        " and framework_version = %(version)s and cancelled_at is null order by employee",
        {"version": version},
    )
    return [row["employee"] for row in rows]


def evaluations_in(reads: Reads, cycle: str) -> list[tuple[str, str]]:
    """Return the evaluations of a cycle that were approved, each with its employee."""
    rows = reads.rows(
        "select distinct evaluation, employee from evaluations where workspace = %(workspace)s and cycle = %(cycle)s"
        " order by evaluation",
        {"cycle": cycle},
    )
    return [(row["evaluation"], row["employee"]) for row in rows]


_APPROVED = ", ".join(Approved.model_fields)


def _approved(row: Mapping[str, Any]) -> Approved:
    lines = tuple(RatedLine.model_validate_json(json.dumps(line)) for line in row["lines"])
    return Approved.model_validate({**row, "lines": lines})
