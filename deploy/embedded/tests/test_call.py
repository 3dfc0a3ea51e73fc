"""`ladder call`: one request as somebody, and what of its answer is printed or written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ladder.commands.reach import lines_of

from .conftest import Installation


@pytest.fixture(scope="module")
def company(system: Installation) -> str:
    """A workspace of an HR admin."""
    return system.workspace("Calling", "cara@example.com")


def test_what_is_asked_is_printed_as_json_or_as_the_values_that_are_wanted(system: Installation, company: str) -> None:
    def asked(*more: str) -> str:
        return system.run("call", "GET", "/api/people/v1/people", "--workspace", company, *more).stdout

    assert json.loads(asked())["items"][0]["work_email"] == "cara@example.com"
    assert asked("--show", "items.*.work_email") == asked("--show", "items.0.work_email") == "cara@example.com\n"


def test_what_was_changed_is_known_to_whoever_reads_next(system: Installation, company: str) -> None:
    body = {"given_name": "Maya", "family_name": "Moss", "work_email": "maya@example.com", "starts_on": "2024-03-01"}

    made = system.run(
        "call", "POST", "/api/people/v1/people", "--workspace", company, "--data", json.dumps(body), "--show", "id"
    )

    assert made.returncode == 0, made.stderr
    path = f"/api/gap/v1/people/{made.stdout.strip()}/reports"
    assert system.run("call", "GET", path, "--workspace", company).stdout == "[]\n"


def test_a_file_is_written_where_it_is_asked_for_and_only_over_another_by_force(
    system: Installation, company: str, tmp_path: Path
) -> None:
    out = tmp_path / "people.csv"
    asked = ["call", "GET", "/api/people/v1/export.csv", "--workspace", company, "-o", str(out)]

    assert system.run(*asked).stdout == f"Wrote {out}\n"
    assert "cara@example.com" in out.read_text()
    assert system.run(*asked).returncode == 2
    assert system.run(*asked, "--force").returncode == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["GET", "people/v1/people"], "begins with /api/"),
        (["POST", "/api/evaluation/v1/cycles", "--data", "{name: x}"], "--data is no JSON"),
        (["POST", "/api/evaluation/v1/cycles", "--data", "{}"], "name: "),
        (["GET", "/api/people/v1/nothing"], "There is nothing here"),
        (["GET", "/api/people/v1/people", "--show", "items.0.shoe_size"], "there is no 'shoe_size' here"),
        (["GET", "/api/people/v1/people", "--show", "items.work_email"], "'work_email' leads to nothing"),
        (["LOOK", "/api/people/v1/people"], "LOOK"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(
    system: Installation, company: str, asked: list[str], said: str
) -> None:
    refused = system.run("call", *asked, "--workspace", company)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert said in refused.stderr


def test_a_cell_that_cannot_be_taken_is_named_with_its_sheet_its_value_and_the_remedy() -> None:
    wrong = {"sheet": "1 Maya Okonkwo", "cell": "F7", "value": "9.0", "remedy": "Give a rating from 1 to 5."}
    assert lines_of({"detail": "Nothing was changed.", "errors": [wrong]}) == [
        "sheet '1 Maya Okonkwo', cell F7 '9.0': Give a rating from 1 to 5."
    ]


def test_errors_of_an_unknown_shape_leave_what_the_problem_says_as_a_whole() -> None:
    assert lines_of({"detail": "Mend it.", "errors": [{"where": "somewhere"}, "a cell"]}) == ["Mend it."]
    assert lines_of({"detail": "Mend it."}) == ["Mend it."]
