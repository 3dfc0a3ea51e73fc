"""Heard events that could not be applied, as an operator meets them. The chapters stand on each other, in this order.

an event breaks in one service, another is malformed → list → show → replay in vain → the cause mended → replay → discard
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from chassis.testing import open_folder, until
from ladder.processes import SERVICES

from .conftest import Installation, serving

HEAD = "employee_number,work_email,given_name,family_name,status,start_date,time_zone"
MAYA = "7,maya@example.com,Maya,Okonkwo,active,2024-03-01,Pacific/Chatham"
TOM = "8,tom@example.com,Tom,{},active,2024-03-01,Europe/Oslo"
TEXTS = ("maya", "okonkwo", "tom@", "novak", "nowak", "chatham")
"""Whatever was written about these people, in small letters."""

BREAK = """
alter table gap.directory_people add constraint no_chatham check (time_zone is distinct from 'Pacific/Chatham');
create function people.spoil() returns trigger language plpgsql as $$ begin
    new.data := convert_to(
        jsonb_set(convert_from(new.data, 'UTF8')::jsonb, '{effective_on}', '"Tom Nowak"')::text, 'UTF8');
    return new;
end $$;
create trigger spoil before insert on people.published
for each row when (new.type like '%details-changed%') execute function people.spoil();
"""
"""One service that cannot take a time zone, and a publisher that writes a name where a day belongs."""


@pytest.fixture(scope="module")
def broken() -> Iterator[Installation]:
    """A running system in which Maya's entry broke in gap-svc, and the change of Tom's name everywhere."""
    with open_folder() as folder, serving(folder / "data") as running:
        running.northwind = running.workspace("Northwind", "hanna@example.com")
        with psycopg.connect(running.database().admin_dsn()) as admin:
            admin.execute(BREAK)
        for rows in ([MAYA, TOM.format("Novak")], [TOM.format("Nowak")]):
            file = folder / "people.csv"
            file.write_text("\n".join((HEAD, *rows)))
            taken = running.run("import-people", str(file), "--yes")
            assert taken.returncode == 0, taken.stderr
        until(lambda: len(parked(running)) >= 5, "all five parked")
        yield running


def parked(system: Installation) -> list[dict[str, Any]]:
    """What is parked, by the operator's door."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(system.home / "operator.sock")), timeout=60) as door:
        return door.get("http://operator/parked").json()


def place(one: dict[str, Any]) -> tuple[str, str, str]:
    """How a parked event is named on the command line."""
    return one["service"], one["workspace"], one["event_id"]


def of_maya(system: Installation) -> dict[str, Any]:
    (found,) = [one for one in parked(system) if one["type"].endswith("person-added.v1")]
    return found


def test_what_could_not_be_applied_is_listed_by_type_field_and_event_and_by_no_text(broken: Installation) -> None:
    printed = broken.run("parked", "list").stdout
    listed = [json.loads(line) for line in printed.splitlines()]
    found = {(one["service"], one["type"].split(".")[2]): one["reason"] for one in listed}

    assert found == {("gap", "person-added"): "CheckViolation"} | {
        (service, "person-details-changed"): "ValidationError at effective_on"
        for service in SERVICES
    }
    assert [one["event_id"] for one in listed] == [one["event_id"] for one in parked(broken)]
    assert not [text for text in TEXTS if text in printed.lower()]


def test_the_doctor_points_to_what_is_parked(broken: Installation) -> None:
    looked = broken.run("doctor")
    assert looked.returncode == 1
    assert "See `ladder parked list`." in looked.stdout


def test_one_event_is_shown_with_how_it_arrived_and_without_its_texts(broken: Installation) -> None:
    one = of_maya(broken)

    shown = broken.run("parked", "show", *place(one))

    told = json.loads(shown.stdout)
    assert (told["event_id"], told["reason"]) == (one["event_id"], "CheckViolation")
    assert told["envelope"]["type"] == one["type"]
    assert "data" not in told["envelope"]
    assert not [text for text in TEXTS if text in shown.stdout.lower()]


def test_an_event_that_is_not_parked_is_refused_in_one_line(broken: Installation) -> None:
    refused = broken.run("parked", "show", "gap", broken.northwind, "00000000-0000-0000-0000-000000000000")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "was parked in this workspace" in refused.stderr


def test_as_long_as_the_cause_is_there_a_replay_stops_at_the_event_and_exits_with_1(broken: Installation) -> None:
    one = of_maya(broken)

    done = broken.run("parked", "replay", "gap", broken.northwind, "--subject", one["subject"])

    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["applied"], [stopped["event_id"] for stopped in told["stopped"]]) == ([], [one["event_id"]])


def test_once_the_cause_is_mended_a_replay_applies_the_event_and_the_service_knows_what_it_says(
    broken: Installation,
) -> None:
    one = of_maya(broken)
    maya = one["subject"].partition("/")[2]
    reports, hr = f"{broken.url}/api/gap/v1/people/{maya}/reports", broken.token("hr", broken.northwind)
    assert httpx.get(reports, headers=hr).status_code == 404
    with psycopg.connect(broken.database().admin_dsn()) as admin:
        admin.execute("alter table gap.directory_people drop constraint no_chatham")

    done = broken.run("parked", "replay", "gap", broken.northwind, "--subject", one["subject"])

    assert (done.returncode, json.loads(done.stdout)) == (0, {"applied": [one["event_id"]], "stopped": []})
    assert httpx.get(reports, headers=hr).status_code == 200
    assert one["event_id"] not in [left["event_id"] for left in parked(broken) if left["service"] == "gap"]


def test_what_can_never_be_applied_is_discarded_with_a_reason_that_is_kept(broken: Installation) -> None:
    left = parked(broken)
    assert len(left) == 4
    for one in left:
        given_up = broken.run("parked", "discard", *place(one), "--reason", "malformed; the name is mended by hand")
        assert (given_up.returncode, given_up.stdout) == (0, f"Discarded {one['event_id']}\n")

    assert parked(broken) == []
    listed = broken.run("parked", "list")
    assert (listed.returncode, listed.stdout, listed.stderr) == (0, "", "Nothing is parked.\n")
    kept = json.loads(broken.run("parked", "show", *place(left[0])).stdout)
    assert kept["status"] == "discarded"
    assert kept["reason"] == "ValidationError at effective_on; discarded: malformed; the name is mended by hand"


def test_records_that_carry_no_event_are_counted_beside_what_is_parked(broken: Installation) -> None:
    with psycopg.connect(broken.database().admin_dsn()) as admin:
        admin.execute("""insert into gap.unreadable (topic, partition, "offset", headers, reason)
        select 'people.v1', 3, n, '[]', 'a tombstone' from generate_series(1, 2) n""")

    listed = broken.run("parked", "list")

    assert (listed.returncode, listed.stdout) == (0, "")
    assert listed.stderr.splitlines() == [
        "Nothing is parked.",
        "2 records of people.v1 carried no event; they are kept in the table gap.unreadable.",
    ]


def test_nothing_is_discarded_without_a_reason_or_where_nothing_is_parked(broken: Installation) -> None:
    event = ("gap", broken.northwind, "00000000-0000-0000-0000-000000000000")
    without = broken.run("parked", "discard", *event)
    again = broken.run("parked", "discard", *event, "--reason", "it is gone already")

    assert (without.returncode, again.returncode) == (2, 2)
    assert "--reason" in without.stderr
    assert "No event 00000000" in again.stderr
