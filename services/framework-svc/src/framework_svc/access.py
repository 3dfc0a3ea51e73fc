"""Who may do and read what of a framework and its placements: one function over a small value."""

from typing import Literal

from chassis.identity import Actor, Relation
from chassis.kernel import Frozen

Action = Literal["read framework", "read draft", "edit draft", "publish", "place", "read all placements", "read person"]


class Resource(Frozen):
    """Whom it is about: what the actor is to that person; nothing for the framework itself."""

    relation: frozenset[Relation] = frozenset()


NOBODY = Resource()


def decide(actor: Actor, action: Action, resource: Resource = NOBODY) -> bool:
    """Return whether `actor` may do this.

    Everybody browses what is published; HR alone drafts, publishes and places.
    """
    if "service" in actor.roles or actor.person.startswith("service:"):
        return False
    is_hr, relation = "hr" in actor.roles, resource.relation
    match action:
        case "read framework":
            return True
        case "read person":
            return is_hr or bool(relation & {"self", "manager", "manager above"})
        case _:
            return is_hr
