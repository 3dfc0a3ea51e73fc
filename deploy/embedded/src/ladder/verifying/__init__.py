"""The invariants of the whole system, stated once: `ladder verify` and every fault test ask these and no others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from pydantic import BaseModel

from chassis.service import Service
from ladder.verifying import following, people, record, reports
from ladder.verifying.following import ALL_SENT
from ladder.verifying.reading import Finding, count_of, workspaces_of

__all__ = ["ALL_SENT", "Broken", "Verdict", "verify"]

Check = Callable[[Service, str], Iterator[Finding]]

OF_ROWS: Sequence[Check] = (
    record.streams,
    record.head,
    record.published,
    record.commands,
    following.relay,
    following.consumer,
    following.effects,
)
"""What holds in every service and workspace, by its rows alone."""
OF_EVENTS: Sequence[Check] = (following.views,)
"""What reads the events themselves, which only a whole record allows."""
OF_ONE: Mapping[str, Sequence[Check]] = {
    "people": (people.erasures,),
    "gap": (reports.loop,),
}
"""The same for one service, by its name: what the product promises beyond a sound record."""


class Broken(BaseModel):
    """One invariant that does not hold, and where."""

    invariant: str
    service: str
    workspace: str
    detail: str


class Verdict(BaseModel):
    """What was looked at and what is broken."""

    events: int
    workspaces: int
    broken: list[Broken]

    @property
    def ok(self) -> bool:
        """Whether every invariant holds."""
        return not self.broken


def verify(services: Sequence[Service], only: Collection[str] | None = None) -> Verdict:
    """Check every service and workspace (`only` these); the system must be quiet, or what is on its way counts as missing."""
    known = {workspace for service in services for workspace in workspaces_of(service)}
    workspaces = sorted(known if only is None else known.intersection(only))
    broken = [
        Broken(invariant=invariant, service=service.name, workspace=workspace, detail=detail)
        for service in services
        for workspace in workspaces
        for invariant, detail in _findings(service, workspace)
    ]
    return Verdict(events=sum(map(count_of, services)), workspaces=len(workspaces), broken=broken)


def _findings(service: Service, workspace: str) -> Iterator[Finding]:
    flaws = list(record.whole(service, workspace))
    yield from flaws
    for check in OF_ROWS:
        yield from check(service, workspace)
    if not flaws:
        for check in (*OF_EVENTS, *OF_ONE.get(service.name, ())):
            yield from check(service, workspace)
