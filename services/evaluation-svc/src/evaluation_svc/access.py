"""Who may do and read what: two functions over small values, the table "who reads what" of the domain."""

from __future__ import annotations

from typing import Literal

from chassis.identity import Actor, Relation
from chassis.kernel import Frozen

Action = Literal[
    "plan cycles",
    "read cycles",
    "read cycle progress",
    "read results",
    "bring scorecard",
    "arrange",
    "read queue",
    "read evaluation",
    "write",
    "open self-assessment",
    "judge",
    "release",
    "hold",
    "acknowledge",
    "react",
    "answer",
    "withdraw",
    "assess self",
    "read self-assessment",
    "observe",
    "note",
    "read own notes",
    "pass on",
    "withdraw note",
    "read waiting",
]
Sight = Literal["nothing", "state", "own", "all", "judged", "approved", "released", "written"]
"""What of an evaluation is shown: nothing; its state only; what the employee sees; all of it (evaluator); all of it
once submitted (HR, substitute); from approval on; from release on; only the lines one wrote, from release on."""


class Resource(Frozen):
    """One evaluation, note or person as it concerns the actor.

    `relation` is the actor's to the employee; `is_evaluator` also holds for whoever acts for a leaver;
    `wrote` for a former evaluator, and for the author of a note; `holds` for whom a note belongs to now. `handed_in`
    says that it is not with its evaluator: one that ended as a draft never was.
    """

    relation: frozenset[Relation] = frozenset()
    is_evaluator: bool = False
    is_substitute: bool = False
    answers: bool = False
    wrote: bool = False
    holds: bool = False
    is_cited: bool = False
    handed_in: bool = False
    was_approved: bool = False
    was_released: bool = False
    self_submitted: bool = False
    self_due_passed: bool = False


NOTHING = Resource()
TOLD_OF_RELEASES: frozenset[Sight] = frozenset({"own", "released", "written"})
"""Who sees these is told of released revisions only, and never what happens on the way to a release."""


def sight(actor: Actor, of: Resource) -> Sight:
    """Return how much of an evaluation the actor sees. "Self" outranks every role."""
    if "self" in of.relation:
        return "own"
    if of.is_evaluator:
        return "all"
    if "hr" in actor.roles or of.is_substitute:
        return "judged" if of.handed_in or of.was_approved else "state"
    if "manager" in of.relation:
        return "approved" if of.was_approved else "state"
    if "manager above" in of.relation and of.was_released:
        return "released"
    if of.wrote and of.was_released:
        return "written"
    return "nothing"


def reads_reactions(actor: Actor, of: Resource) -> bool:
    """Tell whether what the employee answered to the scores is the actor's to read: not for being the substitute."""
    return bool(of.relation & {"self", "manager"}) or of.is_evaluator or "hr" in actor.roles


def reads_self_assessment(actor: Actor, of: Resource) -> bool:
    """Tell whether the actor may read the self-assessment."""
    if "self" in of.relation:
        return True
    if not of.self_submitted:
        return False
    if of.was_released and sight(actor, of) not in ("nothing", "state", "written"):
        return True
    judges = of.is_evaluator or of.is_substitute or "hr" in actor.roles
    return judges and (of.self_due_passed or of.handed_in)


def decide(actor: Actor, action: Action, of: Resource = NOTHING) -> bool:
    """Return whether the actor may do this."""
    if "service" in actor.roles or actor.person.startswith("service:"):
        return False
    if action in ("plan cycles", "arrange"):
        return "hr" in actor.roles and "self" not in of.relation
    if action == "read queue":
        return "hr" in actor.roles or of.is_substitute
    if action in ("read cycles", "note", "read own notes", "read waiting"):
        return True
    if action == "read cycle progress":
        return bool(actor.roles & {"hr", "analyst"})
    if action == "read results":
        return "hr" in actor.roles
    if action == "pass on":
        return of.holds
    if action == "withdraw note":
        return of.holds or of.wrote or (of.is_cited and "hr" in actor.roles and "self" not in of.relation)
    return _on_evaluation(actor, action, of)


def _on_evaluation(actor: Actor, action: Action, of: Resource) -> bool:  # noqa: C901 (one match, a row an action)
    is_self, is_hr = "self" in of.relation, "hr" in actor.roles
    match action:
        case "read evaluation":
            return sight(actor, of) != "nothing"
        case "read self-assessment":
            return reads_self_assessment(actor, of)
        case "acknowledge" | "react" | "assess self":
            return is_self
        case "bring scorecard":
            return not is_self and (is_hr or "manager" in of.relation)
        case "observe":
            return not is_self and ("manager" in of.relation or of.is_evaluator)
        case "withdraw":
            return is_self or is_hr or of.is_evaluator or of.wrote or "manager" in of.relation
        case _ if is_self:
            return False
        case "write" | "open self-assessment":
            return of.is_evaluator
        case "judge":
            return (is_hr or of.is_substitute) and not of.is_evaluator
        case "release":
            return is_hr or "manager" in of.relation
        case "answer":
            return of.answers
        case _:
            return is_hr and not of.is_evaluator
