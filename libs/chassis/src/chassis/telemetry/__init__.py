"""Logs, traces and metrics that say what happened and never what somebody wrote."""

from chassis.telemetry.logs import configure_logs, described
from chassis.telemetry.metrics import Measured, Metrics, What
from chassis.telemetry.traces import Traces, current_traceparent

__all__ = ["Measured", "Metrics", "Traces", "What", "configure_logs", "current_traceparent", "described"]
