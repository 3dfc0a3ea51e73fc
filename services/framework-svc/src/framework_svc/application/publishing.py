"""Publishing the draft as the next version, and archiving what was published."""

from collections.abc import Callable

from chassis.identity import Directory
from chassis.unit import Unit
from framework_svc.application.drafting import framework
from framework_svc.application.placing import Placing
from framework_svc.domain.framework import FRAMEWORK, Framework
from framework_svc.domain.occupancy import Occupancy
from framework_svc.domain.publication import publish
from framework_svc.domain.texts import CompetencyFate


class Publishing(Placing):
    """What makes a version, and what ends a ladder."""

    def publish(
        self, unit: Unit, note: str, fates: tuple[CompetencyFate, ...], expected: tuple[str, ...] | None
    ) -> Framework:
        """Publish the ladders that are ready; statements that waited for a level are tried again."""
        before = framework(unit)
        counted = seats(before, lambda ladder: unit.find(Occupancy, ladder), unit.directory)
        unit.record(Framework, FRAMEWORK, publish(before, note, fates, counted, expected))
        after = framework(unit)
        for ladder in {**before.published, **after.published}:
            occupancy = unit.find(Occupancy, ladder) or Occupancy()
            unit.record(Occupancy, ladder, occupancy.offer(after.version, after.published.get(ladder)))
        self.try_again(unit)
        return after

    def archive(self, unit: Unit, ladder: str) -> Framework:
        """Let a published ladder take no new placements."""
        unit.record(Framework, FRAMEWORK, framework(unit).archive(ladder))
        unit.record(Occupancy, ladder, unit.get(Occupancy, ladder).close())
        return framework(unit)


def seats(
    published: Framework, occupancy: Callable[[str], Occupancy | None], directory: Directory
) -> dict[str, tuple[str, ...]]:
    """Return who counts at each level: everybody who sits or is planned there and has not left."""
    gone = {person.id for person in directory.people() if person.status == "left"}
    found: dict[str, tuple[str, ...]] = {}
    for ladder in published.published:
        taken = occupancy(ladder) or Occupancy()
        for level, people in taken.at_levels().items():
            found[level] = tuple(person for person in people if person not in gone)
    return found
