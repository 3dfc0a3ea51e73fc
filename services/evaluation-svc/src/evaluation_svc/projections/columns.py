"""Reading a column of a row back."""

from __future__ import annotations


def texts(row: dict[str, object], column: str) -> list[str]:
    """Return a column that holds texts; none where the row has it not."""
    found = row.get(column)
    return [str(one) for one in found] if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
