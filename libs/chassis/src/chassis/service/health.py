"""How a service is: each of its running parts, and what an operator should look at."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg_pool import PoolTimeout

from chassis.relay import Relay
from chassis.sql import vouched
from chassis.steps import Runner
from chassis.store import Pool

NAMED = 20
"""How many blocked workspaces are named to whoever asks how a service is; all are counted."""


@dataclass(frozen=True, slots=True)
class Part:
    """One running part of a service and how it is; `waiting`: workspaces it set aside, or parked events."""

    name: str
    ok: bool
    detail: str = ""
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The parts of a service; ready when all are."""

    parts: tuple[Part, ...]

    @property
    def ok(self) -> bool:
        """Whether every part is well."""
        return all(part.ok for part in self.parts)


def follower(runner: Runner) -> Part:
    """Say how a follower is."""
    return Part(runner.step.name, runner.alive, runner.last_error or "", runner.set_aside)


def blocked(relay: Relay) -> Part:
    """Say whose events a broker does not take."""
    workspaces = sorted(relay.blocked)
    return Part("relay blocked", ok=True, detail=", ".join(workspaces[:NAMED]), waiting=len(workspaces))


def ahead(relay: Relay, service: str) -> list[Part]:
    """Say that the topic holds what the store has lost, and what to do about it; nothing where that is not so."""
    if not relay.ahead:
        return []
    remedy = f"{relay.topic} holds events the database lost; end this service and run `python -m {service}_svc restored`"
    return [Part("topic", ok=False, detail=remedy)]


def database(pool: Pool, schema: str) -> list[Part]:
    """Say whether the database answers and, where it does, how many events are parked."""
    sql = f"select count(*) as parked from {schema}.parked where status = 'parked'"
    try:
        with pool.connection(timeout=1.0) as connection:
            row = connection.execute(vouched(sql)).fetchone()
    except (psycopg.Error, PoolTimeout) as error:
        return [Part("database", ok=False, detail=type(error).__name__)]
    return [Part("database", ok=True), Part("parked", ok=True, waiting=row["parked"] if row else 0)]
