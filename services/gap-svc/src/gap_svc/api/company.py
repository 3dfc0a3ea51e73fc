"""Readings over many people: the heat map, and placements to check."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi import Query as Parameter

from chassis.http import Queried, Query, problems
from chassis.kernel import Forbidden
from gap_svc import facts
from gap_svc.access import decide
from gap_svc.api.allowed import REFUSED
from gap_svc.api.names import competency_names
from gap_svc.api.seen import Row, allow_reading, latest_main_reports, present_of
from gap_svc.api.shapes import BelowPresentView, CellView, HeatMapView, PlacementToCheckView
from gap_svc.domain import calculation, heat_map
from gap_svc.domain.report import Because

router = APIRouter(tags=["company"])

Scope = Literal["company", "team"]
Cells = dict[tuple[str, str], list[str]]
"""The events behind each cell, by team and competency."""


@router.get("/heat-map", responses=problems(403))
def heat(query: Queried, scope: Annotated[Scope | None, Parameter()] = None) -> HeatMapView:
    """Read where the gaps of a group lie: HR and analysts of everybody, managers of their direct reports.

    An analyst sees no cell under five people, and totals cover the cells that are shown.
    """
    allow_reading(query, "read heat map")
    over_all = bool(query.actor.roles & {"hr", "analyst"})
    asked: Scope = scope or ("company" if over_all else "team")
    if asked == "company" and not over_all:
        raise Forbidden(REFUSED)
    fewest = 1 if asked == "team" or "hr" in query.actor.roles else heat_map.FEWEST
    found = _rows(query, asked)
    figures = heat_map.heat_map([row for row, _ in found], fewest)
    events = _events(found)
    if fewest == 1:
        _record_small_teams(query, [row for row, _ in found])
    return HeatMapView(
        scope=asked,
        fewest=fewest,
        names=competency_names(query, [facts.latest_version(query)]),
        teams={
            team: {name: CellView(figures=cell, because=events[team, name]) for name, cell in cells.items()}
            for team, cells in figures.teams.items()
        },
        everybody={
            name: CellView(figures=cell, because=[one for team in _with(figures, name) for one in events[team, name]])
            for name, cell in figures.everybody.items()
        },
        hidden=figures.hidden,
    )


@router.get("/placements-to-check", responses=problems(403))
def placements(query: Queried) -> list[PlacementToCheckView]:
    """List who has scores below what their present level asks, for HR; never oneself."""
    if not decide(query.actor, "read placements to check"):
        raise Forbidden(REFUSED)
    rows = [row for row in latest_main_reports(query) if row["below_present"] and not _is_self(query, row)]
    names = competency_names(query, {row["framework_version"] for row in rows})
    for row in rows:
        query.record_access(row["employee"], "placement to check", row["report"])
    return [_placement(row, names) for row in rows]


def _placement(row: Row, names: dict[str, str]) -> PlacementToCheckView:
    because = Because.model_validate(row["because"])
    behind = [one for one in (because.approval, because.present_ladder, because.placement) if one]
    return PlacementToCheckView(
        person=row["employee"],
        evaluation=row["evaluation"],
        report=row["report"],
        version=row["version"],
        present=present_of(row),
        below=[
            BelowPresentView(**one, name=names.get(competency := str(one["competency"]), competency), because=behind)
            for one in row["below_present"]
        ],
        found_at=row["computed_at"],
    )


def _rows(query: Query, scope: Scope) -> list[tuple[heat_map.Row, str]]:
    """Return the latest main report of everybody who works here, or of one's direct reports; each with its event."""
    directory = query.directory
    everybody = {one.id: one for one in directory.people() if one.status != "left"}
    people = directory.managed_by(query.actor.person) if scope == "team" else list(everybody)
    return [
        (
            heat_map.Row(
                person=row["employee"],
                team=everybody[row["employee"]].manager or "",
                lines=tuple(calculation.Line.model_validate(line) for line in row["lines"]),
                report=row["report"],
                version=row["version"],
            ),
            row["event_id"],
        )
        for row in latest_main_reports(query, people)
        if row["employee"] in everybody
    ]


def _events(rows: Iterable[tuple[heat_map.Row, str]]) -> Cells:
    events: Cells = {}
    for row, event in rows:
        for line in row.lines:
            if line.gap is not None:
                events.setdefault((row.team, line.competency), []).append(event)
    return events


def _with(figures: heat_map.HeatMap, competency: str) -> list[str]:
    return [team for team, cells in figures.teams.items() if competency in cells]


def _record_small_teams(query: Query, rows: list[heat_map.Row]) -> None:
    """Note a reading of each person of a team under five: its cells say something about them."""
    teams: dict[str, list[heat_map.Row]] = {}
    for row in rows:
        teams.setdefault(row.team, []).append(row)
    for members in teams.values():
        if len(members) < heat_map.FEWEST:
            for row in members:
                query.record_access(row.person, "heat map", row.report)


def _is_self(query: Query, row: Row) -> bool:
    return row["employee"] == query.actor.person
