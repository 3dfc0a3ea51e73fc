"""Who may do and read what: every route by role, relation and state; a route without a row fails."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest

from chassis.identity import Actor, Relation
from chassis.testing import every_route_has_a_row
from chassis.testing.asking import named_in_routes
from evaluation_svc.access import Action, Resource, Sight, decide, reads_self_assessment, sight
from evaluation_svc.api import PARTS, router
from evaluation_svc.api.allowed import stage_of
from evaluation_svc.api.views import readable_revisions, revision_for
from evaluation_svc.domain.evaluation import Evaluation, Status

from .given import AT, DUE, EMPLOYEE, EVALUATOR, HR, after, approved, assigned, drafted, released, submitted

ROUTES: dict[tuple[str, str], Action] = {
    ("GET", "/cycles"): "read cycles",
    ("POST", "/cycles"): "plan cycles",
    ("POST", "/scorecards"): "bring scorecard",
    ("GET", "/scorecards.xlsx"): "write",
    ("GET", "/evaluations/{evaluation}/scorecard.xlsx"): "write",
    ("GET", "/cycles/{cycle}/results.xlsx"): "read results",
    ("GET", "/cycles/{cycle}"): "read cycles",
    ("PUT", "/cycles/{cycle}"): "arrange",
    ("GET", "/cycles/{cycle}/history"): "arrange",
    ("GET", "/cycles/{cycle}/data-check"): "arrange",
    ("GET", "/cycles/{cycle}/participants"): "arrange",
    ("POST", "/cycles/{cycle}/participants"): "arrange",
    ("POST", "/cycles/{cycle}/opening"): "arrange",
    ("POST", "/cycles/{cycle}/closing"): "arrange",
    ("POST", "/cycles/{cycle}/cancellation"): "arrange",
    ("POST", "/cycles/{cycle}/extension"): "arrange",
    ("POST", "/cycles/{cycle}/excuse"): "arrange",
    ("GET", "/cycles/{cycle}/evaluators"): "arrange",
    ("POST", "/cycles/{cycle}/evaluators"): "arrange",
    ("GET", "/evaluations"): "read evaluation",
    ("GET", "/evaluations/{evaluation}"): "read evaluation",
    ("PUT", "/evaluations/{evaluation}/lines/{competency}"): "write",
    ("POST", "/evaluations/{evaluation}/submission"): "write",
    ("POST", "/evaluations/{evaluation}/recall"): "write",
    ("POST", "/evaluations/{evaluation}/opening"): "judge",
    ("POST", "/evaluations/{evaluation}/approval"): "judge",
    ("POST", "/evaluations/{evaluation}/return"): "judge",
    ("POST", "/evaluations/{evaluation}/reopening"): "judge",
    ("POST", "/evaluations/{evaluation}/release"): "release",
    ("POST", "/evaluations/{evaluation}/hold"): "hold",
    ("POST", "/evaluations/{evaluation}/acknowledgement"): "acknowledge",
    ("POST", "/evaluations/{evaluation}/reactions/{competency}"): "react",
    ("POST", "/evaluations/{evaluation}/answers/{competency}"): "answer",
    ("POST", "/evaluations/{evaluation}/withdrawal"): "withdraw",
    ("GET", "/evaluations/{evaluation}/revisions/{number}"): "read evaluation",
    ("GET", "/evaluations/{evaluation}/history"): "read evaluation",
    ("GET", "/approvals"): "read queue",
    ("POST", "/approvals"): "judge",
    ("GET", "/self-assessments/{evaluation}"): "read self-assessment",
    ("GET", "/self-assessments/{evaluation}/history"): "read self-assessment",
    ("PUT", "/self-assessments/{evaluation}/lines/{competency}"): "assess self",
    ("POST", "/self-assessments/{evaluation}/submission"): "assess self",
    ("POST", "/self-assessments/{evaluation}/opening"): "open self-assessment",
    ("POST", "/self-assessments/{evaluation}/withdrawal"): "withdraw",
    ("GET", "/observations"): "read own notes",
    ("POST", "/observations"): "observe",
    ("GET", "/observations/{note}"): "read own notes",
    ("POST", "/observations/{note}/passing-on"): "pass on",
    ("GET", "/observations/{note}/history"): "read own notes",
    ("POST", "/observations/{note}/withdrawal"): "withdraw note",
    ("GET", "/examples"): "read own notes",
    ("POST", "/examples"): "note",
    ("GET", "/examples/{note}"): "read own notes",
    ("GET", "/examples/{note}/history"): "read own notes",
    ("POST", "/examples/{note}/withdrawal"): "withdraw note",
    ("GET", "/waiting"): "read waiting",
}
"""Every route and what it asks `decide`."""

ME = "me"
WHO: dict[str, tuple[tuple[str, ...], Resource]] = {
    "employee": ((), Resource(relation=frozenset({"self"}))),
    "employee who is HR": (("hr",), Resource(relation=frozenset({"self"}))),
    "evaluator": ((), Resource(relation=frozenset({"manager"}), is_evaluator=True, answers=True)),
    "evaluator who is HR": (("hr",), Resource(is_evaluator=True, answers=True)),
    "HR": (("hr",), Resource()),
    "substitute": ((), Resource(is_substitute=True)),
    "manager": ((), Resource(relation=frozenset({"manager"}))),
    "manager above": ((), Resource(relation=frozenset({"manager above"}))),
    "former evaluator": ((), Resource(relation=frozenset({"former manager"}), wrote=True)),
    "former manager": ((), Resource(relation=frozenset({"former manager"}))),
    "analyst": (("analyst",), Resource()),
    "stranger": ((), Resource()),
    "service": (("service",), Resource()),
}
EVERYBODY = set(WHO) - {"service"}
ALLOWED: dict[Action, set[str]] = {
    "plan cycles": {"HR", "evaluator who is HR"},
    "arrange": {"HR", "evaluator who is HR"},
    "read cycles": EVERYBODY,
    "read cycle progress": {"HR", "evaluator who is HR", "employee who is HR", "analyst"},
    "read results": {"HR", "evaluator who is HR", "employee who is HR"},
    "read queue": {"HR", "evaluator who is HR", "employee who is HR", "substitute"},
    "bring scorecard": {"HR", "evaluator who is HR", "manager", "evaluator"},
    "write": {"evaluator", "evaluator who is HR"},
    "open self-assessment": {"evaluator", "evaluator who is HR"},
    "judge": {"HR", "substitute"},
    "release": {"HR", "evaluator who is HR", "manager", "evaluator"},
    "hold": {"HR"},
    "acknowledge": {"employee", "employee who is HR"},
    "react": {"employee", "employee who is HR"},
    "assess self": {"employee", "employee who is HR"},
    "answer": {"evaluator", "evaluator who is HR"},
    "withdraw": {
        "employee",
        "employee who is HR",
        "evaluator",
        "evaluator who is HR",
        "HR",
        "manager",
        "former evaluator",
    },
    "observe": {"manager", "evaluator", "evaluator who is HR"},
    "note": EVERYBODY,
    "read own notes": EVERYBODY,
    "read waiting": EVERYBODY,
}
"""Who may act; what of an evaluation is read, and of a self-assessment, depends on the state: see below."""

WITH_A_NOTE: dict[str, tuple[tuple[str, ...], Resource]] = {
    "holder": ((), Resource(relation=frozenset({"manager"}), holds=True)),
    "author who passed it on": ((), Resource(relation=frozenset({"former manager"}), wrote=True)),
    "employee, of their example": ((), Resource(relation=frozenset({"self"}), holds=True, wrote=True)),
    "employee, of a cited observation": ((), Resource(relation=frozenset({"self"}), is_cited=True)),
    "HR, of a cited observation about them": (("hr",), Resource(relation=frozenset({"self"}), is_cited=True)),
    "HR, of a cited note": (("hr",), Resource(is_cited=True)),
    "HR, of a private note": (("hr",), Resource()),
    "manager": ((), Resource(relation=frozenset({"manager"}), is_evaluator=True, is_cited=True)),
    "stranger": ((), Resource(is_cited=True)),
    "service": (("service",), Resource(holds=True, wrote=True, is_cited=True)),
}
ALLOWED_WITH_NOTES: dict[Action, set[str]] = {
    "pass on": {"holder", "employee, of their example"},
    "withdraw note": {"holder", "author who passed it on", "employee, of their example", "HR, of a cited note"},
}
"""What one may do with a note: it is private to whom it belongs until it is cited."""

SEES: dict[str, tuple[Sight, Sight, Sight, Sight]] = {
    "employee": ("own", "own", "own", "own"),
    "employee who is HR": ("own", "own", "own", "own"),
    "evaluator": ("all", "all", "all", "all"),
    "evaluator who is HR": ("all", "all", "all", "all"),
    "HR": ("state", "judged", "judged", "judged"),
    "substitute": ("state", "judged", "judged", "judged"),
    "manager": ("state", "state", "approved", "approved"),
    "manager above": ("nothing", "nothing", "nothing", "released"),
    "former evaluator": ("nothing", "nothing", "nothing", "written"),
}
"""What is seen of what is not handed in, handed in, approved once, released once."""
NOTHING: tuple[Sight, Sight, Sight, Sight] = ("nothing", "nothing", "nothing", "nothing")


def cancelled(state: Evaluation) -> Evaluation:
    return after(state, state.end_cancelled(AT))


def excused(state: Evaluation) -> Evaluation:
    return after(state, state.excuse("leave", HR, AT))


def not_finished(state: Evaluation) -> Evaluation:
    return after(state, state.end_unfinished(AT))


def recalled(state: Evaluation) -> Evaluation:
    return after(state, state.recall(EVALUATOR, AT, DUE))


def returned(state: Evaluation) -> Evaluation:
    return after(state, state.give_back({"delivery": "Say which project."}, HR, AT, due_at=DUE))


def reopened(state: Evaluation) -> Evaluation:
    return after(state, state.reopen("The wrong project.", HR, AT, due_at=DUE))


def acknowledged(state: Evaluation) -> Evaluation:
    return after(state, state.acknowledge(EMPLOYEE, AT))


STAGES: tuple[dict[str, Evaluation], ...] = (
    {
        "not started": assigned(),
        "draft": drafted(),
        "recalled": recalled(submitted()),
        "returned": returned(submitted()),
        "excused as a draft": excused(drafted()),
        "excused once returned": excused(returned(submitted())),
        "not finished as a draft": not_finished(drafted()),
        "cancelled as a draft": cancelled(drafted()),
        "cancelled once recalled": cancelled(recalled(submitted())),
    },
    {
        "submitted": submitted(),
        "submitted again": submitted(returned(submitted())),
        "excused once submitted": excused(submitted()),
        "not finished though submitted": not_finished(submitted()),
        "cancelled once submitted": cancelled(submitted()),
    },
    {
        "approved": approved(),
        "reopened": reopened(approved()),
        "a correction submitted": submitted(reopened(approved())),
        "a correction returned": returned(submitted(reopened(approved()))),
        "cancelled once approved": cancelled(approved()),
        "cancelled while corrected": cancelled(reopened(approved())),
    },
    {
        "released": released(),
        "acknowledged": acknowledged(released()),
        "reopened after the release": reopened(released()),
        "a correction submitted after the release": submitted(reopened(acknowledged(released()))),
        "a correction approved after the release": approved(submitted(reopened(released()))),
    },
)
"""Every way an evaluation can stand, by how far it is."""
STANDS = {name: (stage, state) for stage, states in enumerate(STAGES) for name, state in states.items()}


def actor(roles: tuple[str, ...]) -> Actor:
    return Actor(workspace="w", person=ME, roles=frozenset(roles))


def at(resource: Resource, name: str, **more: Any) -> Resource:
    """Return how an evaluation that stands so concerns somebody."""
    given = stage_of(STANDS[name][1]).model_dump(include={"handed_in", "was_approved", "was_released"})
    return resource.model_copy(update=given | more)


def test_every_route_has_a_row() -> None:
    every_route_has_a_row(router, ROUTES)


def test_every_route_asks_what_its_row_says() -> None:
    named = named_in_routes(PARTS)
    assert set(named) == set(ROUTES)
    assert [route for route, texts in named.items() if ROUTES[route] not in texts] == []


def test_every_action_says_who_may_do_it() -> None:
    by_state = {"read evaluation", "read self-assessment"}
    assert set(get_args(Action)) == set(ALLOWED) | set(ALLOWED_WITH_NOTES) | by_state


@pytest.mark.parametrize(("who", "action"), list(product(WHO, ALLOWED)))
def test_only_those_in_its_row_may_do_an_action(who: str, action: Action) -> None:
    roles, resource = WHO[who]
    assert decide(actor(roles), action, resource) is (who in ALLOWED[action])


@pytest.mark.parametrize(("who", "action"), list(product(WITH_A_NOTE, ALLOWED_WITH_NOTES)))
def test_a_note_is_passed_on_by_its_holder_and_withdrawn_by_author_holder_or_once_cited_hr(
    who: str, action: Action
) -> None:
    roles, resource = WITH_A_NOTE[who]
    assert decide(actor(roles), action, resource) is (who in ALLOWED_WITH_NOTES[action])


def test_every_status_is_tried() -> None:
    assert {state.status for _, state in STANDS.values()} == set(get_args(Status))


@pytest.mark.parametrize(("who", "name"), list(product(sorted(EVERYBODY), STANDS)))
def test_who_sees_what_of_an_evaluation_that_stands_how(who: str, name: str) -> None:
    roles, resource = WHO[who]
    assert sight(actor(roles), at(resource, name)) == SEES.get(who, NOTHING)[STANDS[name][0]]


@pytest.mark.parametrize("name", [name for name, (stage, _) in STANDS.items() if stage == 0])
def test_a_draft_is_its_evaluators_until_it_is_submitted_also_once_it_has_ended(name: str) -> None:
    _, state = STANDS[name]
    assert (revision_for(state, "judged"), readable_revisions(state, "judged")) == (None, [])


def test_of_a_correction_that_is_not_handed_in_hr_sees_what_it_corrects_also_once_it_was_cancelled() -> None:
    for name in ("reopened", "a correction returned", "cancelled while corrected"):
        _, state = STANDS[name]
        first, _ = state.revisions
        assert (revision_for(state, "judged"), readable_revisions(state, "judged")) == (first, [first]), name


@pytest.mark.parametrize("who", sorted(WHO))
def test_the_self_assessment_is_the_employees_until_it_is_submitted(who: str) -> None:
    roles, resource = WHO[who]
    reads = reads_self_assessment(actor(roles), at(resource, "draft", self_due_passed=True))
    assert reads is (who in ("employee", "employee who is HR"))


@pytest.mark.parametrize(
    ("who", "name", "passed"),
    list(product(sorted(WHO), [name for name, (stage, _) in STANDS.items() if stage < 2], (False, True))),
)
def test_once_submitted_evaluator_hr_and_substitute_read_it_when_both_are_in_or_the_day_is_over(
    who: str, name: str, passed: bool
) -> None:
    roles, resource = WHO[who]
    judges = who in ("evaluator", "evaluator who is HR", "HR", "substitute")
    expected = who.startswith("employee") or (judges and (passed or STANDS[name][0] == 1))
    given = at(resource, name, self_submitted=True, self_due_passed=passed)
    assert reads_self_assessment(actor(roles), given) is expected


def test_from_release_on_whoever_reads_the_evaluation_reads_the_self_assessment() -> None:
    readers = {
        who
        for who, (roles, resource) in WHO.items()
        if reads_self_assessment(actor(roles), at(resource, "released", self_submitted=True))
    }
    assert readers == {
        "employee",
        "employee who is HR",
        "evaluator",
        "evaluator who is HR",
        "HR",
        "substitute",
        "manager",
        "manager above",
    }


@pytest.mark.parametrize("relation", get_args(Relation))
def test_self_outranks_every_role(relation: Relation) -> None:
    both = Resource(relation=frozenset({"self", relation}), is_evaluator=False)
    assert sight(actor(("hr",)), at(both, "approved")) == "own"
