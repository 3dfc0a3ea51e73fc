"""Draft ladders from O*NET® archives: what is read, what is chosen, what is said when something is missing."""

import csv
import io
import json
import os
import re
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from framework_svc.documents import exchange
from framework_svc.documents.onet import (
    Archive,
    Draft,
    NoSingleOccupation,
    NotAnArchive,
    NotRated,
    choose,
    draft_ladder,
    read_archive,
)
from framework_svc.documents.onet import archive as limits
from framework_svc.documents.onet.tasks import Tasks
from framework_svc.documents.onet.text import singular
from framework_svc.domain.structure import holes

WORDS = files("framework_svc.documents.onet")

EXCERPTS = Path(__file__).parent / "data" / "onet"
SIX = {
    "registered nurse": "29-1141.00",
    "accountant": "13-2011.00",
    "human resources specialist": "13-1071.00",
    "machinist": "51-4041.00",
    "graphic designer": "27-1024.00",
    "sales manager": "11-2022.00",
}
NURSE = SIX["registered nurse"]
DEVELOPER = "15-1252.00"
RATINGS = "O*NET-SOC Code\tElement ID\tElement Name\tScale ID\tData Value\tRecommend Suppress\tNot Relevant"


def tables(release: str) -> dict[str, str]:
    """Return the files of an excerpt by name."""
    files = sorted(path for path in (EXCERPTS / release).iterdir() if path.suffix in (".txt", ".csv"))
    return {path.name: path.read_text(encoding="utf-8") for path in files}


def zipped(members: Mapping[str, str | bytes]) -> io.BytesIO:
    """Return an open zip with these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def release_29_0(without: Iterable[str] = (), **more: str) -> Archive:
    """Return the excerpt of 29.0 as an archive, without some tables and with others."""
    members = {name: text for name, text in tables("29.0").items() if name.removesuffix(".txt") not in without}
    return read_archive(zipped(members | more))


def rated(*rows: tuple[str, str, str, str, str], occupation: str = NURSE) -> Archive:
    """Return an archive with one table of ratings: element, scale, value, suppress, not relevant."""
    lines = [
        f"{occupation}\t{element}\tName of {element}\t{scale}\t{rest}"
        for element, scale, *values in rows
        for rest in ["\t".join(values)]
    ]
    return read_archive(zipped({"any name": "\n".join([RATINGS, *lines])}))


def levels(draft: Draft) -> list[dict[str, Any]]:
    """Return the levels of a draft's one track."""
    (track,) = draft.framework["ladders"][0]["tracks"]
    return track["levels"]


def competencies(draft: Draft) -> dict[str, dict[str, Any]]:
    """Return a draft's competencies by id."""
    return {entry["id"]: entry for entry in draft.framework["competencies"]}


def as_document(draft: Draft) -> exchange.Document:
    """Return a draft as the exchange format reads it."""
    return exchange.read(json.dumps(draft.framework))


# --- tables are known by their columns --------------------------------------------------------------------------------


def test_tables_are_found_under_any_name_and_in_any_folder() -> None:
    renamed = {f"some/where/{number}.dat": text for number, text in enumerate(tables("29.0").values())}

    draft = draft_ladder(read_archive(zipped(renamed)), NURSE)

    assert draft == draft_ladder(release_29_0(), NURSE)


def sql_columns(text: str) -> str:
    """Return a table of the text layout as 30.3 writes it for SQL: snake_case, no element names, NULL, as CSV."""
    head, *rows = [line.split("\t") for line in text.splitlines()]
    names = [re.sub(r"[^a-z0-9]+", "_", name.lower().replace("o*net-soc", "onetsoc")).strip("_") for name in head]
    keep = [place for place, name in enumerate(names) if name != "element_name" or "scale_id" not in names]
    cells = [[row[place] if row[place] != "n/a" else "NULL" for place in keep] for row in rows]
    quoted = [",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in cells]
    return "\n".join([",".join(names[place] for place in keep), *quoted])


def split_by_element(text: str, beginning: str) -> str:
    """Return the header and the rows whose element id begins so."""
    head, *rows = text.splitlines()
    place = head.split("\t").index("Element ID")
    return "\n".join([head, *(row for row in rows if row.split("\t")[place].startswith(beginning))])


def test_the_split_and_renamed_files_of_30_3_give_the_same_ladder_as_the_old_ones() -> None:
    old = tables("29.0")
    essential, transferable = (split_by_element(old["Skills.txt"], part) for part in ("2.A", "2.B"))
    others = {f"db_29_0/{name.lower()}.csv": sql_columns(text) for name, text in old.items() if "Read" not in name}
    del others["db_29_0/skills.txt.csv"]
    new = {"essential_skills.csv": sql_columns(essential), "transferable_skills.csv": sql_columns(transferable)}

    draft = draft_ladder(read_archive(zipped(others | new)), NURSE)

    assert draft.framework == draft_ladder(release_29_0(), NURSE).framework


def test_the_compact_layout_with_importance_and_level_side_by_side_is_read() -> None:
    archive = read_archive(zipped(tables("30.0")), "compact_30_0.zip")

    draft = draft_ladder(archive, DEVELOPER, title="Software Developer")

    assert archive.release == "30.0"
    assert {"thinking-creatively", "working-with-computers"} <= competencies(draft).keys()
    assert levels(draft)[2]["title"] == "Software Developer III"


def test_other_files_in_the_archive_are_passed_over() -> None:
    extra = {"picture.png": "\x00\x01", "notes.txt": "nothing here", "empty.csv": "", "../../etc/passwd": "root:x"}

    assert draft_ladder(release_29_0(**extra), NURSE) == draft_ladder(release_29_0(), NURSE)


@pytest.mark.parametrize(
    ("members", "name", "release"),
    [
        ({"Read Me.txt": "O*NET 29.0 Database\nAugust 2024 Release"}, "db_30_1_text.zip", "29.0"),
        ({"db_30_3_text/readme": "hello"}, "", "30.3"),
        ({}, "db_30_1_text.zip", "30.1"),
        ({}, "download.zip", None),
    ],
)
def test_the_release_is_what_the_archive_says_or_else_what_it_is_called(
    members: dict[str, str], name: str, release: str | None
) -> None:
    archive = read_archive(zipped(members | {"table": f"{RATINGS}\n"}), name)

    assert archive.release == release


# --- what is no archive says why --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not a zip at all", "cannot be read as a zip archive"),
        (zipped({"a.txt": "hello\n"}).getvalue()[:40], "cannot be read as a zip archive"),
        (zipped({"db/Skills.xlsx": b"PK"}).getvalue(), "Excel download"),
        (zipped({"db/skills.sql": "insert into"}).getvalue(), "SQL download"),
        (zipped({"report.txt": "Total\t3\n"}).getvalue(), "No table of ratings is in this archive"),
        (zipped({}).getvalue(), "No table of ratings is in this archive"),
    ],
)
def test_what_is_no_release_is_refused_with_what_to_download(content: bytes, says: str) -> None:
    with pytest.raises(NotAnArchive, match=says):
        read_archive(io.BytesIO(content))


def test_an_archive_that_would_unpack_to_far_more_than_it_is_large_is_refused() -> None:
    with pytest.raises(NotAnArchive, match="would unpack to"):
        read_archive(zipped({"Skills.txt": RATINGS + "\n" * 20_000_000}))


def test_an_archive_of_very_many_files_is_refused() -> None:
    with pytest.raises(NotAnArchive, match="501 files"):
        read_archive(zipped({f"{number}.txt": "" for number in range(501)}))


def test_an_encrypted_archive_is_refused() -> None:
    content = bytearray(zipped({"Skills.txt": RATINGS}).getvalue())
    content[content.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(NotAnArchive, match="encrypted"):
        read_archive(io.BytesIO(bytes(content)))


def test_a_line_longer_than_any_release_has_is_refused() -> None:
    text = f"{RATINGS}\n{NURSE}\t" + "".join(f"{number} " for number in range(20_000))

    with pytest.raises(NotAnArchive, match=r"Skills\.txt has a line of more than"):
        read_archive(zipped({"Skills.txt": text})).find(NURSE)


def test_more_rows_than_any_release_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_ROWS", 3)

    with pytest.raises(NotAnArchive, match="more than 3 rows"):
        release_29_0().find(NURSE)


def test_a_damaged_table_is_refused_when_it_is_read() -> None:
    content = bytearray(zipped(tables("29.0")).getvalue())
    begins = content.index(b"Skills.txt") + 12_000
    content[begins : begins + 40] = bytes(40)

    with pytest.raises(NotAnArchive, match="Download it again"):
        draft_ladder(read_archive(io.BytesIO(bytes(content))), NURSE)


def test_a_member_name_is_shown_without_what_could_fool_a_terminal() -> None:
    with pytest.raises(NotAnArchive) as refused:
        read_archive(zipped({"\x1b[31mred": "hello"}))

    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("value", ["", "n/a", "nan", "inf", "4,0", "٤", "9" * 400, "-", "1e9"])
def test_what_is_no_plain_figure_is_no_rating(value: str) -> None:
    assert rated(("2.A.1.a", "IM", value, "N", "")).ratings.kept(NURSE) == []


def test_hostile_texts_stay_texts() -> None:
    formula = "=cmd|' /C calc'!A0 {subject} {0} %s \\x1b[31m"
    elements = ("2.B.9.x", "2.C.98", "4.A.8.x")
    lines = [f"{NURSE}\t{element}\t{formula} {element}\tIM\t4.0\tN\t" for element in elements]

    draft = draft_ladder(read_archive(zipped({"t": "\n".join([RATINGS, *lines])})), NURSE)

    assert len(competencies(draft)) == len(elements)
    assert all(re.fullmatch(r"[a-z0-9-]{1,60}", entry) for entry in competencies(draft))


def test_every_row_of_behaviours_has_one_for_each_of_the_five_levels_and_every_element_has_its_row() -> None:
    areas = tomllib.loads(WORDS.joinpath("steps.toml").read_text("utf-8"))
    rows = {name: steps for area in areas.values() for name, steps in area.items()}
    assert {name: len(set(steps)) for name, steps in rows.items()} == dict.fromkeys(rows, 5)
    elements = csv.DictReader(WORDS.joinpath("elements.csv").read_text("utf-8").splitlines())
    assert {row["steps"] for row in elements if row["area"] != "Professional knowledge"} <= set(rows)


def test_elements_of_one_name_make_one_competency() -> None:
    elements = ("2.B.9.x", "2.C.98", "2.A.1.b", "2.B.1.d", "2.B.3.l")
    lines = [f"{NURSE}\t{element}\tThe Same\tIM\t4.0\tN\t" for element in elements]

    draft = draft_ladder(read_archive(zipped({"t": "\n".join([RATINGS, *lines])})), NURSE)

    names = [entry["name"] for entry in draft.framework["competencies"]]
    assert sorted(names) == ["Active listening", "Negotiation", "Repairing", "The same"]


# --- choosing an occupation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("29-1141.00", NURSE),
        (" 29-1141 ", NURSE),
        ("Registered Nurses", NURSE),
        ("registered nurse", NURSE),
        ("RN", NURSE),
        ("Software engineer", DEVELOPER),
        ("Recruiter", SIX["human resources specialist"]),
        ("CNC Machinists", SIX["machinist"]),
    ],
)
def test_an_occupation_is_chosen_by_code_title_or_alternate_title(query: str, code: str) -> None:
    assert choose(release_29_0(), query).code == code


def test_a_title_that_means_several_occupations_lists_them_with_their_codes() -> None:
    with pytest.raises(NoSingleOccupation) as asked:
        choose(release_29_0(), "nurse")

    assert [candidate.code for candidate in asked.value.candidates] == [NURSE, "29-1141.01"]
    assert "29-1141.01 Acute Care Nurses (“Nurse”)" in str(asked.value)


def test_words_of_a_title_offer_the_occupations_that_have_them() -> None:
    codes = [occupation.code for occupation in release_29_0().find("care nurse")]

    assert {"29-1141.00", "29-1141.01", "29-1171.00"} == set(codes)


def test_a_misspelt_title_offers_the_nearest() -> None:
    with pytest.raises(NoSingleOccupation) as asked:
        choose(release_29_0(), "Grafic Desinger")

    assert asked.value.candidates[0].code == SIX["graphic designer"]


@pytest.mark.parametrize("query", ["", "…", "zzzzqqqq", "99-9999.00"])
def test_what_nothing_resembles_is_not_guessed(query: str) -> None:
    with pytest.raises(NoSingleOccupation, match="Nothing in this archive is called"):
        choose(release_29_0(), query)


def test_an_archive_without_titles_still_knows_its_codes() -> None:
    archive = read_archive(zipped(tables("30.0")), "compact_30_0.zip")

    assert choose(archive, DEVELOPER).code == DEVELOPER
    with pytest.raises(NoSingleOccupation, match="Give a code"):
        choose(archive, "Software Developers")


# --- what is chosen ---------------------------------------------------------------------------------------------------


def test_importance_selects_and_what_is_suppressed_or_not_relevant_stays_out() -> None:
    archive = rated(
        ("2.A.1.a", "IM", "4.00", "N", ""),
        ("2.A.1.c", "IM", "3.00", "N", ""),
        ("2.A.1.d", "IM", "2.99", "N", ""),
        ("2.A.1.e", "IM", "4.50", "Y", ""),
        ("2.A.1.f", "IM", "4.50", "N", ""),
        ("2.A.1.f", "LV", "1.00", "N", "Y"),
        ("1.A.1.a.1", "IM", "5.00", "N", ""),
        ("4.C.1.a.2.l", "CX", "5.00", "N", ""),
    )

    assert [kept.element for kept in archive.ratings.kept(NURSE)] == ["2.A.1.a", "2.A.1.c"]


def test_what_matters_more_here_than_elsewhere_comes_first() -> None:
    common = f"{NURSE}\t2.A.1.a\tx\tIM\t4.0\tN\t\n11-1011.00\t2.A.1.a\tx\tIM\t4.8\tN\t"
    special = f"{NURSE}\t2.B.3.l\tx\tIM\t3.8\tN\t\n11-1011.00\t2.B.3.l\tx\tIM\t1.2\tN\t"
    archive = read_archive(zipped({"t": f"{RATINGS}\n{common}\n{special}"}))

    assert [kept.element for kept in archive.ratings.kept(NURSE)] == ["2.B.3.l", "2.A.1.a"]


def test_the_level_rating_is_a_weak_hint_for_the_established_level_only() -> None:
    low, high = (
        draft_ladder(
            rated(
                *[
                    (element, scale, value, "N", "")
                    for element in ("2.A.1.a", "2.B.1.d", "2.B.3.l", "2.C.4.b")
                    for scale, value in (("IM", "4.0"), ("LV", level))
                ]
            ),
            NURSE,
        )
        for level in ("1.0", "6.5")
    )

    assert [level["expectations"]["negotiation"]["required"] for level in levels(low)] == [1.0, 1.5, 2.5, 3.5, 4.0]
    assert [level["expectations"]["negotiation"]["required"] for level in levels(high)] == [1.5, 2.5, 3.5, 4.5, 5.0]


def test_near_relatives_do_not_stand_side_by_side() -> None:
    archive = rated(*[(element, "IM", "4.0", "N", "") for element in ("2.A.1.b", "2.A.1.d", "2.B.1.d", "2.B.3.l")])

    names = {entry["name"] for entry in draft_ladder(archive, NURSE).framework["competencies"]}

    assert names == {"Active listening", "Negotiation", "Repairing"}


def test_physical_demands_and_traits_are_left_out_and_the_report_says_so() -> None:
    styles = f"{NURSE}\t1.D.9\tOptimism\tWI\t2.9\tN\t\n{NURSE}\t1.D.3.c\tDependability\tWI\t2.0\tN\t"
    skills = [f"{NURSE}\t{element}\tx\tIM\t4.0\tN\t" for element in ("2.A.1.b", "2.B.1.d", "2.B.3.l", "4.A.3.a.2")]
    archive = read_archive(zipped({"t": "\n".join([RATINGS, styles, *skills])}))

    draft = draft_ladder(archive, NURSE)

    assert "Left out: Optimism (a trait, not something a person does)." in draft.report.warnings
    assert any("a physical demand" in warning for warning in draft.report.warnings)
    assert competencies(draft).keys() == {"active-listening", "negotiation", "repairing", "dependability"}


def test_work_styles_of_30_1_add_what_is_most_distinctive_and_have_an_effect() -> None:
    styles = {"Work Styles.txt": tables("30.1")["Work Styles.txt"]}
    draft = draft_ladder(release_29_0(without=["Work Styles"], **styles), NURSE)

    ways = [entry["name"] for entry in competencies(draft).values() if entry["area"] == "Ways of working"]

    assert ways == ["Integrity", "Care with risks", "Cooperation", "Composure"]


def test_an_element_of_a_later_release_gets_general_words() -> None:
    elements = ("2.B.9.z", "2.C.99", "4.A.9.z")
    rows = [f"{NURSE}\t{element}\tQuantum Wrangling {n}\tIM\t4.0\tN\t" for n, element in enumerate(elements)]

    draft = draft_ladder(read_archive(zipped({"t": "\n".join([RATINGS, *rows])})), NURSE)

    entry = levels(draft)[4]["expectations"]["quantum-wrangling-0"]
    assert entry["behaviours"] == ["Sets the methods for quantum wrangling 0 that several teams follow."]


# --- what the draft is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", SIX)
def test_six_unlike_occupations_give_a_ladder_that_lacks_nothing(title: str) -> None:
    archive = release_29_0()

    document = as_document(draft_ladder(archive, choose(archive, title).code))

    (ladder,) = document.ladders
    assert len(ladder.level_ids()) == 5
    assert 8 <= len(document.competencies) <= 13
    assert holes(ladder, [entry.id for entry in document.competencies], ladder.level_ids()) == ()


@pytest.mark.parametrize("code", SIX.values())
def test_what_a_draft_requires_rises_with_every_level_in_half_points(code: str) -> None:
    for competency in competencies(draft_ladder(release_29_0(), code)):
        cells = [level["expectations"][competency] for level in levels(draft_ladder(release_29_0(), code))]
        asked = [cell["required"] for cell in cells if cell != "not expected"]
        assert all(lower < upper for lower, upper in pairwise(asked))
        assert all(1 <= value <= 5 and (value * 2).is_integer() for value in asked)


def test_every_statement_says_where_it_comes_from() -> None:
    draft = draft_ladder(release_29_0(), NURSE)

    assert competencies(draft)["medicine"]["provenance"] == {
        "source": "O*NET",
        "release": "29.0",
        "element": "2.C.5.a",
        "licence": "CC BY 4.0",
        "modified": True,
        "original": (
            "Medicine and Dentistry: Knowledge of the information and techniques needed to diagnose and treat human "
            "injuries, diseases, and deformities. This includes symptoms, treatment alternatives, drug properties and "
            "interactions, and preventive health-care measures."
        ),
    }
    assert all(entry["provenance"]["original"] for entry in competencies(draft).values())
    shown = levels(draft)[0]["expectations"]["medicine"]
    assert "O*NET® anchor, low level: Use a band-aid." in shown["examples"]
    assert shown["provenance"]["original"].endswith("Use a band-aid")


def test_the_credit_stands_with_both_sentences() -> None:
    draft = draft_ladder(release_29_0(), NURSE, modified_by="Tidewater Ltd")

    assert draft.framework["ladders"][0]["credits"] == [
        "This page includes information from the O*NET 29.0 Database by the U.S. Department of Labor, Employment and "
        "Training Administration (USDOL/ETA). Used under the CC BY 4.0 license. O*NET® is a trademark of USDOL/ETA. "
        "Tidewater Ltd has modified all or some of this information. USDOL/ETA has not approved, endorsed, or tested "
        "these modifications."
    ]


def test_the_tasks_of_the_job_become_behaviours() -> None:
    draft = draft_ladder(release_29_0(), NURSE)

    core = [level["expectations"]["core-work-registered-nurse"]["behaviours"][0] for level in levels(draft)[:4]]

    assert core == [
        "Helps to record patients' medical information and vital signs.",
        "Records patients' medical information and vital signs.",
        "Monitors, records, and reports symptoms or changes in patients' conditions.",
        "Shows colleagues how to monitor, record, and report symptoms or changes in patients' conditions.",
    ]


@pytest.mark.parametrize("code", SIX.values())
def test_every_behaviour_begins_with_a_verb_of_doing(code: str) -> None:
    cells = [cell for level in levels(draft_ladder(release_29_0(), code)) for cell in level["expectations"].values()]
    texts = [text for cell in cells if cell != "not expected" for text in cell["behaviours"]]

    assert [text for text in texts if not re.match(r"[A-Z][a-z]+s\b.*\.$", text)] == []


def test_nobody_is_asked_to_lead_people_at_the_entry_level() -> None:
    draft = draft_ladder(release_29_0(), SIX["sales manager"])

    cells = [level["expectations"]["managing-people"] for level in levels(draft)]

    assert cells[0] == "not expected"
    assert "not expected" not in cells[1:]


@pytest.mark.parametrize(
    ("code", "title"),
    [
        (NURSE, "Registered Nurse I"),
        (SIX["accountant"], "Accountant / Auditor I"),
        (SIX["human resources specialist"], "Human Resources Specialist I"),
    ],
)
def test_levels_are_called_what_one_person_is_called(code: str, title: str) -> None:
    assert levels(draft_ladder(release_29_0(), code))[0]["title"] == title


TASKS = "O*NET-SOC Code\tTask ID\tTask\tTask Type"


def tasks_of(*texts: str) -> Tasks:
    """Return the tasks of an occupation with these statements, beside others that begin with the usual verbs."""
    verbs = ("Direct", "Report", "Record", "Prepare", "Review", "Monitor", "Administer", "Analyze", "Carry")
    rows = [f"{NURSE}\t{number}\t{text}\tCore" for number, text in enumerate(texts)]
    others = [f"other\t{verb}\t{verb} something.\tCore" for verb in verbs]
    return Tasks(read_archive(zipped({"r": f"{RATINGS}\n", "t": "\n".join([TASKS, *rows, *others])})), NURSE)


@pytest.mark.parametrize(
    ("task", "done"),
    [
        ("Prepare adjusting journal entries.", "Prepares adjusting journal entries."),
        ("Monitor, record, and report symptoms.", "Monitors, records, and reports symptoms."),
        ("Carry out or review tests.", None),
        ("Prepare or review budgets.", "Prepares or reviews budgets."),
        ("Administer drugs and monitor patients.", None),
        ("Visually inspect parts.", None),
        ("Prepare reports, record results.", None),
    ],
)
def test_a_task_is_said_in_the_third_person_only_where_no_second_verb_follows(task: str, done: str | None) -> None:
    tasks = tasks_of(task)

    assert tasks.done(tasks.all[0]) == done


def test_rated_tasks_come_in_the_order_of_their_importance() -> None:
    ratings = "O*NET-SOC Code\tTask ID\tScale ID\tCategory\tData Value"
    values = {"1840": "4.9", "1839": "4.8"}
    rows = [f"{NURSE}\t{task}\tIM\tn/a\t{value}" for task, value in values.items()]

    archive = release_29_0(**{"Task Ratings.txt": "\n".join([ratings, *rows])})

    assert [task.id for task in Tasks(archive, NURSE).all[:2]] == list(values)


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("Registered Nurses", "Registered Nurse"),
        ("Accountants and Auditors", "Accountant / Auditor"),
        ("Secretaries and Administrative Assistants, Except Legal", "Secretary / Administrative Assistant"),
        ("Electrical and Electronics Drafters", "Electrical and Electronics Drafter"),
        ("Compensation, Benefits, and Job Analysis Specialists", "Compensation, Benefits, and Job Analysis Specialist"),
        ("First-Line Supervisors of Retail Sales Workers", "First-Line Supervisor of Retail Sales Workers"),
        ("Nurse Midwives", "Nurse Midwife"),
        ("Rehabilitation Counselors", "Rehabilitation Counsellor"),
    ],
)
def test_one_person_of_an_occupation_is_called_in_the_singular(many: str, one: str) -> None:
    assert singular(many) == one


# --- what is missing is said ------------------------------------------------------------------------------------------


def test_an_occupation_that_a_release_does_not_rate_is_refused_with_the_release_to_use() -> None:
    with pytest.raises(NotRated) as refused:
        draft_ladder(release_29_0(), DEVELOPER)

    assert "There is too little about 15-1252.00 Software Developers in this archive for a ladder." in str(
        refused.value
    )
    assert (
        "Skills (element ids 2.A and 2.B): the table has no row for 15-1252.00. Not every occupation is rated in this "
        "release; a later one (30.0 or newer) may have it." in refused.value.report.missing
    )


def test_an_archive_with_work_styles_alone_makes_no_ladder() -> None:
    with pytest.raises(NotRated) as refused:
        draft_ladder(read_archive(zipped(tables("30.1")), "db_30_1_text.zip"), NURSE)

    assert [sentence.partition(":")[0] for sentence in refused.value.report.missing][:3] == [
        "Skills (element ids 2.A and 2.B)",
        "Knowledge (element ids 2.C)",
        "Work Activities (element ids 4.A)",
    ]


def test_each_missing_table_is_named_with_what_stands_in_for_it() -> None:
    archive = release_29_0(without=["Content Model Reference", "Level Scale Anchors", "Task Statements", "Work Styles"])

    report = draft_ladder(archive, NURSE).report

    assert report.missing == (
        "Work Activities (element ids 4.A): the archive has no such table. Use the complete text release to include "
        "them.",
        "Work Styles (element ids 1.C or 1.D): the archive has no such table. Use the complete text release to include "
        "them.",
        "Descriptions of elements: the archive has no such table. Our own short descriptions stand in.",
        "Level scale anchors: the archive has no such table. The draft shows no anchors as examples.",
        "Task statements: the archive has no such table. The behaviours are general: add what is typical of the job.",
    )


def test_an_archive_that_does_not_state_its_release_says_to_complete_the_credit() -> None:
    report = draft_ladder(release_29_0(without=["Read Me"]), NURSE).report

    assert any("Complete the credit line" in warning for warning in report.warnings)


def test_a_code_that_the_archive_does_not_know_is_refused() -> None:
    with pytest.raises(NotRated, match=r"knows no occupation 99-9999\.00"):
        draft_ladder(release_29_0(), "99-9999.00")


def test_anchors_that_only_say_low_or_high_are_no_wording() -> None:
    bare = "Element ID\tElement Name\tScale ID\tAnchor Value\tAnchor Description\n" + "\n".join(
        f"2.C.5.a\tx\tLV\t{value}\t{word}" for value, word in ((2, "Low"), (4, "Moderate"), (6, "High"))
    )
    draft = draft_ladder(release_29_0(without=["Level Scale Anchors"], **{"Level Scale Anchors.txt": bare}), NURSE)

    assert levels(draft)[0]["expectations"]["medicine"]["examples"] == []


# --- a whole release --------------------------------------------------------------------------------------------------


@pytest.fixture(name="whole")
def whole_release() -> Archive:
    """The archive that ONET_ARCHIVE names."""
    path = os.environ.get("ONET_ARCHIVE")
    if not path:
        pytest.skip("set ONET_ARCHIVE to a downloaded O*NET® text release to try it whole")
    return read_archive(io.BytesIO(Path(path).read_bytes()), Path(path).name)


@pytest.mark.parametrize("title", SIX)
def test_a_whole_release_gives_ladders_for_six_unlike_occupations(whole: Archive, title: str) -> None:
    document = as_document(draft_ladder(whole, choose(whole, title).code))

    (ladder,) = document.ladders
    assert holes(ladder, [entry.id for entry in document.competencies], ladder.level_ids()) == ()
    assert 8 <= len(document.competencies) <= 13


def test_occupations_of_a_whole_release_give_a_ladder_or_are_told_what_is_missing(whole: Archive) -> None:
    refusals: list[NotRated] = []

    for code in sorted(whole.ratings.codes)[::25]:
        try:
            as_document(draft_ladder(whole, code))
        except NotRated as refused:
            refusals.append(refused)

    assert all(refused.report.missing for refused in refusals)
