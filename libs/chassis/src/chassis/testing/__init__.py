"""What the tests of every service share: servers, callers at the door, news of others, views and routes held right."""

from chassis.clock import now
from chassis.testing.callers import KEY, SIGNER, Caller, Seen, verifier
from chassis.testing.hearing import RECORD, enveloped, heard, sealed
from chassis.testing.killing import Killed, killed_at
from chassis.testing.routes import every_route_has_a_row
from chassis.testing.servers import fresh_database, keyed, open_folder, opened, served
from chassis.testing.views import assert_live_equals_rebuilt, live_rows
from chassis.testing.waiting import until

__all__ = [
    "KEY",
    "RECORD",
    "SIGNER",
    "Caller",
    "Killed",
    "Seen",
    "assert_live_equals_rebuilt",
    "enveloped",
    "every_route_has_a_row",
    "fresh_database",
    "heard",
    "keyed",
    "killed_at",
    "live_rows",
    "now",
    "open_folder",
    "opened",
    "sealed",
    "served",
    "until",
    "verifier",
]
