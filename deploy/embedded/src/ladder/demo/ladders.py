"""What the company's framework asks: three of the shipped ladders, and what the second version changes in them."""

from __future__ import annotations

from functools import cache
from typing import Final

from framework_svc import templates
from framework_svc.documents import exchange
from framework_svc.domain.texts import Competency, Expectation, Ladder, Level, Track, ladder_of

LADDERS: Final = ("engineering", "customer-success", "operations")
"""The ladders the company publishes; the id of a level begins with that of its ladder."""
UNFINISHED: Final = "design"
"""A ladder that waits in the draft at the present."""

SAFELY: Final = Competency(
    id="working-safely",
    name="Working safely",
    area="Craft",
    description="Keeping oneself and others unhurt in the depot, and taking away what could hurt somebody.",
)
"""What the second version asks of everybody in operations."""

_SAFE_BEHAVIOURS: Final = {
    "o1": (2.0, "Wears the gear and keeps to the walkways, also when it is urgent."),
    "o2": (3.0, "Reports every near miss on the day, with what would have kept it from happening."),
    "o3": (3.5, "Stops the work when something is unsafe, and has it running again safely."),
    "o4": (4.0, "Leads reviews after accidents that name no culprit and end in dated actions."),
    "o5": (4.5, "Lets both sites find their risks themselves, and shows that fewer people get hurt."),
}


@cache
def document(ladder: str) -> exchange.Document:
    """Return a shipped ladder with its competencies and scale."""
    return exchange.read(templates.text(ladder))


@cache
def ladder(name: str) -> Ladder:
    """Return one of the shipped ladders."""
    (found,) = document(name).ladders
    return found


def track_of(level: str) -> Track:
    """Return the track a level belongs to."""
    found = ladder(ladder_of(level))
    return next(track for track in found.tracks if any(found.full(one) == level for one in track.levels))


def text_of(level: str) -> Level:
    """Return a level with its title and what it asks."""
    found = ladder(ladder_of(level)).level(level)
    if found is None:
        raise KeyError(level)
    return found


def levels(name: str, track: int = 0) -> tuple[str, ...]:
    """Return the level ids of a track (by place), lowest first."""
    found = ladder(name)
    return tuple(found.full(level) for level in found.tracks[track].levels)


@cache
def bars(level: str) -> dict[str, float]:
    """Return what a level asks, by competency."""
    cells = {name: cell for name, cell in text_of(level).expectations.items() if isinstance(cell, Expectation)}
    asked = {name: cell.required for name, cell in cells.items() if cell.required is not None}
    if ladder_of(level) == "operations":
        asked[SAFELY.id] = _SAFE_BEHAVIOURS[level.partition(".")[2]][0]
    return asked


def next_level(level: str, *, to_management: bool = False) -> str | None:
    """Return the next level of the same track, or the one of another track that is a legal move; None at the end."""
    following = text_of(level).next
    same = {ladder(ladder_of(level)).full(one) for one in track_of(level).levels}
    return next((one for one in following if (one in same) != to_management), None)


@cache
def competency_name(identifier: str) -> str:
    """Return the name of a competency."""
    known = [SAFELY, *(one for name in LADDERS for one in document(name).competencies)]
    return next(one.name for one in known if one.id == identifier)


def safe_expectations() -> dict[str, Expectation]:
    """Return what each level of operations asks of working safely, by full id."""
    return {
        f"operations.{level}": Expectation(required=required, weight=2, behaviours=(behaviour,))
        for level, (required, behaviour) in _SAFE_BEHAVIOURS.items()
    }


def raised(level: str, competency: str, required: float) -> Expectation:
    """Return an expectation with another required rating."""
    cell = text_of(level).expectations[competency]
    if not isinstance(cell, Expectation):
        raise KeyError(competency)
    return cell.model_copy(update={"required": required})
