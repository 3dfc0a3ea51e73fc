"""SQL that is put together: the one place that says to psycopg's types that a statement holds no value."""

from __future__ import annotations

from typing import LiteralString, cast


def vouched(statement: str) -> LiteralString:
    """Vouch for a statement made of literals and of names this source gives: a schema, a view, its columns.

    psycopg takes literals only, so that the type checker keeps values out of SQL. Values go in as parameters here too.
    """
    return cast("LiteralString", statement)
