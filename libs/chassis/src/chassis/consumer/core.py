"""The consumer core: brings together what was delivered, what the feed holds and how far each topic is consumed.

Drivers bring records (`offer`) or only names of workspaces; the feed fills what they lack, so a lost, doubled or
disordered delivery changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import structlog

from chassis.consumer.care import Behind, Care
from chassis.consumer.delivered import Delivered
from chassis.consumer.parking import Parking, Unreadable
from chassis.consumer.positions import NOWHERE, At, Positions
from chassis.consumer.run import Handlers, NewUnit, Runs, Span
from chassis.consumer.setback import SetBacks
from chassis.consumer.waiting import Waiting
from chassis.copied import Facts
from chassis.feed import Feed
from chassis.loss import Withdraw, nothing_derived
from chassis.steps import Progress
from chassis.store import Pool, Store
from chassis.unit import LostRace
from contracts.envelope import Envelope

log = structlog.get_logger(__name__)

RUN = 100
"""Events of one workspace and topic applied in one transaction."""


class HoleInFeed(Exception):
    """The feed lacks an event that its next one names as the one before; nothing is applied past it."""


class AheadOfUpstream(Exception):
    """The upstream has lost what was consumed, and begun no new epoch: what it publishes now may carry old numbers."""


@dataclass
class Consumer:
    """Everything one service hears, workspace by workspace."""

    store: Store
    pool: Pool
    follower_pool: Pool
    feeds: Mapping[str, Feed]
    handlers: Handlers
    new_unit: NewUnit
    span: Span | None = None
    on_progress: Callable[[str], None] | None = None
    """Told when a run recorded something, so that it is followed."""
    careful: bool = False
    """Whether the last process did not end in order, as far as whoever starts this one knows."""
    facts: Sequence[Facts] = ()
    """What the handlers copy: emptied and copied again where an upstream was restored to an earlier moment."""
    withdraw: Withdraw = nothing_derived
    name: str = "consumer"

    def __post_init__(self) -> None:
        service = self.store.service
        waiting = Waiting(service, self.feeds)
        self._delivered = Delivered(self.feeds)
        self._positions = Positions(service, self.pool, self.follower_pool)
        self._parking = Parking(service, self.pool)
        self.care = Care(self.careful)
        self._ahead = set[tuple[str, str]]()
        self._runs = Runs(
            store=self.store,
            pool=self.pool,
            handlers=self.handlers,
            facts=self.facts,
            new_unit=self.new_unit,
            delivered=self._delivered,
            positions=self._positions,
            waiting=waiting,
            parking=self._parking,
            span=self.span,
            on_progress=self.on_progress,
            care=self.care,
        )
        self._set_backs = SetBacks(
            store=self.store,
            pool=self.pool,
            feeds=self.feeds,
            facts=self.facts,
            withdraw=self.withdraw,
            new_unit=self.new_unit,
            positions=self._positions,
            waiting=waiting,
            on_progress=self.on_progress,
        )

    def offer(self, records: Iterable[Envelope]) -> None:
        """Take delivered records; they are applied by `step`, or dropped when there is no room: the feed has them."""
        self._delivered.add(records)

    def put_aside(self, arrived: Unreadable) -> None:
        """Keep what came on a topic and is no event; what it may have been the feed still has."""
        self._parking.put_aside(arrived)

    def position(self, workspace: str, topic: str) -> At:
        """Return how far a topic was consumed for a workspace."""
        return self._positions.stored(workspace, topic)

    def apply_parked(self, record: Envelope) -> bool:
        """Apply one parked event in a unit of its own and mark it replayed; raises what its handler raises.

        Return whether it was still parked.
        """
        return self._runs.apply_parked(record)

    def step(self, workspace: str) -> Progress:
        """Apply what can be applied, until nothing moves."""
        topics, asked = self._delivered.to_do(workspace)
        results: dict[str, Progress] = dict.fromkeys(topics, "more")
        try:
            self._advance_all(workspace, results, asked)
        finally:
            left = [topic for topic, progress in results.items() if progress != "done"]
            if left:
                self._delivered.note_behind(workspace, left)
        if "failed" in results.values():
            return "failed"
        return "waiting" if "waiting" in results.values() else "done"

    def behind(self) -> Iterable[str]:
        """Yield the workspaces whose upstream has published more than was consumed, in any topic.

        An upstream that does not answer holds up none of the others: its error is raised after all were asked.
        """
        began, found, failed = self.care.comparing(), Behind(), list[Exception]()
        for topic in self.feeds:
            try:
                here = self._behind_on(topic)
            except Exception as error:  # noqa: BLE001  (raised below, when the other upstreams were asked)
                failed.append(error)
                continue
            found |= here
            yield from {workspace for workspace, _ in here}
        if failed:
            raise failed[0]
        self.care.compared(began, found)

    def _behind_on(self, topic: str) -> Behind:
        """Return, for every workspace behind on a topic, how far it is consumed and how far it was published."""
        positions, found = self._positions.of_all(topic), Behind()
        for head in self.feeds[topic].heads(topic):
            at = positions.get(head.workspace, NOWHERE)
            later = at.stored and head.epoch > at.epoch
            if later:
                self._delivered.note_epoch(head.workspace, topic, head.epoch)
            if later or head.last > at.sequence:
                self._delivered.note_behind(head.workspace, [topic])
                found[head.workspace, topic] = ((at.epoch, at.sequence), (head.epoch, head.last))
            elif head.last < at.sequence:
                self._ahead.add((head.workspace, topic))
                log.error("consumer ahead of upstream", topic=topic, workspace=head.workspace)
        return found

    def _advance_all(self, workspace: str, results: dict[str, Progress], asked: set[str]) -> None:
        while "more" in results.values():
            for topic, progress in results.items():
                # A topic that failed has its next try after a pause, whatever the others do meanwhile.
                if progress != "failed":
                    results[topic] = self._advance(workspace, topic, topic in asked)

    def _advance(self, workspace: str, topic: str, asked: bool) -> Progress:
        if not asked and not self._delivered.has_any(workspace, topic):
            return "done"
        at = self._positions.known(workspace, topic)
        seen = self._delivered.latest_epoch(workspace, topic)
        if at.stored and seen > at.epoch:
            return self._enter(workspace, topic, seen)
        records = self._delivered.after(workspace, topic, at) or self._fed(workspace, topic, at)
        if not records:
            return "done"
        first = records[0]
        if at.stored and first.epoch > at.epoch:
            return self._enter(workspace, topic, first.epoch)
        if (workspace, topic) in self._ahead:
            raise AheadOfUpstream(f"{workspace}: {topic} was consumed to {at.sequence}, and its upstream fell behind that")
        at = at if at.stored else At(first.epoch, 0, stored=False)
        run = list(takewhile(lambda record: record.epoch <= at.epoch, records[:RUN]))
        _refuse_hole(at, run)
        return self._runs.attempt(at, run)

    def _enter(self, workspace: str, topic: str, seen: str) -> Progress:
        """Go on in a later epoch; what was delivered of one that the upstream does not know is dropped."""
        try:
            entered = self._set_backs.enter(workspace, topic, seen)
        except LostRace:
            return "more"
        if entered:
            self._ahead.discard((workspace, topic))
        dropped = not entered and self._delivered.forget_epoch(workspace, topic, seen)
        return "more" if entered or dropped else "failed"

    def _fed(self, workspace: str, topic: str, at: At) -> list[Envelope]:
        return list(self.feeds[topic].events(topic, workspace, at.sequence, RUN).records)


def _refuse_hole(at: At, run: Sequence[Envelope]) -> None:
    """Apply nothing where the feed itself lacks an event: passing over it would lose it for good."""
    last = at.sequence
    for record in run:
        topic, workspace, missing = record.topic, record.workspace, record.previous
        if missing > last:
            log.error("hole in the feed", topic=topic, workspace=workspace, after=last, missing=missing)
            raise HoleInFeed(f"{workspace}: {topic} has {record.sequence} after {last}, without {missing}")
        last = record.sequence
