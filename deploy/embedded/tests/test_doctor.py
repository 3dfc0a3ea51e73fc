"""What the doctor makes of the parts of a running system."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from chassis.testing import open_folder
from ladder.commands.doctor import Finding, of_parts, table_of
from ladder.commands.reach import operator
from ladder.commands.terminal import Refused
from ladder.home import UNFINISHED


def part(name: str, *, ok: bool = True, detail: str = "", waiting: int = 0) -> dict[str, Any]:
    return {"service": "evaluation", "name": name, "ok": ok, "detail": detail, "waiting": waiting}


def test_parts_that_are_well_need_no_remedy() -> None:
    (only,) = of_parts([part("relay"), part("parked", waiting=3)])
    assert (only.how, only.remedy) == ("all well", "")


def test_a_follower_that_runs_and_fails_is_named_with_its_error_and_how_many_wait() -> None:
    _, failing = of_parts([part("relay"), part("projections", detail="UndefinedTable", waiting=2)])
    assert failing.what == "evaluation projections"
    assert failing.how == "fails: UndefinedTable (2 workspaces wait)"
    assert failing.remedy


def test_a_part_that_is_away_is_named_and_not_said_to_fail_as_well() -> None:
    (only,) = of_parts([part("database", ok=False, detail="PoolTimeout")])
    assert only.how == "not well: evaluation database"


def test_a_demo_company_that_was_cut_off_is_built_anew_by_what_the_refusal_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_folder() as home:
        (home / "postgres").mkdir()
        (home / UNFINISHED).touch()
        monkeypatch.setenv("LADDER_HOME", str(home))
        with pytest.raises(Refused, match="ladder up --demo"), operator():
            pass


def test_a_remedy_with_a_long_path_is_folded_and_never_cut_off() -> None:
    path = "/srv/" + "a-long-name/" * 20 + "erasures"
    printed = StringIO()

    Console(file=printed, width=80).print(table_of([Finding("list of erasures", "here", path)]), markup=False)

    assert "…" not in printed.getvalue()
    assert path in "".join(printed.getvalue().split())
