"""The directory over HTTP, on PostgreSQL: HR keeps it, everybody reads what is theirs to read."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.testing import until

from .conftest import Colleague, Running

TODAY = datetime.fromtimestamp(time.time(), UTC).date()


def test_a_workspace_opens_with_its_first_hr_admin(hr: Colleague) -> None:
    assert hr.get("/workspace").json()["name"] == "Northwind"
    me = hr.get(f"/people/{hr.person}").json()
    assert (me["given_name"], me["roles"], me["status"]) == ("Hanna", ["hr"], "active")


def test_settings_are_replaced_by_whoever_read_them_last(hr: Colleague) -> None:
    read = hr.get("/workspace")
    changed = read.json() | {"name": "Southwind", "one_level_up": False}

    assert hr.put("/workspace", changed).status_code == 428
    assert hr.put("/workspace", changed, If_Match=read.headers["ETag"]).status_code == 200
    assert hr.put("/workspace", changed, If_Match=read.headers["ETag"]).status_code == 412
    assert hr.get("/workspace").json()["name"] == "Southwind"


def test_what_became_of_the_settings_is_read_from_the_record_by_hr_alone(hr: Colleague) -> None:
    read = hr.get("/workspace")
    hr.put("/workspace", read.json() | {"name": "Southwind"}, If_Match=read.headers["ETag"])
    told = hr.get("/workspace/history").json()
    assert [(one["version"], one["by"]) for one in told][-1] == (len(told), hr.person)
    assert hr.as_("p_somebody").get("/workspace/history").status_code == 403


@pytest.mark.parametrize(
    ("calendar", "field"),
    [
        ({"time_zone": "Mars"}, "time_zone"),
        ({"working_days": []}, "working_days"),
        ({"working_days": [7]}, "working_days"),
    ],
)
def test_a_calendar_that_cannot_be_names_its_field(hr: Colleague, calendar: dict[str, Any], field: str) -> None:
    read = hr.get("/workspace")

    answer = hr.put("/workspace", read.json() | {"calendar": calendar}, If_Match=read.headers["ETag"])

    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_workspace_has_a_name(hr: Colleague) -> None:
    read = hr.get("/workspace")

    answer = hr.put("/workspace", read.json() | {"name": "  "}, If_Match=read.headers["ETag"])

    assert (answer.status_code, answer.json()["field"]) == (422, "name")


def test_a_first_day_that_is_moved_moves_the_day_somebody_is_active(hr: Colleague) -> None:
    ada = hr.adds("Ada", starts_on=str(TODAY + timedelta(days=5)))
    assert hr.get(f"/people/{ada}").json()["status"] == "preboarding"

    assert hr.patch(f"/people/{ada}", {"starts_on": str(TODAY)}).status_code == 200

    assert hr.get(f"/people/{ada}").json()["status"] == "active"


def test_somebody_added_is_found_by_name_without_regard_to_case_and_accents(hr: Colleague) -> None:
    zoe = hr.adds("Zoë", family_name="Müller", work_email="ZOE@example.com")

    found = hr.get("/people", q="zoe mull").json()["items"]

    assert [(one["id"], one["work_email"]) for one in found] == [(zoe, "zoe@example.com")]


def test_the_list_is_read_page_by_page_by_name(hr: Colleague) -> None:
    for name in ("Cleo", "Amy", "Bob"):
        hr.adds(name, family_name="A")

    first = hr.get("/people", limit=2).json()
    second = hr.get("/people", limit=2, cursor=first["next_cursor"]).json()

    assert [one["given_name"] for one in first["items"] + second["items"]] == ["Amy", "Bob", "Cleo", "Hanna"]
    assert second["next_cursor"] is None


def test_who_was_the_manager_on_a_day_has_an_answer(hr: Colleague) -> None:
    first, second = hr.adds("First"), hr.adds("Second")
    ada = hr.adds("Ada", manager=first)
    since = TODAY - timedelta(days=30)
    assert hr.post(f"/people/{ada}/manager", {"manager": second, "effective_on": str(since)}).status_code == 200

    before = hr.get(f"/people/{ada}/manager", on=str(since - timedelta(days=1))).json()
    after = hr.get(f"/people/{ada}/manager", on=str(since)).json()

    assert (before["manager"], after["manager"]) == (first, second)


def test_a_title_from_a_later_day_is_in_the_history_and_not_yet_in_force(hr: Colleague) -> None:
    ada = hr.adds("Ada", job_title="Engineer")
    day = TODAY + timedelta(days=30)
    hr.patch(f"/people/{ada}", {"job_title": "Senior Engineer", "effective_on": str(day)})

    assert hr.get(f"/people/{ada}").json()["job_title"] == "Engineer"
    history = hr.get(f"/people/{ada}/history", on=str(day)).json()
    assert history["job"]["job_title"] == "Senior Engineer"
    assert [one["what"] for one in history["because"]] == ["person.added", "person.job-changed"]


def test_two_people_cannot_share_an_address(hr: Colleague) -> None:
    hr.adds("Ada", work_email="ada@example.com")

    answer = hr.post("/people", {"given_name": "Eve", "family_name": "X", "work_email": "ADA@example.com"})

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("already-in-use")


def test_a_circle_of_managers_is_refused(hr: Colleague) -> None:
    boss = hr.adds("Boss")
    ada = hr.adds("Ada", manager=boss)

    answer = hr.post(f"/people/{boss}/manager", {"manager": ada})

    assert answer.status_code == 409
    assert "circle" in answer.json()["detail"]


def test_a_leaver_s_reports_are_listed_and_keep_their_manager(hr: Colleague) -> None:
    boss = hr.adds("Boss")
    ada = hr.adds("Ada", manager=boss)

    answer = hr.post(f"/people/{boss}/status", {"status": "left"})

    assert answer.json()["ids"] == [ada]
    assert hr.get(f"/people/{ada}").json()["manager"] == boss
    assert hr.get(f"/people/{boss}").json()["status"] == "left"


def test_the_last_hr_admin_stays_one(hr: Colleague) -> None:
    assert hr.post(f"/people/{hr.person}/roles", {"roles": []}).status_code == 409
    assert hr.post(f"/people/{hr.person}/status", {"status": "left"}).status_code == 409


def test_an_invitation_is_an_act_that_shows(hr: Colleague) -> None:
    ada = hr.adds("Ada", work_email="ada@example.com")

    assert hr.post(f"/people/{ada}/invitation").status_code == 200
    assert hr.get(f"/people/{ada}").json()["invited"] is True


def test_a_change_on_an_old_reading_is_refused(hr: Colleague) -> None:
    ada = hr.adds("Ada")
    etag = hr.get(f"/people/{ada}").headers["ETag"]
    hr.patch(f"/people/{ada}", {"location": "Leeds"})

    assert hr.patch(f"/people/{ada}", {"location": "York"}, If_Match=etag).status_code == 412


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"given_name": "Ada", "family_name": "X", "work_email": "nobody"}, "work_email"),
        ({"given_name": "Ada", "family_name": ""}, "family_name"),
        ({"given_name": "Ada", "family_name": "X", "manager": "pe_nobody"}, "manager"),
        ({"given_name": "Ada", "family_name": "X", "starts_on": "2026-02-01", "ends_on": "2026-01-01"}, "ends_on"),
    ],
)
def test_what_cannot_be_added_names_the_field(hr: Colleague, body: dict[str, str], field: str) -> None:
    answer = hr.post("/people", body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)


# Who sees whom


def test_everybody_sees_themselves_their_reports_and_those_below_and_nobody_else(hr: Colleague) -> None:
    top = hr.adds("Top")
    middle = hr.adds("Middle", manager=top)
    low = hr.adds("Low", manager=middle)
    hr.adds("Stranger")

    def seen(person: str) -> list[str]:
        return [one["given_name"] for one in hr.as_(person).get("/people").json()["items"]]

    assert seen(top) == ["Low", "Middle", "Top"]
    assert seen(middle) == ["Low", "Middle"]
    assert seen(low) == ["Low"]


def test_what_one_may_not_see_answers_like_what_does_not_exist(hr: Colleague) -> None:
    ada, bob = hr.adds("Ada"), hr.adds("Bob")
    caller = hr.as_(ada)

    hidden, absent = caller.get(f"/people/{bob}"), caller.get("/people/pe_nobody")

    assert hidden.status_code == absent.status_code == 404
    assert {**hidden.json(), "instance": ""} == {**absent.json(), "instance": ""}


def test_a_manager_reads_a_report_and_may_not_change_them(hr: Colleague) -> None:
    boss = hr.adds("Boss")
    ada = hr.adds("Ada", manager=boss)
    caller = hr.as_(boss)

    assert caller.get(f"/people/{ada}").status_code == 200
    assert caller.patch(f"/people/{ada}", {"location": "Leeds"}).status_code == 403
    assert caller.get("/export.csv").status_code == 403


# Erasure


def test_erasing_somebody_takes_a_look_a_reason_and_the_confirmation(hr: Colleague, running: Running) -> None:
    ada = hr.adds("Ada", work_email="ada@example.com")
    look = hr.get(f"/people/{ada}/erasure").json()
    assert look["name"] == "Ada Example"

    wrong = hr.post(f"/people/{ada}/erasure", {"reason": "asked by the person", "confirmation": "yes"})
    right = hr.post(f"/people/{ada}/erasure", {"reason": "asked by the person", "confirmation": look["confirmation"]})

    assert (wrong.status_code, right.status_code) == (422, 202)
    shown = _until_erased(hr, ada)
    assert shown["given_name"] is None
    assert shown["work_email"] is None
    assert ada not in [one["id"] for one in hr.get("/people").json()["items"]]
    assert hr.adds("Eve", work_email="ada@example.com")


def _until_erased(hr: Colleague, person: str) -> dict[str, object]:
    """Return an erased person once the keys are gone; the erasure is due at once, and fires in its own time."""
    until(lambda: hr.get(f"/people/{person}/history").json()["because"][-1]["what"] == "person.erased")
    return hr.get(f"/people/{person}").json()


def test_nobody_erases_themselves(hr: Colleague) -> None:
    assert hr.get(f"/people/{hr.person}/erasure").status_code == 404


# Files


def test_a_file_is_previewed_then_taken_as_it_was_previewed(hr: Colleague) -> None:
    file = (
        "employee number,first name,surname,email,title,manager,start date,time zone,family,track,level\n"
        "E1,Ada,Byron,ada@x.org,Lead,,2020-01-01,Europe/Berlin,engineering,ic,ic4\n"
        "E2,Bob,Stone,bob@x.org,Engineer,ada@x.org,2021-05-01,,engineering,ic,ic2\n"
    )
    preview = hr.brings("/imports/preview", file).json()
    assert (preview["new"], preview["errors"], preview["needs_confirmation"]) == (2, 0, False)

    taken = hr.brings("/imports", file, plan=preview["plan"])

    assert taken.status_code == 201, taken.text
    ada, _, bob = hr.get("/people").json()["items"]
    assert (ada["given_name"], ada["time_zone"], ada["placement"]["level"]) == ("Ada", "Europe/Berlin", "ic4")
    assert bob["manager"] == ada["id"]
    assert hr.get("/imports").json()["items"][0]["new"] == 2


@pytest.mark.parametrize("said", ["multipart/form-data; boundary=x", "application/octet-stream", "text/plain"])
def test_a_body_that_says_it_is_no_csv_is_refused_by_the_name_of_what_is_taken(hr: Colleague, said: str) -> None:
    for path in ("/imports/preview", "/imports?plan=any"):
        refused = hr.send("POST", path, content="number,first name\nE1,Ada\n", headers={"Content-Type": said})

        assert refused.status_code == 415, refused.text
        assert "text/csv" in refused.json()["detail"]


def test_a_file_may_say_how_its_text_is_written(hr: Colleague) -> None:
    file = "number,first name,surname\nE1,Ada,Byron\n"
    headers = {"Content-Type": "Text/CSV; charset=utf-8"}
    assert hr.send("POST", "/imports/preview", content=file, headers=headers).json()["new"] == 1


def test_the_same_file_twice_changes_nothing(hr: Colleague) -> None:
    file = "number,first name,surname\nE1,Ada,Byron\n"
    plan = hr.brings("/imports/preview", file).json()["plan"]
    assert hr.brings("/imports", file, plan=plan).status_code == 201
    again = hr.brings("/imports/preview", file).json()
    assert (again["new"], again["unchanged"]) == (0, 1)

    repeated = hr.brings("/imports", file, plan=again["plan"])

    assert repeated.status_code == 200
    assert "id" not in repeated.json()
    assert len(hr.get("/imports").json()["items"]) == 1


def test_a_repeat_of_the_same_request_answers_the_same(hr: Colleague) -> None:
    file = "number,first name,surname\nE1,Ada,Byron\n"
    plan = hr.brings("/imports/preview", file).json()["plan"]

    first, second = (hr.brings("/imports", file, key="once", plan=plan) for _ in range(2))

    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_a_directory_that_changed_since_the_preview_is_previewed_again(hr: Colleague) -> None:
    file = "number,first name,surname,email\nE1,Ada,Byron,ada@x.org\n"
    plan = hr.brings("/imports/preview", file).json()["plan"]
    hr.adds("Somebody", work_email="ada@x.org")

    assert hr.brings("/imports", file, plan=plan).json()["type"].endswith("not-as-previewed")


def test_a_file_that_would_end_more_than_a_fifth_waits_for_a_confirmation(hr: Colleague) -> None:
    for name in "ABCD":
        hr.adds(name, work_email=f"{name}@x.org")
    file = "email,status\na@x.org,left\nb@x.org,left\n"
    preview = hr.brings("/imports/preview", file).json()
    assert (preview["ends"], preview["active"], preview["needs_confirmation"]) == (2, 5, True)

    refused = hr.brings("/imports", file, plan=preview["plan"])
    taken = hr.brings("/imports", file, plan=preview["plan"], confirm_endings=True)

    assert refused.json()["type"].endswith("too-many-endings")
    assert taken.status_code == 201
    assert [one["status"] for one in hr.get("/people").json()["items"]].count("left") == 2
    (told, *_) = hr.get(f"/imports/{taken.json()['id']}/history").json()
    assert (told["version"], told["by"]) == (1, hr.person)
    assert hr.get("/imports/im_nothing/history").status_code == 404


def test_an_export_imports_back_unchanged(hr: Colleague) -> None:
    boss = hr.adds("=cmd|' /C calc'!A0", work_email="boss@x.org")
    hr.adds("Ada", manager=boss, job_title="+Lead", starts_on="2020-01-01", ends_on="2040-12-31")
    hr.adds("Eve", starts_on="2040-01-01", location="Zürich; Nord")
    bob = hr.adds("Bob", external_ids={"file": "-1"})
    hr.post(f"/people/{bob}/status", {"status": "leave", "until": str(TODAY + timedelta(days=9))})
    gone = hr.adds("Gone")
    hr.post(f"/people/{gone}/status", {"status": "left"})

    exported = hr.get("/export.csv").content
    preview = hr.brings("/imports/preview", exported, missing="leave").json()

    assert (preview["unchanged"], preview["errors"], preview["ends"]) == (6, 0, 0), preview
    assert b"'=cmd" in exported


def test_a_file_takes_people_through_leave_leaving_and_coming_back(hr: Colleague) -> None:
    ada = hr.adds("Ada", work_email="ada@x.org")
    later = str(TODAY + timedelta(days=40))

    def take(row: str) -> dict[str, object]:
        file = f"email,status,end date,leave until,start date,manager\nada@x.org,{row}\n"
        preview = hr.brings("/imports/preview", file).json()
        answer = hr.brings("/imports", file, plan=preview["plan"], confirm_endings=True)
        assert answer.status_code in (200, 201), (preview, answer.text)
        shown: dict[str, object] = hr.get(f"/people/{ada}").json()
        return shown

    assert take(f"leave,,{later},,hanna@example.com")["leave_until"] == later
    assert take("active,,,,")["manager"] is None
    assert take(f"active,{later},,,")["ends_on"] == later
    assert take("left,,,,")["status"] == "left"
    assert take("active,,,,")["status"] == "active"
    assert hr.get(f"/people/{ada}/manager", on=str(TODAY)).json()["manager"] is None


def test_what_only_the_history_of_a_person_refuses_names_the_row(hr: Colleague) -> None:
    ada = hr.adds("Ada", work_email="ada@x.org")
    hr.post(f"/people/{ada}/status", {"status": "left", "effective_on": str(TODAY + timedelta(days=20))})
    file = f"email,start date\nada@x.org,{TODAY + timedelta(days=30)}\n"
    preview = hr.brings("/imports/preview", file).json()

    answer = hr.brings("/imports", file, plan=preview["plan"])

    assert (answer.status_code, answer.json()["field"]) == (422, "row 2, ends_on")


def test_a_file_with_an_error_gives_no_plan_and_says_where(hr: Colleague) -> None:
    preview = hr.brings("/imports/preview", "email,manager\nnew@x.org,nobody@x.org\n").json()

    assert preview["plan"] is None
    assert {"line": 2, "column": "manager", "value": "nobody@x.org"}.items() <= preview["rows"][0]["problems"][
        -1
    ].items()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/workspace", {"name": "Mine"}),
        ("POST", "/people", {"given_name": "A", "family_name": "B"}),
        ("PATCH", "/people/{me}", {"location": "Leeds"}),
        ("POST", "/people/{me}/manager", {"manager": None}),
        ("POST", "/people/{me}/status", {"status": "left"}),
        ("POST", "/people/{me}/roles", {"roles": ["hr"]}),
        ("POST", "/people/{me}/invitation", None),
        ("POST", "/people/{me}/erasure", {"reason": "no longer needed", "confirmation": "x"}),
        ("GET", "/imports", None),
        ("GET", "/imports/im_1", None),
        ("GET", "/export.csv", None),
    ],
)
def test_an_employee_is_told_that_only_hr_may_do_this(
    hr: Colleague, method: str, path: str, body: dict[str, Any] | None
) -> None:
    me = hr.adds("Me")
    caller = hr.as_(me)
    url = path.format(me=me)
    match method:
        case "GET":
            answer = caller.get(url)
        case "PUT":
            answer = caller.put(url, body, If_Match='"1"')
        case "PATCH":
            answer = caller.patch(url, body)
        case _:
            answer = caller.post(url, body)

    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("content", [b"email\na@x.org\n", b"\xff\xfenonsense"])
def test_a_file_is_not_looked_at_before_it_is_known_who_sends_it(hr: Colleague, content: bytes) -> None:
    caller = hr.as_(hr.adds("Me"))

    assert caller.brings("/imports/preview", content).status_code == 403
    assert caller.brings("/imports", content, plan="x").status_code == 403
