"""Cursor pages: rows after the last one seen, by the columns they are sorted by."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Query as QueryParameter
from pydantic import BaseModel

from chassis.kernel import Invalid

T = TypeVar("T")
U = TypeVar("U")

MOST: Final = 200

Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[
    str | None,
    QueryParameter(max_length=1000, description="Where to go on: `next_cursor` of the page before."),
]


class Page(BaseModel, Generic[T]):
    """Some items, and where to go on (null: these are the last)."""

    items: list[T]
    next_cursor: str | None = None

    def map(self, item: Callable[[T], U]) -> Page[U]:
        """Return the same page of other items."""
        return Page[Any](items=[item(one) for one in self.items], next_cursor=self.next_cursor)


@dataclass(frozen=True, slots=True)
class Sorting:
    """The columns of a page, the last ones making a row unique; `-` before a name sorts downwards. None may be null."""

    columns: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns without their directions."""
        return tuple(column.removeprefix("-") for column in self.columns)

    def statement(self, sql: str, after: Sequence[Any] | None, limit: int) -> tuple[str, dict[str, Any]]:
        """Return the statement of one page and one row more, with its parameters."""
        order = ", ".join(f"{name} {'desc' if down else 'asc'}" for name, down in self._directed())
        params: dict[str, Any] = {f"after_{number}": value for number, value in enumerate(after or ())}
        where = f" where {self._beyond()}" if after is not None else ""
        return f"select * from ({sql}) as page{where} order by {order} limit {limit + 1}", params

    def cursor(self, row: dict[str, Any]) -> str:
        """Return the opaque place after a row."""
        values = [_plain(row[name]) for name in self.names]
        text = json.dumps([*self.columns, *values], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    def read(self, cursor: str) -> list[Any]:
        """Return the values a cursor holds; Invalid when it is not one of this sorting."""
        try:
            found: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            columns: Any = found[: len(self.columns)]
            values: list[Any] = found[len(self.columns) :]
        except (ValueError, TypeError, KeyError):
            columns, values = None, []
        plain = all(isinstance(value, str | int | float | bool) and "\0" not in str(value) for value in values)
        if columns != list(self.columns) or len(values) != len(self.columns) or not plain:
            raise Invalid("cursor", None, "use the next_cursor of the page before, with the same sorting")
        return values

    def _directed(self) -> list[tuple[str, bool]]:
        return [(name, column.startswith("-")) for name, column in zip(self.names, self.columns, strict=True)]

    def _beyond(self) -> str:
        """Return "comes later in the order" spelt out, since directions may differ from column to column."""
        directed = self._directed()
        choices = (
            " and ".join(
                [
                    *(f"{name} = %(after_{n})s" for n, (name, _) in enumerate(directed[:last])),
                    f"{directed[last][0]} {'<' if directed[last][1] else '>'} %(after_{last})s",
                ]
            )
            for last in range(len(directed))
        )
        return "(" + ") or (".join(choices) + ")"


def _plain(value: Any) -> str | int | float | bool:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"a page cannot be sorted by a {type(value).__name__}")
