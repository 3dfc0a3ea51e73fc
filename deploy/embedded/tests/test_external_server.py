"""The command line over somebody else's PostgreSQL (LADDER_DATABASE_URL): nothing of our own is started.

doctor → workspace create → up → token → HTTP → verify → the next start finds what was recorded
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
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


@pytest.fixture
def over_kafka(elsewhere: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installation:
    """An installation whose events go over Kafka, by workers that do not run now: a workspace and Maya were written."""
    people = tmp_path / "people.csv"
    people.write_text("employee_number,given_name,family_name,start_date\n7,Maya,Moss,2024-03-01\n")
    monkeypatch.setenv("LADDER_KAFKA", "127.0.0.1:1")
    elsewhere.workspace("Northwind", "hanna@example.com")
    taken = elsewhere.run("import-people", str(people), "--yes")
    assert taken.returncode == 0, taken.stderr
    return elsewhere


def test_where_kafka_is_named_no_command_counts_as_sent_what_kafka_never_saw(over_kafka: Installation) -> None:
    verified = over_kafka.run("verify")

    assert rows("select * from people.published")
    assert rows("select * from people.relayed") == []
    assert len(rows("select * from gap.directory_people")) == 2  # what follows from it in other services followed
    assert [line.split(": ")[1] for line in verified.stdout.splitlines()[:-1]] == ["relays have sent everything"]


def test_where_kafka_is_named_one_process_without_it_is_refused_with_the_command_to_run(over_kafka: Installation) -> None:
    for refused in (over_kafka.run("up", "--port", "0"), over_kafka.run("demo")):
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith("LADDER_KAFKA is set")
        assert "`ladder up --services`" in refused.stderr


def test_a_restore_where_kafka_is_named_lets_the_services_find_together_and_sends_nothing(
    over_kafka: Installation, postgres: Embedded, tmp_path: Path
) -> None:
    assert over_kafka.run("backup", str(tmp_path / "backup")).returncode == 0

    with fresh_database(postgres) as anew:
        restored = over_kafka.run("restore", str(tmp_path / "backup"), LADDER_DATABASE_URL=anew.admin_dsn())

        assert (restored.returncode, restored.stdout.splitlines()[-1].endswith(" 0 invariants broken.")) == (0, True)
        assert "Nothing was sent to Kafka: the workers send what it lacks, once they run" in restored.stderr
        assert rows("select * from people.relayed", anew.admin_dsn()) == []


def rows(sql: LiteralString, dsn: str = "") -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn or os.environ["LADDER_DATABASE_URL"]) as admin:
        return admin.execute(sql).fetchall()


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
