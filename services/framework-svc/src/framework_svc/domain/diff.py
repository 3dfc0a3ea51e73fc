"""What differs between two states of a framework: per ladder, level and competency, with word diffs of texts."""

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Literal, TypeVar

from chassis.kernel import Frozen
from framework_svc.domain.texts import Anchor, Cell, Competency, Expectation, Level, PublishedLadder

K = TypeVar("K")
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")

What = Literal["added", "removed", "changed"]


class Words(Frozen):
    """A run of words that both texts share, or that one was given or lost."""

    op: Literal["same", "added", "removed"]
    text: str


class TextChange(Frozen):
    """A text before and after, and the words between."""

    field: str
    before: str
    after: str
    words: tuple[Words, ...]


class ValueChange(Frozen):
    """A value before and after, in words."""

    field: str
    before: str
    after: str


Change = TextChange | ValueChange


class LevelDiff(Frozen):
    """What became of a level (full id) beside its expectations."""

    level: str
    what: What
    changes: tuple[Change, ...] = ()


class ExpectationDiff(Frozen):
    """What became of what a level asks of a competency."""

    level: str
    competency: str
    what: What
    changes: tuple[Change, ...] = ()


class CompetencyDiff(Frozen):
    """What became of a competency in this ladder, and the levels (full ids) that ask for it."""

    competency: str
    what: What
    changes: tuple[Change, ...] = ()
    levels: tuple[str, ...] = ()


class LadderDiff(Frozen):
    """What became of a ladder; `credits` are those that its texts owe, before or after."""

    ladder: str
    what: What
    changes: tuple[Change, ...] = ()
    levels: tuple[LevelDiff, ...] = ()
    competencies: tuple[CompetencyDiff, ...] = ()
    expectations: tuple[ExpectationDiff, ...] = ()
    credits: tuple[str, ...] = ()

    def changed_levels(self) -> frozenset[str]:
        """Return the levels (full ids) in which anything a person sitting there would read is another."""
        reworded = {level for competency in self.competencies for level in competency.levels}
        return frozenset({level.level for level in self.levels} | {cell.level for cell in self.expectations} | reworded)


class FrameworkDiff(Frozen):
    """Everything that differs; empty when nothing does."""

    scale: tuple[Change, ...] = ()
    ladders: tuple[LadderDiff, ...] = ()

    def changed_levels(self) -> frozenset[str]:
        """Return the levels (full ids) in which anything differs."""
        return frozenset(level for ladder in self.ladders for level in ladder.changed_levels())


Ladders = dict[str, PublishedLadder]


def difference(
    before: Ladders, after: Ladders, scale_before: tuple[Anchor, ...] = (), scale_after: tuple[Anchor, ...] = ()
) -> FrameworkDiff:
    """Return what changed from `before` to `after`, ladders in the order of `after`, gone ones last."""
    names = [*after, *(name for name in before if name not in after)]
    found = (_ladder(name, before.get(name), after.get(name)) for name in names)
    return FrameworkDiff(
        scale=tuple(_scale(scale_before, scale_after)), ladders=tuple(ladder for ladder in found if ladder)
    )


def _scale(before: tuple[Anchor, ...], after: tuple[Anchor, ...]) -> Iterator[Change]:
    for old, new in zip(before, after, strict=False):
        yield from text_changes((f"{new.point} name", old.name, new.name), (f"{new.point} text", old.text, new.text))


def _ladder(name: str, before: PublishedLadder | None, after: PublishedLadder | None) -> LadderDiff | None:
    changes = tuple(_ladder_changes(before, after)) if before and after else ()
    levels = tuple(_levels(before, after))
    competencies = tuple(_competencies(before, after))
    expectations = tuple(_expectations(before, after))
    if before and after and not (changes or levels or competencies or expectations):
        return None
    return LadderDiff(
        ladder=name,
        what=_what(before, after),
        changes=changes,
        levels=levels,
        competencies=competencies,
        expectations=expectations,
        credits=tuple(dict.fromkeys(credit for one in (before, after) if one for credit in one.ladder.credits)),
    )


def _ladder_changes(before: PublishedLadder, after: PublishedLadder) -> Iterator[Change]:
    old, new = before.ladder, after.ladder
    yield from text_changes(
        ("name", old.name, new.name),
        ("description", old.description, new.description),
        ("credits", "\n".join(old.credits), "\n".join(new.credits)),
    )
    tracks = [" | ".join(f"{track.id}: {track.name}" for track in ladder.tracks) for ladder in (old, new)]
    yield from value_changes(("tracks", tracks[0], tracks[1]))
    orders = [" ".join(level.code for level in ladder.levels()) for ladder in (old, new)]
    if set(orders[0].split()) == set(orders[1].split()):
        yield from value_changes(("order of levels", orders[0], orders[1]))


def _levels(before: PublishedLadder | None, after: PublishedLadder | None) -> Iterator[LevelDiff]:
    old, new = _levels_of(before), _levels_of(after)
    for level in _both(old, new):
        was, is_now = old.get(level), new.get(level)
        changes = tuple(_level_changes(was, is_now)) if was and is_now else ()
        if changes or not (was and is_now):
            yield LevelDiff(level=level, what=_what(was, is_now), changes=changes)


def _level_changes(was: tuple[str, Level], is_now: tuple[str, Level]) -> Iterator[Change]:
    (old_track, old), (new_track, new) = was, is_now
    yield from text_changes(("title", old.title, new.title), ("scope", old.scope, new.scope))
    yield from value_changes(
        ("code", old.code, new.code),
        ("track", old_track, new_track),
        ("next", ", ".join(old.next), ", ".join(new.next)),
    )


def _competencies(before: PublishedLadder | None, after: PublishedLadder | None) -> Iterator[CompetencyDiff]:
    old = {competency.id: competency for competency in before.competencies} if before else {}
    new = {competency.id: competency for competency in after.competencies} if after else {}
    for name in _both(old, new):
        was, is_now = old.get(name), new.get(name)
        changes = tuple(_competency_changes(was, is_now)) if was and is_now else ()
        if changes or not (was and is_now):
            levels = _asked_at(name, before, after)
            yield CompetencyDiff(competency=name, what=_what(was, is_now), changes=changes, levels=levels)


def _competency_changes(was: Competency, is_now: Competency) -> Iterator[Change]:
    yield from text_changes(("name", was.name, is_now.name), ("description", was.description, is_now.description))
    yield from value_changes(("area", was.area, is_now.area))


def _expectations(before: PublishedLadder | None, after: PublishedLadder | None) -> Iterator[ExpectationDiff]:
    old, new = _cells_of(before), _cells_of(after)
    for level, competency in _both(old, new):
        was, is_now = old.get((level, competency)), new.get((level, competency))
        changes = tuple(_cell_changes(was, is_now)) if was is not None and is_now is not None else ()
        if changes or was is None or is_now is None:
            what = _what(was, is_now)
            yield ExpectationDiff(level=level, competency=competency, what=what, changes=changes)


def _cell_changes(was: Cell, is_now: Cell) -> Iterator[Change]:
    yield from value_changes(("required", _required(was), _required(is_now)), ("weight", _weight(was), _weight(is_now)))
    old, new = _written(was), _written(is_now)
    yield from text_changes(
        ("behaviours", "\n".join(old.behaviours), "\n".join(new.behaviours)),
        ("examples", "\n".join(old.examples), "\n".join(new.examples)),
    )


def _required(cell: Cell) -> str:
    return str(cell.required) if isinstance(cell, Expectation) else cell


def _weight(cell: Cell) -> str:
    return str(cell.weight) if isinstance(cell, Expectation) else ""


def _written(cell: Cell) -> Expectation:
    return cell if isinstance(cell, Expectation) else Expectation()


def _levels_of(published: PublishedLadder | None) -> dict[str, tuple[str, Level]]:
    if published is None:
        return {}
    ladder = published.ladder
    return {ladder.full(level): (track.id, level) for track in ladder.tracks for level in track.levels}


def _cells_of(published: PublishedLadder | None) -> dict[tuple[str, str], Cell]:
    levels = _levels_of(published)
    return {(level, name): cell for level, (_, text) in levels.items() for name, cell in text.expectations.items()}


def _asked_at(competency: str, before: PublishedLadder | None, after: PublishedLadder | None) -> tuple[str, ...]:
    cells = [*_cells_of(after).items(), *_cells_of(before).items()]
    asked = (level for (level, name), cell in cells if name == competency and isinstance(cell, Expectation))
    return tuple(dict.fromkeys(asked))


def _both(old: Iterable[K], new: Iterable[K]) -> list[K]:
    return list(dict.fromkeys((*new, *old)))


def _what(before: object | None, after: object | None) -> What:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def text_changes(*fields: tuple[str, str, str]) -> Iterator[TextChange]:
    """Yield (field, before, after) with their words where the texts differ."""
    for field, before, after in fields:
        if before != after:
            yield TextChange(field=field, before=before, after=after, words=word_diff(before, after))


def value_changes(*fields: tuple[str, str, str]) -> Iterator[ValueChange]:
    """Yield (field, before, after) where the values differ."""
    for field, before, after in fields:
        if before != after:
            yield ValueChange(field=field, before=before, after=after)


def word_diff(before: str, after: str) -> tuple[Words, ...]:
    """Return the words of both texts in reading order: joined without the added ones they are `before`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    runs: list[Words] = []
    for op, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if op == "equal":
            runs.append(Words(op="same", text="".join(old[a:b])))
            continue
        if b > a:
            runs.append(Words(op="removed", text="".join(old[a:b])))
        if d > c:
            runs.append(Words(op="added", text="".join(new[c:d])))
    return tuple(runs)
