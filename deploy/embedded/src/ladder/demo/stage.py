"""Where the history is played: one workspace of a composition whose clock stands still until it is told to go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from chassis.identity import Actor
from chassis.kernel import State
from chassis.service import Service
from chassis.sql import vouched
from chassis.unit import Answer, CommandInfo, Unit
from chassis.virtual import StandingClock
from ladder.composition import Composition

S = TypeVar("S", bound=State)
T = TypeVar("T")

_NEXT_DEADLINE = "select min(ask_at) as at from {service}.deadlines where workspace = %s"


@dataclass
class Stage:
    """Runs commands as the people of one workspace, and lets time pass without missing a deadline."""

    system: Composition
    clock: StandingClock
    workspace: str
    key: str
    commands: int = 0
    _touched: set[str] = field(default_factory=set[str])
    _next_deadline: datetime | None = None

    def __post_init__(self) -> None:
        self.people, self.framework, self.evaluation, self.gap = self.system.services

    def does(self, service: Service, person: str, decide: Callable[[Unit], T], *roles: str) -> T:
        """Run one command as somebody, under a key that follows from the seed; return what deciding returned."""
        self.commands += 1
        command = f"{self.key}/{self.commands}"
        info = CommandInfo(self.workspace, person, command, correlation_id=command)
        actor = Actor(workspace=self.workspace, person=person, roles=frozenset(roles))
        decided: list[T] = []

        def deciding(unit: Unit) -> Answer:
            decided.append(decide(unit))
            return Answer()

        service.execute(info, actor, deciding)
        self._touched.add(service.name)
        return decided[-1]

    def state(self, service: Service, cls: type[S], identifier: str) -> S:
        """Return the state of a stream that is there."""
        with service.reader(self.workspace) as reader:
            state, _ = reader.state(cls, identifier)
        if state is None:
            raise LookupError(f"the demo company has no {cls.KIND} {identifier}")
        return state

    def settle(self) -> None:
        """Let everybody catch up with what was done, and look up when the next deadline is due."""
        while self._touched:
            service = next(one for one in self.system.services if one.name in self._touched)
            self._touched.discard(service.name)
            self._follow(service)
        self._next_deadline = min(filter(None, map(self._deadline, self.system.services)), default=None)

    def go_to(self, moment: datetime) -> None:
        """Let time pass up to a moment; on the way every deadline fires when it is due."""
        while self._next_deadline is not None and self._next_deadline <= moment:
            self.clock.at = max(self.clock.at, self._next_deadline)
            self._fire()
            self.settle()
        self.clock.at = max(self.clock.at, moment)

    def _follow(self, service: Service) -> None:
        """Let a service's own views and those who hear it follow what it recorded."""
        while service.projections.step(self.workspace) == "more":
            pass
        if self.workspace not in set(service.relay.behind()):
            return
        while service.relay.step(self.workspace) == "more":
            pass
        for hearing in self.system.services:
            if service.topic in hearing.topics:
                hearing.consumer.step(self.workspace)
                self._touched.add(hearing.name)

    def _fire(self) -> None:
        for service in self.system.services:
            if self.workspace in set(service.clockwork.behind()):
                service.clockwork.step(self.workspace)
                self._touched.add(service.name)

    def _deadline(self, service: Service) -> datetime | None:
        with service.follower_pool.connection() as connection:
            sql = _NEXT_DEADLINE.format(service=service.name)
            row = connection.execute(vouched(sql), (self.workspace,)).fetchone()
        return row["at"] if row else None


def settle(system: Composition, workspace: str) -> None:
    """Step every follower of every service in a fixed order until none has anything to do."""
    moved = True
    while moved:
        moved = False
        for service in system.services:
            for follower in (service.projections, service.relay, service.consumer, service.clockwork):
                if workspace in set(follower.behind()):
                    follower.step(workspace)
                    moved = True
