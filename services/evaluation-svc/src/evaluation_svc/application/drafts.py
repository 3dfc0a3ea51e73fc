"""From typed text to a line's draft: what is there already stays the same text, the rest is new."""

from __future__ import annotations

from collections.abc import Callable

from chassis.kernel import Frozen, Sealed
from chassis.unit import Unit
from evaluation_svc.domain.errors import Forbidden, NotNow
from evaluation_svc.domain.lines import Evidence, Kept, Line, LineDraft, TakenOver, Written
from evaluation_svc.domain.notes import Example, Observation

Vague = Callable[[str], bool]


class TypedLine(Frozen):
    """A line as somebody typed it: the whole evidence as texts, and the notes it cites.

    A text or a citation that the line has already stays as it is; what is left out is taken away.
    """

    competency: str
    rating: float | None = None
    not_seen: str | None = None
    evidence: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()


def line_draft(
    unit: Unit, line: Line, typed: TypedLine, notes: type[Observation] | type[Example], vague: Vague
) -> LineDraft:
    """Return what `typed` makes of `line`."""
    left = [(one, _opened(unit, one.text)) for one in line.evidence]
    cited = [_cited(unit, left, note, notes) for note in typed.cites]
    written = [_written(left, text, vague) for text in typed.evidence]
    return LineDraft(
        competency=typed.competency,
        rating=typed.rating,
        not_seen=_not_seen(unit, line, typed.not_seen, vague),
        evidence=(*cited, *written),
    )


def _not_seen(unit: Unit, line: Line, reason: str | None, vague: Vague) -> Written | Kept | None:
    if reason is None:
        return None
    if line.reason_part is not None and _opened(unit, line.reason) == reason.strip():
        return Kept(part=line.reason_part)
    return Written(text=reason, vague=vague(reason))


def _written(left: list[tuple[Evidence, str | None]], text: str, vague: Vague) -> Written | Kept:
    for known in left:
        if known[1] == text.strip():
            left.remove(known)
            return Kept(part=known[0].part)
    return Written(text=text, vague=vague(text))


def _cited(
    unit: Unit, left: list[tuple[Evidence, str | None]], note: str, notes: type[Observation] | type[Example]
) -> TakenOver | Kept:
    for known in left:
        if known[0].cites == note:
            left.remove(known)
            return Kept(part=known[0].part)
    state = unit.get(notes, note)
    holder = state.holder if isinstance(state, Observation) else state.employee
    if holder != unit.actor.person:
        raise Forbidden("Only notes of one's own can be cited.")
    if state.withdrawn_on is not None or not isinstance(state.text, Sealed):
        raise NotNow("This note was withdrawn and cannot be cited.")
    return TakenOver(text=state.text, length=state.length, vague=state.vague, source=note)


def _opened(unit: Unit, text: object) -> str | None:
    return unit.open(text) if isinstance(text, Sealed) else None
