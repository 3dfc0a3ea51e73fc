"""The migrate step: what is new is made, what is there stays, and a view that looks otherwise now is made anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from chassis.projection import RecordedEvent, Rows, View
from chassis.service import Service

from . import toy
from .conftest import Pair


class Titles(View):
    """A view of notebooks as a later version of the service has it."""

    NAME = "notebook_list"
    COLUMNS: ClassVar[dict[str, str]] = {"notebook": "text", "owner": "text", "colour": "text"}
    KEY = ("notebook",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        if isinstance(entry.event, toy.Opened):
            rows.put({"notebook": entry.id, "owner": entry.event.owner, "colour": "blue"})


def later() -> Service:
    service = toy.toy()
    service.all_views = (Titles(), *(view for view in service.all_views if view.NAME != Titles.NAME))
    return service


@pytest.fixture
def migrated_back(pair: Pair) -> Iterator[None]:
    yield
    pair.toy.migrate(pair.database)


def generations(pair: Pair, workspace: str) -> dict[str, int]:
    rows = pair.rows("select name, sequence from toy.followed where workspace = %s", workspace)
    return {row["name"]: row["sequence"] for row in rows}


def test_a_view_with_other_columns_is_made_anew_and_followed_from_the_first_event(
    pair: Pair, workspace: str, migrated_back: None
) -> None:
    pair.open(workspace)
    pair.settle(workspace)
    assert "notebook_list" in generations(pair, workspace)

    later().migrate(pair.database)

    assert "notebook_list" not in generations(pair, workspace)
    assert generations(pair, workspace)["deadlines"] == 1
    columns = pair.rows(
        "select column_name from information_schema.columns where table_schema = 'toy' and table_name = 'notebook_list'"
    )
    assert {row["column_name"] for row in columns} == {"workspace", "notebook", "owner", "colour"}


def test_after_it_the_view_holds_what_the_record_says(pair: Pair, workspace: str) -> None:
    pair.open(workspace)
    pair.settle(workspace)
    later().migrate(pair.database)
    pair.toy.migrate(pair.database)
    pair.settle(workspace)

    with pair.toy.reader(workspace) as reader:
        rows = reader.rows("select notebook, owner from notebook_list where workspace = %(workspace)s")
    assert rows == [{"notebook": "n1", "owner": "ann"}]


def test_the_tables_of_a_view_made_anew_are_still_walled_off(pair: Pair, workspace: str, migrated_back: None) -> None:
    later().migrate(pair.database)
    sql = """select relrowsecurity, relforcerowsecurity from pg_class
    where oid in ('toy.notebook_list_rows'::regclass, 'toy.followed'::regclass)"""
    assert [tuple(row.values()) for row in pair.rows(sql)] == [(True, True)] * 2
