"""What another bar would change: the same scores against a draft ladder or a newer framework version."""

from chassis.kernel import Frozen
from gap_svc.domain.calculation import Band, Calculation, Line, NoFigure


class LineChange(Frozen):
    """One competency whose line would differ; `before` or `after` is None where the target asks nothing there."""

    competency: str
    required_before: float | None
    required_after: float | None
    gap_before: float | None
    gap_after: float | None
    band_before: Band | None
    band_after: Band | None


class Figures(Frozen):
    """The leading figures of a report."""

    met: int
    rated: int
    readiness: float | None
    why_no_figure: NoFigure | None


class Change(Frozen):
    """Two calculations set side by side, with the lines that differ, in the order of the new one."""

    before: Figures
    after: Figures
    lines: tuple[LineChange, ...]

    @property
    def is_any(self) -> bool:
        """Tell whether anything would differ."""
        return bool(self.lines) or self.before != self.after


def change(before: Calculation, after: Calculation) -> Change:
    """Return what differs between two calculations over the same scores."""
    old = {line.competency: line for line in before.lines}
    new = {line.competency: line for line in after.lines}
    pairs = [(name, old.get(name), new.get(name)) for name in dict.fromkeys((*new, *old))]
    return Change(
        before=_figures(before),
        after=_figures(after),
        lines=tuple(_line(name, was, becomes) for name, was, becomes in pairs if _asks(was) != _asks(becomes)),
    )


def _figures(calculation: Calculation) -> Figures:
    return Figures(
        met=calculation.met,
        rated=calculation.rated,
        readiness=calculation.readiness.figure,
        why_no_figure=calculation.readiness.why_no_figure,
    )


def _asks(line: Line | None) -> tuple[float, int] | None:
    return (line.required, line.weight) if line else None


def _line(competency: str, was: Line | None, becomes: Line | None) -> LineChange:
    return LineChange(
        competency=competency,
        required_before=was.required if was else None,
        required_after=becomes.required if becomes else None,
        gap_before=was.gap if was else None,
        gap_after=becomes.gap if becomes else None,
        band_before=was.band if was else None,
        band_after=becomes.band if becomes else None,
    )
