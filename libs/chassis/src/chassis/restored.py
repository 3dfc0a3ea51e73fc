"""After a restore: every workspace's log goes on in a new epoch, so that nobody mistakes new events for lost ones."""

from __future__ import annotations

from chassis.service import Service
from chassis.sql import vouched
from chassis.store import mint_epoch, set_workspace


def begin_epochs(service: Service) -> int:
    """Begin a new epoch in every workspace of a service, before its first write; return how many.

    Its base is where the restored log ends: whoever consumed beyond it goes back to it, by the epoch rule.
    """
    with service.follower_pool.connection() as connection:
        rows = connection.execute(vouched(f"select workspace from {service.name}.head order by 1")).fetchall()
    for row in rows:
        _begin(service, row["workspace"])
    return len(rows)


def _begin(service: Service, workspace: str) -> None:
    with service.pool.connection() as connection:
        now = set_workspace(connection, workspace)
        schema, values = service.name, {"workspace": workspace, "epoch": mint_epoch(now), "now": now}
        for sql in (
            f"select 1 from {schema}.head where workspace = %(workspace)s for update",
            f"""insert into {schema}.epochs (workspace, epoch, base, minted_at)
            select workspace, %(epoch)s, sequence, %(now)s from {schema}.head where workspace = %(workspace)s""",
            f"update {schema}.head set epoch = %(epoch)s where workspace = %(workspace)s",
        ):
            connection.execute(vouched(sql), values)
