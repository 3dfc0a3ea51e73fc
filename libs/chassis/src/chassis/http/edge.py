"""Around every request: one span, one log line, one measurement, safe headers, and an answer to what went wrong."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Final

import structlog
from anyio import move_on_after
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http.problems import MEDIA_TYPE, problem_body
from chassis.telemetry import Metrics, Traces, described

log = structlog.get_logger(__name__)

_SAFE: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_DRAINED_BYTES: Final = 2**26
_DRAINED_SECONDS: Final = 5.0
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_ROUTINE: Final = frozenset({"/livez", "/readyz", "/metrics"})


@dataclass
class _Exchange:
    """One request as it goes by."""

    scope: Scope
    receive: Receive
    send: Send
    status: int = 500
    started: bool = False
    replaced: bool = False
    body: list[bytes] = field(default_factory=list[bytes])

    async def heard(self) -> Message:
        """Pass a part of the body on, and keep it for the command's digest."""
        message = await self.receive()
        if message["type"] == "http.request":
            self.body.append(message.get("body", b""))
        return message

    async def answer(self, message: Message) -> None:
        """Pass a part of the answer on, with headers that are safe unless a route knows better."""
        if self.replaced:
            return
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = MutableHeaders(scope=message)
            if self.status == 413 and headers.get("content-type") != MEDIA_TYPE:
                await self.drain()
                await self.refuse(413, "content-too-large", "The request is larger than this route takes.")
                self.replaced = True  # the framework limits bodies below every error handler, in plain text
                return
            for name, value in _SAFE.items():
                headers.setdefault(name, value)
        await self.send(message)

    async def drain(self) -> None:
        """Take what is still being sent, within bounds: who is cut off while sending does not read the answer."""
        taken = 0
        with move_on_after(_DRAINED_SECONDS):
            while taken < _DRAINED_BYTES:
                message = await self.receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return

    async def refuse(self, status: int, name: str, detail: str, **more: str) -> None:
        """Answer with a problem where no handler of the application can."""
        body = problem_body(status, name, detail, self.scope["path"], **more)
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await self.answer({"type": "http.response.start", "status": status, "headers": headers})
        await self.answer({"type": "http.response.body", "body": json.dumps(body).encode()})

    @property
    def route(self) -> str:
        """The template of the route, never the path: ids belong into no label."""
        return getattr(self.scope.get("route"), "path", None) or "(none)"


class Edge:
    """The outermost layer of a service's application."""

    def __init__(self, app: ASGIApp, service: str, traces: Traces, metrics: Metrics) -> None:
        self.app, self.service, self.traces, self.metrics = app, service, traces, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        scope["chassis.body"] = exchange.body
        began = time.perf_counter()
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        parent = Headers(scope=scope).get("traceparent")
        with self.traces.span(method, kind=SpanKind.SERVER, parent=parent) as span:
            await self._serve(exchange)
            seconds = time.perf_counter() - began
            span.update_name(f"{method} {exchange.route}")
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.route", exchange.route)
            span.set_attribute("http.response.status_code", exchange.status)
            if exchange.status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            self._tell(method, exchange, seconds)

    async def _serve(self, exchange: _Exchange) -> None:
        try:
            await self.app(exchange.scope, exchange.heard, exchange.answer)
        except Exception as error:
            reference = _reference()
            log.error("request failed", reference=reference, route=exchange.route, exception=described(error))
            if exchange.started:
                raise
            detail = "Something went wrong here, and it was noted. Name the reference when you ask about it."
            await exchange.refuse(500, "internal-error", detail, reference=reference)

    def _tell(self, method: str, exchange: _Exchange, seconds: float) -> None:
        self.metrics.answered(self.service, method, exchange.route, exchange.status, seconds)
        write = log.debug if exchange.route in _ROUTINE else log.info
        write(
            "request",
            service=self.service,
            method=method,
            route=exchange.route,
            status=exchange.status,
            ms=round(seconds * 1000, 1),
        )


def _reference() -> str:
    """Return what a user can name to find the log lines: the trace, or a random word outside of one."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else secrets.token_hex(16)
