"""Files taken into a workspace from the command line.

framework: draft → replaced → published · people: preview → confirmation → batch · by the socket and by LADDER_URL
"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from framework_svc import templates

from .conftest import Installation

HEAD = "employee_number,work_email,given_name,family_name,manager,status,start_date"


@pytest.fixture
def company(system: Installation) -> str:
    """A workspace of this test's own."""
    return system.run("workspace", "create", "Imports", "--admin", "ida@example.com").stdout.split()[1]


def people(path: Path, *rows: str) -> str:
    file = path / "people.csv"
    file.write_text("\n".join((HEAD, *rows)))
    return str(file)


def read(system: Installation, company: str, path: str) -> httpx.Response:
    token = system.run("token", "--as", "hr", "--workspace", company).stdout.strip()
    return httpx.get(f"{system.url}/api/{path}", headers={"Authorization": f"Bearer {token}"})


def test_a_framework_is_added_to_the_draft_then_replaced_and_published_only_when_asked(
    system: Installation, company: str, tmp_path: Path
) -> None:
    file = tmp_path / "sales.yaml"
    file.write_text(templates.text("sales"))

    added = system.run("import-framework", str(file), "--workspace", company)
    again = system.run("import-framework", str(file), "--workspace", company)
    assert read(system, company, "framework/v1/framework").status_code == 404
    published = system.run("import-framework", str(file), "--workspace", company, "--publish")

    assert (added.returncode, added.stdout) == (0, "sales: added in the draft\n"), added.stderr
    assert (again.returncode, again.stdout) == (0, "sales: replaced in the draft\n")
    assert published.stdout == "sales: replaced in the draft\nPublished as version 1\n"
    assert read(system, company, "framework/v1/framework").json()["note"] == "From sales.yaml"


def test_a_file_of_people_is_shown_row_by_row_and_taken_as_one_batch(
    system: Installation, company: str, tmp_path: Path
) -> None:
    file = people(tmp_path, "7,maya@example.com,Maya,Moss,ida@example.com,active,2024-03-01")

    asked = system.run("import-people", file, "--workspace", company)
    taken = system.run("import-people", file, "--workspace", company, "--yes")
    again = system.run("import-people", file, "--workspace", company, "--yes")

    assert asked.returncode == 2
    assert asked.stderr.splitlines()[-1] == "Nothing was changed: say --yes to take it where nobody can be asked."
    assert taken.returncode == 0, taken.stderr
    assert "given_name: Maya" in taken.stdout
    assert taken.stdout.splitlines()[-1].endswith(": 1 new, 0 changed, 0 unchanged.")
    assert again.stdout.splitlines()[-1] == "Nothing would change."
    assert len(read(system, company, "people/v1/people").json()["items"]) == 2


def test_whoever_cannot_be_placed_is_named_with_the_reason_and_everybody_else_sits_where_the_file_says(
    system: Installation, company: str, tmp_path: Path
) -> None:
    framework = tmp_path / "engineering.yaml"
    framework.write_text(templates.text("engineering"))
    system.run("import-framework", str(framework), "--workspace", company, "--publish")
    file = tmp_path / "placed.csv"
    file.write_text(
        f"{HEAD},family,track,level\n"
        "7,maya@example.com,Maya,Moss,,active,2024-03-01,Engineering,ic,IC2\n"
        "8,tom@example.com,Tom,Toll,,active,,Engineering,ic,Wizard\n"
        "9,ann@example.com,Ann,Ash,,preboarding,2090-03-01,engineering,ic,IC1\n"
    )

    taken = system.run("import-people", str(file), "--workspace", company, "--yes")

    assert taken.returncode == 0, taken.stderr
    said = [line for line in taken.stderr.splitlines() if not line.startswith("· ")]
    assert said[0].startswith("No start_date in line 3: whoever is new there starts on the day this is taken.")
    assert said[1].startswith("Tom Toll is not placed (Engineering, ic, Wizard): ")
    assert said[2].startswith("1 person sits at no level yet")
    assert len(said) == 3
    seats = read(system, company, "framework/v1/placements").json()["items"]
    assert {(one["level"], one["reason"], one["planned"]) for one in seats} == {
        ("engineering.ic2", "correction", False),
        ("engineering.ic1", "hire", True),
    }


def test_when_an_import_ends_every_service_knows_of_it(system: Installation, company: str, tmp_path: Path) -> None:
    hr = {"Authorization": read(system, company, "people/v1/people").request.headers["Authorization"]}
    file = people(tmp_path, "7,maya@example.com,Maya,Moss,ida@example.com,active,2024-03-01")

    system.run("import-people", file, "--workspace", company, "--yes")

    everybody = httpx.get(f"{system.url}/api/people/v1/people", headers=hr).json()["items"]
    maya = next(one["id"] for one in everybody if one["given_name"] == "Maya")
    assert httpx.get(f"{system.url}/api/gap/v1/people/{maya}/reports", headers=hr).status_code == 200


def test_a_file_with_errors_lists_line_column_value_and_remedy_and_changes_nothing(
    system: Installation, company: str, tmp_path: Path
) -> None:
    file = people(
        tmp_path,
        "7,maya@example.com,Maya,Moss,,active,2024-03-01",
        "8,no address,Tom,Toll,,active,2024-03-01",
        "9,ann@example.com,Ann,Ash,,active,1st of May",
    )

    refused = system.run("import-people", file, "--workspace", company, "--yes")

    assert (refused.returncode, refused.stdout) == (2, "")
    said = refused.stderr.splitlines()
    assert said[-3].startswith("line 3, work_email 'no address': ")
    assert said[-2].startswith("line 4, start_date '1st of May': ")
    assert said[-1].endswith("nothing was changed; mend this and try again.")
    assert len(read(system, company, "people/v1/people").json()["items"]) == 1


def test_the_first_hr_admin_is_called_as_the_command_says(system: Installation) -> None:
    called = ("--given-name", "Eve", "--family-name", "East")
    made = system.run("workspace", "create", "Eastwind", "--admin", "eve@example.com", *called).stdout.split()[1]

    (eve,) = read(system, made, "people/v1/people").json()["items"]
    assert (eve["given_name"], eve["family_name"]) == ("Eve", "East")


def test_a_heading_nobody_knows_is_told_with_the_column_it_may_mean(
    system: Installation, company: str, tmp_path: Path
) -> None:
    file = tmp_path / "misspelt.csv"
    file.write_text("employee_number,given_name,family_name,Manger,shoe size\n7,Maya,Moss,ida@example.com,38\n")

    taken = system.run("import-people", str(file), "--workspace", company, "--yes")

    assert taken.returncode == 0, taken.stderr
    assert "The column 'Manger' is not known and is passed over; manager is." in taken.stderr
    assert "The column 'shoe size' is not known and is passed over." in taken.stderr


def test_a_file_that_ends_more_than_a_fifth_of_the_people_needs_a_confirmation_of_its_own(
    system: Installation, company: str, tmp_path: Path
) -> None:
    row = "7,maya@example.com,Maya,Moss,ida@example.com,{},2024-03-01"
    system.run("import-people", people(tmp_path, row.format("active")), "--workspace", company, "--yes")
    leaving = people(tmp_path, row.format("left"))

    refused = system.run("import-people", leaving, "--workspace", company, "--yes")
    confirmed = system.run("import-people", leaving, "--workspace", company, "--yes", "--confirm-endings")

    assert refused.returncode == 2
    assert "1 of 2 active people would leave, more than a fifth" in refused.stderr
    assert confirmed.returncode == 0, confirmed.stderr
    assert confirmed.stdout.splitlines()[-1].endswith(": 0 new, 1 changed, 0 unchanged.")


def test_a_file_is_taken_at_an_address_with_the_token_of_somebody_who_may(
    system: Installation, company: str, tmp_path: Path
) -> None:
    file = people(tmp_path, "7,maya@example.com,Maya,Moss,ida@example.com,active,2024-03-01")
    token = system.run("token", "--as", "hr", "--workspace", company).stdout.strip()
    taken = system.run("import-people", file, "--yes", LADDER_URL=system.url, LADDER_TOKEN=token)
    employee = system.run("token", "--as", "maya@example.com", "--workspace", company).stdout.strip()
    refused = system.run("import-people", file, "--yes", LADDER_URL=system.url, LADDER_TOKEN=employee)
    named = system.run("import-people", file, "--as", "hr", LADDER_URL=system.url, LADDER_TOKEN=token)

    assert taken.returncode == 0, taken.stderr
    assert (refused.returncode, refused.stdout) == (2, "")
    assert named.stderr == "--as 'hr': with LADDER_URL the token says this; leave the option out.\n"


def test_without_a_running_system_a_file_is_taken_all_the_same(installation: Installation, tmp_path: Path) -> None:
    installation.run("workspace", "create", "Northwind", "--admin", "hanna@example.com")

    taken = installation.run("import-people", people(tmp_path, "7,m@example.com,M,M,,active,2024-03-01"), "--yes")

    assert taken.returncode == 0, taken.stderr
    assert "1 new, 0 changed" in taken.stdout
