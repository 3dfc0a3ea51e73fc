"""Whose gaps would change under a draft ladder: the caller sends it in the exchange format, nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from chassis.http import Cursor, Limit, Queried, Query, problems
from chassis.http.page import MOST
from chassis.kernel import Forbidden
from gap_svc import facts
from gap_svc.access import decide
from gap_svc.api.allowed import REFUSED
from gap_svc.api.changes import Bars, changed
from gap_svc.api.seen import page_of_main_reports
from gap_svc.api.shapes import WhatIfView
from gap_svc.domain.levels import Expectation, Level, LevelRef

router = APIRouter(tags=["drafts"])

DRAFT = 0
"""The framework version of a level that was never published."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
FullLevel = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}\.[a-z0-9][a-z0-9-]{0,59}$")]


class Part(BaseModel):
    """A part of a draft; what the calculation has no use for is passed over: framework-svc checks the whole format."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class DraftExpectation(Part):
    """What a level asks; `required` may still be missing in a draft."""

    required: Annotated[float, Field(ge=1, le=5, multiple_of=0.5)] | None = None
    weight: Literal[1, 2, 3] = 1
    behaviours: tuple[str, ...] = ()


class DraftLevel(Part):
    """A level of a track."""

    id: Slug
    code: str
    title: str
    scope: str = ""
    next: tuple[FullLevel, ...] = ()
    expectations: dict[Slug, DraftExpectation | Literal["not expected"]] = Field(default={})


class DraftTrack(Part):
    """A track and its levels, lowest first."""

    id: Slug
    name: str
    levels: Annotated[tuple[DraftLevel, ...], Field(max_length=60)] = ()


class DraftLadder(Part):
    """A ladder."""

    id: Slug
    name: str
    tracks: Annotated[tuple[DraftTrack, ...], Field(max_length=20)] = ()


class Draft(Part):
    """A draft in the exchange format, as JSON: its ladders take the place of the published ones."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "format": "career-framework/v1",
                    "ladders": [
                        {
                            "id": "engineering",
                            "name": "Engineering",
                            "tracks": [
                                {
                                    "id": "ic",
                                    "name": "Individual contributor",
                                    "levels": [
                                        {
                                            "id": "ic3",
                                            "code": "IC3",
                                            "title": "Senior engineer",
                                            "expectations": {"mentoring": {"required": 4, "weight": 2}},
                                        }
                                    ],
                                }
                            ],
                        }
                    ],
                }
            ]
        },
    )

    format: Literal["career-framework/v1"]
    ladders: Annotated[tuple[DraftLadder, ...], Field(min_length=1, max_length=50)]

    def levels(self) -> dict[LevelRef, Level]:
        """Return every level of the draft by its name."""
        found = (level for ladder in self.ladders for track in ladder.tracks for level in _levels(ladder, track))
        return {level.ref: level for level in found}

    def names(self) -> set[str]:
        """Return the ids of its ladders."""
        return {ladder.id for ladder in self.ladders}


def admitted(query: Queried) -> Query:
    """Return the query of somebody who may ask; it is found out before what they send is looked at."""
    if not decide(query.actor, "ask what would change"):
        raise Forbidden(REFUSED)
    return query


@router.post("/what-if", responses=problems(403, 422))
def what_if(
    draft: Draft, query: Annotated[Query, Depends(admitted)], limit: Limit = MOST, cursor: Cursor = None
) -> WhatIfView:
    """Tell whose gaps would change if this draft were published: the same scores against the draft's levels.

    It covers the latest main report of everybody, of oneself only a released one; nothing is recorded but the reading.
    A page sets at most `limit` reports against the draft; send the draft again with `next_cursor` for the others.
    """
    there = "(present_ladder = any(%(ladders)s) or target_ladder = any(%(ladders)s))"
    page = page_of_main_reports(query, there, {"ladders": sorted(draft.names())}, limit, cursor)
    scores = facts.scores_of(query, (row["evaluation"] for row in page.items))
    bars = _bars(query, draft)
    compared = [changed(row, scores[row["evaluation"], row["revision"]], bars) for row in page.items]
    found = [view for view in compared if view is not None]
    for view in found:
        query.record_access(view.person, "what would change", view.report)
    return WhatIfView(
        compared=len(page.items),
        changed=found,
        next_cursor=page.next_cursor,
        because=[row["event_id"] for row in page.items],
    )


def _bars(query: Query, draft: Draft) -> Bars:
    """Return the draft's ladders, and every other as the newest version has it."""
    version = facts.latest_version(query)
    published = facts.all_levels(query, version) if version is not None else []
    drafted = draft.names()
    return {level.ref: level for level in published if level.ladder not in drafted} | draft.levels()


def _levels(ladder: DraftLadder, track: DraftTrack) -> Iterable[Level]:
    for position, level in enumerate(track.levels):
        asked = {name: one for name, one in level.expectations.items() if isinstance(one, DraftExpectation)}
        yield Level(
            version=DRAFT,
            ladder=ladder.id,
            level=f"{ladder.id}.{level.id}",
            track=track.id,
            position=position,
            code=level.code,
            title=level.title,
            scope=level.scope,
            next=tuple(LevelRef(ladder=name.partition(".")[0], level=name) for name in level.next),
            expectations={
                name: Expectation(competency=name, required=one.required, weight=one.weight, behaviours=one.behaviours)
                for name, one in asked.items()
                if one.required is not None
            },
        )
