"""Who may do and read what about somebody's reports: two functions over small values."""

from __future__ import annotations

from typing import Literal

from chassis.identity import Actor, Relation
from chassis.kernel import Frozen

Action = Literal[
    "read reports",
    "read trend",
    "read nearest",
    "read target",
    "choose target",
    "ask for report",
    "read heat map",
    "read placements to check",
    "ask what would change",
]
Sight = Literal["nothing", "written", "released", "approved"]
"""Which reports about somebody are shown: none; those on evaluations one wrote, once released; those on released
evaluations; all of them, from approval on."""


class Resource(Frozen):
    """Somebody as they concern the actor; `wrote` holds for whoever evaluated them at any time."""

    relation: frozenset[Relation] = frozenset()
    wrote: bool = False
    has_team: bool = False


NOTHING = Resource()


def sight(actor: Actor, of: Resource) -> Sight:
    """Return which reports the actor sees. "Self" outranks every role."""
    if _is_service(actor):
        return "nothing"
    if "self" in of.relation:
        return "released"
    if "manager" in of.relation or "hr" in actor.roles:
        return "approved"
    if "manager above" in of.relation:
        return "released"
    return "written" if of.wrote else "nothing"


def shows(seen: Sight, *, was_released: bool, wrote: bool) -> bool:
    """Tell whether a report on one approved revision is among those one sees."""
    match seen:
        case "approved":
            return True
        case "released":
            return was_released
        case "written":
            return was_released and wrote
        case "nothing":
            return False


def decide(actor: Actor, action: Action, of: Resource = NOTHING) -> bool:
    """Return whether the actor may do this."""
    if _is_service(actor):
        return False
    match action:
        case "choose target":
            return "self" in of.relation
        case "read reports" | "read trend":
            return sight(actor, of) != "nothing"
        case "read target" | "read nearest":
            return sight(actor, of) in ("released", "approved")
        case "ask for report":
            return "self" in of.relation or sight(actor, of) == "approved"
        case "read heat map":
            return of.has_team or bool(actor.roles & {"hr", "analyst"})
        case "read placements to check" | "ask what would change":
            return "hr" in actor.roles and "self" not in of.relation


def _is_service(actor: Actor) -> bool:
    return "service" in actor.roles or actor.person.startswith("service:")
