"""What a service does with the events of others — once, in causal order, and never silently not."""

from chassis.consumer import attempts, parking, waiting
from chassis.consumer.attempts import CRASHES, TRIES
from chassis.consumer.core import AheadOfUpstream, Consumer, HoleInFeed
from chassis.consumer.parking import Unreadable, from_parked, reason_of
from chassis.consumer.positions import At
from chassis.consumer.run import Handler, Span

TABLES = (*waiting.TABLES, *attempts.TABLES, *parking.TABLES)

__all__ = [
    "CRASHES",
    "TABLES",
    "TRIES",
    "AheadOfUpstream",
    "At",
    "Consumer",
    "Handler",
    "HoleInFeed",
    "Span",
    "Unreadable",
    "from_parked",
    "reason_of",
]
