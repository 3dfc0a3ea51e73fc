"""What an operator does with events that could not be applied: list, show, replay in order, discard with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from chassis.consumer import from_parked, reason_of
from chassis.kernel import Invalid, NotFound
from chassis.postgres import INTERRUPTED
from chassis.sql import vouched
from chassis.unit import LostRace, Unavailable
from contracts.envelope import Envelope

if TYPE_CHECKING:
    from chassis.service import Service

RACES = 12
"""How often an event is tried again when others record on the same stream meanwhile."""

_COLUMNS = "workspace, topic, epoch, sequence, subject, type, event_id, reason, status, parked_at"


@dataclass(frozen=True, slots=True)
class Parked:
    """One parked event: where it came from, whom it is about, and why it could not be applied."""

    workspace: str
    topic: str
    epoch: str
    sequence: int
    subject: str
    type: str
    event_id: UUID
    reason: str
    status: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: the events applied, and the first one that could not be, of every subject that stopped."""

    applied: tuple[UUID, ...]
    stopped: tuple[Parked, ...]


def listed(service: Service, workspace: str | None = None, status: str = "parked") -> list[Parked]:
    """Return the events of a status (`parked`, `replayed`, `discarded`), of one workspace or of all, oldest first."""
    sql = f"""select {_COLUMNS} from {service.name}.parked where status = %(status)s
    and (%(workspace)s::text is null or workspace = %(workspace)s) order by workspace, topic, epoch, sequence"""
    with service.follower_pool.connection() as connection:
        rows = connection.execute(vouched(sql), {"status": status, "workspace": workspace}).fetchall()
    return [Parked(**row) for row in rows]


def unreadable(service: Service) -> dict[str, int]:
    """Return how many records carried no event, by topic; they are kept as they arrived in the table `unreadable`."""
    sql = f"select topic, count(*) as records from {service.name}.unreadable group by topic order by topic"
    with service.follower_pool.connection() as connection:
        return {row["topic"]: row["records"] for row in connection.execute(vouched(sql)).fetchall()}


def shown(service: Service, workspace: str, event_id: UUID) -> tuple[Parked, Envelope]:
    """Return one event and how it arrived; its personal fields are sealed. NotFound when it is not there."""
    sql = f"select {_COLUMNS}, envelope from {service.name}.parked where workspace = %s and event_id = %s"
    with service.follower_pool.connection() as connection:
        row = connection.execute(vouched(sql), (workspace, event_id)).fetchone()
    if row is None:
        raise NotFound(f"No event {event_id} was parked in this workspace.")
    arrived = from_parked(row.pop("envelope"))
    return Parked(**row), arrived


def replay(service: Service, workspace: str, subject: str | None = None) -> Replayed:
    """Apply the parked events of a workspace again, of one subject or of all; a subject stops at its first failure."""
    applied: list[UUID] = []
    stopped: dict[tuple[str, str], Parked] = {}
    for parked in listed(service, workspace):
        line = (parked.topic, parked.subject)
        if subject not in (None, parked.subject) or line in stopped:
            continue
        failure = _replay_one(service, parked)
        if failure is None:
            applied.append(parked.event_id)
        elif failure:
            stopped[line] = _with_reason(service, parked, failure)
    return Replayed(tuple(applied), tuple(stopped.values()))


def discard(service: Service, workspace: str, event_id: UUID, reason: str) -> None:
    """Give one parked event up and say why; later events of its subject stay parked until they are replayed."""
    if not reason.strip():
        raise Invalid("reason", reason, "say why this event may be left out")
    sql = f"""update {service.name}.parked set status = 'discarded', reason = reason || '; discarded: ' || %s
    where workspace = %s and event_id = %s and status = 'parked' returning 1"""
    with service.connection(workspace) as connection:
        if connection.execute(vouched(sql), (reason.strip(), workspace, event_id)).fetchone() is None:
            raise NotFound(f"No event {event_id} is parked in this workspace.")


def _replay_one(service: Service, parked: Parked) -> str | None:
    """Apply one event; return None, or why it could not be applied: no words where it is parked no more."""
    record = shown(service, parked.workspace, parked.event_id)[1]
    for _ in range(RACES):
        try:
            still_parked = service.consumer.apply_parked(record)
        except LostRace:
            continue
        except (*INTERRUPTED, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001  (whatever fails again stays parked)
            return reason_of(error)
        return None if still_parked else ""
    return reason_of(LostRace())


def _with_reason(service: Service, parked: Parked, reason: str) -> Parked:
    sql = f"""update {service.name}.parked set reason = %s
    where workspace = %s and topic = %s and epoch = %s and sequence = %s returning {_COLUMNS}"""
    place: Sequence[Any] = (parked.workspace, parked.topic, parked.epoch, parked.sequence)
    with service.connection(parked.workspace) as connection:
        row = connection.execute(vouched(sql), (reason, *place)).fetchone()
    return Parked(**cast("dict[str, Any]", row))
