"""When people-svc was restored to an earlier moment: the placements that lost statements led to are taken back."""

from chassis.loss import Loss
from chassis.unit import Unit
from framework_svc.application.placing import record
from framework_svc.domain.placement_events import PersonPlaced, PlacementPlanned
from framework_svc.domain.placements import Placement


class Losing:
    """What follows when events that were heard are no more."""

    def withdraw(self, unit: Unit, loss: Loss) -> None:
        """Take back what lost statements placed, planned or had listed; whoever was erased stays so."""
        for person in loss.touched(Placement):
            unit.because(loss.first_on(Placement, person))
            lost = unit.events_of(Placement, person, loss.commands)
            placed = {event.placement for event in lost if isinstance(event, PersonPlaced | PlacementPlanned)}
            before = unit.find_without(Placement, person, loss.commands) or Placement(person=person)
            record(unit, person, unit.get(Placement, person).without(placed, before.statement))
