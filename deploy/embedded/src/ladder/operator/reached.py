"""The running composition, as the operator's routes reach it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from chassis.kernel import DomainError, NotFound
from chassis.service import Service
from ladder.composition import Composition

MOST_LISTED: Final = 10
"""How many workspaces a refusal names."""


def _system(request: Request) -> Composition:
    return request.app.state.system


Running = Annotated[Composition, Depends(_system)]


def the_service(system: Composition, name: str) -> Service:
    """Return a service by its name; NotFound says which there are."""
    found = next((service for service in system.services if service.name == name), None)
    if found is None:
        raise NotFound(f"There is no service {name!r}. There are: {', '.join(s.name for s in system.services)}.")
    return found


def the_workspaces(system: Composition, name: str | None) -> list[str]:
    """Return the workspace of this name, or all; NotFound where there is none of this name."""
    known = system.workspaces()
    if name is None:
        return known
    if name not in known:
        raise NotFound(f"There is no workspace {name!r}. There are: {_listed(system, known) or 'none yet'}.")
    return [name]


def the_workspace(system: Composition, name: str | None) -> str:
    """Return the workspace of this name, or the only one there is."""
    names = the_workspaces(system, name)
    if not names:
        raise NotFound("There is no workspace yet. Open one: ladder workspace create NAME --admin E-MAIL")
    if len(names) > 1:
        raise DomainError(
            f"There are {len(names)} workspaces; name one by its id with --workspace: {_listed(system, names)}"
        )
    return names[0]


def _listed(system: Composition, workspaces: list[str]) -> str:
    """Return the first workspaces, each by its id and the company's name."""
    shown = [f"{one} ({system.company(one)})" for one in workspaces[:MOST_LISTED]]
    more = len(workspaces) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
