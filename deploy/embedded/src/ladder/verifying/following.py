"""What follows the record: views equal a fold of it, relays have sent it, consumers have heard all of it."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.feed import PAGE
from chassis.projection import REBUILD_BATCH, Rows, View
from chassis.service import Service
from chassis.sql import vouched
from ladder.verifying.reading import Finding, rows

ALL_SENT = "relays have sent everything"
SCRATCH = -1
"""The generation that a view is folded into to compare it; it is never committed."""


def views(service: Service, workspace: str) -> Iterator[Finding]:
    """Every live view has seen the whole record, and equals one folded from what it has seen."""
    sql = "select coalesce(max(sequence), 0) as last from {s}.events where workspace = %s"
    last = rows(service, sql, workspace)[0]["last"]
    sql = "select name, sequence, generation from {s}.followed where workspace = %s"
    live = {row["name"]: row for row in rows(service, sql, workspace)}
    for view in service.all_views:
        at = live.get(view.NAME, {"sequence": 0, "generation": 0})
        if at["sequence"] != last:
            yield "views have seen the record", f"{view.NAME} is at {at['sequence']} of {last}"
        found = _differing(service, view, workspace, at["generation"], at["sequence"])
        if found:
            yield "live views equal rebuilt ones", f"{view.NAME}: {found} rows differ"


def relay(service: Service, workspace: str) -> Iterator[Finding]:
    """The relay has sent what was published, and nothing that was not."""
    sql = """select p.topic, max(p.sequence) as last, coalesce(max(r.sequence), 0) as sent from {s}.published p
    left join {s}.relayed r using (workspace, topic) where workspace = %s group by p.topic"""
    for row in rows(service, sql, workspace):
        if row["sent"] != row["last"]:
            yield ALL_SENT, f"{row['topic']} published {row['last']}, sent {row['sent']}"


def consumer(service: Service, workspace: str) -> Iterator[Finding]:
    """The service has heard everything published, and nothing that was not."""
    for topic, feed in service.consumer.feeds.items():
        last = next((head.last for head in feed.heads(topic) if head.workspace == workspace), 0)
        at = service.consumer.position(workspace, topic).sequence
        if at != last:
            yield "consumers have heard everything", f"{topic} published {last}, heard {at}"


def effects(service: Service, workspace: str) -> Iterator[Finding]:
    """What followed from heard events rests on events that are there, where they were heard; or it was withdrawn."""
    sql = "select cause::text, topic, sequence from {s}.effects where workspace = %s and not lost"
    known = {(row["topic"], row["cause"]): row["sequence"] for row in rows(service, sql, workspace)}
    for topic, feed in service.consumer.feeds.items():
        after = 0
        while records := feed.events(topic, workspace, after, PAGE).records:
            for one in records:
                if known.get((topic, one.eventid)) == one.sequence:
                    del known[topic, one.eventid]
            after = records[-1].sequence
    for (topic, cause), sequence in sorted(known.items()):
        yield "nothing rests on lost events", f"{topic} {sequence}: {cause} is not there, and what followed stands"


def _differing(service: Service, view: View, workspace: str, generation: int, through: int) -> int:
    """Fold a view up to a position beside the live rows; return how many rows are not the same."""
    columns = ", ".join(column for column in view.COLUMNS if column != "ask_at")
    with service.follower_pool.connection() as connection:
        scratch = Rows(view, connection, service.name, workspace, SCRATCH, fresh=True)
        at = 0
        while entries := service.projections.read(connection, workspace, at, REBUILD_BATCH):
            for entry in entries:
                if entry.sequence <= through:
                    view.apply(scratch, entry)
            at = entries[-1].sequence
        scratch.flush()
        one = f"select {columns} from {service.name}.{view.NAME}_rows where workspace = %(w)s and generation = %(g)s"
        other = one.replace("%(g)s", str(SCRATCH))
        sql = f"select count(*) as n from (({one} except all {other}) union all ({other} except all {one})) as d"
        row = connection.execute(vouched(sql), {"w": workspace, "g": generation}).fetchone()
        connection.rollback()
    return row["n"] if row else 0
