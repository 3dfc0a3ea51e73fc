"""Whose gaps would change under a draft, over HTTP."""

from __future__ import annotations

from .conftest import Company, draft


def test_hr_learns_whose_gaps_a_draft_would_change_and_nothing_is_stored(company: Company) -> None:
    company.approve()
    company.approve("nils", design=4.5)
    before = company.read("hanna", "/people/maya/report")
    answer = company.send("hanna", "POST", "/what-if", draft(3.5))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["compared"] == 2
    maya = next(one for one in found["changed"] if one["person"] == "maya")
    assert (maya["before"]["met"], maya["after"]["met"]) == (0, 1)
    assert [(one["competency"], one["required_after"]) for one in maya["lines"]] == [("design", 3.5)]
    assert company.send("hanna", "POST", "/what-if", draft(4)).json()["changed"] == []
    gone = company.send("hanna", "POST", "/what-if", draft(4, level="ic9")).json()["changed"]
    assert gone[0]["gone"] == [{"ladder": "eng", "level": "eng.ic3"}]
    assert company.send("erik", "POST", "/what-if", draft(4)).status_code == 403
    assert company.read("hanna", "/people/maya/report") == before


def test_a_draft_is_set_against_the_reports_page_by_page(company: Company) -> None:
    for one in ("erik", "maya", "nils"):
        company.approve(one)
    first = company.send("hanna", "POST", "/what-if?limit=2", draft(3.5)).json()
    rest = company.send("hanna", "POST", f"/what-if?limit=2&cursor={first['next_cursor']}", draft(3.5)).json()
    assert [[one["person"] for one in page["changed"]] for page in (first, rest)] == [["erik", "maya"], ["nils"]]
    assert [(page["compared"], len(page["because"])) for page in (first, rest)] == [(2, 2), (1, 1)]
    assert rest["next_cursor"] is None


def test_a_draft_is_not_looked_at_before_it_is_known_who_sends_it(company: Company) -> None:
    assert company.send("erik", "POST", "/what-if", {"ladders": "none"}).status_code == 403
    assert company.send("hanna", "POST", "/what-if", {"ladders": "none"}).status_code == 422
