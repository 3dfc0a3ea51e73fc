"""One trace over a real Kafka, from a click to whoever hears of it last; every span names the one it follows from.

approval (HTTP, evaluation) → relay → Kafka → gap computes the report → relay → Kafka → whoever reads gap's topic
file of people (HTTP, people) → relay → Kafka → framework places them → relay → Kafka → evaluation and gap take it over
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.kafka import Client, ClientSettings, Driver
from chassis.telemetry import Traces
from chassis.testing import open_folder, until
from chassis.testing.kafka import NoKafka
from contracts.envelope import Envelope

from .company import Company, first_cycle, found
from .conftest import not_here
from .modes import gathered

TRACE, CLICK = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@dataclass
class Traced:
    """A founded company on the platform, and every span of it so far."""

    company: Company
    spans: InMemorySpanExporter

    def named(self, service: str, name: str) -> list[ReadableSpan]:
        """Return the finished spans of a service by name."""
        told = self.spans.get_finished_spans()
        return [one for one in told if (one.resource.attributes["service.name"], one.name) == (service, name)]

    def follow(self, service: str, name: str, *before: ReadableSpan) -> list[ReadableSpan]:
        """Wait for spans of a service that follow from one of these, and are of its trace."""
        known = {ids_of(one) for one in before}
        return until(lambda: [one for one in self.named(service, name) if parent_of(one) in known])


@pytest.fixture(scope="module")
def traced() -> Iterator[Traced]:
    """The processes of every service, gathered in this one with an exporter that keeps their spans."""
    spans = InMemorySpanExporter()
    try:
        with (
            open_folder() as folder,
            gathered(folder, lambda name: Traces(name, SimpleSpanProcessor(spans))) as opened,
        ):
            asked = {"name": "Northwind", "admin": "hanna@northwind.example", "given_name": "Hanna", "key": "one trace"}
            workspace = opened.operator.post("/workspaces", json=asked).json()["workspace"]
            with analytics(opened.kafka, Traces("analytics", SimpleSpanProcessor(spans))):
                yield Traced(found(Company(opened.http, opened.operator, workspace)), spans)
    except NoKafka as missing:
        not_here(missing)


@contextmanager
def analytics(kafka: str, traces: Traces) -> Generator[None]:
    """Hear gap's topic, as somebody outside of the platform may."""

    def hear(records: Sequence[Envelope]) -> None:
        for record in records:
            with traces.span_for(record):
                pass

    client = Client(ClientSettings((kafka,)), "analytics")
    client.start()
    driver = Driver(client, "analytics", ("gap.v1",), hear, lambda _: None, lambda: None)
    driver.start()
    try:
        yield
    finally:
        driver.stop()
        client.stop()


def test_one_trace_leads_from_the_approval_over_kafka_to_gap_and_to_whoever_hears_gap(traced: Traced) -> None:
    company = traced.company
    hanna, daniel, maya = company.people("hanna", "daniel", "maya")
    evaluation = first_cycle(company).of["maya"]
    daniel.evaluates(evaluation, communication=3.0, delivery=3.5, design=3.0, mentoring=2.0)

    path = f"/evaluation/v1/evaluations/{evaluation}/approval"
    hanna.does(path, headers={"traceparent": f"00-{TRACE}-{CLICK}-01"})
    assert daniel.report(maya)["evaluation"] == evaluation

    (approval,) = traced.named("evaluation", "POST /evaluations/{evaluation}/approval")
    assert parent_of(approval) == (int(TRACE, 16), int(CLICK, 16))
    (computed,) = traced.follow("gap", "process evaluation.v1", approval)
    assert (computed.attributes or {})["cloudevents.event_type"] == "careerladder.evaluation.approved.v1"
    assert traced.follow("analytics", "process gap.v1", computed)


def test_a_trace_goes_on_from_service_to_service(traced: Traced) -> None:
    (taken,) = traced.named("people", "POST /imports")
    placed = traced.follow("framework", "process people.v1", taken)
    for service in ("evaluation", "gap"):
        assert traced.follow(service, "process framework.v1", *placed)


def ids_of(span: ReadableSpan) -> tuple[int, int]:
    """Return the trace and the id of a span."""
    context = span.context
    assert context is not None
    return context.trace_id, context.span_id


def parent_of(span: ReadableSpan) -> tuple[int, int] | None:
    """Return the trace and the id of the span that this one follows from."""
    return None if span.parent is None else (span.parent.trace_id, span.parent.span_id)
