"""Files into the draft over HTTP: what they added and replaced, what an O*NET® archive lacks, every problem at once."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from chassis.testing import Caller
from framework_svc import templates

from .conftest import Company

EXCERPT = Path(__file__).parent / "data" / "onet" / "29.0"
NURSE = "29-1141.00"


@pytest.fixture
def hr(company: Company) -> Caller:
    return company.as_("hanna")


def archive(without: str = "") -> bytes:
    """Return the excerpt as an archive, without one of its tables."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        for path in sorted(EXCERPT.glob("*.txt")):
            if path.stem != without:
                written.write(path, f"db_29_0_text/{path.name}")
    return out.getvalue()


def good(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refused(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 422, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_an_import_says_which_ladders_it_added_and_which_it_replaced(hr: Caller) -> None:
    sales = templates.text("sales").encode()

    first, second = good(hr.upload("/framework/import", sales)), good(hr.upload("/framework/import", sales))

    assert first == {"ids": ["sales"], "added": ["sales"], "replaced": []}
    assert second == {"ids": ["sales"], "added": [], "replaced": ["sales"]}
    assert hr.done("/framework/draft/templates/design")["added"] == ["design"]


def test_a_repeated_import_is_told_what_the_first_one_did(hr: Caller) -> None:
    sales = {"files": {"file": ("sales.yaml", templates.text("sales").encode())}}
    same = {"headers": {"Idempotency-Key": "once"}}

    first = hr.send("POST", "/framework/import", **sales, **same)
    repeat = hr.send("POST", "/framework/import", **sales, **same)

    assert good(repeat) == good(first)
    assert good(repeat)["added"] == ["sales"]


def test_an_occupation_becomes_a_draft_and_the_answer_says_what_the_archive_lacks(hr: Caller) -> None:
    answer = good(hr.upload("/framework/onet", archive(without="Work Styles"), "db.zip", occupation=NURSE))

    assert answer["occupation"] == "29-1141.00 Registered Nurses"
    assert answer["added"] == answer["ids"] == ["registered-nurses"]
    assert any(found.startswith("Skills") for found in answer["found"])
    assert any(missing.startswith("Work Styles") for missing in answer["missing"])
    assert "Ratings of O*NET® compare occupations, not seniority: check what each level requires." in answer["warnings"]
    ladder = hr.read("/framework/draft/ladders/registered-nurses")["ladder"]
    assert "CC BY 4.0" in ladder["credits"][0]


def test_the_levels_of_an_occupation_are_called_what_the_company_calls_them(hr: Caller) -> None:
    good(hr.upload("/framework/onet", archive(), occupation=NURSE, title="Ward nurse"))

    levels = hr.read("/framework/draft/ladders/registered-nurses")["ladder"]["tracks"][0]["levels"]
    assert [level["title"] for level in levels][:2] == ["Ward nurse I", "Ward nurse II"]


def test_a_title_that_means_several_occupations_offers_them(hr: Caller) -> None:
    answer = refused(hr.upload("/framework/onet", archive(), occupation="nurse"))

    assert len(answer["errors"]) > 1
    assert all(one["field"] == "occupation" and one["value"] in one["remedy"] for one in answer["errors"])


def test_an_occupation_that_is_not_rated_says_what_is_missing(hr: Caller) -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as whole:
        names = [name for name in whole.namelist() if "Skills" not in name or "to" in name]
        kept = {name: whole.read(name) for name in names if "Knowledge" not in name}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        for name, content in kept.items():
            head, *rows = content.decode().splitlines(keepends=True)
            wanted = rows if "Occupation" in name else [row for row in rows if not row.startswith(NURSE)]
            written.writestr(name, "".join([head, *wanted]))

    answer = refused(hr.upload("/framework/onet", out.getvalue(), occupation=NURSE))

    assert "too little about 29-1141.00 Registered Nurses" in answer["detail"]
    assert any(one["remedy"].startswith("Skills") for one in answer["errors"])
    assert hr.read("/framework/draft")["ladders"] == []


def test_what_is_no_archive_is_refused_with_what_to_download(hr: Caller) -> None:
    assert "Download it again" in refused(hr.upload("/framework/onet", b"nonsense", occupation=NURSE))["detail"]


def test_every_problem_of_a_framework_file_is_told_with_its_line(hr: Caller) -> None:
    broken = templates.text("sales").replace("required: 2.0", "required: 2.3").encode()

    answer = refused(hr.upload("/framework/import", broken))

    assert len(answer["errors"]) > 1
    assert all(one["line"] > 1 and one["remedy"].endswith("half points.") for one in answer["errors"])


def test_every_problem_of_a_matrix_is_told_with_its_cell(hr: Caller) -> None:
    hr.done("/framework/draft/templates/sales")
    matrix = b"Area,Competency id,Competency,L1: One\nCraft,a-one,One,9\nCraft,b-two,Two,3.3\n"

    answer = refused(hr.upload("/framework/draft/ladders/sales/matrix", matrix))

    assert [(one["field"], one["value"]) for one in answer["errors"]] == [
        ("line 2, L1: One", "9"),
        ("line 3, L1: One", "3.3"),
    ]


def test_a_matrix_becomes_a_new_ladder_under_the_id_and_name_it_is_given(hr: Caller) -> None:
    matrix = b"Area,Competency,L1: Junior,L2: Senior\nCraft,Bookkeeping,2,3\n"
    path = "/framework/draft/ladders/finance-uk"

    named = {"files": {"file": ("m.csv", matrix)}, "data": {"name": "Finance (UK)"}}
    first = good(hr.send("POST", f"{path}/matrix", **named))
    second = good(hr.upload(f"{path}/matrix", matrix))

    assert (first["added"], second["replaced"]) == (["finance-uk"], ["finance-uk"])
    ladder = hr.read(path)["ladder"]
    assert ladder["name"] == "Finance (UK)"
    assert [level["next"] for level in ladder["tracks"][0]["levels"]] == [["finance-uk.l2"], []]


def test_one_ladder_is_written_with_the_competencies_it_speaks_of(hr: Caller) -> None:
    hr.done("/framework/draft/templates/sales")
    hr.done("/framework/draft/templates/engineering")

    exported = hr.get("/framework/export", ladder="sales", form="json").json()

    assert [ladder["id"] for ladder in exported["ladders"]] == ["sales"]
    assert "code-quality" not in {one["id"] for one in exported["competencies"]}
    assert hr.get("/framework/export", ladder="none").status_code == 404


def test_a_ladder_with_texts_of_onet_is_not_ready_without_their_credit(hr: Caller) -> None:
    good(hr.upload("/framework/onet", archive(), occupation=NURSE))
    path = "/framework/draft/ladders/registered-nurses"
    assert hr.read(path)["holes"] == []

    hr.patch(path, {"credits": []}, **{"If-Match": hr.get(path).headers["ETag"]})

    assert [hole["kind"] for hole in hr.read(path)["holes"]] == ["credit missing"]
    assert hr.post(f"{path}/readiness").status_code == 409


def test_a_matrix_made_from_an_older_edition_is_refused_where_the_edition_is_named(hr: Caller) -> None:
    hr.done("/framework/draft/templates/sales")
    path = "/framework/draft/ladders/sales"
    matrix, seen = hr.get(f"{path}/matrix.csv").content, hr.get(path).headers["ETag"]
    hr.patch(path, {"name": "Selling"}, **{"If-Match": seen})

    late = hr.send("POST", f"{path}/matrix", files={"file": ("m.csv", matrix)}, headers={"If-Match": seen})

    assert late.status_code == 412
