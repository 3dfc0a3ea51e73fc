"""Publishing and placing at the same moment: nobody ends up at a level that is gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chassis.testing import Caller

from .conftest import Company

LADDER = "/framework/draft/ladders/sales"
LEVEL = "sales.s1"


@pytest.fixture
def hr(company: Company) -> Caller:
    """HR, with engineering and sales published and sales taken out of the draft."""
    one = company.as_("hanna")
    for name in ("engineering", "sales"):
        one.done(f"/framework/draft/templates/{name}")
        one.done(f"/framework/draft/ladders/{name}/readiness")
    one.done("/framework/publication", {"note": "The first."})
    one.delete(LADDER, **{"If-Match": one.get(LADDER).headers["ETag"]})
    return one


@pytest.mark.parametrize("round_", range(5))
def test_nobody_is_placed_at_a_level_that_is_dropped_at_the_same_moment(
    company: Company, hr: Caller, round_: int
) -> None:
    fates = [{"competency": one, "fate": "gone"} for one in hr.read("/framework/publication")["removed"]]
    start = Barrier(2)
    other = Caller(company.client, company.workspace, "hugo", frozenset({"hr"}))

    def drop() -> int:
        start.wait()
        return hr.post("/framework/publication", {"note": "Without sales.", "fates": fates}).status_code

    def place() -> int:
        start.wait()
        body = {"person": "maya", "level": LEVEL, "effective_on": "2024-01-01", "reason": "hire"}
        return other.post("/placements", body).status_code

    with ThreadPoolExecutor(2) as both:
        dropping, placing = both.submit(drop), both.submit(place)
        answers = dropping.result(), placing.result()

    assert answers in {(201, 409), (409, 201)}
    hr.seen.position = ", ".join(filter(None, (hr.seen.position, other.seen.position)))
    offered = {one["ladder"]["id"] for one in hr.read("/framework")["ladders"]}
    seated = bool(hr.read("/people/maya/placements")["items"])
    assert seated == ("sales" in offered)
