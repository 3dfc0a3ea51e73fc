"""What a command cannot take: said in lines that name the field, the value and the remedy; exit code 2, nothing written."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from framework_svc import templates
from ladder import offline
from ladder.cli import run

FRAMEWORK = templates.text("engineering").encode()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good and several bad files of every kind; no installation and no system anywhere."""
    monkeypatch.setenv("LADDER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LADDER_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    contents = {
        "framework.yaml": FRAMEWORK,
        "bad.yaml": b"format: career-framework/v1\nladders:\n  - id: [\n",
        "other.yaml": b"name: something else\n",
        "wrong.yaml": b"format: career-framework/v1\nladders:\n  - id: eng\n    nmae: Engineering\n    tracks: []\n",
        "latin.yaml": b"format: career-framework/v1\n# caf\xe9\n",
        "card.xlsx": filled(F6=3),
        "cells.xlsx": filled(F6=7, F7="often", F8=2.3),
        "blank.xlsx": filled(),
        "text.xlsx": b"no workbook",
        "there.pdf": b"somebody's",
        "people.csv": b"work_email,given_name\nx@example.com,X\n",
        "empty.zip": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    (tmp_path / "folder").mkdir()
    return tmp_path


def filled(**cells: Any) -> bytes:
    """A scorecard of IC2 after somebody typed into it."""
    book: Any = load_workbook(io.BytesIO(offline.scorecard(FRAMEWORK, "IC2")))
    for cell, value in cells.items():
        book["1"][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def gap(card: str = "card.xlsx", framework: str = "framework.yaml", **options: str) -> list[str]:
    chosen = {"from": "IC2", "to": "IC3", "o": "out.pdf"} | options
    return ["gap", framework, card, "--from", chosen["from"], "--to", chosen["to"], "-o", chosen["o"]]


BAD: list[tuple[list[str], list[str]]] = [
    (["nosuch"], ["No such command 'nosuch'"]),
    (["gap"], ["Missing argument 'framework'", "ladder gap"]),
    (["up", "--port", "often"], ["--port", "often", "integer"]),
    (["up", "--port", "70000"], ["--port", "70000", "65535"]),
    (["events", "tail", "-n", "0"], ["-n", "0", "1"]),
    (["verify", "--jsn"], ["--jsn"]),
    (["token", "--as"], ["--as"]),
    (["token", "--as", "hr"], ["no installation", "ladder up"]),
    (["import-people", "people.csv", "--dates", "roman"], ["--dates", "roman", "day first"]),
    (["import-people", "people.csv"], ["no installation", "ladder up"]),
    (["import-people", "nowhere.csv"], ["nowhere.csv is not there", "CSV"]),
    (["import-people", "folder"], ["folder is a folder", "CSV"]),
    (["import-framework", "nowhere.yaml"], ["nowhere.yaml is not there", "career-framework/v1"]),
    (["import-framework", "other.yaml"], ["other.yaml, line 1, format", "career-framework/v1"]),
    (["import-framework", "bad.yaml"], ["bad.yaml, line"]),
    (["import-framework", "latin.yaml"], ["latin.yaml, line 2", "UTF-8"]),
    (["scorecard", "framework.yaml", "--level", "IC33", "-o", "out.xlsx"], ["level 'IC33'", "engineering.ic3"]),
    (["scorecard", "card.xlsx", "--level", "IC3", "-o", "out.xlsx"], ["card.xlsx", "UTF-8"]),
    (["scorecard", "framework.yaml", "--level", "IC3", "-o", "there.pdf"], ["-o there.pdf is there already", "--force"]),
    (["scorecard", "framework.yaml", "--level", "IC3", "-o", "folder"], ["-o folder is a folder"]),
    (["scorecard", "framework.yaml", "--level", "IC3", "-o", "no/out.xlsx"], ["-o no/out.xlsx", "no folder no"]),
    (gap("text.xlsx"), ["text.xlsx", ".xlsx workbook"]),
    (gap("framework.yaml"), ["framework.yaml", ".xlsx workbook"]),
    (gap("folder"), ["folder is a folder", "scorecard"]),
    (gap("nowhere.xlsx"), ["nowhere.xlsx is not there", "scorecard"]),
    (gap("blank.xlsx"), ["blank.xlsx", "rate at least one competency"]),
    (gap(framework="card.xlsx"), ["card.xlsx", "UTF-8"]),
    (gap(framework="folder"), ["folder is a folder", "career-framework/v1"]),
    (gap(to="IC33"), ["--to 'IC33'", "did you mean", "engineering.ic3"]),
    (gap(**{"from": "IC3"}), ["--from 'engineering.ic3'", "made for engineering.ic2"]),
    (gap(o="there.pdf"), ["-o there.pdf is there already", "--force"]),
    (gap(o="folder"), ["-o folder is a folder"]),
    (gap(o="no/out.pdf"), ["no folder no"]),
    (["onet", "nowhere.zip", "Nurses", "-o", "out.yaml"], ["nowhere.zip is not there"]),
    (["onet", "empty.zip", "Nurses", "-o", "out.yaml"], ["zip"]),
    (["onet", "other.zip", "Nurses", "-o", "out.yaml"], ["readme.txt", "Download the text release"]),
    (["onet", "other.zip", "Nurses", "-o", "there.pdf"], ["-o there.pdf is there already", "--force"]),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[" ".join(one) for one, _ in BAD])
def test_bad_input_is_one_line_with_the_field_the_value_and_the_remedy(
    files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: list[str]
) -> None:
    before = contents(files)

    assert run(arguments) == 2

    printed = capsys.readouterr()
    refused = without_steps(printed.err)
    assert (printed.out, len(refused)) == ("", 1)
    for words in said:
        assert words in refused[0]
    assert contents(files) == before


def without_steps(printed: str) -> list[str]:
    """What is said beside the steps that are under way."""
    return [line for line in printed.splitlines() if not line.startswith("· ")]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_cell_that_cannot_be_taken_is_listed_with_its_sheet_value_and_remedy(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(gap("cells.xlsx")) == 2

    remedy = "Give a rating from 1 to 5 in half points, such as 3.5."
    assert capsys.readouterr().err.splitlines() == [
        f"cells.xlsx, sheet '1', cell {cell}: {remedy}" for cell in ("F6 '7.0'", "F7 'often'", "F8 '2.3'")
    ]
    assert not (files / "out.pdf").exists()


def test_everything_wrong_with_a_framework_is_listed_with_its_line_and_path(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import-framework", "wrong.yaml"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert "wrong.yaml, line 4, ladders/0/nmae: The format has no such field here: did you mean name?" in lines
    assert len(lines) > 1


def test_a_card_that_is_filled_in_part_gives_a_report_and_names_what_has_no_rating(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(gap()) == 0

    printed = capsys.readouterr()
    assert printed.out == "Wrote out.pdf\n"
    assert "card.xlsx: System design has no rating and no reason why not" in printed.err
    assert (files / "out.pdf").read_bytes().startswith(b"%PDF-")


def test_a_file_that_is_there_is_replaced_only_by_force(files: Path) -> None:
    assert run([*gap(o="there.pdf"), "--force"]) == 0
    assert (files / "there.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("http://127.0.0.1:9", "", "LADDER_TOKEN is not set"),
        ("127.0.0.1:8000", "t", "LADDER_URL '127.0.0.1:8000': give the address of a system"),
        ("http://127.0.0.1:9", "t", "LADDER_URL 'http://127.0.0.1:9' does not answer"),
        ("http://127.0.0.1:port", "t", "LADDER_URL 'http://127.0.0.1:port' or LADDER_TOKEN cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_in_one_line(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str, token: str, said: str
) -> None:
    monkeypatch.setenv("LADDER_URL", url)
    monkeypatch.setenv("LADDER_TOKEN", token)

    assert run(["import-people", "people.csv"]) == 2

    refused = without_steps(capsys.readouterr().err)
    assert len(refused) == 1
    assert said in refused[0]


def test_elsewhere_than_on_linux_with_glibc_the_system_says_so_in_one_line(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.delenv("LADDER_DATABASE_URL", raising=False)

    assert run(["up", "--port", "0"]) == 2

    assert capsys.readouterr().err.splitlines()[-1] == (
        "The embedded PostgreSQL needs Linux with glibc; elsewhere set LADDER_DATABASE_URL."
    )
