"""A scorecard and a gap report from files alone: framework → blank scorecard → filled in → report."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from openpyxl import load_workbook

from chassis.kernel import DomainError, Invalid
from evaluation_svc.documents import Card, CardLine, write
from framework_svc import templates
from framework_svc.documents import exchange
from ladder import offline

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FRAMEWORK = templates.text("engineering").encode()


def filled(workbook: bytes, **cells: Any) -> bytes:
    """The scorecard after somebody typed into its first sheet."""
    book: Any = load_workbook(io.BytesIO(workbook))
    for cell, value in cells.items():
        book.worksheets[0][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


CARD = filled(
    offline.scorecard(FRAMEWORK, "engineering.ic2"),
    F6=3,
    H6="Wrote the test plan of the depot app.\nReviewed four services.",
    F7="2,5",
    G8="No incident in the period.",
    F9=3.5,
    F10=2,
)


def by_name(report: dict[str, Any]) -> dict[str, Any]:
    return {line["name"]: line for line in report["lines"]}


@pytest.mark.parametrize("name", templates.NAMES)
def test_every_level_of_every_template_has_a_scorecard(name: str) -> None:
    (ladder,) = templates.document(name)["ladders"]
    for level in (level for track in ladder["tracks"] for level in track["levels"]):
        book: Any = load_workbook(
            io.BytesIO(offline.scorecard(templates.text(name).encode(), f"{ladder['id']}.{level['id']}"))
        )
        assert book["1"]["A1"].value == f"{ladder['name']}, {level['code']} {level['title']}"
        assert book["1"]["A6"].value


def test_a_filled_scorecard_gives_the_figures_and_the_pages_of_a_gap_report() -> None:
    report, pdf, _ = offline.gap(FRAMEWORK, CARD, "IC2", "engineering.ic3", NOW)

    assert pdf.startswith(b"%PDF-")
    assert (report["asked"], report["rated"], report["met"], report["target_is"]) == (8, 4, 1, "next")
    assert report["readiness"]["figure"] == pytest.approx(2 / 9)
    lines = by_name(report)
    assert [lines["Planning and estimation"][key] for key in ("actual", "required", "band")] == [3.5, 3.5, "strength"]
    assert [one["text"] for one in lines["Code quality and testing"]["evidence"]] == [
        "Wrote the test plan of the depot app.",
        "Reviewed four services.",
    ]
    assert lines["System design"]["rests_on_memory"]
    assert lines["Ownership of outcomes"]["below_present"]
    assert lines["Running services"]["not_seen_reason"] == "No incident in the period."
    assert json.loads(json.dumps(report)) == report


def test_equal_files_give_equal_bytes_and_another_target_another_report() -> None:
    first, again = (offline.gap(FRAMEWORK, CARD, "IC2", "IC3", NOW) for _ in range(2))
    other = offline.gap(FRAMEWORK, CARD, "IC2", "IC4", NOW).report

    assert first == again
    assert (other["target_is"], other["report"] != first.report["report"]) == ("on request", True)


def test_against_the_present_level_there_is_no_percentage() -> None:
    report = offline.gap(FRAMEWORK, CARD, "IC2", "IC2", NOW).report

    assert (report["target_is"], report["readiness"]["figure"]) == ("present", None)
    assert "the target is the present level" in report["readiness"]["why"]


def test_the_report_says_that_nobody_has_approved_the_scores() -> None:
    report = offline.gap(FRAMEWORK, CARD, "IC2", "IC3", NOW).report

    assert report["approved"] is False
    assert not {"approved_by", "approved_on", "released"} & set(report)
    assert report["readers"] == ["the person it is about", "whoever filled in the scorecard"]


def test_characters_that_no_font_has_are_told_once_and_name_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LADDER_FONTS", str(tmp_path))

    assert offline.UNPRINTED in offline.gap(FRAMEWORK, CARD, "IC2", "IC3", NOW, "漢字").notes
    assert offline.UNPRINTED not in offline.gap(FRAMEWORK, CARD, "IC2", "IC3", NOW, "Maya").notes


def test_the_credit_of_a_ladder_is_printed_with_its_report() -> None:
    credited = FRAMEWORK.replace(
        b"    name: Engineering\n", b"    name: Engineering\n    credits: [From elsewhere.]\n", 1
    )
    report = offline.gap(credited, CARD, "IC2", "IC3", NOW).report

    assert report["credits"] == ["From elsewhere."]


@pytest.mark.parametrize(
    ("framework", "card", "target", "said"),
    [
        (b"format: something", CARD, "IC3", "Begin with"),
        (FRAMEWORK, b"no workbook", "IC3", r"no \.xlsx workbook"),
        (FRAMEWORK, offline.scorecard(FRAMEWORK, "IC2"), "IC3", "rate at least one competency"),
        (FRAMEWORK, filled(CARD, F6=7), "IC3", "cell F6: Give a rating from 1 to 5"),
        (FRAMEWORK, CARD, "IC9", "--to 'IC9': did you mean engineering.ic"),
        (templates.text("sales").encode(), CARD, "sales.ic3", "--from 'IC2': "),
    ],
)
def test_what_cannot_be_taken_is_said_in_one_sentence(framework: bytes, card: bytes, target: str, said: str) -> None:
    with pytest.raises(DomainError, match=said):
        offline.gap(framework, card, "IC2", target, NOW)


def test_a_scorecard_of_an_unknown_level_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid, match=r"did you mean engineering\.ic.* There are engineering\.ic1"):
        offline.scorecard(FRAMEWORK, "IC9")


def test_a_scorecard_made_for_another_level_is_refused_and_both_are_named() -> None:
    with pytest.raises(Invalid, match=r"--from 'engineering\.ic3': .* made for engineering\.ic2"):
        offline.gap(FRAMEWORK, CARD, "IC3", "IC4", NOW)


def test_a_line_with_neither_rating_nor_reason_is_named_and_the_report_says_so_too() -> None:
    made = offline.gap(FRAMEWORK, CARD, "IC2", "IC3", NOW)

    unrated = [line for line in made.report["lines"] if line["band"] == "not rated" and not line["not_seen_reason"]]
    assert [line.partition(" has no rating")[0] for line in made.notes] == [line["name"] for line in unrated]
    assert len(unrated) == 3


def printed(pdf: bytes) -> str:
    """The title and description that the file gives itself."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return f"{opened.docinfo.get('/Title')} {opened.docinfo.get('/Subject')}"


def test_a_report_about_a_named_person_carries_the_name_and_one_without_says_it_is_a_scorecard() -> None:
    named = offline.gap(FRAMEWORK, CARD, "IC2", "IC3", NOW, "Maya Okonkwo")
    nameless = offline.gap(FRAMEWORK, CARD, "IC2", "IC3", NOW)

    assert (named.report["employee"], "Maya Okonkwo" in printed(named.pdf)) == ("Maya Okonkwo", True)
    assert nameless.report["employee"].endswith(": a scorecard")
    assert named.report["report"] != nameless.report["report"]


def test_a_scorecard_that_was_downloaded_for_somebody_gives_a_report_with_their_name() -> None:
    lines = tuple(CardLine(competency=one.id, name=one.name) for one in exchange.read(FRAMEWORK).competencies[:3])
    downloaded = filled(write((Card("ev_1", "Maya Okonkwo", "H2 2026, engineering.ic2", lines),)), F6=3)

    assert offline.gap(FRAMEWORK, downloaded, "IC2", "IC3", NOW).report["employee"] == "Maya Okonkwo"
    assert offline.gap(FRAMEWORK, downloaded, "IC2", "IC3", NOW, "Maya O.").report["employee"] == "Maya O."


@pytest.mark.parametrize(("target", "below"), [("IC1", True), ("IC2", False), ("IC3", False), ("M1", False)])
def test_a_target_below_the_present_level_is_said_to_be_one(target: str, below: bool) -> None:
    notes = offline.gap(FRAMEWORK, CARD, "IC2", target, NOW).notes

    assert any("is below --from engineering.ic2" in note for note in notes) == below
