"""The results of a cycle as XLSX: a row per person and competency, a row per person, nothing that could run."""

from documents.xlsx import read
from evaluation_svc.documents import PersonResult, Rated, write_results

MAYA = PersonResult(
    person="Maya Okonkwo",
    level="IC2",
    evaluator="Erik Lund",
    state="released",
    revision=2,
    lines=(
        Rated("Writing", "Collaboration", 3.5, not_seen=False, rests_on_memory=False),
        Rated("Design", "Craft", 2, not_seen=False, rests_on_memory=True),
        Rated("Mentoring", "Leadership", None, not_seen=True, rests_on_memory=False),
    ),
    approved_on="2026-10-30",
    released_on="2026-11-02",
)


def test_there_is_a_row_for_each_person_and_competency() -> None:
    head, *rows = read(write_results((MAYA,)))["Scores"]

    assert head[:5] == ["Person", "Level", "Area", "Competency", "Rating"]
    assert rows == [
        ["Maya Okonkwo", "IC2", "Collaboration", "Writing", 3.5, None, None, "released", 2],
        ["Maya Okonkwo", "IC2", "Craft", "Design", 2, None, "yes", "released", 2],
        ["Maya Okonkwo", "IC2", "Leadership", "Mentoring", None, "yes", None, "released", 2],
    ]


def test_there_is_a_row_for_each_person_with_counts_and_mean() -> None:
    _, row = read(write_results((MAYA,)))["People"]

    assert row == ["Maya Okonkwo", "IC2", "Erik Lund", "released", 2, 2, 1, 2.75, "2026-10-30", "2026-11-02"]


def test_somebody_of_whom_only_the_state_is_shown_has_no_figures() -> None:
    sheets = read(write_results((PersonResult("Tom", "IC3", "Erik Lund", "draft", 1),)))

    assert len(sheets["Scores"]) == 1
    assert sheets["People"][1] == ["Tom", "IC3", "Erik Lund", "draft", 1]


def test_a_text_that_a_spreadsheet_could_run_is_made_harmless() -> None:
    hostile = PersonResult("=cmd|'/c calc'!A0", "IC2", "@SUM(A1)", "draft", 1)

    assert read(write_results((hostile,)))["People"][1][:3] == ["'=cmd|'/c calc'!A0", "IC2", "'@SUM(A1)"]


def test_a_cycle_without_anybody_has_its_headings() -> None:
    assert [len(rows) for rows in read(write_results(())).values()] == [1, 1]
