"""Whom `ladder token` signs in, and what they may and may not do with it.

hr · manager · employee · an e-mail address: one real route that each may take, and one that they may not
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .conftest import Installation

PEOPLE = """employee_number,work_email,given_name,family_name,manager,status,start_date
7,mara@example.com,Mara,Moss,,active,2020-03-01
8,emil@example.com,Emil,Ash,mara@example.com,active,2021-03-01
9,else@example.com,Else,Berg,mara@example.com,active,2022-03-01
"""


@pytest.fixture(scope="module")
def company(system: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A workspace of an HR admin, a manager, and two people who report to her."""
    workspace = system.workspace("Acting", "ida@example.com")
    file = tmp_path_factory.mktemp("acting") / "people.csv"
    file.write_text(PEOPLE)
    taken = system.run("import-people", str(file), "--workspace", workspace, "--yes")
    assert taken.returncode == 0, taken.stderr
    return workspace


@pytest.fixture
def door(system: Installation) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{system.url}/api", timeout=30) as client:
        yield client


def test_hr_exports_the_directory_and_chooses_nobodys_target(
    system: Installation, company: str, door: httpx.Client
) -> None:
    hr = system.token("hr", company)
    everybody = door.get("/people/v1/people", headers=hr).json()["items"]
    emil = next(one["id"] for one in everybody if one["work_email"] == "emil@example.com")

    exported = door.get("/people/v1/export.csv", headers=hr)
    chosen = door.put(f"/gap/v1/people/{emil}/target", json={"target": None}, headers=hr | {"If-Match": '"0"'})

    assert exported.status_code == 200
    assert "emil@example.com" in exported.text
    assert chosen.status_code == 403, chosen.text


def test_a_manager_sees_the_team_and_cannot_export_the_directory(
    system: Installation, company: str, door: httpx.Client
) -> None:
    manager = system.token("manager", company)

    seen = {one["work_email"] for one in door.get("/people/v1/people", headers=manager).json()["items"]}

    assert seen == {"mara@example.com", "emil@example.com", "else@example.com"}
    assert door.get("/people/v1/export.csv", headers=manager).status_code == 403


def test_an_employee_sees_themselves_and_nobody_beside_them(
    system: Installation, company: str, door: httpx.Client
) -> None:
    employee = system.token("employee", company)

    seen = [one["work_email"] for one in door.get("/people/v1/people", headers=employee).json()["items"]]

    assert seen in (["emil@example.com"], ["else@example.com"])
    assert door.get("/framework/v1/placements", headers=employee).status_code == 403


def test_an_e_mail_address_signs_in_the_person_who_has_it(
    system: Installation, company: str, door: httpx.Client
) -> None:
    hr, emil = system.token("ida@example.com", company), system.token("Emil@Example.com", company)
    everybody = {one["work_email"]: one["id"] for one in door.get("/people/v1/people", headers=hr).json()["items"]}

    own = door.get(f"/people/v1/people/{everybody['emil@example.com']}", headers=emil)
    other = door.get(f"/people/v1/people/{everybody['else@example.com']}", headers=emil)

    assert (own.status_code, own.json()["given_name"]) == (200, "Emil")
    assert other.status_code == 404


def test_a_token_for_the_feed_reads_what_is_published_of_its_company_and_is_hr_nowhere_else(
    system: Installation, company: str, door: httpx.Client
) -> None:
    analytics = token_for_the_feed(system, "hr", company)

    (head,) = door.get("/people/v1/heads?topic=people.v1", headers=analytics).json()["heads"]
    page = door.get("/people/v1/events?topic=people.v1&limit=1000", headers=analytics).json()

    assert (head["workspace"], head["last"]) == (company, page["through"])
    assert {one["workspace"] for one in page["records"]} == {company}
    assert page["records"][-1]["sequence"] == page["through"]
    assert door.get(f"/people/v1/events?topic=people.v1&workspace={system.northwind}", headers=analytics).is_client_error
    assert door.get("/people/v1/export.csv", headers=analytics).status_code == 403
    assert door.get("/people/v1/events?topic=people.v1", headers=system.token("hr", company)).status_code == 403


def test_only_somebody_of_hr_is_given_a_token_for_the_feed(system: Installation, company: str) -> None:
    refused = system.run("token", "--as", "manager", "--scope", "feed", "--workspace", company)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "name somebody of HR (--as hr)" in refused.stderr


def token_for_the_feed(system: Installation, who: str, workspace: str) -> dict[str, str]:
    signed = system.run("token", "--as", who, "--scope", "feed", "--workspace", workspace)
    assert signed.returncode == 0, signed.stderr
    return {"Authorization": f"Bearer {signed.stdout.strip()}"}


def test_a_token_of_one_company_opens_nothing_of_another(
    system: Installation, company: str, door: httpx.Client, tmp_path: Path
) -> None:
    hr = system.token("hr", company)
    emil = next(
        one["id"]
        for one in door.get("/people/v1/people", headers=hr).json()["items"]
        if one["work_email"] == "emil@example.com"
    )

    stranger = system.token("hr", system.northwind)

    assert door.get(f"/people/v1/people/{emil}", headers=stranger).status_code == 404
