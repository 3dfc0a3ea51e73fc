"""The command line over somebody else's PostgreSQL (LADDER_DATABASE_URL): nothing of our own is started.

doctor → workspace create → up → token → HTTP → verify → the next start finds what was recorded
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chassis.postgres import Embedded
from chassis.testing import fresh_database

from .conftest import Installation, serving


@pytest.fixture
def elsewhere(postgres: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation whose database is on another server; its folder holds its key and its list of erasures."""
    with fresh_database(postgres) as database:
        monkeypatch.setenv("LADDER_DATABASE_URL", database.admin_dsn())
        yield Installation(tmp_path / "data")


def test_an_installation_on_another_server_is_looked_at_run_and_verified(elsewhere: Installation) -> None:
    looked = elsewhere.run("doctor", "--port", "0")
    assert looked.returncode == 0, looked.stdout
    assert "the one LADDER_DATABASE_URL names" in looked.stdout

    workspace = elsewhere.workspace("Northwind", "hanna@example.com")
    with serving(elsewhere.home) as running:
        hr = running.token("hr", workspace)
        read = httpx.get(f"{running.url}/api/people/v1/people", headers=hr).json()
        assert [one["work_email"] for one in read["items"]] == ["hanna@example.com"]
        verified = running.run("verify")
        assert (verified.returncode, verified.stdout.splitlines()[-1].endswith(" 0 invariants broken.")) == (0, True)
        assert running.run("doctor").returncode == 0

    assert elsewhere.run("verify").returncode == 0
    assert not (elsewhere.home / "postgres").exists()


def test_a_backup_made_while_it_runs_on_one_server_comes_back_on_another(
    elsewhere: Installation, postgres: Embedded, tmp_path: Path
) -> None:
    workspace = elsewhere.workspace("Northwind", "hanna@example.com")
    with serving(elsewhere.home) as running:
        made = running.run("backup", str(tmp_path / "backup"))
    assert made.returncode == 0, made.stderr
    assert [line.split(": ")[0] for line in made.stdout.splitlines()[:2]] == [
        str(tmp_path / "backup" / name) for name in ("data.dump", "keys.dump")
    ]

    back = Installation(tmp_path / "back")
    back.home.mkdir()
    for name in ("installation.key", "erasures"):
        shutil.copy2(elsewhere.home / name, back.home)
    with fresh_database(postgres) as database:
        given = {"LADDER_DATABASE_URL": database.admin_dsn()}
        restored = back.run("restore", str(tmp_path / "backup"), **given)
        again = back.run("restore", str(tmp_path / "backup"), **given)
        token = back.run("token", "--as", "hanna@example.com", "--workspace", workspace, **given)

    assert (restored.returncode, restored.stdout.splitlines()[-1].endswith(" 0 invariants broken.")) == (0, True)
    assert (again.returncode, again.stderr.splitlines()[-1].startswith("There is data here already")) == (2, True)
    assert token.returncode == 0, token.stderr
    assert not (back.home / "postgres").exists()


def test_a_server_that_is_not_there_is_said_in_one_line(installation: Installation) -> None:
    refused = installation.run("verify", LADDER_DATABASE_URL="host=/nowhere dbname=ladder user=postgres")

    assert (refused.returncode, refused.stdout) == (2, "")
    said = [line for line in refused.stderr.splitlines() if not line.startswith("· ")]
    assert len(said) == 1, refused.stderr
    assert "LADDER_DATABASE_URL" in said[0]


def test_the_demo_that_was_cut_off_on_another_server_is_never_dropped_by_itself(elsewhere: Installation) -> None:
    elsewhere.home.mkdir()
    (elsewhere.home / "demo-unfinished").touch()

    refused = elsewhere.run("up", "--port", "0")

    assert refused.returncode == 2
    assert "make the database of LADDER_DATABASE_URL anew" in refused.stderr
