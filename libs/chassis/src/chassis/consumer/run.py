"""A run: what was heard of one workspace and topic, applied in one transaction — all of it, or nothing and a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from chassis.cipher import KeysUnavailable
from chassis.consumer.attempts import TRIES, Attempts
from chassis.consumer.care import Care
from chassis.consumer.delivered import Delivered
from chassis.consumer.parking import Parking, reason_of
from chassis.consumer.positions import At, Positions, beside
from chassis.consumer.waiting import Waiting
from chassis.copied import Facts
from chassis.kernel import DomainError
from chassis.postgres import INTERRUPTED
from chassis.sql import vouched
from chassis.statement import note_effect_statement
from chassis.steps import Progress, failpoint
from chassis.store import Connection, Moved, Pool, PositionMove, Store, transaction
from chassis.telemetry import current_traceparent
from chassis.unit import Answer, CommandInfo, LostRace, Unavailable, Unit
from contracts.envelope import Envelope, Published

log = structlog.get_logger(__name__)

Handler = Callable[[Unit, Any, Envelope], None]
Handlers = Mapping[type[Published], Sequence[Handler]]
NewUnit = Callable[[Connection, CommandInfo], Unit]
Span = Callable[[Envelope], AbstractContextManager[object]]


class AlreadyRecorded(Exception):
    """One of a run's events was applied before a restore; the run is split."""


class OneByOne(Exception):
    """Runs of what was there at an unclean end are of one event."""


def command_of(event: str, service: str, times: int) -> str:
    """Return the id of the command under which something follows from a heard event, for the first time or again."""
    return f"{event}/{service}" if times == 1 else f"{event}/{service}/{times}"


def _effects(unit: Unit, run: Sequence[Envelope]) -> tuple[tuple[UUID, int], ...]:
    """Return the events of a run that led to something, each with its place."""
    causes = {decided.info.cause for decided in unit.decided}
    return tuple((cause, record.sequence) for record in run if (cause := UUID(record.eventid)) in causes)


@dataclass
class Runs:
    """Applies runs; whatever they decide, copy and move is written together."""

    store: Store
    pool: Pool
    handlers: Handlers
    facts: Sequence[Facts]
    new_unit: NewUnit
    delivered: Delivered
    positions: Positions
    waiting: Waiting
    parking: Parking
    span: Span | None
    on_progress: Callable[[str], None] | None
    care: Care

    def __post_init__(self) -> None:
        self._types = {contract.TYPE: contract for contract in self.handlers}
        self._attempts = Attempts(self.store.service, self.pool)
        self._again: dict[str, int] = {}

    def attempt(self, at: At, records: Sequence[Envelope]) -> Progress:
        """Apply records that follow a position; what fails is parked, and never holds up the rest of its workspace."""
        try:
            return self._apply(at, records)
        except Moved:
            return "more"
        except (*INTERRUPTED, Unavailable, KeysUnavailable):
            raise
        except Exception as error:  # noqa: BLE001  (any failing handler parks its event, never the workspace)
            if len(records) > 1:
                return self._one_by_one(at, records)
            return "more" if isinstance(error, LostRace) else self._failed(at, records[0], error)

    def apply_parked(self, record: Envelope) -> bool:
        """Apply one parked event in a unit of its own and mark it replayed; raises what its handler raises.

        One that is parked no more, since it was replayed, discarded or lost meanwhile, stays as it is: return False.
        """
        with transaction(self.pool, record.workspace) as connection:
            self.waiting.lock(connection, record.workspace, topic="")
            unit = self.new_unit(connection, self._info(record))
            if not self.parking.mark_replayed(connection, record):
                return False
            self._handle(unit, record)
            self._note_effect(connection, unit, record)
            repeated = bool(unit.decided) and self.store.append(unit, Answer(), connection).repeated
            again = repeated and self._came_back(connection, record)
            if repeated and not again:  # what was marked above was undone with what the log holds already
                self.parking.mark_replayed(connection, record)
        if again:
            return self.apply_parked(record)
        self._again.pop(record.eventid, None)
        self._tell(record.workspace)
        return True

    def _note_effect(self, connection: Connection, unit: Unit, record: Envelope) -> None:
        if unit.decided:
            values = (record.workspace, record.eventid, record.topic, record.sequence)
            connection.execute(vouched(note_effect_statement(self.store.service)), values)

    def _one_by_one(self, at: At, records: Sequence[Envelope]) -> Progress:
        """Apply a run event by event, up to the first that fails or waits; `more` when something else may go on now."""
        began = at.sequence
        for record in records:
            progress = self.attempt(at, [record])
            if progress == "waiting":
                return "more" if at.sequence > began else "waiting"
            at = self.positions.known(record.workspace, record.topic)
            if progress != "more" or at.sequence != record.sequence:
                return progress
        return "more"

    def _apply(self, at: At, records: Sequence[Envelope]) -> Progress:
        first = records[0]
        self.positions.forget(first.workspace, first.topic)
        if self.care.suspects(first) and self._ends_processes(records):
            return self._park(at, first, "the process ended while this event was applied")
        with self.pool.connection() as connection:
            unit = self.new_unit(connection, self._info(first))
            self.waiting.lock(connection, first.workspace, first.topic)
            # The lock is held from here on: nothing of this workspace is consumed beside this run.
            consumed, parked = self.positions.standing(connection, first.workspace, first.topic)
            run = self.waiting.ready(records, consumed)
            if not run:
                return self._wait(connection, first, consumed)
            self._handle_all(connection, unit, run, parked)
            failpoint("during a consumer")
            last = run[-1]
            effects = _effects(unit, run)
            move = PositionMove(last.topic, at.epoch, at.sequence, last.sequence, beside(consumed), effects)
            if not self._write(connection, unit, move, run):
                return "more"
        failpoint("after consumer commit")
        self._moved(last, at.epoch)
        if unit.decided:
            self._tell(first.workspace)
        return "more"

    def _ends_processes(self, records: Sequence[Envelope]) -> bool:
        if len(records) > 1:
            raise OneByOne
        return self._attempts.ends_processes(records[0])

    def _wait(self, connection: Connection, record: Envelope, consumed: Mapping[str, At]) -> Progress:
        self.waiting.note(connection, record, consumed)
        self._attempts.not_begun(connection, record)
        return "waiting"

    def _handle_all(
        self, connection: Connection, unit: Unit, run: Sequence[Envelope], parked: set[str]
    ) -> None:
        for record in run:
            if record.subject in parked:
                self.parking.park(connection, record, "an earlier event of this subject is parked")
            else:
                self._handle(unit, record)

    def _handle(self, unit: Unit, record: Envelope) -> None:
        contract = self._types.get(record.type)
        if contract is None:
            return
        heard = contract.carried_by(record)
        with nullcontext() if self.span is None else self.span(record):
            unit.next_command(self._info(record), unit.actor)
            for handler in self.handlers[contract]:
                handler(unit, heard, record)

    def _write(self, connection: Connection, unit: Unit, move: PositionMove, run: Sequence[Envelope]) -> bool:
        """Write what was decided and the position; say whether that is done.

        What the log holds already is from before a restore. It stands as it is, unless it was withdrawn since: then
        the event is to be applied once more.
        """
        if unit.decided and not self.store.append(unit, Answer(), connection, move).repeated:
            self._again.pop(run[0].eventid, None)
            return True
        if unit.decided:
            if len(run) > 1:
                raise AlreadyRecorded
            if self._came_back(connection, run[0]):
                return False
            self._copy(unit, run[0])
        self.store.recorder.move(unit.workspace, replace(move, effects=()), connection)
        connection.commit()
        return True

    def _came_back(self, connection: Connection, record: Envelope) -> bool:
        """Say whether what followed from an event was withdrawn; if so it follows anew, under a command of its own."""
        sql = f"select times from {self.store.service}.effects where workspace = %s and cause = %s and lost"
        row = connection.execute(vouched(sql), (record.workspace, record.eventid)).fetchone()
        if row is not None:
            self._again[record.eventid] = row["times"] + 1
        return row is not None

    def _copy(self, unit: Unit, record: Envelope) -> None:
        """Copy the facts of an event whose consequences stand."""
        contract = self._types[record.type]
        for facts in self.facts:
            if contract in facts.handlers:
                facts.handlers[contract](unit, contract.carried_by(record), record)

    def _failed(self, at: At, record: Envelope, error: Exception) -> Progress:
        """Count the attempt; park at once what cannot get better, and after some tries what does not."""
        reason = reason_of(error)
        tries = self._attempts.failed(record, reason)
        log.warning("event failed", consumer=self.store.service, eventid=record.eventid, error=reason, tries=tries)
        if isinstance(error, DomainError | ValidationError) or tries >= TRIES:
            return self._park(at, record, reason)
        return "failed"

    def _park(self, at: At, record: Envelope, reason: str) -> Progress:
        move = PositionMove(record.topic, at.epoch, at.sequence, record.sequence)
        try:
            with transaction(self.pool, record.workspace) as connection:
                self.waiting.lock(connection, record.workspace, record.topic)
                self.parking.park(connection, record, reason)
                self.store.recorder.move(record.workspace, move, connection)
        except Moved:
            return "more"
        self._moved(record, at.epoch)
        return "more"

    def _moved(self, last: Envelope, epoch: str) -> None:
        self.positions.moved(last, epoch)
        self.delivered.forget(last.workspace, last.topic, last.sequence)

    def _tell(self, workspace: str) -> None:
        if self.on_progress is not None:
            self.on_progress(workspace)

    def _info(self, record: Envelope) -> CommandInfo:
        return CommandInfo(
            workspace=record.workspace,
            actor=f"service:{self.store.service}",
            on_behalf_of=record.actor,
            command_id=command_of(record.eventid, self.store.service, self._again.get(record.eventid, 1)),
            cause=UUID(record.eventid),
            correlation_id=record.correlationid,
            traceparent=record.traceparent if self.span is None else current_traceparent() or record.traceparent,
        )
