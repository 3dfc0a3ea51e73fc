"""Promises to people: what was erased cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.kernel import Personal, Sealed
from chassis.service import Service
from ladder.verifying.reading import Finding, recorded
from people_svc.domain import Added, Erased


def erasures(people: Service, workspace: str) -> Iterator[Finding]:
    """No key opens the name of somebody who was erased."""
    names: dict[str, Personal] = {}
    for entry in recorded(people, workspace):
        match entry.event:
            case Added() as added:
                names[added.person] = added.details.given_name
            case Erased() if _opens(people, workspace, names.get(entry.id)):
                yield "the erased cannot be read", f"{entry.id} was erased at {entry.sequence}; the name still opens"
            case _:
                pass


def _opens(people: Service, workspace: str, text: Personal | None) -> bool:
    return isinstance(text, Sealed) and people.cipher.open(workspace, text) is not None
