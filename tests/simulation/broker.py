"""What stands for Kafka: logs of records in memory, in the form of the wire, with everything a broker may do to them.

The codec, the sorting of a batch and what is put aside are the real ones; only the broker's own machinery is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from aiokafka import ConsumerRecord

from chassis.kafka import headers_of
from chassis.relay import Refused, Unreachable
from contracts.envelope import Envelope

from .scheduler import Scheduler

Record = ConsumerRecord[bytes | None, bytes | None]
LARGEST_BATCH = 8

POISON: Sequence[tuple[bytes | None, tuple[tuple[str, bytes | None], ...]]] = (
    (None, ()),
    (b"{}", ()),
    (b"{}", (("ce_id", None), ("ce_workspace", b"\xff\xfe"))),
    (b"\x00", (("ce_specversion", b"1.0"), ("ce_after", b"nonsense"))),
    (b"{", (("ce_sequence", b"NaN"), ("ce_after", b"a/b"))),
)
"""Records that carry no event: a tombstone, no headers, a null header and no text, broken ones."""


@dataclass
class Log:
    """One partition of one topic, and how far each group has read it."""

    topic: str
    partition: int
    records: list[Record] = field(default_factory=list[Record])
    offsets: dict[str, int] = field(default_factory=dict[str, int])

    def append(self, value: bytes | None, key: str, headers: Sequence[tuple[str, bytes | None]]) -> None:
        """Take a record at the end."""
        self.records.append(_record(self.topic, self.partition, len(self.records), key, value, headers))

    def left(self, group: str) -> int:
        """Return how many records a group has not read."""
        return len(self.records) - self.offsets.get(group, 0)


@dataclass
class Broker:
    """Every log; `sent` keeps what was ever acknowledged or stored, in order, for the judge."""

    scheduler: Scheduler
    partitions: int
    logs: dict[tuple[str, int], Log] = field(default_factory=dict[tuple[str, int], Log])
    sent: dict[tuple[str, str], list[int]] = field(default_factory=dict[tuple[str, str], list[int]])
    late: list[tuple[str, Envelope]] = field(default_factory=list[tuple[str, Envelope]])
    """Records of a producer that was given up, still on their way."""
    places: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def _chance(self) -> Random:
        return self.scheduler.chance

    def send(self, topic: str, records: Sequence[Envelope]) -> None:
        """Take records in order, or refuse: with some of them stored, or all and only the acknowledgement lost."""
        self.scheduler.reach("sending")
        if not self.scheduler.fails(self.scheduler.habits.refuse, "the broker refuses"):
            for record in records:
                self.store(topic, record)
            self.scheduler.reach("acknowledged")
            return
        stored = self._chance.randint(0, len(records))
        for record in records[:stored]:
            self.store(topic, record)
        if self.scheduler.fails(self.scheduler.habits.straggle, "the rest is still on its way"):
            self.late += [(topic, record) for record in records[stored:]]
        raise self._chance.choice((Refused, Unreachable))("the broker")

    def store(self, topic: str, record: Envelope) -> None:
        """Append one record as the wire carries it."""
        headers = [(name, text.encode()) for name, text in headers_of(record).items()]
        self.log(topic, record.workspace).append(record.data, record.workspace, headers)
        self.sent.setdefault((topic, record.workspace), []).append(record.sequence)

    def arrive_late(self) -> None:
        """Let what is on its way arrive, in its order."""
        while self.late:
            self.store(*self.late.pop(0))

    def poison(self, topic: str, workspace: str) -> None:
        """Append a record that carries no event."""
        value, headers = self._chance.choice(POISON)
        self.log(topic, workspace).append(value, workspace, headers)

    def log(self, topic: str, workspace: str) -> Log:
        """Return the log of a workspace on a topic."""
        partition = self.places.setdefault(workspace, len(self.places)) % self.partitions
        return self.logs.setdefault((topic, partition), Log(topic, partition))

    def batch(self, log: Log, group: str) -> list[Record]:
        """Return the next records of a group; some may come twice, some in another order."""
        start = log.offsets.get(group, 0)
        records = log.records[start : start + self._chance.randint(1, LARGEST_BATCH)]
        if self.scheduler.calm:
            return records
        if records and self._chance.random() < self.scheduler.habits.double:
            records += [self._chance.choice(log.records) for _ in range(self._chance.randint(1, 3))]
        if self._chance.random() < self.scheduler.habits.shuffle:
            self._chance.shuffle(records)
        return records

    def rewind(self, log: Log, group: str) -> None:
        """Let a group read again what it has read."""
        log.offsets[group] = self._chance.randint(0, log.offsets.get(group, 0))

    def lose(self, log: Log) -> None:
        """Lose a log and every offset: the topic was deleted and made again."""
        log.records.clear()
        log.offsets.clear()


@dataclass
class Wire:
    """The sink of one service's relay: its records go to its one topic."""

    topic: str
    broker: Callable[[], Broker]

    def newest(self) -> Sequence[Envelope]:
        """Return nothing: no schedule restores a service."""
        return ()

    def send(self, records: Sequence[Envelope]) -> None:
        """Send; Refused when not all were acknowledged."""
        self.broker().send(self.topic, records)


def _record(
    topic: str, partition: int, offset: int, key: str, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
) -> Record:
    return ConsumerRecord[bytes | None, bytes | None](
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=key.encode(),
        value=value,
        checksum=None,
        serialized_key_size=len(key),
        serialized_value_size=len(value or b""),
        headers=tuple(headers),  # pyright: ignore[reportArgumentType] - null comes, whatever aiokafka's types say
    )
