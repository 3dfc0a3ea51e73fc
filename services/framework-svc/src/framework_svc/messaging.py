"""What this service publishes of its events, and what it does when it hears the directory."""

import hashlib

from chassis.consumer import Handler
from chassis.kernel import Event, State
from chassis.unit import Unit
from contracts import framework, people
from contracts.envelope import Envelope, Published
from framework_svc.application import Frameworks
from framework_svc.domain import framework_events, occupancy, placement_events
from framework_svc.domain.framework import Framework
from framework_svc.domain.placement_events import PersonPlaced, PlacementCountsAgain, PlacementWithdrawn
from framework_svc.domain.placements import Placement
from framework_svc.domain.texts import Competency, Expectation, Ladder, Level, Provenance, PublishedLadder, ladder_of

PRIVATE: tuple[type[Event], ...] = (
    framework_events.CompetencyDescribed,
    framework_events.CompetencyLeftLadder,
    framework_events.CompetencyRemoved,
    framework_events.ExpectationSet,
    framework_events.LadderDescribed,
    framework_events.LadderDropped,
    framework_events.LadderMarkedReady,
    framework_events.LadderRemoved,
    framework_events.LadderReplaced,
    framework_events.LevelRemoved,
    framework_events.LevelSet,
    framework_events.ReadyMarkRemoved,
    framework_events.ScaleWritten,
    framework_events.TrackRemoved,
    framework_events.TrackSet,
    occupancy.LevelsClosed,
    occupancy.LevelsOffered,
    occupancy.SeatLeft,
    occupancy.SeatTaken,
    placement_events.PlacementPlanned,
    placement_events.PlacementsOpened,
    placement_events.PlanEnded,
    placement_events.SeatsVacated,
    placement_events.StatementRefused,
    placement_events.StatementSettled,
)
"""What concerns the draft, the guard, or a placement that has not begun."""


def published(event: Event, state: State) -> Published | None:
    """Return what others may know of an event; `state` is the one after it."""
    if isinstance(event, PRIVATE):
        return None
    match state:
        case Framework():
            return _of_framework(event, state)
        case Placement():
            return _of_placement(event, state)
        case _:
            raise _unforeseen(event)


def _of_framework(event: Event, state: Framework) -> Published | None:
    match event:
        case framework_events.LadderTaken():
            return ladder_form(event.version, event.published)
        case framework_events.LadderCarried():
            return ladder_form(event.version, state.published[event.ladder])
        case framework_events.VersionPublished():
            return _version(event, state)
        case framework_events.LadderArchived():
            return framework.LadderArchived(ladder=event.ladder)
        case _:
            raise _unforeseen(event)


def _of_placement(event: Event, state: Placement) -> Published | None:
    """Tell listeners what counts: to them the last placement of a day is the one, and a level ends with its day."""
    match event:
        case PersonPlaced() | PlacementCountsAgain():
            return _placed(state, event.placement) if state.counts(event.placement) else None
        case PlacementWithdrawn():
            return None if state.says_twice(event.level, event.effective_on) else _ended(state, event)
        case _:
            raise _unforeseen(event)


def _placed(state: Placement, placement: str) -> framework.PersonPlaced:
    seat = state.seat(placement)
    if seat.version is None:
        raise TypeError("a placement that has not begun would be published")
    return framework.PersonPlaced(
        person=state.person,
        ladder=ladder_of(seat.level),
        level=seat.level,
        effective_on=seat.effective_on,
        reason=seat.reason,
        evaluation=seat.evaluation,
        version=seat.version,
    )


def _ended(state: Placement, event: PlacementWithdrawn) -> framework.PlacementEnded:
    return framework.PlacementEnded(person=state.person, level=event.level, effective_on=event.effective_on)


def _version(event: framework_events.VersionPublished, state: Framework) -> framework.FrameworkPublished:
    return framework.FrameworkPublished(
        version=event.version,
        note=event.note,
        scale=tuple(framework.AnchorText(**anchor.model_dump()) for anchor in event.scale),
        digests={name: _digest(ladder_form(event.version, ladder)) for name, ladder in state.published.items()},
        fates=tuple(framework.CompetencyFate(**fate.model_dump()) for fate in event.fates),
    )


def _digest(form: framework.LadderPublished) -> str:
    """Return the SHA-256 of the bytes in which the ladder is published."""
    return hashlib.sha256(form.model_dump_json().encode()).hexdigest()


def ladder_form(version: int, of: PublishedLadder) -> framework.LadderPublished:
    """Return a ladder as version `version` publishes it; every level by its full id."""
    ladder = of.ladder
    return framework.LadderPublished(
        version=version,
        ladder=ladder.id,
        name=ladder.name,
        tracks=tuple(
            framework.TrackText(
                id=track.id, name=track.name, levels=tuple(ladder.full(level) for level in track.levels)
            )
            for track in ladder.tracks
        ),
        levels=tuple(_level(ladder, track.id, level) for track in ladder.tracks for level in track.levels),
        competencies=tuple(_competency(competency) for competency in of.competencies),
        expectations=tuple(
            _expectation(ladder.full(level), competency, cell)
            for level in ladder.levels()
            for competency, cell in level.expectations.items()
        ),
        changed_in=of.changed_in,
        credits=ladder.credits,
    )


def _level(ladder: Ladder, track: str, level: Level) -> framework.LevelText:
    return framework.LevelText(
        id=ladder.full(level), code=level.code, title=level.title, track=track, scope=level.scope, next=level.next
    )


def _competency(of: Competency) -> framework.CompetencyText:
    return framework.CompetencyText(
        id=of.id, name=of.name, area=of.area, description=of.description, provenance=_provenance(of.provenance)
    )


def _expectation(level: str, competency: str, cell: Expectation | str) -> framework.ExpectationText:
    if not isinstance(cell, Expectation):
        return framework.ExpectationText(level=level, competency=competency, required=None)
    return framework.ExpectationText.model_validate(
        {
            "level": level,
            "competency": competency,
            "required": cell.required,
            "weight": cell.weight,
            "behaviours": cell.behaviours,
            "examples": cell.examples,
            "provenance": _provenance(cell.provenance),
        }
    )


def _provenance(of: Provenance | None) -> framework.Provenance | None:
    return framework.Provenance(**of.model_dump(exclude={"original"})) if of else None


def _unforeseen(event: Event) -> TypeError:
    return TypeError(f"{type(event).__name__} has no published form and is not listed as private")


def handlers(application: Frameworks) -> dict[type[Published], Handler]:
    """Return what this service does when it hears others."""

    def when_placement_stated_then_place(unit: Unit, heard: people.PlacementStated, envelope: Envelope) -> None:
        application.state_placement(unit, **heard.model_dump())

    def when_person_erased_then_vacate_their_seats(unit: Unit, heard: people.PersonErased, envelope: Envelope) -> None:
        application.forget(unit, heard.person)

    return {
        people.PlacementStated: when_placement_stated_then_place,
        people.PersonErased: when_person_erased_then_vacate_their_seats,
    }
