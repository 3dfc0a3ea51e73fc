"""Blank scorecards from a framework file: what they show, what comes back, and what is refused in a sentence."""

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from chassis.kernel import Invalid
from evaluation_svc.documents import BlankLine, Card, CardLine, NoScorecard, NotFilledIn, blank_card, read_blank, write


def level(identifier: str, *following: str, **asked: Any) -> dict[str, Any]:
    code = identifier.upper()
    return {"id": identifier, "code": code, "title": f"Title {code}", "next": list(following), "expectations": asked}


def asks(required: float | None, *behaviours: str) -> dict[str, Any]:
    return {"required": required, "behaviours": list(behaviours)}


FRAMEWORK: dict[str, Any] = {
    "format": "career-framework/v1",
    "competencies": [
        {"id": one, "name": one.title(), "area": "Work"} for one in ("writing", "mentoring", "sailing", "leading")
    ],
    "ladders": [
        {
            "id": "eng",
            "name": "Engineering",
            "credits": ["Some of these words are from elsewhere."],
            "tracks": [
                {
                    "id": "ic",
                    "levels": [
                        level("ic2", "eng.ic3", "eng.m1", writing=asks(3, "Writes."), mentoring="not expected"),
                        level("ic3", writing=asks(4, "Writes well."), mentoring=asks(3, "Mentors.")),
                    ],
                },
                {"id": "m", "levels": [level("m1", writing=asks(3.5, "Writes plans."), leading=asks(None))]},
            ],
        },
        {"id": "ops", "name": "Operations", "tracks": [{"id": "ic", "levels": [level("ic3", sailing=asks(2))]}]},
    ],
}


def test_a_blank_scorecard_shows_its_level_and_its_next_levels_and_nothing_that_none_of_them_asks() -> None:
    card = blank_card(FRAMEWORK, "eng.ic2")

    assert (card.subject, card.title, card.about) == (
        "",
        "Engineering, IC2 Title IC2",
        "Next: IC3 Title IC3, M1 Title M1",
    )
    assert card.lines == (
        CardLine("writing", "Writing", ("Writes.",), 3, ("IC3: Writes well.", "M1: Writes plans."), "IC3 4\nM1 3.5"),
        CardLine("mentoring", "Mentoring", (), None, ("Mentors.",), 3),
    )


def test_the_last_level_of_a_track_stands_alone() -> None:
    card = blank_card(FRAMEWORK, "M1")

    assert card.about == "The last level of its track."
    assert card.lines == (CardLine("writing", "Writing", ("Writes plans.",), 3.5),)


def test_the_credit_of_a_ladder_stands_on_its_scorecard() -> None:
    book: Any = load_workbook(io.BytesIO(write((blank_card(FRAMEWORK, "eng.ic2"),))))

    assert book["1"]["A9"].value == "Some of these words are from elsewhere."


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("ic3", "name one of eng.ic3, ops.ic3."),
        ("ic9", "did you mean eng.ic3 or ops.ic3 or eng.ic2? There are eng.ic2, eng.ic3, eng.m1, ops.ic3."),
        ("director", "name one of eng.ic2, eng.ic3, eng.m1, ops.ic3."),
    ],
)
def test_a_level_that_is_not_the_only_one_of_its_name_is_asked_for_in_full(name: str, remedy: str) -> None:
    with pytest.raises(Invalid) as refused:
        blank_card(FRAMEWORK, name)
    assert refused.value.remedy == remedy


def test_a_framework_without_levels_says_so() -> None:
    with pytest.raises(Invalid, match="no level yet"):
        blank_card({"format": "career-framework/v1"}, "ic1")


def card(*lines: CardLine) -> bytes:
    return write((Card("", "Engineering, IC2", "", lines),))


def test_what_was_filled_in_comes_back_by_competency() -> None:
    filled = card(
        CardLine("writing", "Writing", rating=3.5, evidence=("Wrote the guide.", "Taught the team.")),
        CardLine("mentoring", "Mentoring", not_seen="No mentee."),
        CardLine("sailing", "Sailing"),
    )

    assert read_blank(filled).lines == {
        "writing": BlankLine(3.5, ("Wrote the guide.", "Taught the team."), None),
        "mentoring": BlankLine(None, (), "No mentee."),
    }


def test_a_blank_scorecard_says_for_which_level_it_was_made() -> None:
    assert read_blank(write((blank_card(FRAMEWORK, "M1"),))).level == "eng.m1"
    assert read_blank(card(CardLine("writing", "Writing"))).level is None


def test_a_cell_that_cannot_be_taken_is_named_in_one_sentence() -> None:
    with pytest.raises(NotFilledIn, match=r"^Sheet 1, cell F6: Give a rating from 1 to 5 .* \(2 cells in all\)$"):
        read_blank(card(CardLine("a", "A", rating=3.3), CardLine("b", "B", rating=9)))


def test_the_scorecards_of_several_people_are_refused() -> None:
    several = write((Card("ev_1", "Maya", "", ()), Card("ev_2", "Tom", "", ())))
    filled = write((Card("ev_1", "Maya", "", (CardLine("a", "A"),)), Card("ev_2", "Tom", "", (CardLine("a", "A"),))))

    for workbook, count in ((several, 0), (filled, 2)):
        with pytest.raises(NoScorecard, match=f"holds {count} scorecards"):
            read_blank(workbook)


def test_what_is_no_workbook_is_refused() -> None:
    with pytest.raises(NoScorecard, match=r"save it as \.xlsx"):
        read_blank(b"PK but no more")
