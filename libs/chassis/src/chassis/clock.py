"""The clock on the wall: read by what runs a service, and handed from there to all that decides."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment (UTC)."""
    return datetime.now(UTC)  # noqa: TID251 - the one place that reads the wall clock; everybody else is given a moment
