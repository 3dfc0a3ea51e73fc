"""Kafka as transport: what the relay sends goes out, what arrives is offered to the consumer; truth stays in the rows."""

from chassis.brokers import ClientSettings
from chassis.kafka.asking import ShutOut, Unanswered, ask
from chassis.kafka.client import Client
from chassis.kafka.declared import Declared
from chassis.kafka.driver import Driver
from chassis.kafka.sink import KafkaSink
from chassis.kafka.topics import Difference, apply_topics, differences, unusable
from chassis.kafka.wire import NoEvent, from_record, headers_of
from contracts.topics import TOPICS

__all__ = [
    "TOPICS",
    "Client",
    "ClientSettings",
    "Declared",
    "Difference",
    "Driver",
    "KafkaSink",
    "NoEvent",
    "ShutOut",
    "Unanswered",
    "apply_topics",
    "ask",
    "differences",
    "from_record",
    "headers_of",
    "unusable",
]
