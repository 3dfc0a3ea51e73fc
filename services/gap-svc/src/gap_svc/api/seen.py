"""What one reader sees of somebody: the approved revisions that are shown to them, and the reports on those."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chassis.http import Page, Query
from chassis.kernel import Event, Forbidden, NotFound
from chassis.unlocked import cached_property
from gap_svc import facts
from gap_svc.access import Action, Resource, Sight, decide, shows, sight
from gap_svc.api.allowed import REFUSED, NothingApproved
from gap_svc.api.shapes import Which
from gap_svc.domain.calculation import NoFigure
from gap_svc.domain.levels import LevelRef
from gap_svc.domain.report import Report
from gap_svc.domain.standing import EvaluationDropped, EvaluationTaken, ReportBegun
from gap_svc.domain.trend import Distance, Past, Trend, Wording, trend

_REVISIONS = (
    "select evaluation, revision, evaluator, cycle_name, approved_by, approved_at, released_at, period_ends_on,"
    " approval from evaluations where workspace = %(workspace)s and employee = %(person)s and cancelled_at is null"
    " order by period_ends_on, evaluation, revision"
)
_VERSIONS = (
    "select * from report_versions where workspace = %(workspace)s and employee = %(person)s and not withdrawn"
    " order by sequence"
)
_WITHDRAWN = (
    "select v.* from report_versions v where v.workspace = %(workspace)s and v.employee = %(person)s and v.withdrawn"
    " and not exists (select 1 from evaluations e where e.workspace = v.workspace and e.evaluation = v.evaluation"
    " and e.revision = v.revision and e.cancelled_at is not null) order by v.sequence"
)
_LATEST_MAIN = (
    "select distinct on (v.employee) v.* from report_versions v"
    " join evaluations e on e.workspace = v.workspace and e.evaluation = v.evaluation and e.revision = v.revision"
    " where v.workspace = %(workspace)s and v.is_main and not v.withdrawn and e.cancelled_at is null"
    " and (v.employee <> %(me)s or e.released_at is not null)"
    " and v.employee = any(%(people)s) order by v.employee, e.period_ends_on desc, e.approved_at desc,"
    " v.evaluation desc, v.revision desc, v.sequence desc"
)

Row = dict[str, Any]
Texts = tuple[dict[str, Wording], tuple[str, ...]]
"""What competencies were said to be in one framework version, and what the points of its scale meant."""


@dataclass
class Seen:
    """One person as one reader may see them."""

    query: Query
    person: str
    sight: Sight

    @cached_property
    def revisions(self) -> list[Row]:
        """Every approved revision that is shown, oldest period first."""
        return [row for row in self.query.rows(_REVISIONS, {"person": self.person}) if self._shows(row)]

    @cached_property
    def versions(self) -> list[Row]:
        """Every report version on those, in the order they were computed."""
        shown = {(row["evaluation"], row["revision"]) for row in self.revisions}
        rows = self.query.rows(_VERSIONS, {"person": self.person})
        return [row for row in rows if (row["evaluation"], row["revision"]) in shown]

    @cached_property
    def withdrawn(self) -> list[Row]:
        """Every version that was withdrawn because what it rested on was lost, as one may still read that it was.

        An approval that was lost is not known to be released, nor to whom: such a report shows like an unreleased one.
        """
        known = {(row["evaluation"], row["revision"]) for row in self.revisions}
        rows = self.query.rows(_WITHDRAWN, {"person": self.person})
        unreleased = shows(self.sight, was_released=False, wrote=False)
        return [row for row in rows if unreleased or (row["evaluation"], row["revision"]) in known]

    @cached_property
    def basis(self) -> Row | None:
        """The revision that stands: of the latest period, the one approved last."""
        newest = self._newest.values()
        return max(newest, key=lambda row: (row["period_ends_on"], row["approved_at"], row["evaluation"]), default=None)

    def revision(self, evaluation: str, number: int) -> Row:
        """Return one revision that is shown."""
        return next(row for row in self.revisions if (row["evaluation"], row["revision"]) == (evaluation, number))

    def corrected(self, evaluation: str, number: int) -> Row | None:
        """Return the next revision that is shown, which corrects this one."""
        later = (row for row in self.revisions if row["evaluation"] == evaluation and row["revision"] > number)
        return next(later, None)

    def report(self, which: Which) -> Row:
        """Return one report version; NotFound where none such is shown."""
        newest = self.newest_of(which)
        if newest is None:
            raise self.nothing()
        same = (row for row in self.versions if row["report"] == newest["report"] and row["version"] == which.version)
        found = newest if which.version is None else next(same, None)
        if found is None:
            raise NotFound(self.person)
        return found

    def newest_of(self, which: Which) -> Row | None:
        """Return the newest version of a report, or None where none such is shown."""
        if which.report is not None:
            wanted = [row for row in self.versions if row["report"] == which.report]
        else:
            there = self._on(self.basis) if self.basis else []
            wanted = [row for row in there if (row["is_main"] if which.target is None else _is(row, which.target))]
        return wanted[-1] if wanted else None

    def nothing(self) -> NotFound:
        """Return why there is no such report: in words to whoever would see every approved evaluation, else in none."""
        if self.sight == "approved" and not self.revisions:
            return NothingApproved("There is no gap report: no evaluation of this person is approved yet.")
        return NotFound(self.person)

    def report_ever(self, which: Which) -> Row:
        """Return one report version that is shown, or was withdrawn since where it is asked for by its report."""
        was = [row for row in self.withdrawn if row["report"] == which.report]
        return was[-1] if was and not self.newest_of(which) else self.report(which)

    def trend(self) -> Trend:
        """Return the scores over time, of every evaluation that is shown."""
        texts: dict[int, Texts] = {}
        return trend(past for row in self._newest.values() if (past := self._past(row, texts)))

    def is_one_of(self, row: Row) -> bool:
        """Tell whether a report version is among those that are shown, or were before they were withdrawn."""
        ever = (*self.versions, *self.withdrawn)
        return any((one["report"], one["version"]) == (row["report"], row["version"]) for one in ever)

    def may_know(self, event: Event) -> bool:
        """Tell whether the reader may know of an event of a standing: nothing before it is shown tells of an approval."""
        known = [(row["evaluation"], row["revision"]) for row in self.revisions]
        match event:
            case _ if self.sight == "approved":
                return True
            case EvaluationTaken(taken=taken):
                return (taken.evaluation, taken.revision) in known
            case EvaluationDropped():
                return any(event.evaluation == evaluation for evaluation, _ in known)
            case ReportBegun():
                return any(event.report == Report.id_of(*revision, event.target) for revision in known)
            case _:
                return True

    @cached_property
    def _newest(self) -> dict[str, Row]:
        return {row["evaluation"]: row for row in self.revisions}

    def _on(self, revision: Row) -> list[Row]:
        key = (revision["evaluation"], revision["revision"])
        return [row for row in self.versions if (row["evaluation"], row["revision"]) == key]

    def _past(self, row: Row, texts: dict[int, Texts]) -> Past | None:
        approved = facts.approved(self.query, row["evaluation"], row["revision"])
        version = approved.framework_version
        level = facts.level(self.query, version, approved.rated_at)
        if level is None:
            return None
        if version not in texts:
            texts[version] = _texts(self.query, version)
        main = next((one for one in reversed(self._on(row)) if one["is_main"]), None)
        return Past(
            evaluation=approved.evaluation,
            revision=approved.revision,
            cycle=approved.cycle,
            cycle_name=approved.cycle_name,
            period_ends_on=approved.period_ends_on,
            level=level,
            scores=approved.scores,
            main=_distance(main) if main else None,
            approval=approved.approval,
            ladder=facts.ladder_event(self.query, level.version, level.ladder),
            wording=texts[version][0],
            scale=texts[version][1],
            from_memory=approved.from_memory,
        )

    def _shows(self, row: Row) -> bool:
        wrote = row["evaluator"] == self.query.actor.person
        return shows(self.sight, was_released=row["released_at"] is not None, wrote=wrote)


def seen(query: Query, person: str, action: Action) -> Seen:
    """Return what the reader sees of somebody; NotFound where that is nothing, or nobody."""
    if query.directory.person(person) is None:
        raise NotFound(person)
    of = Resource(relation=query.directory.relation(query.actor.person, person), wrote=_wrote(query, person))
    if not decide(query.actor, action, of):
        raise NotFound(person)
    return Seen(query, person, sight(query.actor, of))


def allow_reading(query: Query, action: Action) -> None:
    """Refuse a list the reader may not have."""
    team = bool(query.directory.managed_by(query.actor.person))
    if not decide(query.actor, action, Resource(has_team=team)):
        raise Forbidden(REFUSED)


def latest_main_reports(query: Query, people: Iterable[str] | None = None) -> list[Row]:
    """Return the latest main report of each of these people (None: everybody who works here), by person.

    Of the reader themselves only a released one: "self" outranks every role, in lists and counts too.
    """
    asked = _everybody(query) if people is None else {"people": list(people), "me": query.actor.person}
    return query.rows(_LATEST_MAIN, asked)


def page_of_main_reports(query: Query, where: str, params: dict[str, Any], limit: int, cursor: str | None) -> Page[Row]:
    """Return a page, by person, of the latest main reports of everybody who works here for which `where` holds."""
    sql = f"select * from ({_LATEST_MAIN}) as latest where {where}"
    return query.page(sql, _everybody(query) | params, sort=("employee",), limit=limit, cursor=cursor)


def present_of(row: Row) -> LevelRef:
    """Return the level a report was computed from."""
    return LevelRef(ladder=row["present_ladder"], level=row["present_level"])


def target_of(row: Row) -> LevelRef:
    """Return the level a report is about."""
    return LevelRef(ladder=row["target_ladder"], level=row["target_level"])


def _everybody(query: Query) -> dict[str, Any]:
    working = [one.id for one in query.directory.people() if one.status != "left"]
    return {"people": working, "me": query.actor.person}


def _wrote(query: Query, person: str) -> bool:
    sql = (
        "select 1 as found from evaluations where workspace = %(workspace)s and employee = %(person)s"
        " and evaluator = %(me)s and cancelled_at is null limit 1"
    )
    return query.row(sql, {"person": person, "me": query.actor.person}) is not None


def _is(row: Row, target: str) -> bool:
    return target in (row["target_level"], str(target_of(row)))


def _texts(query: Query, version: int) -> Texts:
    found = [one for ladder in facts.ladders(query, (version,)) for one in ladder.competencies]
    wording = {one.competency: Wording(name=one.name, description=one.description) for one in reversed(found)}
    return wording, tuple(f"{one.name}: {one.text}" for one in facts.scale(query, version))


def _distance(row: Row) -> Distance:
    why: NoFigure | None = row["readiness"]["why_no_figure"]
    return Distance(
        present=present_of(row),
        target=target_of(row),
        framework_version=row["framework_version"],
        met=row["met"],
        rated=row["rated"],
        figure=row["figure"],
        why_no_figure=why,
        computed=row["event_id"],
    )
