"""A file against the directory: what every row would do, and what stands in its way."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people_svc.documents import read_people, write_people
from people_svc.domain import Known, Options, Placement, Plan, TooManyEndings, plan
from people_svc.domain.imports import HasErrors

TODAY = date(2026, 3, 10)
EMPTY: Mapping[str, str] = {}


def known(person: str, **more: Any) -> Known:
    """Return somebody in the directory."""
    card: dict[str, Any] = {
        "employee_number": person.upper(),
        "given_name": person.title(),
        "family_name": "Example",
        "work_email": f"{person}@example.com",
        "starts_on": date(2020, 1, 1),
    }
    return Known(person=person, **{**card, **more})


def planned(text: str, *people: Known, **options: Any) -> Plan:
    return plan(read_people(text.encode()), people, Options(**options), TODAY)


def remedies(result: Plan) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for row in result.rows for problem in row.problems]


def test_somebody_new_says_every_cell_the_row_gives() -> None:
    (row,) = planned("employee number,first name,surname,start date\nE1,Ada,Byron,2026-03-01\n").rows

    assert row.outcome == "new"
    assert {change.column: change.after for change in row.changes} == {
        "employee_number": "E1",
        "given_name": "Ada",
        "family_name": "Byron",
        "start_date": "2026-03-01",
    }


def test_a_changed_cell_says_from_and_to() -> None:
    (row,) = planned("email,title\nada@example.com,Lead\n", known("ada", job_title="Engineer")).rows

    assert row.outcome == "changed"
    assert [(one.column, one.before, one.after) for one in row.changes] == [("job_title", "Engineer", "Lead")]


def test_a_column_that_is_missing_changes_nothing_and_an_empty_cell_clears() -> None:
    ada = known("ada", job_title="Engineer", location="Leeds")

    (row,) = planned("email,location\nada@example.com,\n", ada).rows

    assert [(one.column, one.before, one.after) for one in row.changes] == [("location", "Leeds", "")]


def test_people_are_found_by_number_before_address() -> None:
    (row,) = planned("number,email\nADA,new@example.com\n", known("ada")).rows

    assert (row.person, row.after("work_email")) == ("ada", "new@example.com")


def test_managers_are_found_by_number_or_address_among_rows_and_people_alike() -> None:
    text = "number,given name,family name,manager,email\nN1,Eve,New,n2@example.com,\nN2,Max,New,BOSS,n2@example.com\n"

    first, second = planned(text, known("boss")).rows

    assert first.manager_line == 3
    assert second.manager == "boss"


def test_every_row_of_a_circle_names_the_others() -> None:
    text = "number,given name,family name,manager\nA,A,A,B\nB,B,B,C\nC,C,C,A\nD,D,D,A\n"

    result = planned(text)

    assert [row.outcome for row in result.rows] == ["error", "error", "error", "new"]
    assert "rows 3 and 4" in result.rows[0].problems[0].remedy


def test_a_circle_closed_through_somebody_who_is_not_in_the_file_is_found() -> None:
    people = (known("a"), known("b", manager="a"))

    (row,) = planned("number,manager\nA,B\n", *people).rows

    assert "not in this file" in row.problems[0].remedy


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("email,manager\nada@example.com,nobody@x.org\n", [(2, "manager")]),
        ("email,manager\nada@example.com,ADA\n", [(2, "manager")]),
        ("email,status\nada@example.com,asleep\n", [(2, "status")]),
        ("email,start date\nada@example.com,31.12.2025\n", [(2, "start_date")]),
        ("email,start date\nada@example.com,0026-01-01\n", [(2, "start_date")]),
        ("email,first name\nada@example.com,\n", [(2, "given_name")]),
        ("email,title\nada@example.com,\x07Bell\n", [(2, "job_title")]),
        ("number,first name,surname\nNEW,A,B\nNEW,A,B\n", [(2, "employee_number"), (3, "employee_number")]),
        ("email\nada@example.com\nADA@example.com\n", [(2, "work_email"), (3, "work_email")]),
        ("number,email\nADA,bob@example.com\n", [(2, "work_email")]),
        ("number,email\nOTHER,ada@example.com\n", [(2, "employee_number")]),
        ("number,email\nADA,\n,bob@example.com\nBOB,\n", [(3, "work_email"), (4, "work_email")]),
        ("email,time zone\nada@example.com,Mars\n", [(2, "time_zone")]),
        ("email,locale\nada@example.com,english\n", [(2, "locale")]),
        ("email,level\nada@example.com,ic3\n", [(2, "level")]),
        ("email,start date,end date\nada@example.com,2026-02-01,2026-01-01\n", [(2, "end_date")]),
        ("email,status,end date\nada@example.com,active,2026-01-01\n", [(2, "status")]),
        ("email,status\nada@example.com,preboarding\n", [(2, "status")]),
        ("email,leave until\nada@example.com,2026-05-01\n", [(2, "leave_until")]),
        ("email,status,leave until\nada@example.com,leave,2026-01-01\n", [(2, "leave_until")]),
        ("person,email\npe_nobody,ada@example.com\n", [(2, "person")]),
    ],
)
def test_a_row_that_cannot_be_taken_names_line_and_column(text: str, problems: list[tuple[int, str]]) -> None:
    result = planned(text, known("ada"), known("bob"))

    assert sorted(remedies(result)) == problems


def test_nothing_is_taken_while_one_row_has_an_error() -> None:
    with pytest.raises(HasErrors):
        planned("email,status\nada@example.com,asleep\n", known("ada")).must_be_taken(confirmed=True)


@pytest.mark.parametrize(("order", "day"), [("day first", "2026-04-03"), ("month first", "2026-03-04")])
def test_the_order_of_dates_is_chosen_and_never_guessed(order: str, day: str) -> None:
    text = "number,first name,surname,start date\nN,Ada,Byron,03/04/2026\n"

    assert planned(text, dates=order).rows[0].after("start_date") == day
    assert planned(text).rows[0].outcome == "error"


def test_a_year_of_two_digits_is_not_guessed_either() -> None:
    assert (
        planned("number,first name,surname,start date\nN,A,B,03/04/26\n", dates="day first").rows[0].outcome == "error"
    )


def test_an_iso_date_is_understood_in_every_order() -> None:
    text = "number,first name,surname,start date\nN,Ada,Byron,2026-04-03\n"

    assert planned(text, dates="month first").rows[0].after("start_date") == "2026-04-03"


def test_a_last_day_gone_by_means_left_and_one_ahead_is_planned() -> None:
    text = "email,end date\nada@example.com,2026-03-09\nbob@example.com,2026-12-31\n"

    ada, bob = planned(text, known("ada"), known("bob")).rows

    assert ada.after("status") == "left"
    assert [change.column for change in bob.changes] == ["end_date"]


def company(size: int) -> list[Known]:
    return [known(f"p{n}") for n in range(size)]


def test_ending_a_fifth_of_the_people_needs_no_confirmation_and_one_more_does() -> None:
    people = company(10)
    two = "email,status\n" + "".join(f"p{n}@example.com,left\n" for n in range(2))
    three = two + "p2@example.com,left\n"

    planned(two, *people).must_be_taken(confirmed=False)
    with pytest.raises(TooManyEndings, match="3 of 10"):
        planned(three, *people).must_be_taken(confirmed=False)
    planned(three, *people).must_be_taken(confirmed=True)


def test_a_last_day_that_a_file_plans_ends_somebody_too_and_one_it_only_moves_does_not() -> None:
    people = (*company(9), known("ada", ends_on=date(2026, 12, 31)))
    planning = "email,end date\n" + "".join(f"p{n}@example.com,2026-06-30\n" for n in range(3))
    moving = "email,end date\nada@example.com,2026-11-30\n"

    with pytest.raises(TooManyEndings, match="3 of 10"):
        planned(planning, *people).must_be_taken(confirmed=False)
    assert planned(moving, *people).endings == 0


def test_people_missing_from_a_file_stay_unless_they_shall_leave() -> None:
    people = (known("ada"), known("bob"), known("gone", status="left"))

    assert planned("email\nada@example.com\n", *people).missing == ()
    assert planned("email\nada@example.com\n", *people, missing="leave").missing == ("bob",)


def test_an_empty_directory_is_not_ended_by_a_file() -> None:
    assert not planned("email,first name,surname\na@x.org,A,B\n").needs_confirmation


FULL = (
    known("boss", employee_number=None, work_email=None, given_name="=cmd", department="+1"),
    known("ada", manager="boss", placement=Placement(ladder="engineering", track="ic", level="ic3")),
    known("bob", manager="ada", status="leave", leave_until=date(2026, 6, 1), time_zone="Asia/Tokyo", locale="ja-JP"),
    known("eve", status="preboarding", starts_on=date(2026, 5, 1), manager="bob"),
    known("max", ends_on=date(2026, 12, 31), location="Zürich; Nord"),
    known("tom", status="left", ends_on=date(2025, 1, 31)),
    known("amy", status="leave"),
    known("kim", status="preboarding", starts_on=date(2026, 5, 1), ends_on=date(2026, 4, 30)),
    known("lee", status="left", starts_on=date(2026, 2, 1), ends_on=date(2026, 1, 31)),
)


def test_an_export_imports_back_unchanged() -> None:
    by_person = {one.person: one for one in FULL}
    exported = write_people(one.cells(by_person) for one in FULL)

    result = plan(read_people(exported), FULL, Options(missing="leave"), TODAY)

    assert [(row.outcome, row.changes, row.problems) for row in result.rows] == [("unchanged", (), ())] * len(FULL)
    assert result.missing == ()


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf")), min_size=1, max_size=20).map(str.strip).filter(bool)


@given(given_name=TEXT, job_title=TEXT | st.none(), employee_number=TEXT | st.none())
def test_whatever_names_people_have_an_export_imports_back_unchanged(**texts: str | None) -> None:
    ada = known("ada", **texts)

    result = plan(read_people(write_people([ada.cells({"ada": ada})])), (ada,), Options(), TODAY)

    assert [row.outcome for row in result.rows] == ["unchanged"]


def test_a_circle_through_ten_thousand_rows_is_found() -> None:
    rows = "".join(f"N{n},A,B,N{(n + 1) % 10_000}\n" for n in range(10_000))

    result = planned("number,given name,family name,manager\n" + rows)

    assert result.count("error") == 10_000
