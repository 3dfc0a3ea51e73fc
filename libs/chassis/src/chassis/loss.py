"""What is lost when another service is restored to an earlier moment, and what led here from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chassis.kernel import State
from chassis.unit import Unit


class NoWayBack(Exception):
    """A service recorded something because of an event that is lost now, and does not say how to withdraw it."""


@dataclass(frozen=True)
class Loss:
    """Events of one topic that were heard and are no more: its service was restored to an earlier moment.

    `events` are those that led to something in this service's record, `first` the earliest of them by the stream it led
    to. `commands` are the ids of all that counts no more there: what followed from events that are lost now or were
    before, and what was withdrawn for that. A stream without them is as if none of it had ever been heard.
    """

    workspace: str
    topic: str
    events: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    first: Mapping[str, str] = field(default_factory=dict[str, str])

    def first_on(self, cls: type[State], identifier: str) -> str | None:
        """Return the earliest lost event that led to something on a stream, or None."""
        return self.first.get(cls.stream(self.workspace, identifier))

    def touched(self, cls: type[State]) -> tuple[str, ...]:
        """Return the ids of the streams of a kind that lost events led to something on."""
        prefix = cls.stream(self.workspace, "")
        return tuple(sorted(stream.removeprefix(prefix) for stream in self.first if stream.startswith(prefix)))


Withdraw = Callable[[Unit, Loss], None]
"""Takes back, by events of its own, what a service recorded because of lost events; facts are copied again already."""


def nothing_derived(_: Unit, loss: Loss) -> None:
    """Withdraw nothing, since what is heard is only copied; NoWayBack where something was recorded all the same."""
    if loss.events:
        raise NoWayBack(f"{len(loss.events)} lost events of {loss.topic} led to something; say what withdraws it.")
