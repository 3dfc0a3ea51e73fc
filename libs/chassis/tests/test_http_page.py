"""Cursor pages: whatever the rows and the sorting, every row is met once and in its order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from chassis.http.page import Page, Sorting
from chassis.kernel import Invalid
from chassis.postgres import Database

Connection = psycopg.Connection[dict[str, Any]]
START = datetime(2026, 1, 1, tzinfo=UTC)

rows = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "b", "Ä", "it's", "%s", "優"]),
        st.integers(-2, 2),
        st.integers(0, 3).map(lambda hours: START + timedelta(hours=hours, microseconds=hours)),
    ),
    max_size=12,
).map(lambda found: [{"id": n, "name": a, "rank": b, "at": c} for n, (a, b, c) in enumerate(found)])
sortings = st.lists(st.sampled_from(["name", "-name", "rank", "-rank", "at", "-at"]), max_size=2).flatmap(
    lambda first: st.sampled_from(["id", "-id"]).map(lambda last: (*_once(first), last))
)


def _once(columns: list[str]) -> list[str]:
    """Return the columns without those that are named a second time."""
    return list({column.removeprefix("-"): column for column in columns}.values())


@pytest.fixture(scope="module")
def connection(module_database: Database) -> Iterator[Connection]:
    with psycopg.Connection[dict[str, Any]].connect(module_database.admin_dsn(), row_factory=dict_row) as connection:
        connection.execute('create table things (id int, name text collate "C", rank int, at timestamptz)')
        yield connection
        connection.rollback()


def pages(connection: Connection, sorting: Sorting, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Yield page after page, each by the cursor of the last row before."""
    after: list[Any] | None = None
    while True:
        sql, params = sorting.statement("select * from things where rank >= %(least)s", after, limit)
        found = connection.execute(sql.encode(), {"least": -9, **params}).fetchall()
        yield found[:limit]
        if len(found) <= limit:
            return
        after = sorting.read(sorting.cursor(found[limit - 1]))


@given(rows, sortings, st.integers(1, 5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_are_the_sorted_whole_cut_into_pieces(
    connection: Connection, given_rows: list[dict[str, Any]], sorting: tuple[str, ...], limit: int
) -> None:
    connection.execute("truncate things")
    for row in given_rows:
        connection.execute("insert into things values (%(id)s, %(name)s, %(rank)s, %(at)s)", row)
    whole = list(given_rows)
    for column in reversed(sorting):
        name = column.removeprefix("-")
        whole.sort(key=lambda row: str(row[name]).encode() if name == "name" else row[name], reverse=column[0] == "-")
    met = [row for page in pages(connection, Sorting(sorting), limit) for row in page]
    assert [row["id"] for row in met] == [row["id"] for row in whole]


def test_a_row_that_comes_or_goes_meanwhile_neither_hides_nor_doubles_another(connection: Connection) -> None:
    connection.execute("truncate things")
    for number in range(0, 20, 2):
        connection.execute("insert into things values (%s, 'a', 1, now())", (number,))
    met: list[int] = []
    for page in pages(connection, Sorting(("id",)), 3):
        met += [row["id"] for row in page]
        connection.execute("delete from things where id = %s", (met[0],))
        connection.execute("insert into things values (%s, 'a', 1, now())", (met[-1] - 1,))
    assert met == list(range(0, 20, 2))


def test_exact_numbers_stay_exact_in_a_cursor() -> None:
    sorting = Sorting(("-score", "id"))
    assert sorting.read(sorting.cursor({"score": Decimal("3.50"), "id": "x"})) == ["3.50", "x"]


def test_a_column_that_may_be_null_cannot_sort_a_page() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        Sorting(("at",)).cursor({"at": None})


@given(st.text(max_size=60))
def test_whatever_is_sent_as_a_cursor_is_read_or_refused(cursor: str) -> None:
    with suppress(Invalid):
        assert len(Sorting(("id",)).read(cursor)) == 1


def test_a_page_of_rows_becomes_a_page_of_something_else() -> None:
    page = Page[int](items=[1, 2], next_cursor="c")
    assert page.map(str) == Page[str](items=["1", "2"], next_cursor="c")
