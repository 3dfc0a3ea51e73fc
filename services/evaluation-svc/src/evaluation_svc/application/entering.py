"""Who would enter a planned cycle today, with evaluator, form and possible approvers."""

from __future__ import annotations

from datetime import datetime

from chassis.identity import Directory
from chassis.kernel import Frozen, NotFound
from evaluation_svc import facts
from evaluation_svc.application.people import hr_admins, today
from evaluation_svc.domain.cycle import Cycle
from evaluation_svc.domain.participants import (
    Candidate,
    Finding,
    Member,
    data_check,
    default_participants,
    possible_approvers,
)


class Entrant(Frozen):
    """A candidate with the form they would be rated by."""

    candidate: Candidate
    form: facts.Form | None


class Participants(Frozen):
    """Who would enter a planned cycle, who is left out by default and why, and what the data check finds."""

    entrants: tuple[Entrant, ...]
    left_out: dict[str, str]
    findings: tuple[Finding, ...]


def participants(reads: facts.Reads, directory: Directory, cycle: Cycle, now: datetime) -> Participants:
    """Return who would enter a planned cycle today."""
    plan = cycle.plan
    pool = {one.id: one for one in directory.people()}
    if plan.scope == "team" and plan.of is not None:
        pool = {one: pool[one] for one in directory.managed_by(plan.of)}
    members = [
        Member(person=one.id, status=one.status, starts_on=one.starts_on, ends_on=one.ends_on) for one in pool.values()
    ]
    selection = default_participants(members, plan.starts_on, plan.ends_on)
    chosen = (plan.of,) if plan.scope == "person" and plan.of is not None else selection.chosen
    people = tuple(sorted({*chosen, *cycle.added} - set(cycle.excluded)))
    entrants = candidates(reads, directory, cycle, people, now)
    return Participants(
        entrants=entrants,
        left_out={person: why for person, why in selection.left_out.items() if person not in people},
        findings=data_check(one.candidate for one in entrants),
    )


def candidates(
    reads: facts.Reads, directory: Directory, cycle: Cycle, people: tuple[str, ...], now: datetime
) -> tuple[Entrant, ...]:
    """Return people as they would enter the cycle today: evaluator, placement, form and possible approvers."""
    placed = facts.placements_on(reads, people, today(directory, now))
    version = cycle.plan.framework_version
    forms = {place: facts.form(reads, version, place) for place in set(placed.values())}
    admins = hr_admins(directory)
    return tuple(_entrant(directory, cycle, person, placed.get(person), forms, admins) for person in people)


def _entrant(
    directory: Directory,
    cycle: Cycle,
    person: str,
    placement: facts.Placement | None,
    forms: dict[facts.Placement, facts.Form | None],
    admins: tuple[str, ...],
) -> Entrant:
    known = directory.person(person)
    if known is None:
        raise NotFound(f"There is no person {person!r}.")
    evaluator = evaluator_of(cycle, person, known.manager)
    form = forms[placement] if placement else None
    candidate = Candidate(
        person=person,
        evaluator=evaluator,
        placed=placement is not None,
        published=form is not None and bool(form.competencies),
        has_email=known.work_email is not None,
        invited=known.invited,
        approvers=possible_approvers(admins, person, [evaluator] if evaluator else [], cycle.substitutes.get(person)),
    )
    return Entrant(candidate=candidate, form=form)


def evaluator_of(cycle: Cycle, person: str, manager: str | None) -> str | None:
    """Return who evaluates somebody once a planned cycle opens: named by HR, who brought a scorecard, the manager."""
    brought = cycle.scorecards.get(person)
    return cycle.evaluators.get(person) or (brought.by if brought else manager)
