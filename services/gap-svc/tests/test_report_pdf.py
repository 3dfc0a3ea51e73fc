"""The printed gap report: what stands on it, that every text stays text, that it is tagged and reproducible."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from gap_svc.documents import ReportDocument, render, words
from gap_svc.documents.pdf import printed
from gap_svc.documents.report import (
    Action,
    Anchor,
    EarlierReadiness,
    Evidence,
    Level,
    Line,
    Readiness,
    Term,
    TrendPoint,
)
from gap_svc.domain.trend import Break

HOSTILE = (
    '#eval("1+1")',
    '#read("/etc/passwd")',
    '#import "report.typ": *',
    "*bold* _emphasis_ `raw`",
    "$integral x dif x$",
    "<label> @reference",
    '"}, {"employee": "somebody else',
    "\\u{41} \\ \\n",
    "= Heading",
    "// comment /* and */ ]] }} ))",
    "https://example.org/~a",
)
CREDIT = "This page includes information from the O*NET 30.3 Database. Used under the CC BY 4.0 license."


def line(name: str, required: float | None, actual: float | None, **more: Any) -> Line:
    if required is None or actual is None:
        band, gap = "not rated", None
    else:
        gap = max(0.0, required - actual)
        band = "strength" if gap == 0 else "close" if gap <= 0.5 else "gap"
    values: dict[str, Any] = {"behaviours": (f"Shows {name.lower()} where others can see it.",), **more}
    return Line(competency=name.lower(), name=name, required=required, actual=actual, gap=gap, band=band, **values)


def seen(text: str | None, **more: Any) -> Evidence:
    return Evidence(text=text, by="Daniel Reyes", relation="manager", on=date(2026, 9, 18), **more)


def report(**changes: Any) -> ReportDocument:
    history = (
        TrendPoint(cycle="H1 2025", score=1.0, then=("requirement changed",)),
        TrendPoint(cycle="H2 2025", score=1.5),
    )
    lines = (
        line("Writing", 3, 4, present_required=3, evidence=(seen("The depot guide needed no follow-up call."),)),
        line(
            "Testing", 4, 4.5, present_required=3, self_rating=4, evidence=(seen("Flaky builds fell to one a week."),)
        ),
        line("Design", 4, 3.5, present_required=3, rests_on_memory=True),
        line("Mentoring", 4, 2.5, present_required=2, weight=2, self_rating=3.5, trend=history),
    )
    terms = (
        Term(name="Testing", present=3, target=4, score=4.5, weight=1, covered=1),
        Term(name="Design", present=3, target=4, score=3.5, weight=1, covered=0.5),
        Term(name="Mentoring", present=2, target=4, score=2.5, weight=2, covered=0.25),
    )
    values: dict[str, Any] = {
        "company": "Brightwater Logistics",
        "employee": "Maya Okonkwo",
        "given_name": "Maya",
        "job_title": "Software Engineer II",
        "manager": "Daniel Reyes",
        "readers": ("Maya Okonkwo", "Daniel Reyes", "HR"),
        "cycle": "H2 2026",
        "framework": "Software engineering",
        "framework_version": 4,
        "present": Level(code="IC2", title="Software Engineer II"),
        "target": Level(code="IC3", title="Senior Software Engineer"),
        "scale": tuple(
            Anchor(point=i + 1, name=n) for i, n in enumerate(["Learning", "Developing", "Sound", "Strong", "Model"])
        ),
        "approved_by": "Priya Shah",
        "approved_on": date(2026, 11, 12),
        "lines": lines,
        "readiness": Readiness(figure=0.5, terms=terms),
        "earlier": (EarlierReadiness(cycle="H1 2026", figure=0.25),),
        "report": "rp_1",
        "version": 2,
        "computed_at": datetime(2026, 11, 12, 14, tzinfo=UTC),
    }
    return ReportDocument(**{**values, **changes})


def text_of(pdf: bytes) -> str:
    """What a text search finds in the file, without the blanks that depend on line breaks."""
    with pikepdf.open(BytesIO(pdf)) as file:
        return squeezed("".join(piece for page in file.pages for piece in _shown(page)))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _shown(page: Any) -> Iterator[str]:
    fonts = {str(name): _unicode(font) for name, font in page.resources.get("/Font", {}).items()}
    cmap: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            cmap = fonts[str(operands[0])]
        elif str(operator) in ("Tj", "TJ"):
            pieces = operands[0] if str(operator) == "TJ" else operands
            for code in (piece for piece in pieces if isinstance(piece, pikepdf.String)):
                raw = bytes(code)
                yield from (cmap.get(int.from_bytes(raw[i : i + 2]), "") for i in range(0, len(raw), 2))


def _unicode(font: Any) -> dict[int, str]:
    """The font's ToUnicode map: glyph code → text (ISO 32000-1, 9.10.3)."""
    source = font["/ToUnicode"].read_bytes().decode()
    cmap: dict[int, str] = {}
    for body in re.findall(r"beginbfchar(.*?)endbfchar", source, re.S):
        for code, text in re.findall(r"<(\w+)>\s*<(\w+)>", body):
            cmap[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    return cmap


def tags_of(pdf: bytes) -> list[Any]:
    """Every element of the structure tree, in reading order."""
    found: list[Any] = []

    def walk(node: Any) -> None:
        if isinstance(node, pikepdf.Array):
            for child in node:
                walk(child)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                found.append({"S": str(node.S), "Alt": str(node.get("/Alt", "")), "A": str(node.get("/A", ""))})
            if "/K" in node:
                walk(node.K)

    with pikepdf.open(BytesIO(pdf)) as file:
        walk(file.Root.StructTreeRoot)
    return found


def pages_of(pdf: bytes) -> int:
    with pikepdf.open(BytesIO(pdf)) as file:
        return len(file.pages)


def _bytes(document: ReportDocument) -> bytes:
    return render(document).pdf


def says(pdf: bytes, sentence: str) -> bool:
    return squeezed(sentence) in text_of(pdf)


def test_the_report_leads_with_the_requirements_met_and_what_works() -> None:
    text = text_of(render(report()).pdf)

    order = [
        "Maya meets 2 of 4 requirements for Senior Software Engineer. 1 is close and 1 needs building.",
        "50% of the step",
        "Start with what works",
        "“The depot guide needed no follow-up call.”",
        "Scores against what IC3 asks",
        "Strengths 2, at or above what is asked",
        "Close 1, half a point below what is asked",
        "Gaps 1, a point or more below what is asked",
        "What IC3 asks for, and what people saw",
        "How the 50% is worked out",
        "Four questions for the conversation",
    ]
    found = [text.find(squeezed(sentence)) for sentence in order]
    assert -1 not in found
    assert found == sorted(found)


def test_every_term_of_readiness_and_its_formula_are_printed() -> None:
    pdf = render(report()).pdf

    assert says(pdf, "covered = (score − IC2) ÷ (IC3 − IC2), never under 0 nor over 1.")
    assert says(pdf, "Testing (4.5 − 3.0) ÷ (4.0 − 3.0) 100% 1")
    assert says(pdf, "Design (3.5 − 3.0) ÷ (4.0 − 3.0) 50% 1")
    assert says(pdf, "Mentoring (2.5 − 2.0) ÷ (4.0 − 2.0) 25% 2")
    assert says(pdf, "Readiness = (100% + 50% + 2 × 25%) ÷ 4 50%")
    assert says(pdf, "It describes distance. It does not decide a promotion.")


def test_a_presumed_present_requirement_is_explained() -> None:
    term = Term(name="Vision", present=1, target=3, score=2, weight=1, covered=0.5, present_presumed=True)

    assert says(
        render(report(readiness=Readiness(figure=0.5, terms=(term,)))).pdf,
        "the lowest point of the scale stands for it",
    )


def test_without_a_figure_the_report_says_why_and_shows_no_percentage() -> None:
    why = "Less than half of what rises from IC2 to IC3 was rated."
    pdf = render(report(readiness=Readiness(figure=None, why=why), earlier=())).pdf

    assert says(pdf, f"No percentage. {why}")
    assert "%" not in text_of(pdf)
    assert not says(pdf, "is worked out")


def test_a_score_without_evidence_is_marked_as_resting_on_memory() -> None:
    assert says(render(report()).pdf, "No example recorded, so this score rests on memory.")


def test_a_score_is_told_beside_what_is_asked_and_never_as_a_part_of_it() -> None:
    pdf = render(report(lines=(line("Writing", 4.5, 5), line("Design", 4, 2), line("Incidents", 3, None)))).pdf

    assert says(pdf, "Writing scored 5.0, asked 4.5")
    assert says(pdf, "Design scored 2.0, asked 4.0")
    assert says(pdf, "Incidents not rated, asked 3.0")
    assert not says(pdf, "5.0 of 4.5")


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (4.0, "Own score: the same."),
        (4.5, "Own score 4.5."),
        (3.5, "Own score 3.5."),
        (5.0, "Own score 5.0, a point higher: worth asking about."),
        (2.5, "Own score 2.5, 1.5 points lower: worth asking about."),
    ],
)
def test_an_own_score_is_worth_asking_about_from_a_whole_point_on(own: float, sentence: str) -> None:
    assert words.remarks(line("Design", 4, 4, self_rating=own), report()) == [sentence]


def test_the_lines_to_write_on_fill_what_is_left_of_the_last_page() -> None:
    def lines_on_last_page(pdf: bytes) -> int:
        with pikepdf.open(BytesIO(pdf)) as file:
            return sum(str(operator) == "S" for _, operator in pikepdf.parse_content_stream(file.pages[-1]))

    short, long = render(report()).pdf, render(report(lines=report().lines * 3)).pdf

    assert says(short, "4. What would need to be true")
    assert pages_of(short) == 2
    assert lines_on_last_page(short) > 4 * 8
    assert pages_of(long) == 3
    assert lines_on_last_page(long) > 4 * 8


def test_a_line_that_was_not_rated_says_so_and_why() -> None:
    lines = (*report().lines, line("Incidents", 4, None, not_seen_reason="No incident in the period."))
    pdf = render(report(lines=lines)).pdf

    assert says(pdf, "Maya meets 2 of 4 rated requirements")
    assert says(pdf, "1 of 5 was not rated.")
    assert says(pdf, "Not rated 1, counted in no figure")
    assert says(pdf, "Not seen: No incident in the period.")


def test_a_score_below_the_present_requirement_is_said_in_words() -> None:
    low = line("Planning", 4, 2, present_required=3, below_present=True)

    assert says(render(report(lines=(*report().lines, low))).pdf, "Below what the present level, IC2, asks (3.0).")


def test_a_competency_the_target_does_not_ask_for_is_named_and_counted_nowhere() -> None:
    lines = (*report().lines, line("Archiving", None, 3.5))
    pdf = render(report(lines=lines)).pdf

    assert says(pdf, "Rated, but not asked for at IC3: Archiving (3.5).")
    assert says(pdf, "Maya meets 2 of 4 requirements")


def test_earlier_scores_are_told_with_the_break_where_the_requirement_changed() -> None:
    assert says(render(report()).pdf, "Earlier: 1.0 in H1 2025 (then the requirement changed), 1.5 in H2 2025.")


def test_the_legend_says_what_changed_where_a_line_of_scores_is_broken() -> None:
    def legend(*then: Break) -> str:
        earlier = (TrendPoint(cycle="H1 2025", score=1.0, then=then),)
        return text_of(render(report(lines=(line("Mentoring", 4, 2.5, trend=earlier),))).pdf)

    assert squeezed("Earlier cycles before the text changed") in legend("text changed")
    assert squeezed("Earlier cycles before the requirement changed") in legend("requirement changed")
    assert squeezed("before requirement or text changed") in legend("requirement changed", "text changed")
    assert "changed" not in legend()


def test_every_score_of_the_chart_and_of_the_working_that_rests_on_memory_is_marked() -> None:
    terms = (Term(name="Design", present=3, target=4, score=3.5, weight=1, covered=0.5, rests_on_memory=True),)
    pdf = render(report(readiness=Readiness(figure=0.5, terms=terms))).pdf

    assert says(pdf, "* Rests on memory")
    assert says(pdf, "3.5* 4.0")
    assert says(pdf, "Design* (3.5 − 3.0) ÷ (4.0 − 3.0) 50% 1")


def test_marks_stand_above_the_scores() -> None:
    pdf = render(report(new_bar_old_scores=True, corrected_on=date(2026, 12, 3), released=False)).pdf
    text = text_of(pdf)

    for mark in ("Corrected on 3 December 2026.", "New bar, old scores.", "Not released yet."):
        assert 0 < text.find(squeezed(mark)) < text.find("Scoresagainst")


def test_a_withdrawn_text_is_replaced_by_the_day_it_was_withdrawn() -> None:
    lines = (line("Writing", 3, 4, evidence=(seen(None, withdrawn_on=date(2026, 12, 2)),)),)

    assert says(render(report(lines=lines)).pdf, "This text was withdrawn on 2 December 2026.")


def test_the_page_says_whom_it_is_confidential_to_and_where_the_scores_come_from() -> None:
    pdf = render(report(revision=2)).pdf

    assert says(pdf, "Confidential to Maya Okonkwo, Daniel Reyes and HR")
    assert says(
        pdf,
        "Software engineering, version 4. H2 2026 evaluation, revision 2, approved by Priya Shah on 12 November 2026.",
    )


def test_scores_that_nobody_approved_say_so() -> None:
    pdf = render(report(approved_by="", cycle="Scorecard")).pdf

    assert says(pdf, "Software engineering. Scorecard: nobody has approved these scores.")
    assert not says(pdf, "approved by")


def test_american_spelling_and_letter_paper_change_dates_and_page() -> None:
    pdf = render(report(spelling="american", paper="us-letter")).pdf

    assert says(pdf, "approved by Priya Shah on November 12, 2026")
    with pikepdf.open(BytesIO(pdf)) as file:
        assert [round(float(side)) for side in file.pages[0].mediabox] == [0, 0, 612, 792]


def test_credit_lines_are_printed_whenever_they_are_given() -> None:
    assert says(render(report(credits=(CREDIT,))).pdf, CREDIT)


def test_there_is_no_actions_section_without_actions() -> None:
    action = Action(text="Mentor Kofi each Tuesday", method="mentorship", owner="Maya Okonkwo", due=date(2027, 2, 26))

    assert not says(render(report()).pdf, "actions")
    assert says(render(report(actions=(action,))).pdf, "Proposed actions")
    assert says(render(report(actions=(action,))).pdf, "Mentorship Maya Okonkwo 26 February 2027")


def test_twenty_competencies_and_long_names_keep_every_word() -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff Bartholomew-Fitzgerald de la Cruz y Montenegro"
    lines = tuple(
        line(f"Cross-functional influence without formal authority in region {n}", 4, 1 + n % 8 / 2) for n in range(20)
    )
    out = render(report(employee=name, lines=lines, company="The Brightwater International Logistics Company " * 3))

    assert out.standard == "ua-1"
    assert pages_of(out.pdf) <= 7
    assert all(says(out.pdf, each.name) for each in lines)
    assert says(out.pdf, name)


def test_a_common_report_fits_on_three_pages() -> None:
    assert pages_of(render(report()).pdf) <= 3


def test_a_card_longer_than_a_page_goes_on_over_the_page() -> None:
    lines = (
        line("Writing", 4, 2, evidence=tuple(seen(f"Note {n}: " + "and so it went on, " * 60) for n in range(12))),
    )
    pdf = render(report(lines=lines)).pdf

    assert all(says(pdf, f"Note {n}:") for n in range(12))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_every_field(text: str) -> None:
    strings = {"company": text, "employee": text, "given_name": text, "job_title": text, "manager": text, "cycle": text}
    action = Action(text=text, method=text, owner=text)
    lines = (
        line(text, 4, 2, evidence=(seen(text),), not_seen_reason=text),
        line("Silent", 4, None, not_seen_reason=text),
    )
    out = render(report(**strings, lines=lines, actions=(action,), credits=(text,), readers=(text,)))

    assert out.standard == "ua-1"
    assert text_of(out.pdf).count(squeezed(text)) >= 10
    assert "root:" not in text_of(out.pdf)


def test_control_characters_and_direction_overrides_are_left_out() -> None:
    out = render(report(employee="May\x07a \u202eOkonkwo\u202c\x00\ud800"))

    assert out.standard == "ua-1"
    assert says(out.pdf, "Maya Okonkwo")


@pytest.mark.parametrize(
    "name", ["Θεόδωρος Παπαδόπουλος", "Фёдор Достоевский", "Łukasz Świątek", "Nguyễn Thị Ánh", "Þórður Ægisson"]
)
def test_latin_greek_and_cyrillic_names_need_no_other_font(name: str) -> None:
    out = render(report(employee=name))

    assert (out.standard, out.note) == ("ua-1", None)


def test_a_glyph_that_no_font_has_costs_the_standard_but_not_the_report(tmp_path: Path) -> None:
    out = render(report(employee="Maya 🎉 漢字"), fallback_fonts=tmp_path)

    assert out.standard is None
    assert out.note is not None
    assert "Maya" not in out.note
    assert says(out.pdf, "Senior Software Engineer")
    assert any(tag["S"] == "/Table" for tag in tags_of(out.pdf))


def test_the_file_is_tagged_as_a_screen_reader_needs_it() -> None:
    pdf = render(report()).pdf
    tags = tags_of(pdf)
    kinds = [tag["S"] for tag in tags]

    assert kinds.count("/H1") == 1
    assert {"/H2", "/H3", "/H4", "/Table", "/TH", "/TD"} <= set(kinds)
    figures = [tag["Alt"] for tag in tags if tag["S"] == "/Figure"]
    assert figures == ["Share of the step from IC2 to IC3 covered: 25% in H1 2026, 50% in H2 2026"]
    with pikepdf.open(BytesIO(pdf)) as file, file.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert str(file.Root.Lang) == "en-GB"
        assert str(file.docinfo["/Title"]) == "Gap report: Maya Okonkwo"


def test_equal_reports_give_equal_bytes_from_any_thread() -> None:
    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(_bytes, [report()] * 8))

    assert len(set(files)) == 1
    assert render(report(computed_at=datetime(2026, 11, 13, tzinfo=UTC))).pdf != files[0]


def test_after_what_works_the_details_begin_with_what_is_furthest_from_the_level() -> None:
    details = text_of(render(report()).pdf).split(squeezed("and what people saw"))[1]
    places = [details.index(squeezed(title)) for title in ("Gaps", "Close", "Strengths")]
    assert places == sorted(places)


def test_bands_follow_one_another_and_gaps_are_ranked_by_weight_and_distance() -> None:
    lines = (
        line("Small", 4, 3),
        line("Heavy", 4, 2.5, weight=3),
        line("Wide", 4, 1),
        line("Near", 4, 3.5),
        line("Strong", 3, 4),
    )
    laid_out: Any = printed(report(lines=lines))
    groups = laid_out["groups"]

    assert [group["band"] for group in groups] == ["strength", "close", "gap"]
    assert [group["band"] for group in laid_out["details"]] == ["gap", "close", "strength"]
    assert [each["name"] for each in groups[2]["lines"]] == ["Heavy", "Wide", "Small"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ((line("A", 3, 3), line("B", 3, 4)), "Maya meets all 2 requirements for Senior Software Engineer."),
        ((line("A", 3, 3),), "Maya meets the one requirement for Senior Software Engineer."),
        ((line("A", 3, None),), "Nothing that Senior Software Engineer asks for was rated."),
        (
            (line("A", 4, 1), line("B", 4, 1)),
            "Maya meets 0 of 2 requirements for Senior Software Engineer. 2 need building.",
        ),
        ((), "Senior Software Engineer asks nothing yet."),
    ],
)
def test_the_one_sentence_reads_well_in_every_case(lines: tuple[Line, ...], sentence: str) -> None:
    assert "".join(text for text, _ in words.headline(report(lines=lines))) == sentence
    assert render(report(lines=lines, readiness=Readiness(figure=None, why="None."))).standard == "ua-1"


@pytest.mark.parametrize(("value", "shown"), [(0, "0%"), (0.001, "1%"), (0.5, "50%"), (0.996, "99%"), (1, "100%")])
def test_a_percentage_never_rounds_to_nothing_or_to_the_whole(value: float, shown: str) -> None:
    assert words.percent(value) == shown
