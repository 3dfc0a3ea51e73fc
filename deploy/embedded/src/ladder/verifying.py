"""The invariants of the whole system, stated once: the record is whole, followers agree with it, views equal a rebuild."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from pydantic import BaseModel

from chassis.projection import REBUILD_BATCH, Rows
from chassis.record import flaws_in
from chassis.service import Service


class Broken(BaseModel):
    """One invariant that does not hold, and where."""

    invariant: str
    service: str
    workspace: str
    detail: str


class Verdict(BaseModel):
    """What was looked at and what is broken."""

    events: int
    workspaces: int
    broken: list[Broken]

    @property
    def ok(self) -> bool:
        """Whether every invariant holds."""
        return not self.broken


def verify(services: Sequence[Service]) -> Verdict:
    """Check every service and workspace; the system must be quiet."""
    broken: list[Broken] = []
    events, workspaces = 0, 0
    for service in services:
        for workspace in _workspaces(service):
            workspaces += 1
            events += _count(service, workspace)
            for check in (_record, _streams, _head, _published, _commands, _views):
                broken += [
                    Broken(invariant=name, service=service.name, workspace=workspace, detail=detail)
                    for name, detail in check(service, workspace)
                ]
    for consumer in services:
        broken += list(_positions(consumer))
    return Verdict(events=events, workspaces=workspaces, broken=broken)


Finding = tuple[str, str]


def _rows(service: Service, sql: str, *values: Any) -> list[dict[str, Any]]:
    with service.follower_pool.connection() as connection:
        return connection.execute(cast("Any", sql.format(s=service.name)), values).fetchall()


def _workspaces(service: Service) -> list[str]:
    return [row["workspace"] for row in _rows(service, "select workspace from {s}.head order by 1")]


def _count(service: Service, workspace: str) -> int:
    return _rows(service, "select count(*) as n from {s}.events where workspace = %s", workspace)[0]["n"]


def _record(service: Service, workspace: str) -> Iterator[Finding]:
    """The sequence has no hole, every leaf matches what is stored, recorded time never runs back."""
    with service.follower_pool.connection() as connection, connection.cursor("record") as cursor:
        cursor.execute(
            cast("Any", f"select * from {service.name}.events where workspace = %s order by sequence"), (workspace,)
        )
        for flaw in flaws_in(service.name, iter(cursor)):
            yield "the record is whole", f"at {flaw.sequence}: {flaw.what}"


def _streams(service: Service, workspace: str) -> Iterator[Finding]:
    """The versions of a stream are 1..n."""
    sql = """select stream, count(*) as n, max(version) as last from {s}.events
    where workspace = %s group by stream having count(*) <> max(version)"""
    for row in _rows(service, sql, workspace):
        yield "streams have no holes", f"{row['stream']} has {row['n']} events and version {row['last']}"


def _head(service: Service, workspace: str) -> Iterator[Finding]:
    """The head is at the last event."""
    sql = """select h.sequence, (select max(sequence) from {s}.events e where e.workspace = h.workspace) as last
    from {s}.head h where workspace = %s"""
    for row in _rows(service, sql, workspace):
        if row["sequence"] != row["last"]:
            yield "the head is the last event", f"head {row['sequence']}, last event {row['last']}"


def _published(service: Service, workspace: str) -> Iterator[Finding]:
    """`previous` names the published event before; every published row belongs to an event."""
    sql = """select topic, sequence, previous, lag(sequence, 1, 0::bigint) over (partition by topic order by sequence) as before,
    exists (select 1 from {s}.events e where e.workspace = p.workspace and e.sequence = p.sequence
    and e.event_id = p.event_id) as recorded from {s}.published p where workspace = %s"""
    for row in _rows(service, sql, workspace):
        if row["previous"] != row["before"]:
            at = f"{row['topic']} {row['sequence']}"
            yield "published events are chained", f"{at}: previous {row['previous']}, is {row['before']}"
        if not row["recorded"]:
            yield "published events are recorded", f"{row['topic']} {row['sequence']} has no event"


def _commands(service: Service, workspace: str) -> Iterator[Finding]:
    """A command's events stand together, once: its first event alone holds its key."""
    sql = """select command_id, count(command_key) as keys, max(sequence) - min(sequence) + 1 as span, count(*) as n
    from {s}.events where workspace = %s group by command_id
    having count(command_key) <> 1 or max(sequence) - min(sequence) + 1 <> count(*)"""
    for row in _rows(service, sql, workspace):
        yield "commands are applied once", f"{row['command_id']}: {row['keys']} keys, {row['n']} events over {row['span']}"


def _views(service: Service, workspace: str) -> Iterator[Finding]:
    """Every live view equals one folded from the record, and has seen all of it."""
    names = [view.NAME for view in service.all_views]
    sql = "select name, sequence, generation from {s}.followed where workspace = %s and name = any(%s)"
    live = {row["name"]: row for row in _rows(service, sql, workspace, names)}
    for view in service.all_views:
        at = live.get(view.NAME)
        if at is None:
            yield "views have seen the record", f"{view.NAME} has seen nothing"
            continue
        found = differing_rows(service, view.NAME, workspace, at["generation"], at["sequence"])
        if found:
            yield "live views equal rebuilt ones", f"{view.NAME}: {found} rows differ"


def differing_rows(service: Service, name: str, workspace: str, generation: int, through: int) -> int:
    """Fold a view up to a position into a generation that is never committed; count rows that are not the same."""
    view = next(one for one in service.all_views if name == one.NAME)
    columns = ", ".join(column for column in view.COLUMNS if column != "ask_at")
    with service.follower_pool.connection() as connection:
        rows = Rows(view, connection, service.name, workspace, -1, fresh=True)
        at = 0
        while events := service.projections.read(connection, workspace, at, REBUILD_BATCH):
            for entry in events:
                if entry.sequence <= through:
                    view.apply(rows, entry)
            at = events[-1].sequence
        rows.flush()
        one = f"select {columns} from {service.name}.{name}_rows where workspace = %(w)s and generation = %(g)s"
        other = one.replace("%(g)s", "-1")
        sql = f"select count(*) as n from (({one} except all {other}) union all ({other} except all {one})) as d"
        row = connection.execute(cast("Any", sql), {"w": workspace, "g": generation}).fetchone()
        connection.rollback()
    return row["n"] if row else 0


def _positions(consumer: Service) -> Iterator[Broken]:
    """Consumers have heard everything published, and nothing that was not."""
    for topic, feed in consumer.consumer.feeds.items():
        sql = """select distinct on (workspace) workspace, sequence from {s}.positions where topic = %s
        order by workspace, epoch desc"""
        at = {row["workspace"]: row["sequence"] for row in _rows(consumer, sql, topic)}
        for head in feed.heads(topic):
            position = at.get(head.workspace, 0)
            if position != head.last:
                yield Broken(
                    invariant="consumers have heard everything",
                    service=consumer.name,
                    workspace=head.workspace,
                    detail=f"{topic} published {head.last}, heard {position}",
                )
