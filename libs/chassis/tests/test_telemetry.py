"""Logs, traces and metrics: they say what happened, and never what somebody wrote."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel, ConfigDict

from chassis.telemetry import Measured, Metrics, Traces, configure_logs, current_traceparent, described
from chassis.testing import RECORD
from contracts.envelope import Envelope

CANARY = "Anna Müller <anna@acme.test> kept us waiting"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything this process logs as JSON; the form of before comes back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("json", "INFO", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("uvicorn.access").disabled = False


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines written, each read as JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(spans: InMemorySpanExporter) -> Iterator[Traces]:
    traces = Traces("evaluation", SimpleSpanProcessor(spans))
    yield traces
    traces.close()


# Logs


def test_a_line_is_an_event_name_with_keys(written: io.StringIO) -> None:
    structlog.get_logger("chassis.relay").info("relay blocked", topic="evaluation.v1", workspace="acme", tries=3)
    [line] = lines(written)
    assert (line["event"], line["level"], line["logger"]) == ("relay blocked", "info", "chassis.relay")
    assert (line["topic"], line["workspace"], line["tries"]) == ("evaluation.v1", "acme", 3)
    assert datetime.fromisoformat(line["timestamp"]).tzinfo is not None


def test_for_a_console_the_same_line_is_readable(written: io.StringIO) -> None:
    configure_logs("console", "INFO", written)
    structlog.get_logger("x").info("relay blocked", tries=3)
    assert "relay blocked" in written.getvalue()
    assert "tries=3" in written.getvalue()


def test_a_line_within_a_span_carries_its_trace(written: io.StringIO, traces: Traces) -> None:
    with traces.span("work") as span:
        structlog.get_logger("x").info("inside")
    structlog.get_logger("x").info("outside")
    inside, outside = lines(written)
    assert inside["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert inside["span_id"] == f"{span.get_span_context().span_id:016x}"
    assert "trace_id" not in outside


@pytest.mark.parametrize(
    "values",
    [
        {"text": CANARY},
        {"who": "anna@acme.test"},
        {"error": "CANARY anna@acme.test"},
        {"person": {"name": CANARY, CANARY: 1}},
        {"people": [CANARY]},
        {"body": CANARY.encode()},
        {"thing": Traces},
        {"long": "x" * 1000},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_value_that_may_be_somebody_s_words_is_withheld(written: io.StringIO, values: dict[str, Any]) -> None:
    structlog.get_logger("x").warning("something.happened", **values)
    text = written.getvalue()
    assert "[withheld]" in text
    assert not any(word in text for word in ("Anna", "Müller", "anna", "waiting", "xxx"))


def test_an_error_is_written_as_its_type_and_places(written: io.StringIO) -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as cause:
            raise RuntimeError(f"while reading {CANARY}") from cause
    except RuntimeError:
        structlog.get_logger("x").exception("handler.failed")
        logging.getLogger("foreign").exception("it failed for %s", CANARY)
    text = written.getvalue()
    assert "Anna" not in text
    for line in lines(written):
        assert line["exception"].startswith("ValueError at ")
        assert "> RuntimeError at " in line["exception"]
        assert "test_telemetry.py" in line["exception"]


def test_a_group_of_errors_is_written_with_each_of_them() -> None:
    group = ExceptionGroup(CANARY, [ValueError(CANARY), KeyError(CANARY)])
    assert described(group) == "ExceptionGroup of (ValueError at nowhere; KeyError at nowhere) at nowhere"


def test_a_validation_error_is_never_written_with_its_input(written: io.StringIO) -> None:
    class Private(BaseModel):
        model_config = ConfigDict(hide_input_in_errors=True)
        rating: int

    with pytest.raises(ValueError, match="rating") as refused:
        Private.model_validate({"rating": CANARY})
    structlog.get_logger("x").error("refused", error=refused.value, cause=described(refused.value))
    assert "Anna" not in written.getvalue()
    assert "Anna" not in str(refused.value)


def test_lines_of_libraries_take_the_same_form_and_keep_only_plain_values(written: io.StringIO) -> None:
    logging.getLogger("psycopg.pool").warning("error connecting in %r: %s", "toy-app", f"DETAIL: {CANARY}")
    logging.getLogger("uvicorn.error").info("Uvicorn running on %s://%s:%d", "http", "127.0.0.1", 8000)
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: %s", CANARY)
    logging.getLogger("anything").warning({"message": CANARY})
    pool, uvicorn, task, odd = lines(written)
    assert (pool["event"], pool["values"]) == ("error connecting in %r: %s", ["toy-app", "[withheld]"])
    assert uvicorn["values"] == ["http", "127.0.0.1", 8000]
    assert task["event"] == "Task exception was never retrieved"
    assert odd["event"] == "[withheld]"
    assert "Anna" not in written.getvalue()


def test_an_exception_nobody_awaited_is_written_without_its_text(written: io.StringIO) -> None:
    async def fails() -> None:
        raise RuntimeError(CANARY)

    async def forgets() -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "Task exception was never retrieved", "exception": RuntimeError(CANARY)}
        )
        with pytest.raises(RuntimeError):
            await fails()

    asyncio.run(forgets())
    assert "RuntimeError at nowhere" in written.getvalue()
    assert "Anna" not in written.getvalue()


def test_the_server_s_own_access_lines_with_their_queries_are_not_written(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info('%s - "%s %s"', "127.0.0.1", "GET", "/people?name=Anna")
    assert written.getvalue() == ""


# Traces


def test_outside_of_every_span_there_is_no_traceparent() -> None:
    assert current_traceparent() is None


def envelope(traceparent: str | None) -> Envelope:
    return RECORD.model_copy(update={"traceparent": traceparent})


def test_a_trace_goes_on_from_the_command_to_the_last_consumer(traces: Traces, spans: InMemorySpanExporter) -> None:
    gap, plan = Traces("gap", SimpleSpanProcessor(spans)), Traces("devplan", SimpleSpanProcessor(spans))
    with traces.span("POST /evaluations/{evaluation}/approval"):
        approved = envelope(current_traceparent())
    with gap.span_for(approved):
        computed = envelope(current_traceparent())
    with plan.span_for(computed):
        pass
    command, first, second = spans.get_finished_spans()
    assert len({trace_of(span) for span in (command, first, second)}) == 1
    assert (first.parent, second.parent) == (parent_of(command), parent_of(first))
    assert [span.resource.attributes["service.name"] for span in (command, first, second)] == [
        "evaluation",
        "gap",
        "devplan",
    ]


def trace_of(span: ReadableSpan) -> int:
    """Return the trace a span belongs to."""
    context = span.context
    assert context is not None
    return context.trace_id


def parent_of(span: ReadableSpan) -> object:
    """Return a span's context as a child names it: known from elsewhere."""
    context = span.context
    assert context is not None
    return trace.SpanContext(context.trace_id, context.span_id, is_remote=True, trace_flags=context.trace_flags)


@pytest.mark.parametrize("traceparent", [None, "", "nonsense", "00-0-0-00", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_an_event_without_a_readable_trace_begins_one(
    traces: Traces, spans: InMemorySpanExporter, traceparent: str | None
) -> None:
    with traces.span_for(envelope(traceparent)) as span:
        assert span.get_span_context().is_valid
    assert spans.get_finished_spans()[0].parent is None


def test_a_span_that_fails_keeps_the_error_s_type_and_no_text(traces: Traces, spans: InMemorySpanExporter) -> None:
    with pytest.raises(RuntimeError), traces.span_for(envelope(None)):
        raise RuntimeError(CANARY)
    [span] = spans.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "RuntimeError"
    assert not span.status.is_ok
    assert "Anna" not in span.to_json()


def test_two_services_of_one_process_share_no_provider(traces: Traces, spans: InMemorySpanExporter) -> None:
    with Traces("gap").span("elsewhere"):
        pass
    assert spans.get_finished_spans() == ()


# Metrics


def test_followers_are_asked_when_the_metrics_are_read() -> None:
    metrics, lag = Metrics(), [3.0]
    metrics.measure(lambda: [Measured("relay_lag", "evaluation", "evaluation.v1", lag[0])])
    metrics.measure(lambda: [Measured("parked", "gap", "evaluation.v1", 1)])
    assert b'ladder_relay_lag{part="evaluation.v1",service="evaluation"} 3.0' in metrics.text()
    lag[0] = 0.0
    assert b'ladder_relay_lag{part="evaluation.v1",service="evaluation"} 0.0' in metrics.text()
    assert b'ladder_parked{part="evaluation.v1",service="gap"} 1.0' in metrics.text()


def test_answers_are_counted_by_template_and_status() -> None:
    metrics = Metrics()
    metrics.answered("gap", "GET", "/reports/{report}", 200, 0.004)
    metrics.answered("gap", "GET", "/reports/{report}", 200, 0.030)
    text = metrics.text().decode()
    labels = 'method="GET",route="/reports/{report}",service="gap",status="200"'
    assert f"ladder_http_request_seconds_count{{{labels}}} 2.0" in text


def test_every_process_has_a_registry_of_its_own() -> None:
    one, other = Metrics(), Metrics()
    one.answered("gap", "GET", "/x", 200, 0.1)
    assert b"/x" not in other.text()
