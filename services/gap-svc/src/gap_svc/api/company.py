"""Readings over many people: the heat map, and placements to check."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi import Query as Parameter

from chassis.http import Cursor, Limit, Page, Queried, Query, problems
from chassis.kernel import Forbidden
from gap_svc import facts
from gap_svc.access import decide
from gap_svc.api.allowed import REFUSED
from gap_svc.api.names import below_view, competency_names, credits_of, named
from gap_svc.api.seen import Row, allow_reading, latest_main_reports, page_of_main_reports, present_of
from gap_svc.api.shapes import CellView, HeatMapView, PlacementToCheckView
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
        for row in heat_map.shown_singly([row for row, _ in found]):
            query.record_access(row.person, "heat map", row.report)
    ladders = _newest_ladders(query)
    return HeatMapView(
        scope=asked,
        fewest=fewest,
        names=competency_names(ladders),
        teams={
            team: {name: CellView(figures=cell, because=events[team, name]) for name, cell in cells.items()}
            for team, cells in figures.teams.items()
        },
        everybody={
            name: CellView(figures=cell, because=[one for team in _with(figures, name) for one in events[team, name]])
            for name, cell in figures.everybody.items()
        },
        hidden=figures.hidden,
        credits=credits_of(ladders),
        because=[event for _, event in found],
    )


@router.get("/placements-to-check", responses=problems(403))
def placements(query: Queried, limit: Limit = 50, cursor: Cursor = None) -> Page[PlacementToCheckView]:
    """List who has scores below what their present level asks, for HR, by person; never oneself."""
    if not decide(query.actor, "read placements to check"):
        raise Forbidden(REFUSED)
    below = "jsonb_array_length(below_present) > 0 and employee <> %(me)s"
    page = page_of_main_reports(query, below, {}, limit, cursor)
    ladders = {row["framework_version"]: facts.ladders(query, (row["framework_version"],)) for row in page.items}
    from_memory = facts.from_memory(query, (row["evaluation"] for row in page.items))
    for row in page.items:
        query.record_access(row["employee"], "placement to check", row["report"])
    return page.map(
        lambda row: _placement(row, ladders[row["framework_version"]], from_memory[row["evaluation"], row["revision"]])
    )


def _placement(row: Row, ladders: list[facts.Ladder], from_memory: frozenset[str]) -> PlacementToCheckView:
    because, competencies = Because.model_validate(row["because"]), named(ladders)
    behind = [one for one in (because.approval, because.present_ladder, because.placement) if one]
    below = [calculation.BelowPresent.model_validate(one) for one in row["below_present"]]
    return PlacementToCheckView(
        person=row["employee"],
        evaluation=row["evaluation"],
        report=row["report"],
        version=row["version"],
        present=present_of(row),
        below=[below_view(one, competencies, from_memory, behind) for one in below],
        found_at=row["computed_at"],
        credits=credits_of(ladders),
    )


def _newest_ladders(query: Query) -> list[facts.Ladder]:
    version = facts.latest_version(query)
    return [] if version is None else facts.ladders(query, (version,))


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
