"""Lists over HTTP: given in pages, nothing missed and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Company


def noted(company: Company) -> str:
    """Two of everything that is listed; return the cycle of Erik's team."""
    hanna, erik = company.as_("hanna"), company.as_("erik")
    company.open_for("hugo")
    cycle = hanna.done("/cycles", company.plan(scope="team", of="erik"))["id"]
    for evaluation in hanna.done(f"/cycles/{cycle}/opening")["ids"]:
        company.submit(evaluation)
    for text in ("Helped Nils.", "Wrote the plan."):
        erik.done("/observations", {"employee": "maya", "on": "2026-06-02", "text": text})
        erik.done("/examples", {"on": "2026-06-02", "text": text})
    return str(cycle)


@pytest.mark.parametrize(
    ("person", "path"),
    [
        ("hanna", "/cycles"),
        ("erik", "/evaluations"),
        ("hanna", "/approvals"),
        ("erik", "/observations"),
        ("erik", "/examples"),
        ("hanna", "/waiting"),
        ("hanna", "/cycles/{cycle}/evaluators"),
    ],
)
def test_a_list_is_given_in_pages_that_miss_nothing_and_repeat_nothing(
    company: Company, person: str, path: str
) -> None:
    caller = company.as_(person)
    path = path.format(cycle=noted(company))

    whole, one_by_one = caller.listed(path), caller.listed(path, limit=1)

    assert len(whole) > 1
    assert one_by_one == whole
    assert caller.get(path, limit=0).status_code == 422
    assert caller.get(path, cursor="nonsense").status_code == 422


def test_the_participants_of_a_planned_cycle_are_given_in_pages_and_who_is_left_out_on_the_first(
    company: Company,
) -> None:
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan())["id"]
    hanna.done(f"/cycles/{cycle}/participants", {"person": "gro", "excluded": "Answers to the board."})
    path, found, cursor = f"/cycles/{cycle}/participants", list[Any](), {}
    for number in range(3):
        page = hanna.get(path, limit=2, **cursor).json()
        found += [one["person"] for one in page["participants"]]
        assert page["left_out"] == ({"gro": "Answers to the board."} if number == 0 else {})
        cursor = {"cursor": page["next_cursor"]}
    assert (found, cursor) == (["erik", "hanna", "hugo", "maya", "nils"], {"cursor": None})
