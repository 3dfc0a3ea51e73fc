"""The services that are measured: one records two events on a new stream and publishes one; another hears it and records."""

from __future__ import annotations

from typing import Self

from chassis.kernel import Event, State
from chassis.service import Service
from chassis.unit import Unit
from contracts.envelope import Envelope, Published


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
    """Return the service that publishes."""
    return Service("ledger", None, published)


class Audited(Event):
    """An entry was looked at."""

    TOPIC = "audit.audited"

    account: str
    amount: int


class Audit(State):
    """What the auditor knows of one entry."""

    KIND = "audit"

    amount: int

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        match event:
            case Audited():
                return cls(amount=event.amount)
            case _:
                raise TypeError(type(event))


def when_balanced_then_audit(unit: Unit, heard: EntryBalanced, envelope: Envelope) -> None:
    """Record that the entry was looked at."""
    entry = envelope.subject.partition("/")[2]
    unit.record(Audit, entry, Audited(account=heard.account, amount=heard.amount))


def auditor() -> Service:
    """Return the service that hears."""
    return Service("auditor", None, lambda _event, _state: None, handlers={EntryBalanced: when_balanced_then_audit})
