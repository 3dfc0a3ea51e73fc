"""Traces: one from the click to the last consumer. Providers are passed in; nothing is global but the current span."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from contracts.envelope import Envelope

_PROPAGATOR: Final = TraceContextTextMapPropagator()


def current_traceparent() -> str | None:
    """Return the context of the current span as W3C Trace Context writes it; None outside every span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


class Traces:
    """The spans of one service."""

    def __init__(self, service: str, *processors: SpanProcessor) -> None:
        self.service = service
        self.provider = TracerProvider(
            resource=Resource.create({"service.name": service}),
            sampler=ParentBased(ALWAYS_ON),
            shutdown_on_exit=False,
        )
        for processor in processors:
            self.provider.add_span_processor(processor)
        self._tracer: Tracer = self.provider.get_tracer("chassis")

    @classmethod
    def from_environment(cls, service: str) -> Traces:
        """Return traces sent to `OTEL_EXPORTER_OTLP_ENDPOINT` (OTLP over HTTP), or kept nowhere where it is not set."""
        if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
            return cls(service)
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return cls(service, BatchSpanProcessor(OTLPSpanExporter()))

    def close(self) -> None:
        """Send what is left."""
        self.provider.shutdown()

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: str | None = None,
        attributes: Mapping[str, str | int] | None = None,
    ) -> Generator[Span]:
        """Open a span under the current one, or under `parent` (a traceparent). An error is kept by its type only."""
        with self._tracer.start_as_current_span(
            name,
            _context(parent),
            kind,
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    @contextmanager
    def span_for(self, envelope: Envelope) -> Generator[Span]:
        """Open the span in which one published event is consumed: a child of the command that recorded it."""
        attributes: dict[str, str | int] = {
            "messaging.operation.type": "process",
            "messaging.destination.name": envelope.topic,
            "messaging.message.id": envelope.eventid,
            "cloudevents.event_type": envelope.type,
        }
        name = f"process {envelope.topic}"
        with self.span(name, kind=SpanKind.CONSUMER, parent=envelope.traceparent, attributes=attributes) as span:
            yield span


def _context(traceparent: str | None) -> Context | None:
    """Return the context a traceparent names; an unreadable one starts a new trace."""
    return None if traceparent is None else _PROPAGATOR.extract({"traceparent": traceparent}, Context())
