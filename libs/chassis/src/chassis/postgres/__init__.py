"""PostgreSQL: the embedded server or somebody else's, the roles of a service, and pools of connections."""

from chassis.postgres.embedded import Embedded, StartFailed, holder
from chassis.postgres.leftovers import AlreadyRunning
from chassis.postgres.places import Unsupported, binaries, default_home
from chassis.postgres.pools import INTERRUPTED, Pool, pool
from chassis.postgres.refusals import refusal
from chassis.postgres.roles import (
    Privileged,
    UnsafeDurability,
    check_durable,
    make_role,
    prepare_lock,
    prepare_service,
    refuse_superuser,
    search_path,
)
from chassis.postgres.servers import Database, External, Server, role_name

__all__ = [
    "INTERRUPTED",
    "AlreadyRunning",
    "Database",
    "Embedded",
    "External",
    "Pool",
    "Privileged",
    "Server",
    "StartFailed",
    "UnsafeDurability",
    "Unsupported",
    "binaries",
    "check_durable",
    "default_home",
    "holder",
    "make_role",
    "pool",
    "prepare_lock",
    "prepare_service",
    "refusal",
    "refuse_superuser",
    "role_name",
    "search_path",
]
