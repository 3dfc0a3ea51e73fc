"""Refusals that name the field, the value and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Company, wrote


@pytest.mark.parametrize(
    ("who", "path", "body", "field"),
    [
        ("hanna", "/evaluations/{evaluation}/hold", {"reason": " "}, "reason"),
        ("hanna", "/evaluations/{evaluation}/reopening", {"reason": " "}, "reason"),
        ("erik", "/evaluations/{evaluation}/withdrawal", {"part": "evidence/delivery/2", "reason": " "}, "reason"),
        ("erik", "/examples", {"on": "2026-06-02", "text": " "}, "text"),
        ("hanna", "/cycles", {"framework_version": 9}, "framework_version"),
        ("hanna", "/cycles", {"ends_on": "2020-01-01"}, "ends_on"),
    ],
)
def test_a_refused_value_is_named_with_its_field_and_a_remedy(
    company: Company, who: str, path: str, body: dict[str, Any], field: str
) -> None:
    evaluation = company.open_for()
    company.approve(evaluation)
    sent = company.plan(**body) if path == "/cycles" else body
    answer = company.as_(who).post(path.format(evaluation=evaluation), sent)
    refusal = answer.json()
    assert (answer.status_code, refusal["field"]) == (422, field)
    assert refusal["remedy"]


def test_what_is_not_part_of_something_one_sees_is_named(company: Company) -> None:
    evaluation, hanna = company.open_for(), company.as_("hanna")
    cycle = company.as_("erik").read(f"/evaluations/{evaluation}")["cycle"]
    excused = hanna.post(f"/cycles/{cycle}/excuse", {"person": "nils", "reason": "leave"})
    line = wrote(company.as_("erik"), f"/evaluations/{evaluation}", "sailing", {"rating": 3})
    assert (excused.status_code, excused.json()["detail"]) == (404, "This person is no participant of the cycle.")
    assert (line.status_code, line.json()["detail"]) == (404, "'sailing' is not rated in this evaluation.")
