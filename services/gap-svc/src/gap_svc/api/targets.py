"""Where somebody stands over HTTP: the level they aim for, their scores over time, the roles they are closest to."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Queried, Query, problems
from chassis.kernel import NotFound
from chassis.unit import Unit
from gap_svc import facts
from gap_svc.api.allowed import allow, application
from gap_svc.api.names import competency_names, credits_of, find_level, level_of, level_view
from gap_svc.api.seen import Row, present_of, seen, target_of
from gap_svc.api.shapes import Id, NearestView, Recorded, TargetBody, TargetView, TrendView, Which
from gap_svc.api.views import recorded
from gap_svc.domain import nearest as closest
from gap_svc.domain.levels import Level, LevelRef
from gap_svc.domain.standing import Standing

router = APIRouter(tags=["targets"])


@router.get("/people/{person}/target", responses=problems(404))
def target(person: Id, query: Queried) -> TargetView:
    """Read the level somebody aims for; its ETag, how often they have chosen, is for choosing another."""
    shown = seen(query, person, "read target")
    state, _ = query.state(Standing, person)
    query.etag(state.choices if state else 0)
    query.record_access(person, "target", person)
    row = shown.newest_of(Which())  # none also where the framework version of what counts was lost
    present = _level(query, state.present if state else None, row)
    chosen = _level(query, state.target if state else None, row)
    main = _level(query, target_of(row) if row else None, row)
    return TargetView(
        person=person,
        present=present and level_view(present),
        chosen=chosen and level_view(chosen),
        main=main and level_view(main),
        credits=credits_of(_ladders(query, (present, chosen, main))),
        because=[*_choice_event(query, person), *([row["event_id"]] if row else [])],
    )


@router.get("/people/{person}/target/history", responses=problems(404))
def history(person: Id, query: Queried) -> list[Recorded]:
    """Read what the record holds of where somebody stands: choices of a target, placements, approvals one may read."""
    shown = seen(query, person, "read target")
    query.record_access(person, "target history", person)
    return [recorded(one) for one in query.history(Standing, person) if shown.may_know(one.event)]


@router.put("/people/{person}/target", responses=problems(403, 404, 409, 412, 422))
def choose(person: Id, body: TargetBody, command: Commanded) -> Answer:
    """Choose the level to aim for: one's own choice, and nobody else's; null goes back to the next level."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "choose target", person)
        target = body.target.ref() if body.target else None
        standing = application(command).choose_target(unit, person, target, command.expected_version)
        return Answer(id=person, etag=str(standing.choices))

    return command.run(decide)


@router.get("/people/{person}/trend", responses=problems(404))
def trend(person: Id, query: Queried) -> TrendView:
    """Read somebody's scores over time, each with the bar of its day; a break says what changed."""
    shown = seen(query, person, "read trend")
    if shown.basis is None:
        raise shown.nothing()
    query.record_access(person, "trend", person)
    found = shown.trend()
    ladders = facts.ladders(query, (one.framework_version for points in found.competencies.values() for one in points))
    return TrendView(
        person=person,
        names=competency_names(ladders),
        competencies={name: list(points) for name, points in found.competencies.items()},
        readiness=list(found.readiness),
        credits=credits_of(ladders),
    )


@router.get("/people/{person}/nearest", responses=problems(404))
def nearest(person: Id, query: Queried) -> NearestView:
    """Read which levels of any ladder somebody is closest to, by the newest framework version."""
    shown = seen(query, person, "read nearest")
    row, version = shown.report(Which()), facts.latest_version(query)
    if version is None:
        raise NotFound(person)
    query.record_access(person, "nearest roles", person)
    approved = facts.approved(query, row["evaluation"], row["revision"])
    present = level_of(query, version, present_of(row))
    found = closest.nearest(approved.scores, present, facts.all_levels(query, version))
    return NearestView(
        person=person,
        framework_version=version,
        levels=list(found.levels),
        too_little_rated=list(found.too_little_rated),
        credits=credits_of(facts.ladders(query, (version,))),
        because=[approved.approval, *_ladder_events(query, version)],
    )


def _level(query: Query, ref: LevelRef | None, row: Row | None) -> Level | None:
    version = row["framework_version"] if row else facts.latest_version(query)
    return find_level(query, version, ref) if ref and version is not None else None


def _ladders(query: Query, levels: Iterable[Level | None]) -> list[facts.Ladder]:
    named = dict.fromkeys((one.version, one.ladder) for one in levels if one)
    found = [facts.ladder(query, version, ladder) for version, ladder in named]
    return [one for one in found if one]


def _choice_event(query: Query, person: str) -> list[str]:
    row = query.row(
        "select target_event from standings where workspace = %(workspace)s and person = %(person)s",
        {"person": person},
    )
    return [row["target_event"]] if row and row["target_event"] else []


def _ladder_events(query: Query, version: int) -> list[str]:
    rows = query.rows(
        "select event_id from ladders where workspace = %(workspace)s and version = %(version)s order by ladder",
        {"version": version},
    )
    return [row["event_id"] for row in rows]
