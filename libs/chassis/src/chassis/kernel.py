"""What a domain needs: frozen events and state, stable names, personal text that is sealed before it is stored.

With `chassis.store`, the only module that knows the event sourcing library's insides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, TypeVar, cast, get_args

from eventsourcing.persistence import Mapper, StoredEvent, Transcoder
from pydantic import BaseModel, ConfigDict, SerializationInfo, model_serializer

from contracts.envelope import Sealed

__all__ = [
    "DomainError",
    "Entry",
    "Event",
    "EventMapper",
    "Forbidden",
    "Frozen",
    "Invalid",
    "NotFound",
    "Personal",
    "Sealed",
    "State",
    "StoredEvent",
    "Unsealed",
    "all_topics",
    "evolve",
    "sealed",
    "sealed_event",
    "unsealed_in",
]


class DomainError(Exception):
    """A rule says no; the message is a sentence a user can act on."""


class NotFound(DomainError):
    """What was asked for does not exist, or may not be seen by whoever asks."""


class Forbidden(DomainError):
    """Whoever asks may see it, but may not do this."""


class Invalid(DomainError):
    """A value cannot be accepted: names the field, the value and the remedy."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field} {value!r}: {remedy}")
        self.field, self.value, self.remedy = field, value, remedy


class Frozen(BaseModel):
    """An immutable value; unknown fields are refused and never echoed in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed, as pydantic does in three times the time: folding copies a lot."""
        if deep or self.__pydantic_private__ is not None:
            return super().model_copy(update=update, deep=deep)
        changes = update or {}
        copy = self.__class__.__new__(self.__class__)
        object.__setattr__(copy, "__dict__", {**self.__dict__, **changes})
        object.__setattr__(copy, "__pydantic_fields_set__", self.__pydantic_fields_set__ | changes.keys())
        object.__setattr__(copy, "__pydantic_extra__", None)
        object.__setattr__(copy, "__pydantic_private__", None)
        return copy


class Unsealed(Frozen):
    """A personal text on its way into the log: about `person`, withdrawable alone as `part` of its stream.

    It cannot be serialised: the mapper seals it first.
    """

    person: str
    part: str
    text: str

    @model_serializer
    def _seal(self, info: SerializationInfo) -> dict[str, str]:
        context = cast("dict[str, Callable[[Unsealed], Sealed]]", info.context or {})
        seal = context.get("seal")
        if seal is None:
            raise TypeError(f"the personal text of part {self.part!r} would be written in the clear")
        return seal(self).model_dump()


Personal = Unsealed | Sealed
"""The type of a personal field: `Unsealed` when just decided, `Sealed` ever after. Domain code never opens it."""



def sealed(text: Personal) -> Sealed:
    """Return a personal text as it may be published; TypeError while it stands in the clear."""
    if isinstance(text, Unsealed):
        raise TypeError("a personal text would be published in the clear")
    return text


_TOPICS: dict[str, type[Event]] = {}


class Event(Frozen):
    """A fact, in the past tense. `TOPIC` is its stored name for ever.

    A change of shape raises `VERSION` and adds a static method `upcast_v1_v2(data)` that turns stored data of
    version 1 into that of version 2.
    """

    TOPIC: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1
    PERSONAL: ClassVar[bool] = False

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "TOPIC" not in cls.__dict__:
            raise TypeError(f"{cls.__qualname__}: give the event a TOPIC, its stored name")
        other = _TOPICS.setdefault(cls.TOPIC, cls)
        if f"{other.__module__}.{other.__qualname__}" != f"{cls.__module__}.{cls.__qualname__}":
            raise TypeError(f"{cls.__qualname__}: TOPIC {cls.TOPIC!r} belongs to {other.__qualname__}")
        _TOPICS[cls.TOPIC] = cls
        cls.PERSONAL = _holds_personal_text(cls, set())


def _holds_personal_text(kind: Any, seen: set[type]) -> bool:
    """Tell whether a value of a type may hold an unsealed text, however deep."""
    if kind is Unsealed:
        return True
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind in seen:
            return False
        seen.add(kind)
        return any(_holds_personal_text(field.annotation, seen) for field in kind.model_fields.values())
    return any(_holds_personal_text(part, seen) for part in get_args(kind))


class State(Frozen):
    """What has become of one stream. `KIND` names its streams: `<workspace>/<KIND>/<id>`.

    Decide methods check a rule and return events; `evolve` folds one event in and holds no rule.
    """

    KIND: ClassVar[str] = ""

    @classmethod
    def evolve(cls, state: Any, event: Any) -> Self:
        """Return the state after `event`; the only place where state changes."""
        raise NotImplementedError

    @classmethod
    def stream(cls, workspace: str, identifier: str) -> str:
        """Return the id of the stream of `identifier` in `workspace`."""
        return f"{workspace}/{cls.KIND}/{identifier}"


S = TypeVar("S", bound=State)


def evolve(cls: type[S], events: Iterable[Event], state: S | None = None) -> S | None:
    """Fold `events` into `state`."""
    for event in events:
        state = cls.evolve(state, event)
    return state


def all_topics() -> dict[str, type[Event]]:
    """Return every stored event class known to this process, by its stored name."""
    return dict(_TOPICS)


@dataclass(frozen=True)
class Entry:
    """An event at its place in a stream, as the library sees it."""

    originator_id: str
    originator_version: int
    event: Event


class UnknownTopic(Exception):
    """The log holds an event this process has no class for."""


_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class EventMapper(Mapper[str]):
    """Entry ↔ stored event: plain JSON, with `"v"` where the shape changed; only declared topics are read."""

    def __init__(self) -> None:
        super().__init__(_NoTranscoder())

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Write a sealed entry; an unsealed personal text raises TypeError."""
        event: Event = domain_event.event
        data = event.__pydantic_serializer__.to_json(event)
        if event.VERSION > 1:
            data = b'{"v":%d%s' % (event.VERSION, b"}" if data == b"{}" else b"," + data[1:])
        if holds_nul(data):
            raise Invalid("text", None, "it holds the character U+0000, which cannot be kept: remove it")
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, event.TOPIC, data)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Read an entry, upcasting older shapes."""
        event = self.read(stored_event.topic, stored_event.state)
        return Entry(str(stored_event.originator_id), stored_event.originator_version, event)

    def read(self, topic: str, state: bytes) -> Event:
        """Return the event stored as `state` under `topic`."""
        try:
            cls = _TOPICS[topic]
        except KeyError:
            raise UnknownTopic(topic) from None
        if cls.VERSION == 1:
            return cls.__pydantic_validator__.validate_json(state)
        data: dict[str, Any] = json.loads(state)
        for version in range(data.pop("v", 1), cls.VERSION):
            data = getattr(cls, f"upcast_v{version}_v{version + 1}")(data)
        return cls.model_validate_json(json.dumps(data))


def holds_nul(data: bytes) -> bool:
    """Say whether JSON holds U+0000, as a byte or escaped: no text of PostgreSQL can, so no event and no row may."""
    return (b"u0000" in data and _NUL.search(data) is not None) or b"\0" in data


class _NoTranscoder(Transcoder):
    """The mapper writes JSON itself; the library's transcoder is never reached."""

    def encode(self, obj: Any) -> bytes:
        raise NotImplementedError

    def decode(self, data: bytes) -> Any:
        raise NotImplementedError


def unsealed_in(value: object) -> Iterator[Unsealed]:
    """Yield every unsealed text inside an event, a value or a collection."""
    if isinstance(value, Unsealed):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from unsealed_in(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in cast("Iterable[object]", value):
            yield from unsealed_in(item)
    elif isinstance(value, dict):
        for item in cast("dict[object, object]", value).values():
            yield from unsealed_in(item)


def sealed_event(event: Event, seal: Callable[[Unsealed], Sealed]) -> Event:
    """Return `event` with every unsealed text sealed."""
    if not event.PERSONAL:
        return event
    return type(event).model_validate_json(event.model_dump_json(context={"seal": seal}))
