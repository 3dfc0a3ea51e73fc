"""Metrics of one process for Prometheus: labels name services, routes, topics and views, never a person or company."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

What = Literal["relay_lag", "consumer_lag", "projection_lag", "waiting", "parked", "unreadable", "blocked", "up"]

_HELP: dict[What, str] = {
    "relay_lag": "Sequence numbers of a topic that were not sent yet, over all workspaces.",
    "consumer_lag": "Sequence numbers of a heard topic that were not applied yet, over all workspaces.",
    "projection_lag": "Recorded events that a view does not hold yet, over all workspaces.",
    "waiting": "Events that wait for what they refer to.",
    "parked": "Events set aside because they could not be applied.",
    "unreadable": "Records of a heard topic that carry no event; they were put aside as they arrived.",
    "blocked": "Workspaces whose published events cannot be sent now.",
    "up": "1 while a part of a service runs.",
}
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of now: `part` is the topic, view or follower it belongs to."""

    what: What
    service: str
    part: str
    value: float


class Metrics:
    """The registry of one process; every service in it adds what it measures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._followers = _Followers()
        self.registry.register(self._followers)
        self._requests = Histogram(
            "ladder_http_request_seconds",
            "Time to answer, by route template and status.",
            ("service", "method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def measure(self, source: Callable[[], Iterable[Measured]]) -> None:
        """Ask `source` for its figures whenever the metrics are read."""
        self._followers.sources.append(source)

    def answered(self, service: str, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(service, method, route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)


class _Followers(Collector):
    """Turns what the services tell at this moment into gauges."""

    def __init__(self) -> None:
        self.sources: list[Callable[[], Iterable[Measured]]] = []

    def collect(self) -> Iterator[Metric]:
        families = {
            what: GaugeMetricFamily(f"ladder_{what}", text, labels=("service", "part")) for what, text in _HELP.items()
        }
        for source in self.sources:
            for one in source():
                families[one.what].add_metric([one.service, one.part], one.value)
        yield from families.values()
