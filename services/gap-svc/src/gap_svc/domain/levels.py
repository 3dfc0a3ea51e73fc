"""Levels as gap-svc knows them, and which of them somebody aims for."""

from collections.abc import Sequence

from pydantic import Field

from chassis.kernel import Frozen
from gap_svc.domain.calculation import Bar, Requirement


class LevelRef(Frozen):
    """The name of a level: its ladder and its id there."""

    ladder: str
    level: str

    def __str__(self) -> str:
        return f"{self.ladder}/{self.level}"


class Expectation(Frozen):
    """What a level expects of one competency, with the behaviours one can observe."""

    competency: str
    required: float
    weight: int = 1
    behaviours: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class Level(Frozen):
    """One level of a framework version; `position` counts from 0 within its track, `next` names the legal moves."""

    version: int
    ladder: str
    level: str
    track: str
    position: int
    code: str
    title: str
    scope: str = ""
    next: tuple[LevelRef, ...] = ()
    expectations: dict[str, Expectation] = Field(default={})

    @property
    def ref(self) -> LevelRef:
        """The name of this level."""
        return LevelRef(ladder=self.ladder, level=self.level)

    @property
    def bar(self) -> Bar:
        """What this level asks, in figures."""
        return Bar(
            ladder=self.ladder,
            level=self.level,
            requirements={
                name: Requirement.model_validate({"required": asked.required, "weight": asked.weight})
                for name, asked in self.expectations.items()
            },
        )


def is_reached(chosen: Level, present: Level) -> bool:
    """Tell whether somebody at `present` has reached `chosen`: the same level, or an earlier one of the same track."""
    same_track = (chosen.ladder, chosen.track) == (present.ladder, present.track)
    return chosen.ref == present.ref or (same_track and chosen.position < present.position)


def main_target(present: Level, chosen: Level | None, following: Sequence[Level]) -> Level:
    """Return the level a person's main report is about.

    What they chose if it is not yet reached, else the next level of the same track, else the present level.
    `following` holds the next levels of `present`.
    """
    if chosen is not None and not is_reached(chosen, present):
        return chosen
    same_track = [level for level in following if (level.ladder, level.track) == (present.ladder, present.track)]
    return min(same_track, key=lambda level: level.position, default=present)


def targets(present: Level, chosen: Level | None, following: Sequence[Level]) -> tuple[Level, ...]:
    """Return the level of every report due on an approval: the main target first, then each other next level."""
    main = main_target(present, chosen, following)
    others = tuple(level for level in following if level.ref not in (main.ref, present.ref))
    return (main, *others)
