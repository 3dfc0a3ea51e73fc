"""The service whose appends are measured: a command records two events on a new stream, and one of them is published."""

from __future__ import annotations

from typing import Self

from chassis.kernel import Event, State
from chassis.service import Service
from contracts.envelope import Published


class Entered(Event):
    """An amount was entered."""

    TOPIC = "ledger.entered"

    account: str
    amount: int
    text: str


class Balanced(Event):
    """The entry was balanced."""

    TOPIC = "ledger.balanced"

    account: str
    by: str


class EntryBalanced(Published):
    """What others hear of it."""

    TYPE = "ledger.entry-balanced.v1"
    TOPIC = "ledger.v1"

    account: str
    amount: int
    text: str


class Entry(State):
    """One entry of the ledger."""

    KIND = "entry"

    account: str
    amount: int
    text: str
    balanced: bool = False

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        match event:
            case Entered():
                return cls(account=event.account, amount=event.amount, text=event.text)
            case Balanced() if state:
                return state.model_copy(update={"balanced": True})
            case _:
                raise TypeError(type(event))


def published(event: Event, state: Entry) -> Published | None:
    """Return what others may know of an event."""
    match event:
        case Balanced():
            return EntryBalanced(account=state.account, amount=state.amount, text=state.text)
        case _:
            return None


def service() -> Service:
    """Return the service."""
    return Service("ledger", None, published)
