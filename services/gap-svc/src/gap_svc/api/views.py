"""A report as it goes over the wire: every figure with the events behind it."""

from __future__ import annotations

from chassis.projection import RecordedEvent
from gap_svc.api import shapes
from gap_svc.api.names import below_view, credits_of, level_view
from gap_svc.api.seen import Row, Seen, target_of
from gap_svc.api.telling import Telling, corrected_on
from gap_svc.documents import data
from gap_svc.domain import calculation


def report_view(told: Telling) -> shapes.ReportView:
    """Return the report with the events behind every figure."""
    return shapes.ReportView(
        report=told.row["report"],
        version=told.row["version"],
        person=told.seen.person,
        evaluation=told.row["evaluation"],
        revision=told.row["revision"],
        cycle=told.row["cycle"],
        cycle_name=told.approved.cycle_name,
        framework_version=told.row["framework_version"],
        present=level_view(told.present),
        target=level_view(told.target),
        target_is=told.target_is,
        is_main=told.row["is_main"],
        cause=told.row["cause"],
        new_bar_old_scores=told.row["new_bar_old_scores"],
        computed_at=told.row["computed_at"],
        released=told.is_released,
        corrected_on=told.corrected_on,
        met=shapes.CountView(count=told.row["met"], because=told.asked_by),
        rated=shapes.CountView(count=told.row["rated"], because=told.asked_by),
        asked=len(told.lines),
        readiness=_readiness_view(told),
        lines=[_line_view(told, line) for line in told.lines],
        below_present=[
            below_view(one, told.competencies, told.approved.from_memory, told.sat_at_by) for one in told.below
        ],
        credits=credits_of(told.ladders),
        because=[*told.everything_by, told.row["event_id"]],
    )


def item(seen: Seen, row: Row) -> shapes.ReportItem:
    """Return one version as a list has it."""
    return shapes.ReportItem(
        report=row["report"],
        version=row["version"],
        evaluation=row["evaluation"],
        revision=row["revision"],
        cycle=row["cycle"],
        target=target_of(row),
        is_main=row["is_main"],
        cause=row["cause"],
        new_bar_old_scores=row["new_bar_old_scores"],
        met=row["met"],
        rated=row["rated"],
        readiness=row["figure"],
        computed_at=row["computed_at"],
        released=seen.revision(row["evaluation"], row["revision"])["released_at"] is not None,
        corrected_on=corrected_on(seen, row),
        because=[row["event_id"]],
    )


def recorded(entry: RecordedEvent) -> shapes.Recorded:
    """Return one event of the record; the figures of a report are left to the report."""
    return shapes.Recorded(
        event=str(entry.event_id),
        what=entry.topic,
        by=entry.actor,
        at=entry.recorded_at,
        details=entry.event.model_dump(mode="json", exclude={"calculation"}),
    )


def _readiness_view(told: Telling) -> shapes.ReadinessView:
    figures = told.readiness
    return shapes.ReadinessView(
        figure=figures.figure,
        why_no_figure=figures.why_no_figure,
        why=data.WHY[figures.why_no_figure] if figures.why_no_figure else "",
        formula=calculation.FORMULA,
        terms=[
            shapes.TermView(
                **term.model_dump(),
                name=told.name(term.competency),
                rests_on_memory=term.competency in told.approved.from_memory,
                because=[*dict.fromkeys((*told.sat_at_by, told.because.target_ladder))],
            )
            for term in figures.terms
        ],
        rated_weight=figures.rated_weight,
        rising_weight=figures.rising_weight,
        because=told.everything_by,
    )


def _line_view(told: Telling, line: calculation.Line) -> shapes.LineView:
    rated = told.rated.get(line.competency, data.Rated(score=None))
    expectation = told.target.expectations.get(line.competency)
    return shapes.LineView(
        **line.model_dump(),
        name=told.name(line.competency),
        area=told.competencies[line.competency].area if line.competency in told.competencies else "",
        weighted_gap=line.weighted_gap,
        below_present=any(one.competency == line.competency for one in told.below),
        self_rating=rated.self_rating,
        rests_on_memory=rated.rests_on_memory,
        behaviours=list(expectation.behaviours) if expectation else [],
        evidence=[shapes.EvidenceView(text=one.text, withdrawn_on=one.withdrawn_on) for one in rated.evidence],
        because=told.asked_by,
    )
