"""The gap report as a PDF: the document in reading order, in words, for the template to lay out."""

from functools import cache
from pathlib import Path

from documents.typeset import Json, Typeset, Typesetter
from gap_svc.documents import words
from gap_svc.documents.report import Action, Line, ReportDocument, Term

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
CHART = ("strength", "close", "gap", "not rated")
"""The order of the bands on the chart, which begins with what works."""
DETAILS = ("gap", "close", "strength", "not rated")
"""The order of the bands in the details, where what is furthest from the level comes first."""


def render(report: ReportDocument, fallback_fonts: Path | None = None) -> Typeset:
    """Return the PDF of `report`; the caller logs its `note`. Equal reports give equal bytes.

    `fallback_fonts` is a folder of fonts for what the bundled ones lack; without it the system's are used.
    """
    return typesetter(fallback_fonts).typeset(printed(report), report.computed_at)


@cache
def typesetter(fallback_fonts: Path | None) -> Typesetter:
    """Return the one typesetter of this template and these fonts: compilers stay warm between reports."""
    return Typesetter(TEMPLATE, fallback_fonts)


def printed(report: ReportDocument) -> dict[str, Json]:
    """Return what the template lays out: every sentence made, every list in its order, no figure left to compute."""
    asked = [line for line in report.lines if line.required is not None]
    return {
        "paper": report.paper,
        "region": "US" if report.spelling == "american" else "GB",
        "company": report.company,
        "employee": report.employee,
        "title": f"Gap report: {report.employee}",
        "description": f"Scores of {report.employee} against the requirements of {report.target.title}",
        "about": _about(report),
        "confidential": f"Confidential to {words.listed(list(report.readers))}",
        "origin": _origin(report),
        "reference": f"Report {report.report}, version {report.version}",
        "marks": [{"title": title, "text": text} for title, text in words.marks(report)],
        "headline": [{"text": text, "tone": tone} for text, tone in words.headline(report)],
        "present": {"code": report.present.code, "title": report.present.title},
        "target": {"code": report.target.code, "title": report.target.title, "scope": report.target.scope},
        "same_level": report.target_is == "present",
        "readiness": _readiness(report),
        "path": _path(report),
        "scale": [{"point": anchor.point, "name": anchor.name} for anchor in report.scale],
        "works": [_line(line, report) for line in _what_works(asked)],
        "groups": _groups(CHART, asked, report),
        "details": _groups(DETAILS, asked, report),
        "unasked": _unasked(report),
        "broken": words.broken(asked),
        "memory": any(line.rests_on_memory for line in asked),
        "actions": _actions(report),
        "questions": list(words.QUESTIONS),
        "credits": list(report.credits),
    }


def _about(report: ReportDocument) -> str:
    role = ", ".join(piece for piece in (report.job_title, report.department) if piece)
    manager = f"Manager: {report.manager}" if report.manager else ""
    return ". ".join(piece for piece in (role, manager) if piece)


def _origin(report: ReportDocument) -> str:
    if not report.approved_by or report.approved_on is None:
        return f"{report.framework}. {report.cycle}: nobody has approved these scores."
    when = words.day(report.approved_on, report.spelling)
    revision = f", revision {report.revision}" if report.revision > 1 else ""
    return (
        f"{report.framework}, version {report.framework_version}. "
        f"{report.cycle} evaluation{revision}, approved by {report.approved_by} on {when}."
    )


def _readiness(report: ReportDocument) -> Json:
    figure = report.readiness.figure
    return {
        "figure": None if figure is None else words.percent(figure),
        "why": report.readiness.why,
        "formula": words.formula(report),
        "note": words.DISTANCE,
        "terms": [
            {
                "name": term.name,
                "working": f"({words.number(term.score)} − {words.number(term.present)}) ÷ "
                f"({words.number(term.target)} − {words.number(term.present)})",
                "covered": words.percent(term.covered),
                "weight": str(term.weight),
                "presumed": term.present_presumed,
                "memory": term.rests_on_memory,
            }
            for term in report.readiness.terms
        ],
        "sum": " + ".join(_weighted(term) for term in report.readiness.terms),
        "weights": str(sum(term.weight for term in report.readiness.terms)),
    }


def _weighted(term: Term) -> str:
    covered = words.percent(term.covered)
    return covered if term.weight == 1 else f"{term.weight} × {covered}"


def _path(report: ReportDocument) -> Json:
    """The way from level to level: its points (0..100, oldest first) and the same in words."""
    figure = report.readiness.figure
    if figure is None:
        return None
    points = [(point.cycle, point.figure) for point in report.earlier] + [(report.cycle, figure)]
    told = ", ".join(f"{words.percent(value)} in {cycle}" for cycle, value in points)
    return {
        "points": [{"cycle": cycle, "at": round(value * 100, 1)} for cycle, value in points],
        "alt": f"Share of the step from {report.present.code} to {report.target.code} covered: {told}",
    }


def _what_works(lines: list[Line]) -> list[Line]:
    """Two strengths to start with: those with evidence first, the furthest above first."""
    strengths = [line for line in lines if line.band == "strength"]
    return sorted(strengths, key=lambda line: (not line.evidence, -_above(line), line.name))[:2]


def _groups(order: tuple[str, ...], lines: list[Line], report: ReportDocument) -> list[Json]:
    return [group for band in order if (group := _group(band, lines, report))]


def _group(band: str, lines: list[Line], report: ReportDocument) -> dict[str, Json] | None:
    members = sorted((line for line in lines if line.band == band), key=_rank)
    if not members:
        return None
    title, meaning = words.BANDS[band]
    return {
        "band": band,
        "title": title,
        "meaning": f"{len(members)}, {meaning}",
        "lines": [_line(line, report) for line in members],
    }


def _rank(line: Line) -> tuple[float, float, str]:
    return (-line.weight * (line.gap or 0), -_above(line), line.name)


def _above(line: Line) -> float:
    return (line.actual or 0) - (line.required or 0)


def _line(line: Line, report: ReportDocument) -> dict[str, Json]:
    return {
        "name": line.name,
        "area": line.area,
        "weight": line.weight,
        "band": line.band,
        "required": line.required,
        "actual": line.actual,
        "own": line.self_rating,
        "present": line.present_required,
        "distance": words.distance(line),
        "score": words.score(line),
        "trend": [{"at": point.score, "joined": not point.then} for point in line.trend],
        "behaviours": list(line.behaviours),
        "quotes": [
            {"text": words.quote(seen, report.spelling), "source": words.source(seen, report.spelling)}
            for seen in line.evidence
        ],
        "memory": line.rests_on_memory,
        "remarks": list(words.remarks(line, report)),
    }


def _unasked(report: ReportDocument) -> str:
    """Which rated competencies the target level asks nothing of, in one sentence."""
    names = [words.unasked(line, report) for line in report.lines if line.required is None and line.actual is not None]
    return f"Rated, but not asked for at {report.target.code}: {words.listed(names)}." if names else ""


def _actions(report: ReportDocument) -> Json:
    if not report.actions:
        return None
    statuses = {action.status for action in report.actions}
    title = {frozenset({"proposed"}): "Proposed actions", frozenset({"agreed"}): "Agreed actions"}
    return {
        "title": title.get(frozenset(statuses), "Actions"),
        "mixed": len(statuses) > 1,
        "rows": [_action(action, report) for action in report.actions],
    }


def _action(action: Action, report: ReportDocument) -> Json:
    return {
        "text": action.text,
        "method": action.method.capitalize(),
        "owner": action.owner,
        "due": words.day(action.due, report.spelling) if action.due else "–",
        "status": action.status.capitalize(),
    }
