"""The record of one service by itself: no hole, no change, every command once, and published rows that fit it."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.record import flaws_in
from chassis.service import Service
from chassis.sql import vouched
from ladder.verifying.reading import Finding, rows


def whole(service: Service, workspace: str) -> Iterator[Finding]:
    """The sequence has no hole, every leaf matches what is stored, recorded time never runs back."""
    sql = f"select * from {service.name}.events where workspace = %s order by sequence"
    with service.follower_pool.connection() as connection, connection.cursor("record") as cursor:
        cursor.execute(vouched(sql), (workspace,))
        for flaw in flaws_in(service.name, iter(cursor)):
            yield "the record is whole", f"at {flaw.sequence}: {flaw.what}"


def streams(service: Service, workspace: str) -> Iterator[Finding]:
    """The versions of a stream are 1..n."""
    sql = """select stream, count(*) as n, max(version) as last from {s}.events
    where workspace = %s group by stream having count(*) <> max(version)"""
    for row in rows(service, sql, workspace):
        yield "streams have no holes", f"{row['stream']} has {row['n']} events and version {row['last']}"


def head(service: Service, workspace: str) -> Iterator[Finding]:
    """The head is at the last event, and at the last published one of each topic."""
    sql = """select h.sequence, (select max(sequence) from {s}.events e where e.workspace = h.workspace) as last,
    h.published, (select coalesce(jsonb_object_agg(topic, last), '{{}}') from (select topic, max(sequence) as last
    from {s}.published p where p.workspace = h.workspace group by topic) as t) as sent
    from {s}.head h where workspace = %s"""
    for row in rows(service, sql, workspace):
        if row["sequence"] != row["last"]:
            yield "the head is the last event", f"head {row['sequence']}, last event {row['last']}"
        if row["published"] != row["sent"]:
            yield "the head is the last published event", f"head {row['published']}, published {row['sent']}"


def published(service: Service, workspace: str) -> Iterator[Finding]:
    """`previous` names the published event before; every published row belongs to an event."""
    sql = """select topic, sequence, previous, lag(sequence, 1, 0::bigint) over (partition by topic order by sequence) as before,
    exists (select 1 from {s}.events e where e.workspace = p.workspace and e.sequence = p.sequence
    and e.event_id = p.event_id) as recorded from {s}.published p where workspace = %s"""
    for row in rows(service, sql, workspace):
        if row["previous"] != row["before"]:
            at = f"{row['topic']} {row['sequence']}"
            yield "published events are chained", f"{at}: previous {row['previous']}, is {row['before']}"
        if not row["recorded"]:
            yield "published events are recorded", f"{row['topic']} {row['sequence']} has no event"


def commands(service: Service, workspace: str) -> Iterator[Finding]:
    """A command's events stand together, once: its first event alone holds its key."""
    sql = """select command_id, count(command_key) as keys, max(sequence) - min(sequence) + 1 as span, count(*) as n
    from {s}.events where workspace = %s group by command_id
    having count(command_key) <> 1 or max(sequence) - min(sequence) + 1 <> count(*)"""
    for row in rows(service, sql, workspace):
        yield "commands are applied once", f"{row['command_id']}: {row['keys']} keys, {row['n']} events over {row['span']}"
