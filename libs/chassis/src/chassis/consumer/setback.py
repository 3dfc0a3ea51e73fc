"""Entering a later epoch of a restored upstream: going back to where its log goes on, and taking back what was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from chassis.consumer.positions import Positions, beside, entered
from chassis.consumer.run import NewUnit, command_of
from chassis.consumer.waiting import Waiting
from chassis.copied import Facts
from chassis.feed import PAGE, Feed
from chassis.loss import Loss, Withdraw
from chassis.sql import vouched
from chassis.steps import failpoint
from chassis.store import Connection, Pool, PositionMove, Store
from chassis.unit import Answer, CommandInfo, Unit
from contracts.envelope import Envelope

log = structlog.get_logger(__name__)


@dataclass
class SetBacks:
    """Lets a service go on in a later epoch; facts, withdrawals and the position are written together."""

    store: Store
    pool: Pool
    feeds: Mapping[str, Feed]
    facts: Sequence[Facts]
    withdraw: Withdraw
    new_unit: NewUnit
    positions: Positions
    waiting: Waiting
    on_progress: Callable[[str], None] | None = None

    def enter(self, workspace: str, topic: str, seen: str) -> bool:
        """Go on in the latest epoch of a topic; say whether that is a later one. `seen` is the epoch it was seen in.

        Where the position lies above what is left of the log, all that was heard above it is taken back first.
        """
        epochs = self.feeds[topic].epochs(workspace)
        self.positions.forget(workspace, topic)
        with self.pool.connection() as connection:
            latest = max((one.epoch for one in epochs), default=seen)
            unit = self.new_unit(connection, self._info(workspace, topic, latest))
            self.waiting.lock(connection, workspace, topic)
            consumed, _ = self.positions.standing(connection, workspace, topic)
            if consumed[topic].epoch >= latest:
                return False
            at = entered(self.positions.visited(connection, workspace, topic), epochs)
            to, lost = at.sequence, None
            if to < consumed[topic].sequence:
                to, lost = self._go_back(connection, unit, topic, to)
            failpoint("during a set-back")
            self._write(connection, unit, PositionMove(topic, latest, 0, to, beside(consumed), base=at.base))
        if lost is not None:
            found = {"to": to, "effects": len(lost.events), "withdrawn": len(unit.decided)}
            log.warning("upstream was restored", topic=topic, workspace=workspace, **found)
        if unit.decided and self.on_progress is not None:
            self.on_progress(workspace)
        return True

    def _write(self, connection: Connection, unit: Unit, move: PositionMove) -> None:
        if not unit.decided or self.store.append(unit, Answer(), connection, move).repeated:
            self.store.recorder.move(unit.workspace, move, connection)
            connection.commit()

    def _go_back(self, connection: Connection, unit: Unit, topic: str, to: int) -> tuple[int, Loss]:
        """Take back what was heard above a place; return where the last event up to there stands, and what was lost."""
        loss = self._lose(connection, unit.workspace, topic, to)
        last = self._copy_again(connection, unit, topic, to)
        self.withdraw(unit, loss)
        return last, loss

    # -- what is lost

    def _lose(self, connection: Connection, workspace: str, topic: str, to: int) -> Loss:
        """Note what led to something here as lost, and give up what is parked; return what it led to."""
        values = {"workspace": workspace, "topic": topic, "to": to}
        sql = f"""update {self.store.service}.effects set lost = true where workspace = %(workspace)s
        and topic = %(topic)s and sequence > %(to)s and not lost returning cause, times"""
        rows = connection.execute(vouched(sql), values).fetchall()
        lost = {self._command(str(row["cause"]), row["times"]): str(row["cause"]) for row in rows}
        sql = f"""update {self.store.service}.parked set status = 'lost' where workspace = %(workspace)s
        and topic = %(topic)s and sequence > %(to)s and status = 'parked'"""
        connection.execute(vouched(sql), values)
        first = self._first(connection, workspace, lost)
        return Loss(workspace, topic, frozenset(lost.values()), self._no_more(connection, workspace), first)

    def _first(self, connection: Connection, workspace: str, lost: Mapping[str, str]) -> dict[str, str]:
        sql = f"""select distinct on (stream) stream, command_id from {self.store.service}.events
        where workspace = %s and command_id = any(%s) order by stream, sequence"""
        rows = connection.execute(vouched(sql), (workspace, list(lost))).fetchall()
        return {row["stream"]: lost[row["command_id"]] for row in rows}

    def _no_more(self, connection: Connection, workspace: str) -> frozenset[str]:
        """Return the commands that count no more: of what is lost, of what came back since, and of withdrawals."""
        sql = f"select cause, times, lost from {self.store.service}.effects where workspace = %s and (lost or times > 1)"
        effects = connection.execute(vouched(sql), (workspace,)).fetchall()
        sql = f"select topic, epoch from {self.store.service}.positions where workspace = %s"
        entered = connection.execute(vouched(sql), (workspace,)).fetchall()
        return frozenset(
            [
                *(
                    self._command(str(row["cause"]), times)
                    for row in effects
                    for times in range(1, row["times"] + (1 if row["lost"] else 0))
                ),
                *(self._withdrawal(row["topic"], row["epoch"]) for row in entered),
            ]
        )

    def _command(self, event: str, times: int) -> str:
        return command_of(event, self.store.service, times)

    def _withdrawal(self, topic: str, epoch: str) -> str:
        """One command withdraws what an epoch of an upstream lost: met again from a backup of ours, it is the same."""
        return f"{topic}/{epoch}/{self.store.service}"

    # -- facts

    def _copy_again(self, connection: Connection, unit: Unit, topic: str, to: int) -> int:
        """Empty the tables that are copied from a topic, and fill them with what is left of it; return where that ends."""
        last = 0
        facts = [one for one in self.facts if one.topic == topic]
        for table in [table for one in facts for table in one.tables]:
            unit.copy(f"delete from {table} where workspace = %(workspace)s")
        handlers = [(contract, handler) for one in facts for contract, handler in one.handlers.items()]
        not_applied = self._given_up(connection, unit.workspace, topic)
        unit.may_record = False
        for record in self._left(unit.workspace, topic, to):
            last = record.sequence
            for contract, handler in handlers:
                if record.type == contract.TYPE and record.eventid not in not_applied:
                    handler(unit, contract.carried_by(record), record)
        unit.may_record = True
        return last

    def _given_up(self, connection: Connection, workspace: str, topic: str) -> set[str]:
        """Return the events that were heard and not applied: parked, or discarded by an operator."""
        sql = f"""select event_id from {self.store.service}.parked where workspace = %s and topic = %s
        and status in ('parked', 'discarded')"""
        rows = connection.execute(vouched(sql), (workspace, topic)).fetchall()
        return {str(row["event_id"]) for row in rows}

    def _left(self, workspace: str, topic: str, to: int) -> Iterator[Envelope]:
        """Yield what is left of a topic up to a sequence, in order."""
        after = 0
        while records := self.feeds[topic].events(topic, workspace, after, PAGE).records:
            yield from (record for record in records if record.sequence <= to)
            after = records[-1].sequence
            if after >= to:
                return

    def _info(self, workspace: str, topic: str, epoch: str) -> CommandInfo:
        command = self._withdrawal(topic, epoch)
        return CommandInfo(workspace, f"service:{self.store.service}", command, correlation_id=command)
