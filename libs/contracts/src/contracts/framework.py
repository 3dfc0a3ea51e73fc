"""What framework-svc publishes: framework versions (one event per ladder and a closing one) and placements."""

from datetime import date
from typing import Literal

from contracts.envelope import Part, Published

TOPIC = "framework.v1"

PlacementReason = Literal["hire", "promotion", "move", "correction"]


class Provenance(Part):
    """Where a text comes from: for O*NET content the release, element and licence."""

    source: str
    release: str | None = None
    element: str | None = None
    licence: str | None = None
    modified: bool = False


class CompetencyText(Part):
    """A competency as the ladder uses it; the id survives renames."""

    id: str
    name: str
    area: str
    description: str = ""
    provenance: Provenance | None = None


class ExpectationText(Part):
    """What one level asks of one competency; `required` is None where nothing is expected."""

    level: str
    competency: str
    required: float | None
    weight: Literal[1, 2, 3] = 1
    behaviours: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    provenance: Provenance | None = None


class LevelText(Part):
    """One level of a track; `next` holds the ids of the levels one may move to."""

    id: str
    code: str
    title: str
    track: str
    scope: str = ""
    next: tuple[str, ...] = ()


class TrackText(Part):
    """A track and its levels, in order."""

    id: str
    name: str
    levels: tuple[str, ...]


class AnchorText(Part):
    """What one whole point of the rating scale means."""

    point: int
    name: str
    text: str


class CompetencyFate(Part):
    """What became of a competency between two versions."""

    competency: str
    fate: Literal["new", "gone", "split", "merged"]
    others: tuple[str, ...] = ()


class LadderPublished(Published):
    """One ladder of a framework version; all ladders of a version are followed by `FrameworkPublished`."""

    TYPE = "careerladder.framework.ladder-published.v1"
    TOPIC = TOPIC

    version: int
    ladder: str
    name: str
    tracks: tuple[TrackText, ...]
    levels: tuple[LevelText, ...]
    competencies: tuple[CompetencyText, ...]
    expectations: tuple[ExpectationText, ...]
    changed_in: int
    credits: tuple[str, ...] = ()


class FrameworkPublished(Published):
    """A framework version is complete; `digests` holds the SHA-256 of each ladder's stored data, by ladder id."""

    TYPE = "careerladder.framework.framework-published.v1"
    TOPIC = TOPIC

    version: int
    note: str
    scale: tuple[AnchorText, ...]
    digests: dict[str, str]
    fates: tuple[CompetencyFate, ...] = ()


class LadderArchived(Published):
    """A ladder takes no new placements from this version on."""

    TYPE = "careerladder.framework.ladder-archived.v1"
    TOPIC = TOPIC

    ladder: str


class PersonPlaced(Published):
    """From a day on somebody sits at a level (level id of the published framework); of one day the last heard counts."""

    TYPE = "careerladder.framework.person-placed.v1"
    TOPIC = TOPIC

    person: str
    ladder: str
    level: str
    effective_on: date
    reason: PlacementReason
    evaluation: str | None = None
    version: int


class PlacementEnded(Published):
    """A placement was withdrawn; where another of its day counts again, a `PersonPlaced` that says so follows."""

    TYPE = "careerladder.framework.placement-ended.v1"
    TOPIC = TOPIC

    person: str
    level: str
    effective_on: date
