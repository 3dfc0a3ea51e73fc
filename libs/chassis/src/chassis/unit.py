"""The unit of work: what one command, one heard run or one fired deadline has read and decided, written at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from chassis.kernel import Event, NotFound, State, evolve

if TYPE_CHECKING:
    from chassis.identity import Actor, Directory
    from contracts.envelope import Sealed

S = TypeVar("S", bound=State)
Row = dict[str, Any]


class LostRace(Exception):
    """Somebody else recorded on the same stream first; the unit is run again."""


class KeyReused(Exception):
    """The idempotency key was used before, with another body."""


class PreconditionFailed(Exception):
    """The stream is not at the version the caller has seen (If-Match)."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"expected version {expected}, it is at {actual}")
        self.expected, self.actual = expected, actual


class Unavailable(Exception):
    """The store cannot answer now; nothing was decided that the caller could not repeat with the same key."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a log or a topic: everything up to `sequence` of `epoch`."""

    name: str
    epoch: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.name}/{self.epoch}/{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read `name/epoch/sequence`; ValueError when it is not of that form."""
        name, epoch, sequence = text.strip().split("/")
        if not name or not sequence.isdecimal():
            raise ValueError(f"{text!r} is not name/epoch/sequence")
        return cls(name, epoch, int(sequence))


class Answer(BaseModel):
    """What a command answers, kept with its first event for repeats: ids and versions, nothing personal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int = 200
    id: str | None = None
    ids: tuple[str, ...] | None = None
    location: str | None = None
    etag: str | None = None

    @model_serializer(mode="wrap")
    def _without_nulls(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a unit: its answer, where the log is now and, per topic, the last published event.

    `recorded` is False when it changed nothing, neither now nor when it was first sent.
    """

    answer: Answer
    position: Position
    published: tuple[Position, ...]
    repeated: bool = False
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """Who does what, and because of what. `command_id` makes a repeat recognisable; `cause` is a heard event's id."""

    workspace: str
    actor: str
    command_id: str
    correlation_id: str
    on_behalf_of: str | None = None
    cause: UUID | None = None
    traceparent: str | None = None
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """One event of the unit at its place in a stream, under the command it answers."""

    info: CommandInfo
    index: int
    cls: type[State]
    id: str
    stream: str
    version: int
    event: Event

    @property
    def event_id(self) -> UUID:
        """The id of the event: it follows from the command, so the same after every restore."""
        return uuid5(NAMESPACE_URL, f"{self.info.workspace}/{self.info.command_id}/{self.index}")


class Reading(Protocol):
    """How a unit reads its service's database: one workspace, row level security applied."""

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[Row]:
        """Read rows; `%(workspace)s` is always given."""
        ...

    def load(self, stream: str) -> tuple[list[Event], int]:
        """Return the events of a stream and its version."""
        ...

    def with_commands(self, stream: str) -> list[tuple[str, Event]]:
        """Return the events of a stream, each with the id of the command that recorded it."""
        ...

    def ids(self, kind: str) -> list[str]:
        """Return the id of every stream of a kind, in their order."""
        ...

    def write(self, sql: str, params: dict[str, Any] | None = None) -> None:
        """Write a copied fact."""
        ...

    def open_many(self, sealed: Sequence[Sealed]) -> list[str | None]:
        """Decrypt personal texts; None where erased or withdrawn."""
        ...

    def digest(self, text: str) -> str:
        """Return the HMAC of a text under the workspace's key."""
        ...

    def directory(self) -> Directory:
        """Return the people of the workspace."""
        ...


@dataclass
class _Stream:
    """A stream as the unit has it: the state it was loaded with, the state now, and its version."""

    base: State | None
    state: State | None
    version: int
    base_version: int


@dataclass
class Unit:
    """What a decision may read, and where it puts what it decided. Written whole by one statement, or not at all."""

    info: CommandInfo
    actor: Actor
    now: datetime
    reading: Reading
    may_copy: bool = False
    may_record: bool = True
    decided: list[Decided] = field(default_factory=list[Decided])
    _streams: dict[str, _Stream] = field(default_factory=dict[str, _Stream])
    _new_ids: int = 0
    _counts: dict[str, int] = field(default_factory=dict[str, int])
    _directory: Directory | None = None

    @property
    def workspace(self) -> str:
        """The workspace everything in this unit belongs to."""
        return self.info.workspace

    def new_id(self, kind: str) -> str:
        """Return the next new id: opaque, derived from the command, so that a repeat makes the same."""
        self._new_ids += 1
        digest = hashlib.sha256(f"{self.workspace}/{self.info.command_id}/{kind}/{self._new_ids}".encode()).hexdigest()
        return f"{kind}_{digest[:20]}"

    def get(self, cls: type[S], identifier: str) -> S:
        """Return the state of a stream with what this unit recorded; NotFound when there is none."""
        state = self.find(cls, identifier)
        if state is None:
            raise NotFound(f"There is no {cls.KIND} {identifier!r}.")
        return state

    def find(self, cls: type[S], identifier: str) -> S | None:
        """Return the state of a stream, or None when nothing was recorded on it."""
        state = self._stream(cls, identifier).state
        return state if state is None or isinstance(state, cls) else None

    def find_without(self, cls: type[S], identifier: str, commands: Collection[str]) -> S | None:
        """Return the state a stream would have had before this unit, had some commands never been."""
        recorded = self.reading.with_commands(cls.stream(self.workspace, identifier))
        return evolve(cls, [event for command, event in recorded if command not in commands])

    def events_of(self, cls: type[State], identifier: str, commands: Collection[str]) -> list[Event]:
        """Return what some commands recorded on a stream before this unit."""
        recorded = self.reading.with_commands(cls.stream(self.workspace, identifier))
        return [event for command, event in recorded if command in commands]

    def ids(self, cls: type[State]) -> list[str]:
        """Return the id of every stream of a kind that had one before this unit."""
        return self.reading.ids(cls.KIND)

    def version(self, cls: type[State], identifier: str) -> int:
        """Return how many events the stream has, with those of this unit."""
        return self._stream(cls, identifier).version

    def expect(self, cls: type[State], identifier: str, version: int | None) -> None:
        """Refuse unless the stream is at `version` (None: any)."""
        actual = self._stream(cls, identifier).base_version
        if version is not None and version != actual:
            raise PreconditionFailed(version, actual)

    def record(self, cls: type[S], identifier: str, *events: Event | Sequence[Event]) -> S:
        """Collect events for a stream; return the state after them."""
        stream = self._stream(cls, identifier)
        for event in _flat(events):
            if not self.may_record:
                raise TypeError("what copies a fact records nothing: facts are copied again when they must be")
            stream.version += 1
            stream.state = cls.evolve(stream.state, event)  # pyright: ignore[reportArgumentType]
            index = self._counts[self.info.command_id] = self._counts.get(self.info.command_id, 0) + 1
            name = cls.stream(self.workspace, identifier)
            self.decided.append(Decided(self.info, index, cls, identifier, name, stream.version, event))
        state = self.find(cls, identifier)
        if state is None:
            raise NotFound(f"There is no {cls.KIND} {identifier!r}.")
        return state

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[Row]:
        """Read copied facts or views of this workspace; `%(workspace)s` is always given."""
        return self.reading.rows(sql, params)

    def row(self, sql: str, params: dict[str, Any] | None = None) -> Row | None:
        """Read one row, or None."""
        rows = self.rows(sql, params)
        return rows[0] if rows else None

    def copy(self, sql: str, params: dict[str, Any] | None = None) -> None:
        """Write a fact copied from a heard event, in the transaction of the run."""
        if not self.may_copy:
            raise TypeError("only a heard event may copy facts")
        self.reading.write(sql, params)

    def open(self, sealed: Sealed | None) -> str | None:
        """Decrypt a personal text; None when it is absent, erased or withdrawn."""
        return None if sealed is None else self.reading.open_many([sealed])[0]

    def opened(self, sealed: Sequence[Sealed]) -> list[str | None]:
        """Decrypt many personal texts; None where erased or withdrawn."""
        return self.reading.open_many(sealed)

    def digest(self, text: str) -> str:
        """Return the HMAC of a text under the workspace's key, for equality look-ups."""
        return self.reading.digest(text)

    @property
    def directory(self) -> Directory:
        """The people of this workspace as this service knows them."""
        if self._directory is None:
            self._directory = self.reading.directory()
        return self._directory

    def base_state(self, stream: str) -> State | None:
        """Return the state a stream had before this unit."""
        return self._streams[stream].base

    def because(self, event: str | None) -> None:
        """Go on under the same command, because of another event (None: of none in particular)."""
        self.info = replace(self.info, cause=UUID(event) if event else None)

    def next_command(self, info: CommandInfo, actor: Actor) -> None:
        """Go on under another command: the next heard event of the same run."""
        self.info, self.actor, self._new_ids = info, actor, 0

    def _stream(self, cls: type[State], identifier: str) -> _Stream:
        stream = cls.stream(self.workspace, identifier)
        known = self._streams.get(stream)
        if known is None:
            events, version = self.reading.load(stream)
            state = evolve(cls, events)
            known = self._streams[stream] = _Stream(state, state, version, version)
        return known


def _flat(events: Sequence[Event | Sequence[Event]]) -> list[Event]:
    """Return single events and groups of events as one list."""
    return [one for item in events for one in ([item] if isinstance(item, Event) else item)]


Decide = Callable[[Unit], Answer]
