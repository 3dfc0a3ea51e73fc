"""Blank scorecards from a framework in the exchange format: no person, no cycle, no running system."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from chassis.kernel import DomainError, Invalid
from documents.xlsx import Unreadable
from documents.xlsx import read as read_workbook
from evaluation_svc.documents.scorecard import Card, CardLine, Problem, read

Fields = Mapping[str, Any]


class BlankLine(NamedTuple):
    """What somebody filled into one line of a blank scorecard; rating and reason exclude each other."""

    rating: float | None
    evidence: tuple[str, ...]
    not_seen: str | None


class FilledIn(NamedTuple):
    """What was filled into a scorecard, by competency.

    `level` (a full id) and `employee` (a name) are None on one that does not say: a blank one names a level, one that
    was downloaded for somebody names them.
    """

    level: str | None
    lines: dict[str, BlankLine]
    employee: str | None = None


class NoScorecard(DomainError):
    """The file is no scorecard, not one of one person, or does not fit."""


class NotFilledIn(DomainError):
    """A scorecard cannot be taken; `problems` says which cells and why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f" ({len(problems)} cells in all)" if len(problems) > 1 else ""
        super().__init__(f"Sheet {first.sheet}, cell {first.cell}: {first.remedy}{more}")
        self.problems = problems


def blank_card(framework: Fields, level: str) -> Card:
    """Return the blank scorecard of a level: what it and its next levels ask, competency by competency.

    `framework` is the plain mapping of career-framework/v1, `level` a full id (`engineering.ic2`), or a short id or a
    code where only one level has it. Raises Invalid where there is no such level, or several.
    """
    ladder, present = find_level(framework, level)
    following = [one for name in present.get("next", ()) if (one := _full_ids(framework).get(name))]
    names = {one["id"]: one["name"] for one in framework.get("competencies", ())}
    asked = [name for name in names if any(_expectation(one, name) for one in (present, *following))]
    about = f"{ladder['name']}, {present['code']} {present['title']}"
    lines = tuple(_line(name, names[name], present, following) for name in asked)
    full = f"{ladder['id']}.{present['id']}"
    return Card("", about, _about(following), lines, tuple(ladder.get("credits", ())), full)


def read_blank(scorecard: bytes) -> FilledIn:
    """Return what was filled into a scorecard; lines with nothing typed are left out.

    Raises NoScorecard for what is none, or several, NotFilledIn where cells cannot be taken.
    """
    try:
        filled, problems = read(scorecard)
    except Unreadable as error:
        raise NoScorecard(str(error)) from None
    if problems:
        raise NotFilledIn(problems)
    if len(filled) != 1:
        raise NoScorecard(f"This workbook holds {len(filled)} scorecards: give one with the scorecard of one person.")
    (card,) = filled
    lines = {line.competency: BlankLine(line.rating, line.evidence, line.not_seen) for line in card.lines}
    return FilledIn(card.level or None, lines, _heading(scorecard, card.sheet) if card.subject else None)


def _heading(scorecard: bytes, sheet: str) -> str | None:
    """Return what stands above a scorecard: the name of whom it was downloaded for."""
    rows = read_workbook(scorecard)[sheet]
    return (str(rows[0][0] or "").strip() or None) if rows and rows[0] else None


def find_level(framework: Fields, level: str) -> tuple[Fields, Fields]:
    """Return the ladder and the level with this full id, or the only one with this short id or code."""
    everything = list(_levels(framework))
    found = [(ladder, one) for ladder, one in everything if f"{ladder['id']}.{one['id']}" == level]
    found = found or [(ladder, one) for ladder, one in everything if level.casefold() in _short_names(one)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{ladder['id']}.{one['id']}" for ladder, one in found or everything)
    near = [] if found else _near(level, everything)
    remedy = f"did you mean {' or '.join(near)}? There are {known}." if near else f"name one of {known}."
    raise Invalid("level", level, remedy if known else "the framework has no level yet.")


def _near(level: str, among: Sequence[tuple[Fields, Fields]]) -> list[str]:
    """Return the full ids of up to three levels whose id or code is nearly this."""
    named = [(name, f"{ladder['id']}.{one['id']}") for ladder, one in among for name in _short_names(one)]
    named += [(full, full) for _, full in named]
    close = get_close_matches(level.casefold(), dict(named), n=3)
    return list(dict.fromkeys(full for wanted in close for name, full in named if name == wanted))[:3]


def _levels(framework: Fields) -> Iterator[tuple[Fields, Fields]]:
    for ladder in framework.get("ladders", ()):
        for track in ladder.get("tracks", ()):
            for level in track.get("levels", ()):
                yield ladder, level


def _full_ids(framework: Fields) -> dict[str, Fields]:
    return {f"{ladder['id']}.{level['id']}": level for ladder, level in _levels(framework)}


def _short_names(level: Fields) -> tuple[str, str]:
    return str(level["id"]).casefold(), str(level["code"]).casefold()


def _expectation(level: Fields, competency: str) -> Fields | None:
    """Return what a level asks of a competency; None where nothing, or nothing yet."""
    cell = level.get("expectations", {}).get(competency)
    return cell if isinstance(cell, Mapping) and cell.get("required") is not None else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - plain data of a file


def _line(competency: str, name: str, present: Fields, following: list[Fields]) -> CardLine:
    own = _expectation(present, competency)
    asked = [(one["code"], found) for one in following if (found := _expectation(one, competency))]
    shown, required = next_levels(
        [(code, float(found["required"]), tuple(found.get("behaviours", ()))) for code, found in asked]
    )
    return CardLine(
        competency=competency,
        name=name,
        present=tuple(own.get("behaviours", ())) if own else (),
        present_required=float(own["required"]) if own else None,
        next=shown,
        next_required=required,
    )


def next_levels(asked: Sequence[tuple[str, float, tuple[str, ...]]]) -> tuple[tuple[str, ...], float | str | None]:
    """Return what next levels (code, required, behaviours) show on a line; of several each is named by its code."""
    if not asked:
        return (), None
    if len(asked) == 1:
        return asked[0][2], asked[0][1]
    shown = tuple(f"{code}: {behaviour}" for code, _, behaviours in asked for behaviour in behaviours)
    return shown, "\n".join(f"{code} {required:g}" for code, required, _ in asked)


def _about(following: list[Fields]) -> str:
    if not following:
        return "The last level of its track."
    return "Next: " + ", ".join(f"{one['code']} {one['title']}" for one in following)
