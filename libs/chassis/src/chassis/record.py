"""The record: what one leaf covers, how it is encoded, and the check that nothing was changed (docs/record.md)."""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

FORMAT = b"clb-leaf-1"
_ABSENT = struct.pack(">i", -1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Everything that gives one event its meaning, in the order in which it is hashed."""

    service: str
    workspace: str
    epoch: str
    sequence: int
    event_id: UUID
    stream: str
    version: int
    topic: str
    actor: str
    on_behalf_of: str | None
    command_id: str
    cause: UUID | None
    correlation_id: str
    recorded_at: datetime
    state: bytes

    def digest(self) -> bytes:
        """Return SHA-256(0x00 ‖ encoding), 32 bytes: an RFC 6962 leaf hash."""
        return hashlib.sha256(
            opening(self.service, self.workspace)
            + _field(self.epoch.encode())
            + _field(struct.pack(">q", self.sequence))
            + middle(
                self.event_id,
                self.stream,
                self.version,
                self.topic,
                self.actor,
                self.on_behalf_of,
                self.command_id,
                self.cause,
                self.correlation_id,
            )
            + _field(struct.pack(">q", microseconds(self.recorded_at)))
            + _field(self.state)
        ).digest()


def opening(service: str, workspace: str) -> bytes:
    """Return 0x00 and the fields before the epoch; the database adds epoch and sequence."""
    return b"\x00" + _field(FORMAT) + _field(service.encode()) + _field(workspace.encode())


def middle(
    event_id: UUID,
    stream: str,
    version: int,
    topic: str,
    actor: str,
    on_behalf_of: str | None,
    command_id: str,
    cause: UUID | None,
    correlation_id: str,
) -> bytes:
    """Return the fields between sequence and recorded time; the database adds the time and the stored bytes."""
    return b"".join(
        (
            _field(event_id.bytes),
            _field(stream.encode()),
            _field(struct.pack(">q", version)),
            _field(topic.encode()),
            _field(actor.encode()),
            _field(None if on_behalf_of is None else on_behalf_of.encode()),
            _field(command_id.encode()),
            _field(None if cause is None else cause.bytes),
            _field(correlation_id.encode()),
        )
    )


def microseconds(at: datetime) -> int:
    """Return whole microseconds since 1970-01-01T00:00:00Z."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def _field(value: bytes | None) -> bytes:
    """Return a 4-byte big-endian length and the bytes; -1 stands for an absent value, 0 for an empty one."""
    return _ABSENT if value is None else struct.pack(">i", len(value)) + value


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a workspace's record."""

    workspace: str
    sequence: int
    what: str


def flaws_in(service: str, rows: Iterator[dict[str, object]]) -> Iterator[Flaw]:
    """Check one workspace's rows in order of sequence; yield every hole, changed leaf and step back in time."""
    expected, last_at = 1, _EPOCH
    for row in rows:
        workspace, sequence = str(row["workspace"]), int(str(row["sequence"]))
        if sequence != expected:
            yield Flaw(workspace, expected, f"the next event is {sequence}: {sequence - expected} missing")
        if leaf_of(service, row).digest() != bytes(row["leaf"]):  # pyright: ignore[reportArgumentType]
            yield Flaw(workspace, sequence, "the leaf does not match what is stored")
        at = row["recorded_at"]
        if not isinstance(at, datetime) or at < last_at:
            yield Flaw(workspace, sequence, "the recorded time runs backwards")
        else:
            last_at = at
        expected = sequence + 1


def leaf_of(service: str, row: dict[str, object]) -> Leaf:
    """Return the leaf of a stored row of the events table."""
    values = {name: row[name] for name in Leaf.__slots__ if name != "service"}
    values["state"] = bytes(values["state"])  # pyright: ignore[reportArgumentType]
    return Leaf(service=service, **values)  # pyright: ignore[reportArgumentType]
