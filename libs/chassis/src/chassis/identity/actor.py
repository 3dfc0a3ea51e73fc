"""The one who acts: a person with a session, or a service with a scope, always within one workspace."""

from __future__ import annotations

from chassis.kernel import Frozen


class Actor(Frozen):
    """Who acts in which workspace. Roles are those of the directory; what one is to a person is a `Relation`."""

    workspace: str
    person: str
    session: str = ""
    roles: frozenset[str] = frozenset()
    scope: frozenset[str] = frozenset()
    on_behalf_of: str | None = None

    @classmethod
    def service(cls, workspace: str, name: str) -> Actor:
        """Return the actor of what a service does by itself: a heard event, a fired deadline."""
        return cls(workspace=workspace, person=f"service:{name}", roles=frozenset({"service"}))
