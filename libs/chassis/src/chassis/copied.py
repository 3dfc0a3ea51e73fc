"""Facts of another service: the tables copied from its topic, and what each of its events writes into them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from contracts.envelope import Published

if TYPE_CHECKING:
    from chassis.consumer import Handler

_TABLE: Final = re.compile(r"create table (?:if not exists )?\{schema\}\.(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Facts:
    """What is copied from one topic.

    The handlers copy and do nothing else, and what they read they copied themselves: run over the whole topic again,
    they fill empty tables with the same rows.
    """

    topic: str
    statements: tuple[str, ...]
    handlers: Mapping[type[Published], Handler]

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the copied tables."""
        return tuple(found[1] for statement in self.statements if (found := _TABLE.search(statement)))
