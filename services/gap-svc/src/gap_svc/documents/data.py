"""From a report version, what it came from and opened texts to the document that is printed."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field

from chassis.kernel import Frozen
from gap_svc.documents import report as page
from gap_svc.domain import calculation, levels
from gap_svc.domain.trend import Point, Reached, Trend

WHY = {
    "the target is the present level": "There is no percentage: the target is the present level.",
    "nothing rises": "There is no percentage: no requirement rises from the present level to this one.",
    "less than half is rated": (
        "There is no percentage: less than half of what rises to this level, by weight, was rated."
    ),
}
"""Why there is no figure, in one sentence."""


class Version(Frozen):
    """One version of a report with the two levels it sets side by side."""

    report: str
    version: int
    revision: int
    evaluation: str
    present: levels.Level
    target: levels.Level
    target_is: page.Target
    lines: tuple[calculation.Line, ...]
    readiness: calculation.Readiness
    below_present: tuple[calculation.BelowPresent, ...] = ()
    new_bar_old_scores: bool = False
    computed_at: datetime


class Rated(Frozen):
    """One competency as its evaluator rated it, with the texts opened."""

    score: float | None
    self_rating: float | None = None
    rests_on_memory: bool = False
    evidence: tuple[page.Evidence, ...] = ()


class Named(Frozen):
    """A competency's name and area."""

    name: str
    area: str = ""


class People(Frozen):
    """Who stands on the page, by name; "" where there is nothing to print."""

    employee: str
    given_name: str = ""
    job_title: str = ""
    department: str = ""
    manager: str = ""
    approved_by: str


class Origin(Frozen):
    """Where the figures come from, and how the page is set."""

    company: str
    cycle: str
    framework: str
    framework_version: int
    scale: tuple[page.Anchor, ...]
    competencies: dict[str, Named]
    credits: tuple[str, ...] = ()
    approved_on: date | None = None
    released: bool = True
    corrected_on: date | None = None
    spelling: Literal["british", "american"] = "british"
    paper: Literal["a4", "us-letter"] = "a4"


class Told(Frozen):
    """Everything a report document is made from."""

    version: Version
    rated: dict[str, Rated]
    people: People
    origin: Origin
    trend: Trend = Field(default=Trend(competencies={}, readiness=()))


def document(told: Told) -> page.ReportDocument:
    """Return the pages of one report version; equal arguments give equal pages."""
    version, people, origin = told.version, told.people, told.origin
    return page.ReportDocument(
        company=origin.company,
        employee=people.employee,
        given_name=people.given_name,
        job_title=people.job_title,
        department=people.department,
        manager=people.manager,
        readers=tuple(name for name in (people.employee, people.manager, "HR") if name),
        cycle=origin.cycle,
        framework=origin.framework,
        framework_version=origin.framework_version,
        present=_level(version.present),
        target=_level(version.target),
        target_is=version.target_is,
        scale=origin.scale,
        approved_by=people.approved_by,
        approved_on=origin.approved_on,
        lines=tuple(_lines(told)),
        readiness=readiness(version.readiness, origin.competencies, told.rated),
        earlier=tuple(_earlier(told)),
        credits=origin.credits,
        report=version.report,
        version=version.version,
        revision=version.revision,
        computed_at=_whole_second(version.computed_at),
        new_bar_old_scores=version.new_bar_old_scores,
        corrected_on=origin.corrected_on,
        released=origin.released,
        spelling=origin.spelling,
        paper=origin.paper,
    )


def readiness(figures: calculation.Readiness, names: Mapping[str, Named], rated: Mapping[str, Rated]) -> page.Readiness:
    """Return readiness with the terms that count: what was not rated is in none."""
    return page.Readiness(
        figure=figures.figure,
        why=WHY[figures.why_no_figure] if figures.why_no_figure else "",
        terms=tuple(
            page.Term(
                name=_named(names, term.competency).name,
                present=term.present,
                target=term.target,
                score=term.score,
                weight=term.weight,
                covered=term.covered,
                present_presumed=not term.present_is_asked,
                rests_on_memory=term.competency in rated and rated[term.competency].rests_on_memory,
            )
            for term in figures.terms
            if term.score is not None and term.covered is not None
        ),
    )


def _whole_second(at: datetime) -> datetime:
    """A PDF's own date has no fractions, and the typesetter takes no named time zone."""
    return at.astimezone(UTC).replace(microsecond=0)


def _level(level: levels.Level) -> page.Level:
    return page.Level(code=level.code, title=level.title, scope=level.scope)


def _lines(told: Told) -> list[page.Line]:
    """Every competency the target asks for, as ranked; then what was rated without being asked for, as it was rated."""
    asked = [_asked(line, told) for line in told.version.lines]
    known = {line.competency for line in told.version.lines}
    return asked + [_unasked(name, one, told) for name, one in told.rated.items() if name not in known]


def _asked(line: calculation.Line, told: Told) -> page.Line:
    named = _named(told.origin.competencies, line.competency)
    rated = told.rated.get(line.competency, Rated(score=None))
    expectation = told.version.target.expectations.get(line.competency)
    return page.Line(
        competency=line.competency,
        name=named.name,
        area=named.area,
        required=line.required,
        actual=line.actual,
        self_rating=rated.self_rating,
        gap=line.gap,
        weight=line.weight,
        band=line.band,
        present_required=line.present_required,
        below_present=any(one.competency == line.competency for one in told.version.below_present),
        behaviours=expectation.behaviours if expectation else (),
        evidence=rated.evidence,
        rests_on_memory=rated.rests_on_memory,
        trend=_points(line.competency, told),
    )


def _unasked(competency: str, rated: Rated, told: Told) -> page.Line:
    named = _named(told.origin.competencies, competency)
    below = next((one for one in told.version.below_present if one.competency == competency), None)
    return page.Line(
        competency=competency,
        name=named.name,
        area=named.area,
        required=None,
        actual=rated.score,
        self_rating=rated.self_rating,
        band="not rated",
        present_required=below.present_required if below else None,
        below_present=below is not None,
        rests_on_memory=rated.rests_on_memory,
    )


def _points(competency: str, told: Told) -> tuple[page.TrendPoint, ...]:
    """The scores before this evaluation; what changed in a cycle without a score counts between those around it."""
    points = told.trend.competencies.get(competency, ())
    here = next((n for n, point in enumerate(points) if point.evaluation == told.version.evaluation), len(points))
    found: list[page.TrendPoint] = []
    for point in points[: here + 1]:
        if found:
            then = dict.fromkeys((*found[-1].then, *point.breaks))
            found[-1] = found[-1].model_copy(update={"then": tuple(then)})
        if point.score is not None and point.evaluation != told.version.evaluation:
            found.append(_point(point, point.score))
    return tuple(found)


def _point(point: Point, score: float) -> page.TrendPoint:
    return page.TrendPoint(
        cycle=point.cycle_name, score=score, required=point.required, rests_on_memory=point.rests_on_memory
    )


def _earlier(told: Told) -> list[page.EarlierReadiness]:
    """The figures before this evaluation, back to where the bar was another."""
    reached = told.trend.readiness
    here = next((n for n, one in enumerate(reached) if one.evaluation == told.version.evaluation), len(reached))
    found: list[page.EarlierReadiness] = []
    for one in reversed(reached[:here]):
        if not _same_bar(one, told.version) or one.distance.figure is None:
            break
        found.insert(0, page.EarlierReadiness(cycle=one.cycle_name, figure=one.distance.figure))
    return found


def _same_bar(one: Reached, version: Version) -> bool:
    return (one.distance.target, one.distance.framework_version) == (version.target.ref, version.target.version)


def _named(names: Mapping[str, Named], competency: str) -> Named:
    return names.get(competency, Named(name=competency))
