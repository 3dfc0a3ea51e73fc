"""What a caller sends again, and what a reader waits for, over several services.

a write answers its Position → any read of any service waits for it (Wait-For) → no pause, no second try
the same Idempotency-Key and body → the same answer, recorded once · another body → refused · a refusal → may be sent again
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from .company import Company, Person, Round, first_cycle, plan_body, refused
from .conftest import Running
from .scorecards import as_file, fill_in


@pytest.fixture(scope="module")
def entered(northwind: Company) -> Round:
    """H2 2024, open."""
    return first_cycle(northwind)


# ---- waiting for what was written


def test_one_read_of_another_service_shows_what_a_write_did_when_it_waits_for_its_position(
    northwind: Company, entered: Round
) -> None:
    hanna, daniel, maya, tom = northwind.people("hanna", "daniel", "maya", "tom")
    evaluation = entered.of["maya"]
    daniel.evaluates(evaluation, communication=3.0, delivery=3.5, design=3.0, mentoring=2.0)

    approved = hanna.send(f"/evaluation/v1/evaluations/{evaluation}/approval").headers["Position"]
    report = once(daniel, f"/gap/v1/people/{maya.id}/report", wait_for=approved)
    assert report["evaluation"] == evaluation

    released = daniel.send(f"/evaluation/v1/evaluations/{evaluation}/release").headers["Position"]
    assert once(maya, f"/gap/v1/people/{maya.id}/report", wait_for=released)["released"]

    placement = {"person": tom.id, "level": "engineering.ic2", "effective_on": "2025-01-06", "reason": "promotion"}
    placed = hanna.send("/framework/v1/placements", placement).headers["Position"]
    assert once(tom, f"/gap/v1/people/{tom.id}/target", wait_for=placed)["present"]["code"] == "IC2"

    moved = hanna.send(f"/people/v1/people/{tom.id}/manager", {"manager": northwind.person("priya").id})
    theirs = once(northwind.person("priya"), f"/gap/v1/people/{tom.id}/target", wait_for=moved.headers["Position"])
    assert theirs["person"] == tom.id
    status = once(
        northwind.person("priya"),
        f"/evaluation/v1/evaluations/{entered.of['tom']}",
        wait_for=moved.headers["Position"],
    )
    assert status["shown"] == "state"


def test_a_write_waits_too_and_sees_what_another_service_was_told(northwind: Company) -> None:
    hanna, kofi = northwind.people("hanna", "kofi")
    body = {"given_name": "Nia", "family_name": "Adeyemi", "work_email": "nia@northwind.example", "manager": kofi.id}
    added = hanna.send("/people/v1/people", body)
    placement = {"person": added.json()["id"], "level": "people.p1", "effective_on": "2025-01-06", "reason": "hire"}
    headers = hanna.headers() | {"Wait-For": added.headers["Position"], "Idempotency-Key": "place-nia"}
    placed = northwind.http.post("/framework/v1/placements", json=placement, headers=headers)
    assert placed.status_code == 201, placed.text


def test_a_position_is_passed_over_by_who_does_not_hear_it_and_refused_when_no_write_answered_it(
    northwind: Company,
) -> None:
    hanna = northwind.person("hanna")
    position = hanna.send("/people/v1/people", {"given_name": "Ola", "family_name": "Lie"}).headers["Position"]
    names = {one.strip().split("/")[0] for one in position.split(",")}
    assert names == {"people", "people.v1"}
    assert once(hanna, "/framework/v1/framework", wait_for=position)["version"] == 1

    service, epoch, sequence = position.split(",")[0].strip().split("/")
    for never in (f"{service}/{epoch}/{int(sequence, 16) ^ 1:032x}", f"{service}/{epoch}/7", "people", "people/x/y"):
        headers = hanna.headers() | {"Wait-For": never}
        answer = northwind.http.get("/people/v1/people", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:career-ladder:problem:wait-for-unusable")


# ---- sending again


def test_what_is_sent_twice_under_one_key_is_answered_alike_and_recorded_once(
    northwind: Company, entered: Round
) -> None:
    hanna, daniel, maya, lena = northwind.people("hanna", "daniel", "maya", "lena")
    evaluation = entered.of["lena"]
    due = ("2025-01-17", "2025-01-24", "2025-01-31", "2025-02-28")
    pilot = plan_body("Pilot", "2024-07-01", "2024-12-31", due, scope="person", of=maya.id)
    card = fill_in(
        daniel.reads(f"/evaluation/v1/evaluations/{evaluation}/scorecard.xlsx"),
        dict.fromkeys(("Communication", "Delivery", "Design"), (3, "Ran the incident on 4 May to its end.")),
    )
    csv = {"content": b"employee number,location\n8,Leeds\n", "headers": {"Content-Type": "text/csv"}}
    plan = hanna.does("/people/v1/imports/preview", **csv)["plan"]

    twice(hanna, "/evaluation/v1/cycles", pilot)
    twice(hanna, "/people/v1/imports", params={"plan": plan}, **csv)
    twice(daniel, "/evaluation/v1/scorecards", **as_file(card))
    daniel.rates(evaluation, mentoring=2.0)
    twice(daniel, f"/evaluation/v1/evaluations/{evaluation}/submission")
    twice(hanna, f"/evaluation/v1/evaluations/{evaluation}/approval")
    twice(daniel, f"/evaluation/v1/evaluations/{evaluation}/release")
    twice(lena, f"/gap/v1/people/{lena.id}/reports", {"ladder": "people", "level": "people.p1"})

    assert [one["name"] for one in hanna.lists("/evaluation/v1/cycles")].count("Pilot") == 1
    happened = [one["what"] for one in hanna.lists(f"/evaluation/v1/evaluations/{evaluation}/history")]
    for what in ("evaluation.submitted", "evaluation.approved", "evaluation.released"):
        assert happened.count(what) == 1, what
    targets = [one["target"]["level"] for one in lena.reports(lena)]
    assert sorted(targets) == ["engineering.ic3", "engineering.m1", "people.p1"]


def test_a_repeat_gets_the_first_answer_also_when_the_world_has_moved_on(northwind: Company, entered: Round) -> None:
    hanna, daniel = northwind.people("hanna", "daniel")
    evaluation = entered.of["ines"]
    daniel.rates(evaluation, communication=3.0, delivery=3.0, design=2.5, mentoring=2.0)
    first = daniel.send(f"/evaluation/v1/evaluations/{evaluation}/submission", key="submit-ines")
    hanna.approves(evaluation)

    again = daniel.send(f"/evaluation/v1/evaluations/{evaluation}/submission", key="submit-ines")

    assert seen(again) == seen(first)
    assert daniel.status(evaluation) == "approved"


def test_a_key_is_one_persons_for_one_thing_and_a_refusal_does_not_use_it_up(
    northwind: Company, entered: Round
) -> None:
    hanna, daniel, ines = northwind.people("hanna", "daniel", "ines")
    path = f"/evaluation/v1/evaluations/{entered.of['ines']}/hold"
    missing = northwind.http.post(path.replace("hold", "release"), headers=daniel.headers())
    assert (missing.status_code, missing.json()["type"]) == (400, "urn:career-ladder:problem:idempotency-key-missing")

    with refused(422):
        hanna.does(path, {"reason": " "}, key="hold")
    hanna.does(path, {"reason": "We look at the dates first."}, key="hold")
    with refused(422):
        hanna.does(path, {"reason": "Another reason."}, key="hold")
    assert daniel.evaluation(entered.of["ines"])["hold"]["text"] == "We look at the dates first."

    note: dict[str, Any] = {"on": "2024-10-21", "competencies": [], "text": "Wrote the returns guide."}
    mine = {person.name: person.send("/evaluation/v1/examples", note, key="example") for person in (ines, daniel)}
    assert mine["ines"].json()["id"] != mine["daniel"].json()["id"]


def test_everything_that_happened_verifies(running: Running, entered: Round) -> None:
    assert running.broken() == []


def test_what_happened_is_the_same_in_every_mode(running: Running, northwind: Company, entered: Round) -> None:
    assert running.differs(northwind) == []


# ---- how it is asked


def once(reader: Person, path: str, wait_for: str) -> Any:
    """Read once, waiting for one position alone."""
    headers = reader.headers() | {"Wait-For": wait_for}
    answer = reader.company.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def twice(person: Person, path: str, body: Any = None, **more: Any) -> None:
    """Send something two times under one key; both answers say the same, and where the record is."""
    key = f"twice-{path}"
    first, again = (person.send(path, body, key=key, **more) for _ in range(2))
    assert first.status_code in (200, 201), first.text
    assert seen(again) == seen(first)
    assert positions(again) == positions(first)


def seen(answer: httpx.Response) -> tuple[int, Any, str | None, str | None]:
    """Return all of an answer that a caller may rely on."""
    return answer.status_code, json.loads(answer.content), answer.headers.get("Location"), answer.headers.get("ETag")


def positions(answer: httpx.Response) -> list[str]:
    """Return whose places an answer names; how far they are is sealed."""
    return sorted(one.strip().split("/")[0] for one in answer.headers["Position"].split(","))
