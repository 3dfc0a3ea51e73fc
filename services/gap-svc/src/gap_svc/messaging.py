"""What others see of this service's events, and what it does when it hears theirs."""

from __future__ import annotations

from hashlib import sha256

from chassis.consumer import Handler
from chassis.copied import Facts
from chassis.kernel import Event, State
from chassis.unit import Unit
from contracts import evaluation, framework
from contracts import gap as out
from contracts.envelope import Envelope, Published
from gap_svc import facts
from gap_svc.application import Reports
from gap_svc.domain import report, standing
from gap_svc.domain.levels import Expectation, Level, LevelRef

PRIVATE: tuple[type[Event], ...] = (
    standing.EvaluationDropped,
    standing.EvaluationTaken,
    standing.PlacementKnown,
    standing.PlacementTakenBack,
    standing.PresentLevelChanged,
    standing.ReportBegun,
)
"""What a report is computed from: others heard it where it happened."""


def published(event: Event, state: State) -> Published | None:
    """Return what others may know of an event; `state` is the one after it."""
    if isinstance(event, PRIVATE):
        return None
    match event:
        case report.Computed():
            return _computed(event)
        case report.Withdrawn():
            return out.GapReportWithdrawn(
                report=event.report, version=event.version, employee=event.employee, reason=event.reason
            )
        case standing.TargetChosen():
            target = event.target
            return out.TargetChosen(
                person=event.person,
                ladder=target.ladder if target else None,
                level=target.level if target else None,
            )
        case _:
            raise TypeError(f"{type(event).__name__} has no published form and is not listed as private")


def _computed(event: report.Computed) -> out.GapReportComputed:
    return out.GapReportComputed(
        report=event.report,
        version=event.version,
        employee=event.employee,
        evaluation=event.evaluation,
        revision=event.revision,
        framework_version=event.framework_version,
        present_level=event.present.level,
        target_ladder=event.target.ladder,
        target_level=event.target.level,
        is_main=event.is_main,
        cause=event.cause,
        caused_by=event.caused_by,
        new_bar_old_scores=event.new_bar_old_scores,
        lines=tuple(
            out.GapLine(
                competency=line.competency,
                required=line.required,
                actual=line.actual,
                gap=line.gap,
                weight=line.weight,
                band=line.band,
            )
            for line in event.calculation.lines
        ),
        met=event.calculation.met,
        rated=event.calculation.rated,
        readiness=event.calculation.readiness.figure,
    )


def handlers(application: Reports) -> dict[type[Published], Handler]:
    """Return what follows here when others are heard; what is only copied is in `FACTS`."""
    return {**_of_frameworks(application), **_of_evaluations(application)}


def _of_frameworks(application: Reports) -> dict[type[Published], Handler]:
    def when_framework_published_then_compute_what_waited(
        unit: Unit, heard: framework.FrameworkPublished, envelope: Envelope
    ) -> None:
        """Compute the reports of evaluations by this version, where it was lost and is published again."""
        application.complete_version(unit, heard.version)

    def when_person_placed_then_settle(unit: Unit, heard: framework.PersonPlaced, envelope: Envelope) -> None:
        """Let somebody sit at a level, now or from its day on."""
        at = LevelRef(ladder=heard.ladder, level=heard.level)
        application.place(unit, heard.person, at, heard.version, heard.effective_on, envelope.eventid)

    def when_placement_ended_then_take_it_back(unit: Unit, heard: framework.PlacementEnded, envelope: Envelope) -> None:
        """Take a placement back."""
        application.take_placement_back(unit, heard.person, heard.level, heard.effective_on, envelope.eventid)

    return {
        framework.FrameworkPublished: when_framework_published_then_compute_what_waited,
        framework.PersonPlaced: when_person_placed_then_settle,
        framework.PlacementEnded: when_placement_ended_then_take_it_back,
    }


def _of_evaluations(application: Reports) -> dict[type[Published], Handler]:
    def when_evaluation_approved_then_compute_reports(
        unit: Unit, heard: evaluation.EvaluationApproved, envelope: Envelope
    ) -> None:
        """Compute the reports that rest on an approved revision."""
        application.take_approval(unit, _approved(heard, envelope))

    def when_cycle_cancelled_then_withdraw_its_reports(
        unit: Unit, heard: evaluation.CycleCancelled, envelope: Envelope
    ) -> None:
        """Rest on nothing of the cycle any more."""
        application.cancel_cycle(unit, heard.cycle, envelope.eventid)

    return {
        evaluation.EvaluationApproved: when_evaluation_approved_then_compute_reports,
        evaluation.CycleCancelled: when_cycle_cancelled_then_withdraw_its_reports,
    }


# -- framework


def when_ladder_published_then_copy_it(unit: Unit, heard: framework.LadderPublished, envelope: Envelope) -> None:
    """Copy a ladder: its competencies, its levels and what they ask."""
    content = facts.Ladder(
        name=heard.name,
        tracks={track.id: track.name for track in heard.tracks},
        competencies=tuple(
            facts.Competency(competency=one.id, name=one.name, area=one.area, description=one.description)
            for one in heard.competencies
        ),
        credits=heard.credits,
    )
    digest = sha256(envelope.data).hexdigest()
    facts.copy_ladder(unit, heard.version, heard.ladder, content, heard.changed_in, digest, envelope.eventid)
    for place, level in enumerate(heard.levels):
        facts.copy_level(unit, place, _level(heard, level), level.next)


def when_framework_published_then_close_its_version(
    unit: Unit, heard: framework.FrameworkPublished, envelope: Envelope
) -> None:
    """Note that a version is complete, once its ladders are those it was published with."""
    scale = [anchor.model_dump(mode="json") for anchor in heard.scale]
    fates = [fate.model_dump(mode="json") for fate in heard.fates]
    facts.close_version(
        unit, heard.version, heard.note, scale, fates, heard.digests, envelope.eventid, at=envelope.time
    )


def _level(heard: framework.LadderPublished, level: framework.LevelText) -> Level:
    track = next((track.levels for track in heard.tracks if track.id == level.track), (level.id,))
    return Level(
        version=heard.version,
        ladder=heard.ladder,
        level=level.id,
        track=level.track,
        position=track.index(level.id),
        code=level.code,
        title=level.title,
        scope=level.scope,
        expectations={
            asked.competency: Expectation(
                competency=asked.competency,
                required=asked.required,
                weight=asked.weight,
                behaviours=asked.behaviours,
                examples=asked.examples,
            )
            for asked in heard.expectations
            if asked.level == level.id and asked.required is not None
        },
    )


# -- evaluation


def when_cycle_opened_then_copy_it(unit: Unit, heard: evaluation.CycleOpened, envelope: Envelope) -> None:
    """Copy a cycle that runs."""
    facts.copy_cycle(
        unit,
        heard.cycle,
        heard.name,
        heard.framework_version,
        heard.starts_on,
        heard.ends_on,
        heard.conversations_by,
    )


def when_cycle_cancelled_then_note_it(unit: Unit, heard: evaluation.CycleCancelled, envelope: Envelope) -> None:
    """Note that a cycle and every evaluation in it count no more."""
    facts.cancel_cycle(unit, heard.cycle, envelope.time)


def when_evaluation_approved_then_copy_it(unit: Unit, heard: evaluation.EvaluationApproved, envelope: Envelope) -> None:
    """Copy an approved revision."""
    facts.copy_approval(unit, _approved(heard, envelope))


def _approved(heard: evaluation.EvaluationApproved, envelope: Envelope) -> facts.Approved:
    lines = tuple(facts.RatedLine.model_validate(line.model_dump()) for line in heard.lines)
    values = {name: getattr(heard, name) for name in facts.Approved.model_fields if name not in ("lines", "approval")}
    return facts.Approved(**values, lines=lines, approval=envelope.eventid)


def when_cycle_closed_then_note_it(unit: Unit, heard: evaluation.CycleClosed, envelope: Envelope) -> None:
    """Note that a cycle ended."""
    facts.close_cycle(unit, heard.cycle)


def when_evaluation_released_then_note_it(unit: Unit, heard: evaluation.EvaluationReleased, envelope: Envelope) -> None:
    """Note that the employee may read a revision and its reports."""
    facts.note_release(unit, heard.evaluation, heard.revision, envelope.time)


def when_evaluation_acknowledged_then_note_it(
    unit: Unit, heard: evaluation.EvaluationAcknowledged, envelope: Envelope
) -> None:
    """Note that the employee read a revision."""
    facts.note_acknowledgement(unit, heard.evaluation, heard.revision, envelope.time)


def when_evaluation_reopened_then_note_it(unit: Unit, heard: evaluation.EvaluationReopened, envelope: Envelope) -> None:
    """Note that a revision is being corrected; its reports stay until the next one is approved."""
    facts.note_reopening(unit, heard.evaluation, heard.revision, envelope.time)


def when_score_reacted_to_then_copy_it(unit: Unit, heard: evaluation.ScoreReactedTo, envelope: Envelope) -> None:
    """Copy the employee's answer to a score."""
    facts.copy_reaction(
        unit, heard.evaluation, heard.revision, heard.competency, heard.answer, heard.reason, envelope.time
    )


def when_push_back_answered_then_copy_it(unit: Unit, heard: evaluation.PushBackAnswered, envelope: Envelope) -> None:
    """Copy the answer to a push-back."""
    facts.copy_reply(unit, heard.evaluation, heard.revision, heard.competency, heard.text, envelope.time)


def when_text_withdrawn_then_note_it(unit: Unit, heard: evaluation.TextWithdrawn, envelope: Envelope) -> None:
    """Note since when a text cannot be read."""
    facts.note_withdrawal(unit, heard.stream, heard.part, heard.withdrawn_on)


FACTS = (
    Facts(
        framework.TOPIC,
        facts.FRAMEWORK_TABLES,
        {
            framework.LadderPublished: when_ladder_published_then_copy_it,
            framework.FrameworkPublished: when_framework_published_then_close_its_version,
        },
    ),
    Facts(
        evaluation.TOPIC,
        facts.EVALUATION_TABLES,
        {
            evaluation.CycleOpened: when_cycle_opened_then_copy_it,
            evaluation.CycleClosed: when_cycle_closed_then_note_it,
            evaluation.CycleCancelled: when_cycle_cancelled_then_note_it,
            evaluation.EvaluationApproved: when_evaluation_approved_then_copy_it,
            evaluation.EvaluationReleased: when_evaluation_released_then_note_it,
            evaluation.EvaluationAcknowledged: when_evaluation_acknowledged_then_note_it,
            evaluation.EvaluationReopened: when_evaluation_reopened_then_note_it,
            evaluation.ScoreReactedTo: when_score_reacted_to_then_copy_it,
            evaluation.PushBackAnswered: when_push_back_answered_then_copy_it,
            evaluation.TextWithdrawn: when_text_withdrawn_then_note_it,
        },
    ),
)
"""What is copied from others, topic by topic."""
