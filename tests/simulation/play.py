"""What is played: which services there are, what people do with them, and what they were promised."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from chassis.cipher import Cipher, Grant
from chassis.service import Service
from chassis.unit import Executed, Unit

Do = Callable[[Any, Unit], str | tuple[str, ...] | None]
"""What an act decides in a unit of work with its service's application; the id or ids it answers with."""


@dataclass(frozen=True, slots=True)
class Act:
    """One command of somebody."""

    service: str
    who: str
    do: Do
    roles: frozenset[str] = frozenset()


Script = Generator[Act | None, Executed, None]
"""What one client does, act by act; None: it cannot go on before others have. It is sent what each act answered."""


@dataclass
class Client:
    """One client: sends each act under one key until it is answered, whatever happens meanwhile."""

    name: str
    workspace: str
    script: Script
    act: Act | None = None
    number: int = 0
    busy: bool = False
    done: bool = False
    refusal: str = ""

    def __post_init__(self) -> None:
        self._step(lambda: next(self.script))

    @property
    def key(self) -> str:
        """The idempotency key of the present act."""
        return f"{self.name}/{self.number}"

    def look(self) -> Act | None:
        """Return the act to send now; None when the client waits for others."""
        if self.act is None and not self.done:
            self._step(lambda: next(self.script))
        return self.act

    def answered(self, executed: Executed) -> None:
        """Go on to the next act."""
        self.number, self.refusal = self.number + 1, ""
        self._step(lambda: self.script.send(executed))

    def _step(self, go_on: Callable[[], Act | None]) -> None:
        try:
            self.act = go_on()
        except StopIteration:
            self.act, self.done = None, True


@dataclass(frozen=True)
class Scene:
    """One workspace in one schedule: its clients, and what must hold in the end beyond every invariant."""

    workspace: str
    clients: Sequence[Client]
    promises: Callable[[Mapping[str, Service]], Iterable[str]]


@dataclass(frozen=True)
class Play:
    """A composition of services, and how a scene of it is made."""

    name: str
    services: Mapping[str, Callable[[Cipher], Service]]
    grants: Sequence[Grant]
    scene: Callable[[str, Random], Scene]
    workspaces: int = 2
    days: int = 30
    """How many days pass in the end, so that every deadline is due."""

