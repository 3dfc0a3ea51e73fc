"""A draft ladder from O*NET® data on the command line: archive → YAML to edit → the draft of a framework."""

from __future__ import annotations

import zipfile
from pathlib import Path

import httpx
import pytest

from framework_svc.documents import exchange

from .conftest import Installation

EXCERPT = Path(__file__).parents[3] / "services/framework-svc/tests/data/onet/29.0"
CREDIT = "Used under the CC BY 4.0 license"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The committed excerpt of the 29.0 release, zipped as it is downloaded."""
    path = tmp_path / "db_29_0_text.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for table in sorted(EXCERPT.glob("*.txt")):
            packed.write(table, f"db_29_0_text/{table.name}")
    return path


def test_an_occupation_becomes_a_draft_with_its_provenance_and_credit_that_a_framework_takes(
    system: Installation, archive: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "nurse.yaml"
    workspace = system.workspace("Clinic", "cleo@example.com")

    made = system.run("onet", str(archive), "Registered Nurses", "-o", str(draft))
    taken = system.run("import-framework", str(draft), "--workspace", workspace)

    assert (made.returncode, made.stdout) == (0, f"Wrote {draft}\n"), made.stderr
    document = exchange.read(draft.read_bytes())
    (ladder,) = document.ladders
    assert any(CREDIT in credit for credit in ladder.credits)
    assert document.competencies
    for competency in document.competencies:
        assert competency.provenance is not None, competency.id
        assert competency.provenance.release == "29.0"
        assert competency.provenance.element
    assert taken.returncode == 0, taken.stderr
    assert taken.stdout == f"{ladder.id}: added in the draft\n"
    hr = system.token("hr", workspace)
    there = httpx.get(f"{system.url}/api/framework/v1/framework/draft/ladders/{ladder.id}", headers=hr).json()
    assert there["ladder"]["credits"] == list(ladder.credits)


def test_an_occupation_is_chosen_by_its_code_too(system: Installation, archive: Path, tmp_path: Path) -> None:
    by_code, by_title = tmp_path / "code.yaml", tmp_path / "title.yaml"
    system.run("onet", str(archive), "29-1141.00", "-o", str(by_code))
    system.run("onet", str(archive), "registered nurses", "-o", str(by_title))
    assert by_code.read_bytes() == by_title.read_bytes()


def test_an_unknown_occupation_is_one_line_that_says_so_and_writes_nothing(
    system: Installation, archive: Path, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.yaml"

    refused = system.run("onet", str(archive), "Lighthouse keeper", "-o", str(draft))

    said = [line for line in refused.stderr.splitlines() if not line.startswith("· ")]
    assert (refused.returncode, refused.stdout, len(said)) == (2, "", 1)
    assert "Lighthouse keeper" in said[0]
    assert not draft.exists()
