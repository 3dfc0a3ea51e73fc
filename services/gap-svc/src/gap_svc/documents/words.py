"""The sentences of a printed gap report: what is said about a score, a distance, a level."""

from collections.abc import Collection, Iterable
from datetime import date

from gap_svc.documents.report import Evidence, Line, ReportDocument, TrendPoint
from gap_svc.domain.trend import Break

DISTANCE = "It describes distance. It does not decide a promotion."
BANDS = {
    "strength": ("Strengths", "at or above what is asked"),
    "close": ("Close", "half a point below what is asked"),
    "gap": ("Gaps", "a point or more below what is asked"),
    "not rated": ("Not rated", "counted in no figure"),
}
WORTH_ASKING = 1.0
"""From how many points between own score and score on somebody should ask why; half a point is how people differ."""
QUESTIONS = (
    "Where do you want to be in one to two years?",
    "This is what the evaluation shows. What is your read?",
    "Which of these gaps matters most to close, given where you want to go?",
    "What would need to be true, in concrete terms, for you to be ready?",
)


def number(value: float) -> str:
    """`3.5`: one decimal, as everywhere in the product."""
    return f"{value:.1f}"


def percent(value: float) -> str:
    """`64%`; never 100% for less than the whole, never 0% for something."""
    return f"{min(99, max(1, round(value * 100))) if 0 < value < 1 else round(value * 100)}%"


def day(value: date, spelling: str) -> str:
    """A date in words: `12 November 2026`, American `November 12, 2026`."""
    return f"{value:%B} {value.day}, {value.year}" if spelling == "american" else f"{value.day} {value:%B} {value.year}"


def listed(items: list[str], last: str = "and") -> str:
    """`A, B and C`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def given_name(report: ReportDocument) -> str:
    """What the report calls the employee in a sentence."""
    return report.given_name or report.employee


def headline(report: ReportDocument) -> list[tuple[str, str]]:
    """The one sentence of the report, as pieces of text with a tone (a band, or "" for plain)."""
    name = given_name(report)
    what = f"the present level, {report.target.title}" if report.target_is == "present" else report.target.title
    if not report.asked:
        return [(f"{report.target.title} asks nothing yet.", "")]
    if not report.rated:
        return [(f"Nothing that {what} asks for was rated.", "")]
    if report.met == report.asked:
        whole = "the one requirement" if report.asked == 1 else f"all {report.asked} requirements"
        return [(f"{name} meets ", ""), (whole, "strength"), (f" for {what}.", "")]
    rated = " rated" if report.rated < report.asked else ""
    noun = "requirement" if report.rated == 1 else "requirements"
    first = [(f"{name} meets ", ""), (f"{report.met} of {report.rated}", "strength")]
    return [*first, (f"{rated} {noun} for {what}.", ""), *_rest(report), *_unrated(report)]


def _unrated(report: ReportDocument) -> list[tuple[str, str]]:
    """Say at once what the counts leave out: whoever reads one line must not take it for the whole."""
    missing = report.asked - report.rated
    return [(f" {missing} of {report.asked} {'was' if missing == 1 else 'were'} not rated.", "")] if missing else []


def _rest(report: ReportDocument) -> list[tuple[str, str]]:
    close = sum(line.band == "close" and line.required is not None for line in report.lines)
    gaps = sum(line.band == "gap" and line.required is not None for line in report.lines)
    pieces = [(f"{close} {'is' if close == 1 else 'are'} close", "close")] if close else []
    pieces += [(f"{gaps} {'needs' if gaps == 1 else 'need'} building", "gap")] if gaps else []
    if not pieces:
        return []
    joined = [pieces[0]] if len(pieces) == 1 else [pieces[0], (" and ", ""), pieces[1]]
    return [(" ", ""), *joined, (".", "")]


def distance(line: Line) -> str:
    """How far from the requirement, in words: `0.5 above`, `Meets`, `1.5 to go`, `Not rated`."""
    if line.actual is None or line.required is None:
        return "Not rated"
    if line.actual == line.required:
        return "Meets"
    above = line.actual > line.required
    return f"{number(abs(line.actual - line.required))} {'above' if above else 'to go'}"


def score(line: Line) -> str:
    """`scored 2.5, asked 4.0`: a score may lie above what is asked, so it is never told as a part of it."""
    said = "not rated" if line.actual is None else f"scored {number(line.actual)}"
    return said if line.required is None else f"{said}, asked {number(line.required)}"


def unasked(line: Line, report: ReportDocument) -> str:
    """`Typing (2.0)`; below what the present level asks, that too: a placement to check must not pass unsaid."""
    said = "" if line.actual is None else number(line.actual)
    if line.rests_on_memory:
        said += ", resting on memory"
    if line.below_present and line.present_required is not None:
        said += f", below the {number(line.present_required)} that {report.present.code} asks"
    return f"{line.name} ({said})" if said else line.name


def remarks(line: Line, report: ReportDocument) -> list[str]:
    """What else the page says about a line, one sentence each."""
    said = [_not_seen(line), _below_present(line, report), _own_score(line), earlier(line.trend)]
    return [sentence for sentence in said if sentence]


def _not_seen(line: Line) -> str:
    if line.actual is not None:
        return ""
    return f"Not seen: {line.not_seen_reason}" if line.not_seen_reason else "Not seen in this cycle."


def _below_present(line: Line, report: ReportDocument) -> str:
    if not line.below_present or line.present_required is None:
        return ""
    return f"Below what the present level, {report.present.code}, asks ({number(line.present_required)})."


def _own_score(line: Line) -> str:
    if line.self_rating is None:
        return ""
    if line.self_rating == line.actual:
        return "Own score: the same."
    if line.actual is None or abs(apart := line.self_rating - line.actual) < WORTH_ASKING:
        return f"Own score {number(line.self_rating)}."
    points = "a point" if abs(apart) == 1 else f"{number(abs(apart))} points"
    side = "higher" if apart > 0 else "lower"
    return f"Own score {number(line.self_rating)}, {points} {side}: worth asking about."


def earlier(trend: tuple[TrendPoint, ...]) -> str:
    """`Earlier: 2.0 in H1 2026 (rests on memory), 2.5 in H2 2026 (then the requirement changed).`"""
    said = [f"{number(point.score)} in {point.cycle}{_aside(point)}" for point in trend]
    return f"Earlier: {', '.join(said)}." if said else ""


def _aside(point: TrendPoint) -> str:
    memory = ["rests on memory"] if point.rests_on_memory else []
    then = [f"then {changed(point.then)}"] if point.then else []
    said = "; ".join([*memory, *then])
    return f" ({said})" if said else ""


def changed(what: Collection[Break]) -> str:
    """`requirement and text changed`: what broke a line of scores."""
    kinds = [kind for kind in ("requirement", "text") if f"{kind} changed" in what]
    return f"{'the ' if len(kinds) == 1 else ''}{listed(kinds)} changed"


def broken(lines: Iterable[Line]) -> str:
    """`before requirement or text changed`: what a broken line of scores means on this page, "" where none is."""
    kinds: set[Break] = {kind for line in lines for point in line.trend for kind in point.then}
    return f"before {changed(kinds)}".replace(" and ", " or ") if kinds else ""


def source(evidence: Evidence, spelling: str) -> str:
    """Who saw it, as what, when."""
    when = day(evidence.on, spelling).replace(" ", "\u00a0") if evidence.on else ""
    return ", ".join(piece for piece in (evidence.by, evidence.relation, when) if piece)


def quote(evidence: Evidence, spelling: str) -> str:
    """The text, or why there is none to read."""
    if evidence.text is not None:
        return f"“{evidence.text}”"
    if evidence.withdrawn_on:
        return f"This text was withdrawn on {day(evidence.withdrawn_on, spelling)}."
    return "This text can no longer be read."


def marks(report: ReportDocument) -> list[tuple[str, str]]:
    """What a reader must know before reading on: a title and a sentence each."""
    said: list[tuple[str, str]] = []
    if report.corrected_on:
        when = day(report.corrected_on, report.spelling)
        said.append((f"Corrected on {when}", "A later revision of this evaluation replaces what stands here."))
    if report.new_bar_old_scores:
        why = f"The placement changed after these scores of {report.cycle} were given, and with it what is asked."
        said.append(("New bar, old scores", f"{why} Read the distances with that in mind."))
    if not report.released:
        said.append(("Not released yet", f"{given_name(report)} cannot read this report before its release."))
    return said


def formula(report: ReportDocument) -> str:
    """How readiness is worked out, in one sentence that a calculator can follow."""
    now, then = report.present.code, report.target.code
    return (
        f"For each rated competency where {then} asks more than {now}: covered = (score − {now}) ÷ ({then} − {now}), "
        "never under 0 nor over 1. Readiness is the mean of these, by weight."
    )
