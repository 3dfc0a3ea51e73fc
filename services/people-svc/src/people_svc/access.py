"""Who may do and read what in the directory: one function over a small value."""

from typing import Literal

from chassis.identity import Actor, Relation
from chassis.kernel import Frozen

Action = Literal[
    "read workspace",
    "change settings",
    "list people",
    "read person",
    "read history",
    "add person",
    "change details",
    "change manager",
    "change status",
    "set roles",
    "invite",
    "erase",
    "import people",
    "export people",
]


class Resource(Frozen):
    """Whom it is about: what the actor is to that person; nothing for the directory as a whole."""

    relation: frozenset[Relation] = frozenset()


def decide(actor: Actor, action: Action, resource: Resource) -> bool:
    """Return whether `actor` may do this. HR keeps the directory; nobody erases themselves.

    Employees read themselves; managers read their reports, and the level above them reads where the workspace lets it.
    """
    if "service" in actor.roles or actor.person.startswith("service:"):
        return False
    relation = resource.relation
    if action == "erase":
        return "hr" in actor.roles and "self" not in relation
    if "hr" in actor.roles:
        return True
    match action:
        case "read workspace" | "list people":
            return True
        case "read person":
            return bool(relation & {"self", "manager", "manager above"})
        case "read history":
            return bool(relation & {"self", "manager"})
        case _:
            return False
