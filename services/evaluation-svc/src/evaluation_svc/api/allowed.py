"""What every route asks first: who is it, and may they; with the table of refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from chassis.http import Command, ErrorTable, Query
from chassis.identity import Actor, Directory
from chassis.kernel import Forbidden, NotFound
from chassis.unit import Unit
from evaluation_svc.access import NOTHING, TOLD_OF_RELEASES, Action, Resource, Sight, decide, reads_reactions, sight
from evaluation_svc.application import Evaluations
from evaluation_svc.application.people import acting, answers_push_back
from evaluation_svc.domain.cycle import Cycle
from evaluation_svc.domain.errors import NotPartOfIt, OwnCase
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.known import ABOUT_REACTIONS, known_events
from evaluation_svc.domain.notes import Example, Observation
from evaluation_svc.domain.self_assessment import SelfAssessment

ERRORS: ErrorTable = {OwnCase: 403, NotPartOfIt: 404}
"""Every broken rule is a conflict (409) but one's own case (403); 422, 404 and 403 follow from the error's class.

A 404 tells nothing, but for a part of something that is seen."""

REFUSED = "This is for somebody else to do."


def application(command: Command) -> Evaluations:
    """Return the use cases of the service a command is for."""
    return cast("Evaluations", command.service.application)


def allow(unit: Unit, action: Action, evaluation: str) -> Evaluation:
    """Return the evaluation; refuse what the actor may not do, as absent what they may not even see.

    What one may do to an evaluation never depends on its self-assessment, which is not read for it.
    """
    state = unit.get(Evaluation, evaluation)
    resource = resource_of(unit.directory, unit.actor, state, None, self_due_passed=False)
    if not decide(unit.actor, "read evaluation", resource):
        raise NotFound(evaluation)
    if not decide(unit.actor, action, resource):
        raise Forbidden(REFUSED)
    return state


def known_version(unit: Unit, state: Evaluation) -> int:
    """Return the version of an evaluation as the actor knows it: how many events they were told of.

    A version that counted the others would tell the employee what happens before a release.
    """
    version = unit.version(Evaluation, state.evaluation)
    of = resource_of(unit.directory, unit.actor, state, None, self_due_passed=False)
    if sight(unit.actor, of) not in TOLD_OF_RELEASES:
        return version
    events, _ = unit.reading.load(Evaluation.stream(unit.workspace, state.evaluation))
    all_of_it = reads_reactions(unit.actor, of)
    return sum(known_events(state, [one for one in events if all_of_it or not isinstance(one, ABOUT_REACTIONS)]))


def allow_at_all(unit: Unit, action: Action, person: str | None = None) -> None:
    """Refuse what the actor may not do, in general or about a person."""
    relation = unit.directory.relation(unit.actor.person, person) if person else NOTHING.relation
    if not decide(unit.actor, action, Resource(relation=relation)):
        raise Forbidden(REFUSED)


def allow_arranging(unit: Unit, cycle: str, person: str | None = None) -> Cycle:
    """Return the cycle if the actor may arrange it.

    Once it is open, what one arranges about a person is never about oneself. While it is planned it may be: the only
    HR admin of a company has to name who evaluates and who approves them.
    """
    state = unit.get(Cycle, cycle)
    allow_at_all(unit, "arrange", None if state.status == "planned" else person)
    return state


def allow_on_note(unit: Unit, action: Action, notes: type[Observation] | type[Example], note: str) -> None:
    """Refuse what the actor may not do with a note, as if there were none: it is private to whom it belongs."""
    state = unit.get(notes, note)
    holder, author = (state.holder, state.author) if isinstance(state, Observation) else (state.employee,) * 2
    of = Resource(
        relation=unit.directory.relation(unit.actor.person, state.employee),
        holds=unit.actor.person == holder,
        wrote=unit.actor.person == author,
        is_cited=bool(state.cited),
    )
    if not decide(unit.actor, action, of):
        raise NotFound(note)


def readable(query: Query, evaluation: str) -> tuple[Evaluation, int, Resource, SelfAssessment | None]:
    """Return an evaluation, its version, how it concerns the actor, and the self-assessment; or nothing at all."""
    state, version = query.state(Evaluation, evaluation)
    if state is None:
        raise NotFound(evaluation)
    own, _ = query.state(SelfAssessment, evaluation)
    resource = resource_of(query.directory, query.actor, state, own, query.now >= state.due.self_at)
    if not decide(query.actor, "read evaluation", resource):
        raise NotFound(evaluation)
    return state, version, resource, own


def seen(query: Query, evaluations: Sequence[str]) -> dict[str, tuple[Evaluation, Sight]]:
    """Return many evaluations, in their order, with what the actor sees of each; those they see nothing of are out.

    It asks once for all of them.
    """
    found = query.states(Evaluation, evaluations)
    query.directory.people()
    query.directory.relations(query.actor.person, {one.employee for one in found.values()})
    listed: dict[str, tuple[Evaluation, Sight]] = {}
    for one in evaluations:
        of = resource_of(query.directory, query.actor, found[one], None, self_due_passed=False)
        if decide(query.actor, "read evaluation", of):
            listed[one] = found[one], sight(query.actor, of)
    return listed


def allow_reading(query: Query, action: Action) -> None:
    """Refuse a list the actor may not read."""
    if not decide(query.actor, action):
        raise Forbidden(REFUSED)


def resource_of(
    directory: Directory, actor: Actor, state: Evaluation, own: SelfAssessment | None, self_due_passed: bool
) -> Resource:
    """Return how an evaluation concerns the actor."""
    concerns = Resource(
        relation=directory.relation(actor.person, state.employee),
        is_evaluator=actor.person in (state.evaluator, acting(directory, state)) and not _left(directory, actor),
        is_substitute=actor.person == state.substitute,
        answers=actor.person == answers_push_back(directory, state),
        wrote=any(actor.person in _writers(state, number) for number in range(len(state.revisions))),
        self_submitted=own is not None and own.status == "submitted",
        self_due_passed=self_due_passed,
    )
    return concerns.model_copy(update=stage_of(state).model_dump(exclude_unset=True))


def stage_of(state: Evaluation) -> Resource:
    """Return how far an evaluation is, whomever it concerns."""
    return Resource(
        handed_in=state.is_handed_in,
        was_approved=state.approved_revision is not None,
        was_released=state.released_revision is not None,
    )


def _writers(state: Evaluation, number: int) -> set[str | None]:
    return {line.by for line in state.revisions[number].lines.values()}


def _left(directory: Directory, actor: Actor) -> bool:
    person = directory.person(actor.person)
    return person is not None and person.status == "left"
