"""The command line beside a running system.

up → workspace create → token → HTTP → verify → rebuild → events tail, then a second start and its end
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from chassis.testing import open_folder
from ladder.processes import SERVICES

from .conftest import Installation, serving


def test_a_workspace_opened_on_the_command_line_is_read_over_http_with_a_token(system: Installation) -> None:
    token = system.run("token", "--as", "hr", "--workspace", system.northwind).stdout.strip()

    answer = httpx.get(f"{system.url}/api/people/v1/people", headers={"Authorization": f"Bearer {token}"})

    assert "hanna@example.com" in [one["work_email"] for one in answer.json()["items"]]


def test_without_a_token_nothing_is_read(system: Installation) -> None:
    answer = httpx.get(f"{system.url}/api/people/v1/people")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


def test_a_second_system_on_the_same_data_says_so_and_exits_with_2(system: Installation) -> None:
    second = system.run("up", "--port", "0")
    assert second.returncode == 2
    assert "already running" in second.stderr


def test_a_second_system_is_told_of_the_data_and_not_of_the_port_while_the_first_still_starts(
    installation: Installation,
) -> None:
    installation.home.mkdir()
    with (installation.home / "postgres.lock").open("w") as held, socket.create_server(("127.0.0.1", 0)) as taken:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4711\n")
        held.flush()
        second = installation.run("up", "--port", str(taken.getsockname()[1]))

    assert (second.returncode, second.stdout) == (2, "")
    assert "already running" in second.stderr
    assert "(process 4711)" in second.stderr


def test_the_demo_is_refused_while_a_system_runs_on_the_data(system: Installation) -> None:
    assert system.run("demo").returncode == 2


def test_the_record_verifies_while_it_runs(system: Installation) -> None:
    verdict = json.loads(system.run("verify", "--json").stdout)
    assert verdict["broken"] == []
    assert verdict["events"] > 0


def test_a_view_that_does_not_exist_is_refused_with_the_ones_that_do(system: Installation) -> None:
    refused = system.run("rebuild", "nothing")
    assert refused.returncode == 2
    assert "evaluation_list" in refused.stderr


def test_a_view_is_rebuilt_and_the_record_still_verifies(system: Installation) -> None:
    assert system.run("rebuild", "people").returncode == 0
    assert system.run("verify").returncode == 0


def test_an_unknown_address_gets_no_token(system: Installation) -> None:
    refused = system.run("token", "--as", "nobody@example.com", "--workspace", system.northwind)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Nobody at work is 'nobody@example.com'")


def test_where_there_are_several_workspaces_a_token_asks_for_one(system: Installation) -> None:
    system.run("workspace", "create", "Westwind", "--admin", "wanda@example.com")
    refused = system.run("token", "--as", "hr")
    assert refused.returncode == 2
    assert "name one by its id with --workspace" in refused.stderr
    assert f"{system.northwind} (Northwind)" in refused.stderr
    assert "(Westwind)" in refused.stderr


def test_the_newest_events_are_printed_without_what_they_say(system: Installation) -> None:
    printed = system.run("events", "tail", "-n", "5").stdout
    assert len(printed.splitlines()) == 5
    assert json.loads(printed.splitlines()[-1])["service"] in SERVICES
    assert "hanna" not in printed


def test_whoever_follows_the_events_sees_each_new_one_once(system: Installation) -> None:
    following = system.start("events", "tail", "--follow", "--service", "people", "-n", "1")
    assert following.stdout is not None
    seen = [json.loads(following.stdout.readline())]
    system.run("workspace", "create", "Southwind", "--admin", "sam@example.com")
    topics: list[str] = []
    while "workspace.opened" not in topics:
        seen.append(json.loads(following.stdout.readline()))
        topics.append(seen[-1]["topic"])
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=30)

    assert following.returncode == 130
    places = [(one["workspace"], one["sequence"]) for one in seen]
    assert len(set(places)) == len(places)


def test_parked_events_of_an_unknown_service_are_refused_with_the_ones_there_are(system: Installation) -> None:
    refused = system.run("parked", "replay", "nothing", "ws_1")
    assert refused.returncode == 2
    assert "people, framework, evaluation, gap" in refused.stderr


def test_nothing_is_parked_and_nothing_is_replayed(system: Installation) -> None:
    assert system.run("parked", "list").stdout == ""
    assert json.loads(system.run("parked", "replay", "gap", "ws_1").stdout) == {"applied": [], "stopped": []}


def test_looking_where_no_installation_is_makes_none(installation: Installation) -> None:
    refused = installation.run("verify")
    assert refused.returncode == 2
    assert "There is no installation" in refused.stderr
    assert not installation.home.exists()


def test_a_folder_whose_name_is_too_long_for_a_socket_is_refused_before_anything_is_made(
    installation: Installation,
) -> None:
    home = installation.home / "deep" / ("x" * 100)
    refused = installation.run("up", "--port", "0", LADDER_HOME=str(home))
    assert refused.returncode == 2
    assert "LADDER_HOME to a shorter one" in refused.stderr
    assert not home.exists()


def test_a_taken_port_is_said_at_once_with_what_to_do(system: Installation, installation: Installation) -> None:
    refused = installation.run("up", "--demo", "--port", system.url.rpartition(":")[2])
    assert refused.returncode == 2
    assert "--port" in refused.stderr
    assert not installation.home.exists()


def test_the_doctor_finds_a_running_system_well(system: Installation) -> None:
    found = system.run("doctor")
    assert found.returncode == 0, found.stdout
    assert "0 invariants broken" in found.stdout


def test_the_doctor_looks_at_a_machine_where_nothing_is_installed_and_makes_nothing(
    system: Installation, installation: Installation
) -> None:
    found = installation.run("doctor", "--port", system.url.rpartition(":")[2])
    assert found.returncode == 1
    assert "Choose another with --port or LADDER_PORT." in found.stdout
    assert "none yet" in found.stdout
    assert not installation.home.exists()


def test_the_doctor_says_that_the_list_of_erasures_belongs_outside_the_data_and_finds_no_fault_in_it(
    system: Installation, tmp_path: Path
) -> None:
    inside = system.run("doctor")
    assert inside.returncode == 0
    assert "set LADDER_ERASURES" in " ".join(inside.stdout.split())

    outside = system.run("doctor", LADDER_ERASURES=str(tmp_path / "erasures"))
    assert "set LADDER_ERASURES" not in " ".join(outside.stdout.split())


def test_who_starts_a_system_is_told_to_keep_the_list_of_erasures_outside_the_data(installation: Installation) -> None:
    def told(**environ: str) -> str:
        process = installation.start("up", "--port", "0", **environ)
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Stop"):
                break
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        assert process.wait(60) == 0
        return "".join(lines)

    assert f"move {installation.home / 'erasures'} to a place" in told()
    elsewhere = installation.home.parent / "kept" / "erasures"
    elsewhere.parent.mkdir()
    (installation.home / "erasures").rename(elsewhere)
    assert "set LADDER_ERASURES" not in told(LADDER_ERASURES=str(elsewhere))


def test_ctrl_c_leaves_no_process_and_no_socket_behind() -> None:
    with open_folder() as folder:
        with serving(folder / "data") as running:
            children = _descendants(running.pid)
        assert children, "PostgreSQL is a child of the system"
        assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
        assert not (folder / "data" / "operator.sock").exists()


def _descendants(pid: int) -> list[int]:
    children = [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
    return [*children, *(other for child in children for other in _descendants(child))]


def test_a_command_that_only_the_operators_socket_takes_refuses_an_address(system: Installation) -> None:
    for command in (["verify"], ["token", "--as", "hr"], ["parked", "list"], ["events", "tail"], ["rebuild", "people"]):
        refused = system.run(*command, LADDER_URL=system.url)
        assert (refused.returncode, refused.stdout) == (2, ""), command
        assert refused.stderr.startswith("Only the operator's socket takes this command: unset LADDER_URL")


@pytest.mark.faults
def test_a_first_run_that_was_killed_while_it_built_the_demo_is_begun_anew(installation: Installation) -> None:
    killed = installation.run("up", "--demo", "--port", "0", LADDER_FAILPOINT="before answer:20")
    assert killed.returncode == -signal.SIGKILL
    refused = installation.run("workspace", "create", "Northwind", "--admin", "hanna@example.com")
    assert refused.returncode == 2
    assert "`ladder up --demo`, which builds it anew" in refused.stderr

    with serving(installation.home) as running:
        assert running.run("token", "--as", "hr").stderr.startswith("There is no workspace yet.")
        made = running.run("workspace", "create", "Northwind", "--admin", "hanna@example.com")
        assert made.returncode == 0, made.stderr
        assert json.loads(running.run("verify", "--json").stdout)["broken"] == []


@pytest.mark.faults
def test_a_first_run_that_was_killed_while_it_made_its_database_goes_on(installation: Installation) -> None:
    process = installation.start("up", "--port", "0")
    while not (installation.home / "postgres").exists():
        assert process.poll() is None
        os.sched_yield()
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()

    with serving(installation.home) as running:
        assert httpx.get(f"{running.url}/api/people/v1/readyz").json() == {"status": "ok"}


def test_the_demo_is_not_built_among_the_workspaces_of_a_company(installation: Installation) -> None:
    installation.run("workspace", "create", "Northwind", "--admin", "hanna@example.com")

    refused = installation.run("demo")

    assert refused.returncode == 2
    assert "holds 1 workspaces already: set LADDER_HOME" in refused.stderr
    assert installation.run("token", "--as", "hr").returncode == 0
