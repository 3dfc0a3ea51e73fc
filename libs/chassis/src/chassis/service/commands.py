"""Commands: deciding in a unit of work, writing all of it or nothing, and answering — once, however often it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from psycopg_pool import PoolTimeout

from chassis import clock as wall
from chassis.identity import Actor
from chassis.postgres import INTERRUPTED
from chassis.service.reading import ConnectedReading
from chassis.sql import vouched
from chassis.steps import failpoint
from chassis.store import Ambiguous, Connection, Pool, Store, set_workspace
from chassis.unit import Answer, CommandInfo, Decide, Executed, LostRace, Position, Unavailable, Unit

TRIES = 12
"""How often a unit that lost a race is run again before the caller is told to."""
CLOCK_TOLERANCE = 1.0
"""Seconds a process may be away from the database's clock and still write."""


@dataclass
class Commands:
    """Runs the commands of one service; `changed` hears of every workspace whose record grew."""

    service: str
    pool: Pool
    store: Store
    clock: Callable[[], datetime | None]
    changed: Callable[[str], None]

    def execute(self, info: CommandInfo, actor: Actor, decide: Decide) -> Executed:
        """Run a command: decide, write all of it or nothing, answer. A lost race is decided again.

        Raises what the decision raises (DomainError, PreconditionFailed), KeyReused, and Unavailable when the store
        cannot answer: then the same request may be sent again with the same key.
        """
        try:
            for _ in range(TRIES):
                try:
                    executed = self._execute_once(info, actor, decide)
                except LostRace:
                    continue
                self.changed(info.workspace)
                failpoint("before answer")
                return executed
        except (*INTERRUPTED, PoolTimeout) as error:
            raise Unavailable(type(error).__name__) from None
        raise Unavailable("Many others are changing the same thing. Try again.")

    def _execute_once(self, info: CommandInfo, actor: Actor, decide: Decide) -> Executed:
        unit: Unit | None = None
        answer = Answer()
        try:
            with self.pool.connection() as connection:
                unit = self.unit(connection, info, actor)
                try:
                    answer = decide(unit)
                except Exception:  # noqa: BLE001  (a repeat may be refused for any reason; the first answer decides)
                    connection.rollback()
                    return self._earlier_answer(connection, unit)
                if not unit.decided:
                    return self._nothing_recorded(connection, answer, unit)
                return self.store.append(unit, answer, connection)
        except Ambiguous as ambiguous:
            if unit is None:
                raise
            return self.store.clear_up(ambiguous, unit, answer)

    def _earlier_answer(self, connection: Connection, unit: Unit) -> Executed:
        """A repeat that cannot be decided any more gets the answer the command got then; else its refusal stands.

        What was decided the first time stands in the way of deciding it again: a stream that exists, a state moved on.
        """
        set_workspace(connection, unit.workspace)
        found = self.store.repeated(connection, unit)
        if found is None:
            raise
        return found

    def _nothing_recorded(self, connection: Connection, answer: Answer, unit: Unit) -> Executed:
        """Answer a command that changes nothing; one that changed something when it was first sent gets that answer."""
        found, workspace = self.store.repeated(connection, unit), unit.workspace
        if found is not None:
            return found
        sql = f"select epoch, sequence, published from {self.service}.head where workspace = %s"
        row = connection.execute(vouched(sql), (workspace,)).fetchone()
        if row is None:
            return Executed(answer, Position(self.service, "", 0), (), recorded=False)
        published = tuple(Position(topic, row["epoch"], last) for topic, last in sorted(row["published"].items()))
        return Executed(answer, Position(self.service, row["epoch"], row["sequence"]), published, recorded=False)

    def unit(self, connection: Connection, info: CommandInfo, actor: Actor, may_copy: bool = False) -> Unit:
        """Begin a unit of work on a connection; Unavailable when the clock of this process is away from the database's.

        On virtual time it is not asked: nothing then follows from this machine's clock.
        """
        databases, virtual = set_workspace(connection, info.workspace), self.clock()
        away = abs((databases - wall.now()).total_seconds())
        if virtual is None and away > CLOCK_TOLERANCE:
            raise Unavailable("This machine's clock is more than a second away from the database's.")
        now = virtual or databases
        reading = ConnectedReading(self.store, connection, info.workspace, now)
        return Unit(info, actor, now, reading, may_copy)
