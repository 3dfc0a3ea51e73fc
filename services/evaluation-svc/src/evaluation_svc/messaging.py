"""What others see of this service's events, and what it does when it hears theirs."""

from __future__ import annotations

from chassis.copied import Facts
from chassis.kernel import Event, Sealed, State, sealed
from chassis.unit import Unit
from contracts import evaluation as out
from contracts import framework
from contracts.envelope import Envelope, Published
from evaluation_svc import facts
from evaluation_svc.domain import cycle as cycles
from evaluation_svc.domain import evaluation_events as events
from evaluation_svc.domain import notes, self_assessment
from evaluation_svc.domain.cycle import Cycle
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.lines import Said
from evaluation_svc.domain.notes import PART, Example, ExampleWithdrawn, Observation, ObservationWithdrawn
from evaluation_svc.domain.revisions import Revision
from evaluation_svc.domain.self_assessment import SelfAssessment, SelfTextWithdrawn

PRIVATE: tuple[type[Event], ...] = (
    cycles.CycleSubstituteNamed,
    cycles.EvaluatorNamed,
    cycles.ParticipantAdded,
    cycles.ParticipantEntered,
    cycles.ParticipantExcluded,
    cycles.Planned,
    cycles.Replanned,
    cycles.ScorecardBrought,
    events.AnswerOverdue,
    events.ApprovalOverdue,
    events.Assigned,
    events.Begun,
    events.EvaluationCancelled,
    events.EvaluationOverdue,
    events.EvaluatorKept,
    events.EvidenceAdded,
    events.EvidenceRemoved,
    events.Examined,
    events.Excused,
    events.Extended,
    events.HandedOver,
    events.Held,
    events.LineCleared,
    events.LineNotSeen,
    events.LineRated,
    events.NotFinished,
    events.Recalled,
    events.Returned,
    events.SelfAssessmentOpened,
    events.SelfAssessmentOverdue,
    events.Submitted,
    events.SubstituteNamed,
    notes.ExampleCited,
    notes.ExampleNoted,
    notes.ObservationCited,
    notes.ObservationPassedOn,
    notes.Observed,
    self_assessment.SelfBegun,
    self_assessment.SelfExampleAdded,
    self_assessment.SelfExampleRemoved,
    self_assessment.SelfRated,
    self_assessment.SelfSubmitted,
)
"""What happens before an approval, and who keeps which note: nobody else's business."""


def published(event: Event, state: State) -> Published | None:
    """Return what others may know of an event; `state` is the one after it."""
    if isinstance(event, PRIVATE):
        return None
    match state:
        case Cycle():
            return _of_cycle(event, state)
        case Evaluation():
            return _of_evaluation(event, state)
        case SelfAssessment() if isinstance(event, SelfTextWithdrawn):
            return _withdrawn(state.texts, event)
        case Observation() | Example():
            return _of_note(event, state)
        case _:
            raise _unforeseen(event)


def _of_cycle(event: Event, state: Cycle) -> Published | None:
    match event:
        case cycles.Opened():
            plan, dates = state.plan, state.plan.dates
            return out.CycleOpened(
                cycle=event.cycle,
                name=plan.name,
                framework_version=plan.framework_version,
                starts_on=plan.starts_on,
                ends_on=plan.ends_on,
                release=plan.release,
                release_on=plan.release_on,
                **dates.model_dump(),
            )
        case cycles.Closed():
            return out.CycleClosed(cycle=event.cycle)
        case cycles.Cancelled():
            return out.CycleCancelled(cycle=event.cycle)
        case _:
            raise _unforeseen(event)


def _of_evaluation(event: Event, state: Evaluation) -> Published | None:
    named = {"evaluation": state.evaluation, "employee": state.employee}
    match event:
        case events.Approved():
            return _approved(event, state)
        case events.Released():
            cycle, by = state.terms.cycle, state.due.days.conversations_by
            return out.EvaluationReleased(**named, revision=event.revision, cycle=cycle, conversations_by=by)
        case events.Acknowledged():
            return out.EvaluationAcknowledged(**named, revision=event.revision)
        case events.Reopened():
            return out.EvaluationReopened(**named, revision=event.revision, was_released=event.was_released)
        case events.ReactedTo():
            return out.ScoreReactedTo(
                **named,
                revision=event.revision,
                competency=event.competency,
                answer=event.reaction,
                reason=None if event.reason is None else sealed(event.reason),
            )
        case events.PushBackAnswered():
            text = sealed(event.text)
            return out.PushBackAnswered(**named, revision=event.revision, competency=event.competency, text=text)
        case events.Withdrawn():
            return _withdrawn(state.texts, event)
        case _:
            raise _unforeseen(event)


def _approved(event: events.Approved, state: Evaluation) -> out.EvaluationApproved:
    terms = state.terms
    return out.EvaluationApproved(
        evaluation=state.evaluation,
        revision=event.revision,
        employee=state.employee,
        evaluator=state.evaluator,
        cycle=terms.cycle,
        cycle_name=terms.cycle_name,
        framework_version=terms.framework_version,
        ladder=terms.ladder,
        level=terms.level,
        lines=_rated_lines(state, state.revision),
        approved_by=event.by,
        approved_at=event.at,
        period_ends_on=terms.ends_on,
    )


def _rated_lines(state: Evaluation, revision: Revision) -> tuple[out.RatedLine, ...]:
    return tuple(
        out.RatedLine(
            competency=line.competency,
            rating=line.rating,
            not_seen=line.not_seen,
            rests_on_memory=line.rating is not None and not line.evidence,
            evidence=tuple(sealed(one.text) for one in line.evidence),
            self_rating=revision.self_ratings.get(line.competency),
        )
        for line in state.standing_lines(revision)
    )


def _withdrawn(texts: dict[str, Said], event: events.Withdrawn | SelfTextWithdrawn) -> out.TextWithdrawn:
    return _text_withdrawn(sealed(texts[event.part].text), event)


def _of_note(event: Event, state: Observation | Example) -> out.TextWithdrawn:
    match event:
        case ObservationWithdrawn() | ExampleWithdrawn():
            return _text_withdrawn(sealed(state.text), event)
        case _:
            raise _unforeseen(event)


def _text_withdrawn(
    text: Sealed, event: events.Withdrawn | SelfTextWithdrawn | ObservationWithdrawn | ExampleWithdrawn
) -> out.TextWithdrawn:
    return out.TextWithdrawn(person=text.person, stream=text.stream, part=text.part or PART, withdrawn_on=event.on)


def _unforeseen(event: Event) -> TypeError:
    return TypeError(f"{type(event).__name__} has no published form and is not listed as private")


def when_ladder_published_then_copy_it(unit: Unit, heard: framework.LadderPublished, envelope: Envelope) -> None:
    """Copy the levels of a ladder, what they ask, and whom its texts are to be credited to."""
    facts.copy_ladder(unit, _ladder(heard))


def _ladder(heard: framework.LadderPublished) -> facts.Ladder:
    known = {one.id: (place, one) for place, one in enumerate(heard.competencies)}
    return facts.Ladder(
        version=heard.version,
        ladder=heard.ladder,
        credits=heard.credits,
        levels=tuple(
            facts.Level(level=one.id, code=one.code, title=one.title, next=one.next) for one in heard.levels
        ),
        expectations=tuple(_expectation(one, *known[one.competency]) for one in heard.expectations),
    )


def _expectation(
    asked: framework.ExpectationText, place: int, competency: framework.CompetencyText
) -> facts.Expectation:
    return facts.Expectation(
        level=asked.level,
        competency=competency.id,
        name=competency.name,
        area=competency.area,
        place=place,
        required=asked.required,
        behaviours=asked.behaviours,
    )


def when_framework_published_then_note_its_version(
    unit: Unit, heard: framework.FrameworkPublished, envelope: Envelope
) -> None:
    """Note that the version is complete."""
    facts.copy_version(unit, heard.version)


def when_person_placed_then_copy_it(unit: Unit, heard: framework.PersonPlaced, envelope: Envelope) -> None:
    """Copy where somebody sits."""
    facts.copy_placement(unit, heard.person, heard.effective_on, heard.ladder, heard.level)


def when_placement_ended_then_drop_it(unit: Unit, heard: framework.PlacementEnded, envelope: Envelope) -> None:
    """Drop a placement that was taken back."""
    facts.drop_placement(unit, heard.person, heard.effective_on, heard.level)


FACTS = (
    Facts(
        framework.TOPIC,
        facts.TABLES,
        {
            framework.LadderPublished: when_ladder_published_then_copy_it,
            framework.FrameworkPublished: when_framework_published_then_note_its_version,
            framework.PersonPlaced: when_person_placed_then_copy_it,
            framework.PlacementEnded: when_placement_ended_then_drop_it,
        },
    ),
)
"""What is copied from others; nothing follows from it by itself, so nothing is withdrawn where it is lost."""
