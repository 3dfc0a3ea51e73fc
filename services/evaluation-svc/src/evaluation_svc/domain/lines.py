"""What one line of an evaluation or a self-assessment holds, and what a new draft of it changes."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from chassis.kernel import Frozen, Personal, Sealed, State, Unsealed
from evaluation_svc.domain.errors import Invalid, NotFound

S = TypeVar("S", bound=State)


class Evidence(Frozen):
    """What was seen, where, with what result; `part` can be withdrawn alone, `length` counts its characters.

    `cites` is the observation or example it was taken from.
    """

    part: str
    text: Personal
    length: int
    vague: bool
    by: str
    cites: str | None = None


class Written(Frozen):
    """A text as it was typed, with what the wording rules say of it."""

    text: str
    vague: bool = False


class TakenOver(Frozen):
    """A text that is sealed already: a cited note, or a line of a scorecard that waited for its cycle."""

    text: Sealed
    length: int
    vague: bool = False
    source: str | None = None


class Kept(Frozen):
    """A text the line has already, by its part."""

    part: str


class LineDraft(Frozen):
    """One line as somebody wants it: a rating, or `not_seen` with why, or neither yet; and its whole evidence."""

    competency: str
    rating: float | None = None
    not_seen: Written | TakenOver | Kept | None = None
    evidence: tuple[Written | TakenOver | Kept, ...] = ()


class Change(Frozen):
    """A rating was changed: the value before, and whether the self-assessment had been opened by then."""

    before: float
    after: float | None
    by: str
    at: datetime
    after_self_assessment: bool


class Line(Frozen):
    """One competency: rated, not seen (with a reason), or neither yet."""

    competency: str
    rating: float | None = None
    reason: Personal | None = None
    reason_part: str | None = None
    evidence: tuple[Evidence, ...] = ()
    by: str | None = None
    changes: tuple[Change, ...] = ()

    @property
    def not_seen(self) -> bool:
        """Tell whether the evaluator said that this was not seen."""
        return self.reason is not None

    @property
    def is_complete(self) -> bool:
        """Tell whether the line is rated or said to be not seen."""
        return self.rating is not None or self.not_seen


class Said(Frozen):
    """A text somebody wrote on a stream: who, and the sealed text itself."""

    author: str
    text: Personal


class EvidenceChanges(Frozen):
    """What a new draft does to the evidence of a line."""

    removed: tuple[str, ...] = ()
    added: tuple[Evidence, ...] = ()


def begun(state: S | None) -> S:
    """Return the state of a stream whose first event was folded; a log that begins with another one is broken."""
    if state is None:
        raise TypeError("the stream does not begin with its first event")
    return state


def checked_rating(rating: float | None) -> float | None:
    """Return the rating if it is a half point of the scale from 1 to 5."""
    if rating is not None and not (1 <= rating <= 5 and (rating * 2).is_integer()):
        raise Invalid("rating", rating, "give a whole or half point from 1 to 5.")
    return rating


def checked_text(field: str, text: str) -> str:
    """Return the text without surrounding space; refuse an empty one."""
    if not text.strip():
        raise Invalid(field, text, "write something.")
    return text.strip()


def sealed_part(person: str, part: str, text: Written | TakenOver, field: str) -> tuple[Personal, int]:
    """Return the text about `person` (typed as `field`) as a personal field of `part`, and its length in characters."""
    if isinstance(text, TakenOver):
        return text.text, text.length
    words = checked_text(field, text.text)
    return Unsealed(person=person, part=part, text=words), len(words)


def evidence_changes(
    person: str, prefix: str, before: tuple[Evidence, ...], draft: LineDraft, texts: int, by: str
) -> EvidenceChanges:
    """Return what `draft` removes from and adds to the evidence `before`; new parts are numbered on from `texts`."""
    kept = {one.part for one in draft.evidence if isinstance(one, Kept)}
    if unknown := kept - {one.part for one in before}:
        raise NotFound(f"The line {draft.competency} has no evidence {sorted(unknown)[0]!r}.")
    removed = tuple(one.part for one in before if one.part not in kept)
    new = [one for one in draft.evidence if not isinstance(one, Kept)]
    numbered = [(f"{prefix}/{draft.competency}/{texts + n}", one) for n, one in enumerate(new, start=1)]
    return EvidenceChanges(removed=removed, added=tuple(_evidence(person, part, one, by) for part, one in numbered))


def _evidence(person: str, part: str, text: Written | TakenOver, by: str) -> Evidence:
    sealed, length = sealed_part(person, part, text, "evidence")
    cites = text.source if isinstance(text, TakenOver) else None
    return Evidence(part=part, text=sealed, length=length, vague=text.vague, by=by, cites=cites)
