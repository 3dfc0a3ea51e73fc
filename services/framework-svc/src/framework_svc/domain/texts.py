"""What a framework says: the rating scale, competencies, ladders, tracks, levels and what each level asks.

These values are the exchange format's and the stored events' alike. They hold no rule: a stored text must stay
readable when a rule is tightened. The rules are in `structure`.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from chassis.kernel import Frozen

NOT_EXPECTED: Literal["not expected"] = "not expected"


class Provenance(Frozen):
    """Where a text comes from; `modified` once somebody here has changed it, `original` as it was before."""

    source: str
    release: str | None = None
    element: str | None = None
    licence: str | None = None
    modified: bool = False
    original: str | None = None


class Anchor(Frozen):
    """What one whole point of the rating scale means."""

    point: int
    name: str
    text: str


class Competency(Frozen):
    """A competency in its area; its id survives renames."""

    id: str
    name: str
    area: str
    description: str = ""
    provenance: Provenance | None = None


class Expectation(Frozen):
    """What a level asks of a competency; in a draft `required` and `behaviours` may still be missing."""

    required: float | None = None
    weight: int = 1
    behaviours: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    provenance: Provenance | None = None


def _kind_of_cell(value: object) -> str:
    return "not expected" if isinstance(value, str) else "expectation"


Cell = Annotated[
    Annotated[Expectation, Tag("expectation")] | Annotated[Literal["not expected"], Tag("not expected")],
    Discriminator(_kind_of_cell),
]
"""An expectation, or the statement that none is held. A cell that is absent is a hole."""


class Level(Frozen):
    """A level of a track; `id` is unique in its ladder, `next` holds full ids (`engineering.ic2`)."""

    id: str
    code: str
    title: str
    scope: str = ""
    next: tuple[str, ...] = ()
    expectations: dict[str, Cell] = Field(default_factory=dict[str, Cell])


class Track(Frozen):
    """A track and its levels, lowest first."""

    id: str
    name: str
    levels: tuple[Level, ...] = ()


class Ladder(Frozen):
    """A job family: its tracks and their levels."""

    id: str
    name: str
    description: str = ""
    credits: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()

    def levels(self) -> Iterator[Level]:
        """Yield every level, track by track, lowest first."""
        for track in self.tracks:
            yield from track.levels

    def level(self, level: str) -> Level | None:
        """Return the level with this full or short id."""
        short = level.removeprefix(f"{self.id}.")
        return next((found for found in self.levels() if found.id == short), None)

    def full(self, level: Level) -> str:
        """Return the id of `level` that is unique over the framework."""
        return f"{self.id}.{level.id}"

    def level_ids(self) -> tuple[str, ...]:
        """Return the full ids of every level."""
        return tuple(self.full(level) for level in self.levels())

    def competency_ids(self) -> tuple[str, ...]:
        """Return the ids of the competencies any level speaks of, in order of appearance."""
        return tuple(dict.fromkeys(competency for level in self.levels() for competency in level.expectations))


class PublishedLadder(Frozen):
    """A ladder as one version holds it, with its competencies' texts; last changed in version `changed_in`."""

    ladder: Ladder
    competencies: tuple[Competency, ...]
    changed_in: int

    def says_the_same(self, other: "PublishedLadder") -> bool:
        """Whether the texts are equal, whichever version they are of."""
        return (self.ladder, self.competencies) == (other.ladder, other.competencies)


Fate = Literal["new", "gone", "split", "merged"]


class CompetencyFate(Frozen):
    """What became of a competency: `split` from `others`, `merged` into `others`."""

    competency: str
    fate: Fate
    others: tuple[str, ...] = ()


DEFAULT_SCALE = (
    Anchor(
        point=1,
        name="Learning",
        text="Does parts of this with guidance. Somebody checks the result before it is relied on.",
    ),
    Anchor(point=2, name="Developing", text="Does familiar cases alone. Asks in time when a case is new."),
    Anchor(
        point=3,
        name="Consistent",
        text="Does this well in ordinary cases without being asked. Others rely on the result as it is.",
    ),
    Anchor(
        point=4,
        name="Advanced",
        text="Handles unclear and difficult cases, and has changed for the better how people nearby do this.",
    ),
    Anchor(
        point=5,
        name="Role model",
        text="Sets how this is done across teams. People beyond their own team seek them out and copy the approach.",
    ),
)
"""The anchors of a framework that has not written its own."""


def ladder_of(level: str) -> str:
    """Return the ladder's id in a full level id: `engineering.ic3` → `engineering`."""
    return level.partition(".")[0]
