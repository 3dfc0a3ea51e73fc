"""Views held against their rebuilt selves."""

from __future__ import annotations

from typing import Any, cast

from chassis.service import Service

NOT_FROM_THE_RECORD = {"deadlines": ("ask_at",)}
"""Columns that are marks of a follower, not folded from events."""


def live_rows(service: Service, workspace: str) -> dict[str, list[dict[str, Any]]]:
    """Return the live rows of every view of a workspace, by the view's name and in the order of their keys."""
    found: dict[str, list[dict[str, Any]]] = {}
    with service.reader(workspace) as reader:
        for view in service.all_views:
            left_out = NOT_FROM_THE_RECORD.get(view.NAME, ())
            columns = ", ".join(name for name in view.COLUMNS if name not in left_out)
            sql = f"select {columns} from {view.NAME} where workspace = %(workspace)s order by {', '.join(view.KEY)}"
            found[view.NAME] = reader.rows(sql)
    return found


def assert_live_equals_rebuilt(service: Service, workspace: str) -> None:
    """Fail unless every view of a workspace, rebuilt from the record, has the rows it had; it is rebuilt afterwards."""
    while service.projections.step(workspace) == "more":
        pass
    before = live_rows(service, workspace)
    for view in service.all_views:
        service.projections.rebuild(view.NAME, workspace)
    after = live_rows(service, workspace)
    for name, rows in before.items():
        if rows != after[name]:
            raise AssertionError(f"{name}: {_first_difference(rows, after[name])}")


def _first_difference(live: list[dict[str, Any]], rebuilt: list[dict[str, Any]]) -> str:
    """Say where two lists of rows part, naming columns and counts; values may be personal."""
    if len(live) != len(rebuilt):
        return f"{len(live)} rows live, {len(rebuilt)} rebuilt"
    number, one, other = next((n, a, b) for n, (a, b) in enumerate(zip(live, rebuilt, strict=True)) if a != b)
    return f"row {number} differs in {', '.join(name for name in one if one[name] != cast('Any', other)[name])}"
