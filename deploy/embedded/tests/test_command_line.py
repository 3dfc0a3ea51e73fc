"""The command line, run as people run it: one process per command, over a data folder of its own.

up → workspace create → token → HTTP → verify, while it runs and after it ended
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

Ladder = list[str]
LADDER: Ladder = [sys.executable, "-c", "from ladder.cli import main; main()"]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A data folder that PostgreSQL's account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-cli-"))
    folder.chmod(0o755)
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    environ = {**os.environ, "LADDER_HOME": str(home), "COLUMNS": "200"}
    return subprocess.run([*LADDER, *arguments], capture_output=True, text=True, env=environ, timeout=120, check=False)


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    """A running system, ended as a person ends it."""
    environ = {**os.environ, "LADDER_HOME": str(home), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
    process = subprocess.Popen([*LADDER, "up", "--port", "0"], stdout=subprocess.PIPE, text=True, env=environ)
    assert process.stdout is not None
    found = None
    for line in process.stdout:
        found = found or re.search(r"http://127\.0\.0\.1:\d+", line)
        if line.startswith("Stop"):
            break
    assert found, "the system did not say where it is"
    yield found[0]
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    assert process.wait(60) == 0
    process.stdout.close()


def test_a_workspace_opened_on_the_command_line_is_read_over_http_with_a_token(home: Path, url: str) -> None:
    made = run(home, "workspace", "create", "Northwind", "--admin", "hanna@example.com")
    assert made.returncode == 0, made.stderr
    token = run(home, "token", "--as", "hr").stdout.strip()

    answer = httpx.get(f"{url}/api/people/v1/people", headers={"Authorization": f"Bearer {token}"})

    assert [one["work_email"] for one in answer.json()["items"]] == ["hanna@example.com"]


def test_every_service_is_ready_and_shows_its_document(url: str) -> None:
    for service in ("people", "framework", "evaluation", "gap"):
        assert httpx.get(f"{url}/api/{service}/v1/readyz").json()["status"] == "ok"
        assert httpx.get(f"{url}/api/{service}/v1/openapi.json").json()["openapi"].startswith("3.1")


def test_without_a_token_nothing_is_read(url: str) -> None:
    answer = httpx.get(f"{url}/api/people/v1/people")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_a_second_system_on_the_same_data_says_so_and_exits_with_2(home: Path, url: str) -> None:
    second = run(home, "up", "--port", "0")
    assert second.returncode == 2
    assert "already running" in second.stderr


def test_the_demo_is_refused_while_a_system_runs_on_the_data(home: Path, url: str) -> None:
    assert run(home, "demo").returncode == 2


def test_the_record_verifies_while_it_runs(home: Path, url: str) -> None:
    verdict = json.loads(run(home, "verify", "--json").stdout)
    assert verdict["broken"] == []
    assert verdict["events"] > 0


def test_a_view_that_does_not_exist_is_refused_with_the_ones_that_do(home: Path, url: str) -> None:
    refused = run(home, "rebuild", "nothing")
    assert refused.returncode == 2
    assert "evaluation_list" in refused.stderr


def test_a_view_is_rebuilt_and_the_record_still_verifies(home: Path, url: str) -> None:
    assert run(home, "rebuild", "people").returncode == 0
    assert run(home, "verify").returncode == 0


def test_an_unknown_address_gets_no_token(home: Path, url: str) -> None:
    refused = run(home, "token", "--as", "nobody@example.com")
    assert (refused.returncode, refused.stdout) == (2, "")


def test_the_newest_events_are_printed_without_what_they_say(home: Path, url: str) -> None:
    printed = run(home, "events", "tail", "-n", "5").stdout
    assert json.loads(printed.splitlines()[-1])["service"] in ("people", "framework", "evaluation", "gap")
    assert "hanna" not in printed


def test_parked_events_of_an_unknown_service_are_refused_with_the_ones_there_are(home: Path, url: str) -> None:
    refused = run(home, "parked", "replay", "nothing", "ws_1")
    assert refused.returncode == 2
    assert "people, framework, evaluation, gap" in refused.stderr


def test_nothing_is_parked_and_nothing_is_replayed(home: Path, url: str) -> None:
    assert run(home, "parked", "list").stdout == ""
    assert json.loads(run(home, "parked", "replay", "gap", "ws_1").stdout) == {"applied": [], "stopped": []}


def test_looking_where_no_installation_is_makes_none(home: Path) -> None:
    elsewhere = home.parent / "typo"
    refused = run(elsewhere, "verify")
    assert refused.returncode == 2
    assert "There is no installation" in refused.stderr
    assert not elsewhere.exists()


def test_a_taken_port_is_said_at_once_with_what_to_do(home: Path, url: str) -> None:
    port = url.rpartition(":")[2]
    refused = run(home.parent / "second", "up", "--demo", "--port", port)
    assert refused.returncode == 2
    assert "--port" in refused.stderr
