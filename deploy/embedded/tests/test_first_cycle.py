"""docs/first-cycle.md as it stands: every command of the page, in its order, on a real system.

system → workspace → framework → people → cycle → scorecards → approval → reports and release → results → verify
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from chassis.testing import open_folder

from .conftest import Installation, serving

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/first-cycle.md"
EVIDENCE = "Led the carrier cut-over in May; no parcel was lost on the way, and two teams use the plan since."


@pytest.fixture
def running() -> Iterator[Installation]:
    """The system of the page's first step, in a clone that holds nothing but templates."""
    templates = Path("services/framework-svc/src/framework_svc/templates")
    with open_folder() as clone:
        shutil.copytree(ROOT / templates, clone / templates)
        (clone / "first-cycle").mkdir()
        with serving(clone / "first-cycle/data") as running:
            yield running


def blocks() -> list[str]:
    """The commands of the page, without the one that runs until Ctrl-C."""
    found = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert "ladder up\n" in found
    return [block for block in found if block != "ladder up\n"]


def fill_in(workbook: Path, filled: Path) -> None:
    """What the manager does in the spreadsheet: every line of every sheet rated, with what was seen."""
    book: Any = openpyxl.load_workbook(workbook)
    for sheet in (one for one in book.worksheets if one.sheet_state == "visible"):
        for row in range(6, sheet.max_row + 1):
            if not sheet.cell(row, 6).protection.locked:
                sheet.cell(row, 6, 2 + row % 3)
                sheet.cell(row, 8, EVIDENCE)
    book.save(filled)


@pytest.mark.timeout(900)
def test_every_command_of_the_page_does_what_the_page_says(running: Installation) -> None:
    folder = running.home.parent
    clone = folder.parent
    first, *rest = blocks()
    upload = next(number for number, block in enumerate(rest) if "filled.xlsx" in block)
    before = running.environ(PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin", LADDER_HOME="/set/before")

    def run(commands: list[str]) -> str:
        """Run commands in one shell that keeps what it knows for the next; the first that fails ends it."""
        known = "set -eu\n" + first + "[ -f kept ] && . ./kept\n"
        script = known + "".join(commands) + "set | grep -E '^(CYCLE|DANIEL|MAYA)=' > kept\n"
        done = subprocess.run(
            ["sh", "-c", script], cwd=clone, env=before, capture_output=True, text=True, timeout=800, check=False
        )
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    said = run(rest[:upload])
    fill_in(folder / "team.xlsx", folder / "filled.xlsx")
    said += run(rest[upload:])

    assert "Published as version 1" in said
    assert "daniel@northwind.example\n" in said
    assert "3 new, 0 changed" in said
    assert said.rstrip().endswith(" 0 invariants broken.")
    for report in ("maya.pdf", "maya-reads-it.pdf"):
        assert (folder / report).read_bytes().startswith(b"%PDF-")
    assert openpyxl.load_workbook(folder / "results.xlsx").worksheets
    assert {one.name for one in clone.iterdir()} == {"services", "first-cycle"}
    assert "/first-cycle/" in (ROOT / ".gitignore").read_text().splitlines()
