"""The directory and the copy every service keeps of it answer the same about every day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from chassis.identity import Actor, Directory
from chassis.testing import now
from chassis.unit import CommandInfo
from contracts import people
from contracts.envelope import Published
from people_svc.domain import Employee

from .conftest import Colleague, Running

CONTRACTS = {
    contract.TYPE: contract
    for contract in vars(people).values()
    if isinstance(contract, type) and issubclass(contract, Published) and contract.TYPE
}
TODAY = now().date()
FIRST = date(2020, 1, 1)


def day(offset: int) -> str:
    return str(TODAY + timedelta(days=offset))


HISTORIES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "nothing but the first day": [],
    "a leave that ends": [("status", {"status": "leave", "effective_on": day(-10), "until": day(-5)})],
    "a leave ahead": [("status", {"status": "leave", "effective_on": day(10), "until": day(20)})],
    "a planned last day": [("status", {"status": "left", "effective_on": day(15)})],
    "a last day that was undone": [
        ("status", {"status": "left", "effective_on": day(15)}),
        ("status", {"status": "active", "effective_on": day(15)}),
    ],
    "left and back": [
        ("status", {"status": "left", "effective_on": day(-20)}),
        ("status", {"status": "active", "effective_on": day(-8)}),
    ],
    "left earlier than planned": [
        ("status", {"status": "left", "effective_on": day(15)}),
        ("status", {"status": "left", "effective_on": day(5)}),
    ],
    "two managers, the later told first": [
        ("manager", {"manager": "second", "effective_on": day(12)}),
        ("manager", {"manager": None, "effective_on": day(-12)}),
    ],
    "a manager corrected for the same day": [
        ("manager", {"manager": "second", "effective_on": day(-3)}),
        ("manager", {"manager": None, "effective_on": day(-3)}),
    ],
    "titles, the later told first": [
        ("", {"job_title": "Lead", "effective_on": day(9)}),
        ("", {"job_title": "Senior", "effective_on": day(-9)}),
        ("", {"location": "York"}),
    ],
    "a location changed while a title waits for its day": [
        ("", {"location": "Leeds"}),
        ("", {"job_title": "Lead", "effective_on": day(9)}),
        ("", {"location": "York", "family_name": "Byron"}),
    ],
}
TABLES = ("directory_people", "directory_jobs", "directory_managers", "directory_statuses")


@pytest.mark.parametrize("told", HISTORIES.values(), ids=HISTORIES)
def test_both_say_the_same_of_everything_on_every_day_also_when_the_copy_is_made_again(
    hr: Colleague, running: Running, told: list[tuple[str, dict[str, Any]]]
) -> None:
    managers = {"first": hr.adds("First"), "second": hr.adds("Second")}
    ada = hr.adds("Ada", manager=managers["first"], job_title="Engineer", starts_on=str(FIRST))
    for what, body in told:
        body = body | ({"manager": managers.get(body["manager"] or "")} if what == "manager" else {})
        answer = hr.post(f"/people/{ada}/{what}", body) if what else hr.patch(f"/people/{ada}", body)
        assert answer.status_code == 200, answer.text
    hr.get("/people")
    both_say_the_same(running, hr.workspace, ada)

    copied = rows(running, hr.workspace)
    copy_again(running, hr.workspace)
    assert rows(running, hr.workspace) == copied
    both_say_the_same(running, hr.workspace, ada)


def both_say_the_same(running: Running, workspace: str, ada: str) -> None:
    with running.service.reader(workspace) as reader:
        employee, _ = reader.state(Employee, ada)
        assert employee is not None
        for offset in range(-40, 40):
            on = TODAY + timedelta(days=offset)
            copied = Directory(reader.rows, now() + timedelta(days=offset))
            person = copied.person(ada)
            assert person is not None
            assert (person.status, person.manager, person.job_title, person.department) == (
                employee.status_on(on),
                employee.manager_on(on),
                employee.job_on(on).title,
                employee.job_on(on).department,
            ), on
            details = employee.details
            assert (person.given_name, person.family_name, person.work_email, person.location) == (
                details.given_name,
                details.family_name,
                details.work_email,
                details.location,
            ), on


def rows(running: Running, workspace: str) -> list[list[dict[str, Any]]]:
    """Return everything the service has copied of the people of a workspace."""
    with running.service.reader(workspace) as reader:
        sql = "select * from {} where workspace = %(workspace)s order by 1, 2, 3"
        return [reader.rows(sql.format(table)) for table in TABLES]


def copy_again(running: Running, workspace: str) -> None:
    """Empty the copy, and let the service hear everything once more."""
    service = running.service
    info = CommandInfo(workspace, "test", "copy again", correlation_id="test")
    with service.pool.connection() as connection:
        unit = service.unit(connection, info, Actor.service(workspace, "people"), may_copy=True)
        for table in TABLES:
            unit.copy(f"delete from {table} where workspace = %(workspace)s")
        for envelope in service.feed.events(service.topic, workspace, 0).records:
            contract = CONTRACTS[envelope.type]
            for handler in service.heard[contract]:
                handler(unit, contract.model_validate_json(envelope.data), envelope)
