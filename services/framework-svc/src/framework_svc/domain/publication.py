"""What the next version would be, what stands in its way, and the events that publish it."""

from collections.abc import Mapping

from chassis.kernel import DomainError, Event, Frozen
from framework_svc.domain.diff import FrameworkDiff, difference
from framework_svc.domain.errors import FatesNeeded, LevelOccupied, NothingToPublish, NotPublishable, Stale, TooLarge
from framework_svc.domain.framework import Framework
from framework_svc.domain.framework_events import LadderCarried, LadderDropped, LadderTaken, VersionPublished
from framework_svc.domain.structure import Hole, holes
from framework_svc.domain.texts import CompetencyFate, PublishedLadder

Seats = Mapping[str, tuple[str, ...]]
"""Who sits, or is planned to sit, at each level (full id)."""

LARGEST_LADDER = 240_000
"""How many bytes a ladder may have: one published event holds all of it, and it may have 256 kB."""

CELL, LEVEL = 100, 30
"""Bytes that one cell or level has more when published, beside the ids that it then repeats."""


class Plan(Frozen):
    """The next version and everything HR is asked about it.

    `taken` go out as drafted, `carried` stay as last published, `dropped` were taken out of the draft; `waiting` are
    drafts that are not marked ready, with what they lack; `missing` is what keeps the version itself from being whole.
    """

    version: int
    taken: tuple[str, ...]
    carried: tuple[str, ...]
    dropped: tuple[str, ...]
    waiting: dict[str, tuple[Hole, ...]]
    missing: tuple[Hole, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    dropped_levels: tuple[str, ...]
    scale_changed: bool
    difference: FrameworkDiff
    ladders: dict[str, PublishedLadder]

    def people_affected(self, seats: Seats) -> dict[str, tuple[str, ...]]:
        """Return who sits at each level that changes."""
        return {level: seats[level] for level in sorted(self.difference.changed_levels()) if seats.get(level)}

    def people_in_the_way(self, seats: Seats) -> dict[str, tuple[str, ...]]:
        """Return who sits at each level that would be dropped."""
        return {level: seats[level] for level in self.dropped_levels if seats.get(level)}


def plan(framework: Framework) -> Plan:
    """Return what publishing now would do."""
    old, draft = framework.published, framework.draft
    offered = {name: framework.as_publishable(name) for name in draft.ladders if name in draft.ready}
    taken = {name: ladder for name, ladder in offered.items() if name not in old or not ladder.says_the_same(old[name])}
    dropped = tuple(name for name in old if name not in draft.ladders)
    ladders = _in_order(framework, {name: ladder for name, ladder in old.items() if name not in dropped} | taken)
    before, after = _competencies(old), _competencies(ladders)
    return Plan(
        version=framework.version + 1,
        taken=tuple(name for name in ladders if name in taken),
        carried=tuple(name for name in ladders if name not in taken),
        dropped=dropped,
        waiting={name: framework.holes(name) for name in draft.ladders if name not in draft.ready},
        missing=_missing(ladders),
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        dropped_levels=tuple(level for level in _levels(old) if level not in set(_levels(ladders))),
        scale_changed=draft.scale != framework.published_scale,
        difference=difference(old, ladders, framework.published_scale, draft.scale),
        ladders=ladders,
    )


def publish(
    framework: Framework,
    note: str,
    fates: tuple[CompetencyFate, ...],
    seats: Seats,
    expected: tuple[str, ...] | None = None,
) -> tuple[Event, ...]:
    """Return the events of the next version; `expected` are the ladders HR saw in the preview."""
    planned = plan(framework)
    for refused in (
        _unexpected(planned, expected),
        _nothing(planned),
        _not_whole(planned),
        _too_large(planned),
        _seated(planned, seats),
        _fates(framework, planned, fates),
    ):
        if refused:
            raise refused
    closing = VersionPublished(
        version=planned.version,
        note=note,
        scale=framework.draft.scale,
        fates=fates,
        affected=planned.people_affected(seats),
    )
    return (*_ladder_events(planned), closing)


def _ladder_events(planned: Plan) -> tuple[Event, ...]:
    version = planned.version
    events: list[Event] = [LadderDropped(version=version, ladder=name) for name in planned.dropped]
    for name, ladder in planned.ladders.items():
        taken = name in planned.taken
        events.append(
            LadderTaken(version=version, published=ladder) if taken else LadderCarried(version=version, ladder=name)
        )
    return tuple(events)


def _unexpected(planned: Plan, expected: tuple[str, ...] | None) -> DomainError | None:
    if expected is None or set(expected) == set(planned.taken):
        return None
    now = ", ".join(planned.taken) or "none"
    return Stale(f"The ladders that would be published are now: {now}. Look at the preview again.")


def _nothing(planned: Plan) -> DomainError | None:
    if planned.taken or planned.dropped or (planned.scale_changed and planned.ladders):
        return None
    return NothingToPublish("No ladder that is marked ready differs from what was last published.")


def _not_whole(planned: Plan) -> DomainError | None:
    if not planned.missing:
        return None
    return NotPublishable(f"The version would not be whole: {'; '.join(hole.sentence() for hole in planned.missing)}.")


def _too_large(planned: Plan) -> DomainError | None:
    for name in planned.taken:
        size = _size(planned.ladders[name])
        if size > LARGEST_LADDER:
            most = LARGEST_LADDER // 1000
            return TooLarge(f"“{name}” holds {size // 1000} kB; a ladder may hold {most}. Split it in two.")
    return None


def _size(of: PublishedLadder) -> int:
    """Return how many bytes a ladder has at most when it is published: there a cell repeats its level and every field."""
    size = len(of.model_dump_json().encode())
    for track in of.ladder.tracks:
        for level in track.levels:
            name = len(of.ladder.full(level))
            size += LEVEL + 2 * name + len(track.id) + len(level.expectations) * (CELL + name)
    return size


def _seated(planned: Plan, seats: Seats) -> DomainError | None:
    occupied = planned.people_in_the_way(seats)
    if not occupied:
        return None
    said = ", ".join(f"{level} ({len(people)})" for level, people in occupied.items())
    return LevelOccupied(f"People sit at levels that would be dropped: {said}. Place them elsewhere first.")


def _fates(framework: Framework, planned: Plan, fates: tuple[CompetencyFate, ...]) -> DomainError | None:
    """Added ones are new or split from old ones; removed ones are gone or merged into present ones."""
    if planned.version == 1:
        return FatesNeeded("In the first version every competency is new; say nothing.") if fates else None
    said = {fate.competency: fate for fate in fates}
    asked = (*planned.added, *planned.removed)
    if len(said) < len(fates):
        return FatesNeeded("Say once what became of each competency.")
    unsaid = [name for name in asked if name not in said]
    if unsaid:
        return FatesNeeded(f"Say what became of: {', '.join(unsaid)} (new, gone, split from, merged into).")
    before, after = _competencies(framework.published), _competencies(planned.ladders)
    for fate in fates:
        known = before if fate.fate == "split" else after
        wrong = (
            fate.competency not in asked
            or (fate.competency in planned.added) != (fate.fate in ("new", "split"))
            or bool(fate.others) != (fate.fate in ("split", "merged"))
            or any(other not in known for other in fate.others)
        )
        if wrong:
            return FatesNeeded(
                f"“{fate.competency}” cannot be {fate.fate}: an added competency is new or split from ones of the "
                "last version, a removed one is gone or merged into ones of the next."
            )
    return None


def _in_order(framework: Framework, ladders: dict[str, PublishedLadder]) -> dict[str, PublishedLadder]:
    return {name: ladders[name] for name in framework.draft.ladders if name in ladders}


def _missing(ladders: dict[str, PublishedLadder]) -> tuple[Hole, ...]:
    levels = set(_levels(ladders))
    return tuple(
        hole
        for published in ladders.values()
        for hole in holes(published.ladder, {known.id for known in published.competencies}, levels)
    )


def _levels(ladders: dict[str, PublishedLadder]) -> tuple[str, ...]:
    return tuple(level for published in ladders.values() for level in published.ladder.level_ids())


def _competencies(ladders: dict[str, PublishedLadder]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(known.id for published in ladders.values() for known in published.competencies))
