"""The first half of the loop, over HTTP alone.

template → draft → ready → publish → people by CSV (placed as stated) → cycle → self-assessment → scorecard (XLSX)
→ submit → return → submit → approve → gap report (manager, HR; not the employee) → release → the employee reads it
"""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest

from ladder.verifying import verify

from .conftest import Company

TODAY = date.today()
PEOPLE = f"""employee number,given name,family name,work email,job title,manager,start date,status,family,track,level
1,Daniel,Reyes,daniel@example.com,Engineering Manager,,2019-03-04,active,engineering,ic,IC4
2,Maya,Okonkwo,maya@example.com,Software Engineer,daniel@example.com,2021-05-10,active,engineering,ic,IC2
3,Kofi,Mensah,kofi@example.com,Software Engineer,daniel@example.com,{TODAY - timedelta(days=20)},active,engineering,ic,IC1
4,Tom,Novak,tom@example.com,Astronaut,daniel@example.com,2021-05-10,active,astronauts,ic,A1
"""


@pytest.fixture(scope="module")
def published(company: Company) -> Company:
    """Engineering is published and four people are in the directory."""
    hr = company.hr
    hr.does("/framework/v1/framework/draft/templates/engineering")
    hr.does("/framework/v1/framework/draft/ladders/engineering/readiness", headers={"If-Match": edition(company)})
    hr.does("/framework/v1/framework/publication", {"note": "The first framework"})
    csv = {"content": PEOPLE.encode(), "headers": {"Content-Type": "text/csv"}}
    preview = hr.does("/people/v1/imports/preview", **csv)
    hr.does("/people/v1/imports", params={"plan": preview["plan"]}, **csv)
    return company


def edition(company: Company) -> str:
    return company.hr.get("/framework/v1/framework/draft/ladders/engineering").headers["ETag"]


def ids(company: Company) -> dict[str, str]:
    people = company.hr.reads("/people/v1/people", limit=200)["items"]
    return {one["work_email"].split("@")[0]: one["id"] for one in people}


def test_people_are_placed_where_the_file_says_or_listed_with_the_reason(published: Company) -> None:
    who = ids(published)
    placed = published.hr.reads(f"/framework/v1/people/{who['maya']}/placements")
    assert "engineering.ic2" in str(placed)
    refused = published.hr.reads("/framework/v1/placements/refused")
    assert who["tom"] in str(refused)


@pytest.fixture(scope="module")
def evaluation(published: Company) -> str:
    """A pilot cycle of Daniel's team is open; this is Maya's evaluation."""
    hr, who = published.hr, ids(published)
    plan: dict[str, Any] = {
        "name": "Pilot",
        "starts_on": str(TODAY - timedelta(days=180)),
        "ends_on": str(TODAY),
        "framework_version": 1,
        "self_due": str(TODAY + timedelta(days=7)),
        "manager_due": str(TODAY + timedelta(days=14)),
        "approval_due": str(TODAY + timedelta(days=21)),
        "conversations_by": str(TODAY + timedelta(days=42)),
        "scope": "person",
        "of": who["maya"],
    }
    cycle = hr.does("/evaluation/v1/cycles", plan)["id"]
    hr.does(f"/evaluation/v1/cycles/{cycle}/opening")
    (entered,) = hr.reads(f"/evaluation/v1/cycles/{cycle}/participants")["participants"]
    return entered["evaluation"]


def test_the_journey_from_self_assessment_to_a_released_gap_report(published: Company, evaluation: str) -> None:
    company, who = published, ids(published)
    maya, daniel, kofi = (company.person(f"{name}@example.com") for name in ("maya", "daniel", "kofi"))
    path = f"/evaluation/v1/evaluations/{evaluation}"
    report = f"/gap/v1/people/{who['maya']}/report"

    line = {"rating": 3.0, "evidence": ["Wrote the returns guide in October; two teams use it now."]}
    maya.does(f"/evaluation/v1/self-assessments/{evaluation}/lines/written-communication", line, "PUT")
    maya.does(f"/evaluation/v1/self-assessments/{evaluation}/submission")

    card = daniel.get(f"{path}/scorecard.xlsx")
    assert card.status_code == 200
    files = {"file": ("card.xlsx", filled(card.content), "application/octet-stream")}
    daniel.does("/evaluation/v1/scorecards", files=files)
    daniel.does(f"{path}/submission")
    assert maya.get(report).status_code == 404

    company.hr.does(f"{path}/return", {"comments": {"ownership": "Please say what came of it."}})
    changed = {"rating": 3.5, "evidence": ["Took the incident on 4 May to its end and wrote down what changed."]}
    daniel.does(f"{path}/lines/ownership", changed, "PUT")
    daniel.does(f"{path}/submission")
    company.hr.does(f"{path}/opening")
    company.hr.does(f"{path}/approval")

    seen = daniel.reads(report)
    assert seen["target"]["level"] == "engineering.ic3"
    assert seen["met"]["because"]
    assert maya.get(report).status_code == 404, "not released yet"
    assert kofi.get(report).status_code == 404, "not theirs"

    daniel.does(f"{path}/release")
    assert maya.reads(report)["report"] == seen["report"]
    printed = maya.get(f"/gap/v1/people/{who['maya']}/report.pdf")
    assert printed.content.startswith(b"%PDF")
    maya.does(f"{path}/acknowledgement")

    state = company.hr.reads(path)
    assert state["state"] == "acknowledged" if "state" in state else state["status"] == "acknowledged"


def test_hr_cannot_read_a_draft_and_nobody_learns_of_strangers(published: Company) -> None:
    assert published.person("kofi@example.com").get("/gap/v1/people/pe_unknown/report").status_code == 404
    assert published.person("kofi@example.com").get("/evaluation/v1/approvals").status_code in (200, 403, 404)


def test_everything_that_happened_verifies(published: Company, evaluation: str) -> None:
    verdict = verify(published.hr.system.services)
    assert verdict.broken == []


def filled(card: bytes) -> bytes:
    """Fill in a downloaded scorecard as a manager would: a rating and evidence in every row."""
    book = openpyxl.load_workbook(io.BytesIO(card))
    sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
    columns: dict[str, int] = {}
    for row in sheet.iter_rows():
        words = {str(cell.value).strip().casefold(): cell.column for cell in row if cell.value}
        rating = next((column for word, column in words.items() if word.startswith("rating")), None)
        evidence = next((column for word, column in words.items() if word.startswith("evidence")), None)
        if rating and evidence:
            columns = {"rating": rating, "evidence": evidence}
        elif columns and row[0].value and not sheet.cell(row[0].row, columns["rating"]).protection.locked:
            sheet.cell(row[0].row, columns["rating"], 3)
            sheet.cell(row[0].row, columns["evidence"], "Led the carrier cut-over in May; no parcel was lost.")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
