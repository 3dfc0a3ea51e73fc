"""The directory and the copy every service keeps of it answer the same about every day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from chassis.identity import Directory
from people_svc.domain import Employee

from .conftest import Caller, Running, now

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
}


@pytest.mark.parametrize("told", HISTORIES.values(), ids=HISTORIES)
def test_both_say_the_same_of_status_manager_and_title_on_every_day(
    hr: Caller, running: Running, told: list[tuple[str, dict[str, Any]]]
) -> None:
    people = {"first": hr.adds("First"), "second": hr.adds("Second")}
    ada = hr.adds("Ada", manager=people["first"], job_title="Engineer", starts_on=str(FIRST))
    for what, body in told:
        body = body | ({"manager": people.get(body["manager"] or "")} if what == "manager" else {})
        answer = hr.post(f"/people/{ada}/{what}", body) if what else hr.patch(f"/people/{ada}", body)
        assert answer.status_code == 200, answer.text
    hr.get("/people")

    with running.service.reader(hr.workspace) as reader:
        employee, _ = reader.state(Employee, ada)
        assert employee is not None
        for offset in range(-40, 40):
            on = TODAY + timedelta(days=offset)
            copied = Directory(reader.rows, now() + timedelta(days=offset))
            person = copied.person(ada)
            assert person is not None
            assert (person.status, person.manager, person.job_title) == (
                employee.status_on(on),
                employee.manager_on(on),
                employee.job_on(on).title,
            ), on
