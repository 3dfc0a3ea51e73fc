"""Scorecards over HTTP: planned → opened → downloaded → filled in → uploaded → submitted → approved → results."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from chassis.testing import Caller, now
from contracts import people
from documents.xlsx import read as cells_of
from evaluation_svc.documents import Card, CardLine, write

from .conftest import CREDIT, Company, wrote

SEEN = "Led the billing migration in May; no invoice was late."
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def downloaded(caller: Caller, path: str, **params: str) -> bytes:
    """The workbook at `path`, which has to be there."""
    answer = caller.get(path, **params)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, XLSX), answer.text
    return answer.content


def filled(workbook: bytes, **cells: Any) -> bytes:
    """The workbook after somebody typed into it; `b2_F6` is F6 of sheet 2, `F6` is of sheet 1."""
    book: Any = load_workbook(io.BytesIO(workbook))
    for name, value in cells.items():
        sheet, _, cell = name.rpartition("_")
        book.worksheets[int(sheet.removeprefix("b") or 1) - 1][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def shown(workbook: bytes, sheet: str, columns: slice = slice(0, None)) -> list[list[Any]]:
    return [row[columns] for row in cells_of(workbook)[sheet]]


def lines(caller: Caller, evaluation: str) -> dict[str, Any]:
    view = caller.read(f"/evaluations/{evaluation}")
    return {line["competency"]: line for line in view["revision"]["lines"]}


def texts(line: dict[str, Any]) -> list[str]:
    return [one["text"] for one in line["evidence"]]


def team_cycle(company: Company) -> tuple[str, str, str]:
    """A cycle of Erik's team, and the evaluations of Maya and Nils in it."""
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan(scope="team", of="erik"))["id"]
    hanna.done(f"/cycles/{cycle}/opening")
    people = hanna.read(f"/cycles/{cycle}/participants")["participants"]
    of = {one["person"]: one["evaluation"] for one in people}
    return cycle, of["maya"], of["nils"]


def test_a_scorecard_is_downloaded_filled_in_uploaded_and_submitted(company: Company) -> None:
    evaluation, erik = company.open_for(), company.as_("erik")
    card = downloaded(erik, f"/evaluations/{evaluation}/scorecard.xlsx")
    assert [row[:5] for row in shown(card, "1 Maya Maya")[5:8]] == [
        ["Communication", "Says so.", 3, None, 4],
        ["Delivery", None, 3, None, 4],
        ["Mentoring", None, None, None, 3],
    ]

    answer = erik.upload(
        "/scorecards", filled(card, F6=3, H6=SEEN, F7="3,5", H7=f"{SEEN}\nShipped it.", G8="No mentee.")
    )

    assert (answer.status_code, answer.json()["ids"]) == (200, [evaluation])
    drafted = lines(erik, evaluation)
    assert (drafted["communication"]["rating"], texts(drafted["communication"])) == (3, [SEEN])
    assert (drafted["delivery"]["rating"], texts(drafted["delivery"])) == (3.5, [SEEN, "Shipped it."])
    assert drafted["mentoring"]["not_seen"]["text"] == "No mentee."
    erik.done(f"/evaluations/{evaluation}/submission")
    assert company.as_("hanna").listed("/approvals")[0]["evaluation"] == evaluation


def test_uploading_what_was_downloaded_changes_nothing_not_even_evidence_of_several_lines(company: Company) -> None:
    evaluation, erik = company.open_for(), company.as_("erik")
    line = {"rating": 3, "evidence": ["First this.\n\nThen that.", SEEN]}
    assert wrote(erik, f"/evaluations/{evaluation}", "delivery", line).status_code == 200
    before = erik.get(f"/evaluations/{evaluation}").headers["ETag"]

    answer = erik.upload("/scorecards", downloaded(erik, f"/evaluations/{evaluation}/scorecard.xlsx"))

    assert answer.status_code == 200
    assert erik.get(f"/evaluations/{evaluation}").headers["ETag"] == before


def test_a_whole_team_has_a_sheet_each_of_those_still_to_write(company: Company) -> None:
    cycle, maya, nils = team_cycle(company)
    erik = company.as_("erik")
    team = downloaded(erik, "/scorecards.xlsx", cycle=cycle)
    sheet = {row[2]: str(row[0])[0] for row in shown(team, "ladder")[1:]}

    typed = {f"b{sheet[maya]}_F7": 4, f"b{sheet[nils]}_F7": 2}
    assert erik.upload("/scorecards", filled(team, **typed)).status_code == 200

    assert (lines(erik, maya)["delivery"]["rating"], lines(erik, nils)["delivery"]["rating"]) == (4, 2)
    company.submit(maya)
    left = downloaded(erik, "/scorecards.xlsx", cycle=cycle)
    assert {row[2] for row in shown(left, "ladder")[1:]} == {nils}


def test_one_wrong_cell_changes_nothing_of_the_whole_workbook(company: Company) -> None:
    cycle, maya, nils = team_cycle(company)
    erik = company.as_("erik")
    team = filled(downloaded(erik, "/scorecards.xlsx", cycle=cycle), b1_F6=3, b2_F6=3.3, b2_F7=2, b2_G7="Away.")

    answer = erik.upload("/scorecards", team)

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["errors"] == [
        {
            "sheet": "2 Nils Nils",
            "cell": "F6",
            "value": "3.3",
            "remedy": "Give a rating from 1 to 5 in half points, such as 3.5.",
        },
        {
            "sheet": "2 Nils Nils",
            "cell": "G7",
            "value": "Away.",
            "remedy": "Give a rating or a reason why it was not seen, not both.",
        },
    ]
    assert {erik.read(f"/evaluations/{one}")["status"] for one in (maya, nils)} == {"not started"}


def test_a_sheet_that_was_submitted_meanwhile_is_named(company: Company) -> None:
    evaluation, erik = company.open_for(), company.as_("erik")
    card = filled(downloaded(erik, f"/evaluations/{evaluation}/scorecard.xlsx"), F6=2)
    company.submit(evaluation)

    (error,) = erik.upload("/scorecards", card).json()["errors"]

    assert (error["sheet"], error["cell"], error["value"]) == ("1 Maya Maya", "A1", "submitted")


def test_the_sheet_of_a_submitted_one_is_taken_out_and_the_others_are_taken(company: Company) -> None:
    cycle, maya, nils = team_cycle(company)
    erik = company.as_("erik")
    book: Any = load_workbook(io.BytesIO(filled(downloaded(erik, "/scorecards.xlsx", cycle=cycle), b1_F6=2, b2_F6=2)))
    company.submit(maya)
    del book["1 Maya Maya"]
    out = io.BytesIO()
    book.save(out)

    assert erik.upload("/scorecards", out.getvalue()).json()["ids"] == [nils]
    assert lines(erik, nils)["communication"]["rating"] == 2


def test_only_the_evaluator_downloads_and_uploads_a_scorecard(company: Company) -> None:
    evaluation = company.open_for()
    path = f"/evaluations/{evaluation}/scorecard.xlsx"
    card = filled(downloaded(company.as_("erik"), path), F6=3)

    assert [company.as_(one).get(path).status_code for one in ("maya", "hanna", "nils")] == [403, 403, 404]
    assert [company.as_(one).upload("/scorecards", card).status_code for one in ("maya", "hanna", "nils", "gro")] == [
        403,
        403,
        403,
        404,
    ]
    assert lines(company.as_("erik"), evaluation)["communication"]["rating"] is None


def test_whoever_has_nobody_to_evaluate_in_a_cycle_finds_no_scorecards(company: Company) -> None:
    cycle, _, _ = team_cycle(company)

    found = [company.as_(one).get("/scorecards.xlsx", cycle=cycle).status_code for one in ("maya", "hanna", "gro")]
    assert found == [404, 404, 404]
    assert company.as_("erik").get("/scorecards.xlsx", cycle='"; x').status_code == 422


def test_the_manager_of_an_evaluator_who_left_takes_the_scorecards_over(company: Company) -> None:
    cycle, maya, nils = team_cycle(company)
    company.running.hear(
        company.workspace, people.StatusChanged(person="erik", status="left", effective_on=now().date())
    )

    team = downloaded(company.as_("gro"), "/scorecards.xlsx", cycle=cycle)

    assert {row[2] for row in shown(team, "ladder")[1:]} == {maya, nils}
    assert company.as_("gro").upload("/scorecards", filled(team, b1_F6=3)).status_code == 200


def test_what_is_no_workbook_is_refused_in_a_sentence(company: Company) -> None:
    answer = company.as_("erik").upload("/scorecards", b"no workbook")

    assert (answer.status_code, answer.json()["title"]) == (422, "Scorecard unreadable")
    assert "save it as .xlsx" in answer.json()["detail"]


def test_the_file_of_somebody_who_evaluates_and_manages_nobody_is_refused_before_it_is_read(company: Company) -> None:
    plan = json.dumps(company.plan(scope="person", of="nils"))
    for fields in ({}, {"plan": plan}):
        assert company.as_("maya").upload("/scorecards", b"no workbook", **fields).status_code == 403
        assert company.as_("hanna").upload("/scorecards", b"no workbook", **fields).status_code == 422


def test_a_competency_that_is_not_rated_here_is_an_error_at_its_cell(company: Company) -> None:
    evaluation = company.open_for()
    card = Card(evaluation, "Maya", "", (CardLine("sailing", "Sailing", rating=3),))

    (error,) = company.as_("erik").upload("/scorecards", write((card,))).json()["errors"]

    assert (error["cell"], error["value"]) == ("F6", "sailing")


def blank(**line: Any) -> bytes:
    return write((Card("", "Engineering, IC2", "", (CardLine("delivery", "Delivery", **line),)),))


def test_an_uploaded_scorecard_without_a_cycle_makes_an_ad_hoc_one_that_waits_for_hr(company: Company) -> None:
    erik, hanna = company.as_("erik"), company.as_("hanna")
    plan, card = json.dumps(company.plan(scope="person", of="maya")), blank(rating=4, evidence=(SEEN,))

    assert company.as_("nils").upload("/scorecards", card, plan=plan).status_code == 403
    answer = erik.upload("/scorecards", card, plan=plan)

    assert answer.status_code == 201, answer.text
    cycle = answer.json()["id"]
    assert hanna.read(f"/cycles/{cycle}")["status"] == "planned"
    (evaluation,) = hanna.done(f"/cycles/{cycle}/opening")["ids"]
    assert (lines(erik, evaluation)["delivery"]["rating"], texts(lines(erik, evaluation)["delivery"])) == (4, [SEEN])


def test_a_blank_scorecard_asks_for_a_plan_and_an_empty_one_for_a_rating(company: Company) -> None:
    erik, plan = company.as_("erik"), json.dumps(company.plan(scope="person", of="maya"))

    nameless = erik.upload("/scorecards", blank(rating=4)).json()["errors"]
    empty = erik.upload("/scorecards", blank(), plan=plan).json()["errors"]

    assert [(one["cell"], one["remedy"]) for one in nameless + empty] == [
        ("A1", "Give a plan: this scorecard is blank."),
        ("F6", "Rate something first."),
    ]
    assert erik.upload("/scorecards", blank(rating=4), plan="{").status_code == 422


def test_hr_downloads_the_results_of_a_cycle_and_everybody_in_it_hears_of_it(company: Company) -> None:
    cycle, maya, nils = team_cycle(company)
    company.approve(maya)
    company.draft(nils)

    book = downloaded(company.as_("hanna"), f"/cycles/{cycle}/results.xlsx")

    assert shown(book, "Scores")[1:] == [
        ["Maya Maya", "IC2", "Work", "Communication", 3, None, None, "approved", 1],
        ["Maya Maya", "IC2", "Work", "Delivery", 3.5, None, None, "approved", 1],
        ["Maya Maya", "IC2", "Work", "Mentoring", 2, None, None, "approved", 1],
    ]
    people = shown(book, "People", slice(0, 8))[1:]
    assert people == [
        ["Maya Maya", "IC2", "Erik Erik", "approved", 1, 3, 0, 2.83],
        ["Nils Nils", "IC2", "Erik Erik", "draft", 1],
    ]
    assert read_of(company, "cycle results") == {("hanna", "maya", maya), ("hanna", "nils", nils)}


def read_of(company: Company, what: str) -> set[tuple[str, str, str]]:
    """Who read what kind of document of whom, as it was recorded."""
    sql = "select actor, subject, id from evaluation.access where workspace = %(workspace)s and what = %(what)s"
    with company.running.service.reader(company.workspace) as reader:
        rows = reader.rows(sql, {"what": what})
    return {(row["actor"], row["subject"], row["id"]) for row in rows}


def test_the_credit_of_a_ladder_stands_wherever_its_text_is_shown(company: Company) -> None:
    evaluation = company.open_for()
    company.approve(evaluation)
    erik, maya, path = company.as_("erik"), company.as_("maya"), f"/evaluations/{evaluation}"
    cycle = erik.read(path)["cycle"]

    card = shown(downloaded(erik, f"{path}/scorecard.xlsx"), "1 Maya Maya", slice(0, 1))
    results = shown(downloaded(company.as_("hanna"), f"/cycles/{cycle}/results.xlsx"), "Credits")

    assert card[-1] == [CREDIT]
    assert results == [["Credits"], [CREDIT]]
    assert erik.read(path)["revision"]["credits"] == [CREDIT]
    assert erik.read(f"{path}/revisions/1")["credits"] == [CREDIT]
    assert maya.read(f"/self-assessments/{evaluation}")["credits"] == [CREDIT]


def test_in_the_results_an_hr_admin_sees_of_themselves_what_any_employee_sees(company: Company) -> None:
    hanna, hugo = company.as_("hanna"), company.as_("hugo")
    cycle = hugo.done("/cycles", company.plan(scope="person", of="hanna"))["id"]
    (evaluation,) = hugo.done(f"/cycles/{cycle}/opening")["ids"]
    company.submit(evaluation, by="gro")

    assert len(shown(downloaded(hanna, f"/cycles/{cycle}/results.xlsx"), "Scores")) == 1
    assert len(shown(downloaded(hugo, f"/cycles/{cycle}/results.xlsx"), "Scores")) == 4
    assert company.as_("erik").get(f"/cycles/{cycle}/results.xlsx").status_code == 403


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_a_scorecard_and_saves_what_can_be_uploaded(company: Company, tmp_path: Path) -> None:
    evaluation, erik = company.open_for(), company.as_("erik")
    card = filled(downloaded(erik, f"/evaluations/{evaluation}/scorecard.xlsx"), F6=3.5, H6=SEEN)
    (tmp_path / "card.xlsx").write_bytes(card)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    again = ["--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "saved"), str(tmp_path / "card.xlsx")]
    subprocess.run(["soffice", profile, *again], check=True, timeout=120)

    assert erik.upload("/scorecards", (tmp_path / "saved" / "card.xlsx").read_bytes()).status_code == 200
    assert lines(erik, evaluation)["communication"]["rating"] == 3.5
