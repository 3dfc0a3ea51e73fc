"""How copied facts are read: by a unit of work, or by a query."""

from __future__ import annotations

from typing import Any, Protocol


class Reads(Protocol):
    """A unit of work or a query: whatever reads the rows of one workspace."""

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the rows a statement finds."""
        ...
