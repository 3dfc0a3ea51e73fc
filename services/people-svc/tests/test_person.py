"""One person: effective-dated history, status, roles and erasure."""

from datetime import UTC, date, datetime
from itertools import chain
from typing import Any

import pytest

from chassis.kernel import Event, Invalid, Unsealed, evolve
from people_svc.domain import (
    Added,
    Changes,
    DetailsChanged,
    Employee,
    Erased,
    ErasureRequested,
    NotAtWork,
    Placement,
    PlacementStated,
    RolesChanged,
    StatusChanged,
)

TODAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def digest(text: str) -> str:
    return f"#{text}"


def person(*more: Event, **stated: Any) -> Employee:
    """Return Ada, who started in 2020, after some more events."""
    card = {"given_name": "Ada", "family_name": "Byron", "work_email": "ada@example.com", "starts_on": "2020-01-01"}
    stating = Changes.model_validate(card | stated)
    events = Employee.add("pe_ada", stating, "pe_boss", (), TODAY, digest)
    state = evolve(Employee, chain(events, more))
    assert state is not None
    return state


def after(state: Employee, *events: Event) -> Employee:
    return evolve(Employee, events, state) or state


def text(value: object) -> str | None:
    return value.text if isinstance(value, Unsealed) else None


def test_somebody_is_added_with_texts_trimmed_and_the_address_in_lower_case() -> None:
    ada = person(given_name=" Ada ", work_email="ADA@Example.com")

    assert text(ada.details.given_name) == "Ada"
    assert text(ada.details.work_email) == "ada@example.com"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("work_email", "ada at example"),
        ("time_zone", "Mars/Olympus"),
        ("locale", "english"),
        ("given_name", "  "),
        ("given_name", "A\0da"),
        ("job_title", "\u202eCEO"),
    ],
)
def test_what_cannot_be_names_the_field_and_the_remedy(field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        person(**{field: value})

    assert refused.value.field == field
    assert refused.value.remedy


def test_somebody_is_preboarding_until_the_first_day() -> None:
    ada = person(starts_on=date(2026, 4, 1))

    assert ada.status_on(date(2026, 3, 31)) == "preboarding"
    assert ada.status_on(date(2026, 4, 1)) == "active"


def test_the_manager_on_3_march_has_an_answer() -> None:
    ada = after(person(), *person().change_manager("pe_new", date(2026, 3, 4)))

    assert ada.manager_on(date(2026, 3, 3)) == "pe_boss"
    assert ada.manager_on(date(2026, 3, 4)) == "pe_new"


def test_a_manager_planned_for_later_stays_planned_when_another_comes_before() -> None:
    ada = after(person(), *person().change_manager("pe_later", date(2026, 6, 1)))
    ada = after(ada, *ada.change_manager("pe_now", TODAY))

    assert [ada.manager_on(day) for day in (TODAY, date(2026, 6, 1))] == ["pe_now", "pe_later"]


def test_nobody_manages_themselves() -> None:
    with pytest.raises(Invalid, match="nobody manages themselves"):
        person().change_manager("pe_ada", TODAY)


def test_a_title_from_a_later_day_leaves_the_present_one_alone() -> None:
    ada = person(job_title="Engineer", department="Platform")
    ada = after(ada, *ada.change(Changes(job_title="Senior Engineer"), TODAY, digest, date(2026, 7, 1)))

    assert text(ada.job_on(TODAY).title) == "Engineer"
    assert text(ada.job_on(date(2026, 7, 1)).title) == "Senior Engineer"
    assert text(ada.job_on(date(2026, 7, 1)).department) == "Platform"


def test_equal_titles_are_one_group_whatever_their_case() -> None:
    assert person(job_title="Senior  Engineer").job_on(TODAY).title_group == digest("title/senior engineer")


def test_a_field_that_is_not_stated_stays_and_one_stated_empty_is_cleared() -> None:
    ada = person(location="Leeds")
    ada = after(ada, *ada.change(Changes(location=None), TODAY, digest))

    assert ada.details.location is None
    assert text(ada.details.work_email) == "ada@example.com"


def test_a_leave_is_over_after_its_planned_last_day() -> None:
    ada = after(person(), *person().change_status("leave", TODAY, TODAY, date(2026, 3, 20)))

    assert ada.status_on(date(2026, 3, 20)) == "leave"
    assert ada.status_on(date(2026, 3, 21)) == "active"


def test_the_present_leave_can_be_given_another_last_day() -> None:
    ada = after(person(), *person().change_status("leave", date(2026, 3, 1), TODAY, date(2026, 3, 20)))
    ada = after(ada, *ada.take_leave(date(2026, 4, 20), TODAY))

    assert ada.status_on(date(2026, 3, 1)) == ada.status_on(date(2026, 4, 20)) == "leave"


def test_leaving_on_a_later_day_is_recorded_at_once_and_takes_effect_on_the_day() -> None:
    ada = after(person(), *person().change_status("left", date(2026, 5, 1), TODAY))

    assert ada.status_on(date(2026, 4, 30)) == "active"
    assert ada.status_on(date(2026, 5, 1)) == "left"
    assert ada.ends_on == ada.details.ends_on == date(2026, 4, 30)


@pytest.mark.parametrize("last_day", [date(2026, 4, 15), date(2026, 6, 30), None])
def test_a_planned_last_day_can_be_moved_either_way_or_undone(last_day: date | None) -> None:
    ada = after(person(), *person().end(date(2026, 5, 31), TODAY))
    ada = after(ada, *ada.end(last_day, TODAY))

    assert ada.ends_on == ada.details.ends_on == last_day
    assert ada.status_on(date(2026, 5, 1)) == ("left" if last_day == date(2026, 4, 15) else "active")
    assert ada.status_on(date(2027, 1, 1)) == ("active" if last_day is None else "left")


def test_leaving_undoes_what_was_planned_for_later() -> None:
    ada = after(person(), *person().end(date(2026, 5, 31), TODAY))
    ada = after(ada, *ada.end(None, TODAY))
    ada = after(ada, *ada.change_status("left", TODAY, TODAY))

    assert ada.status_on(date(2027, 1, 1)) == "left"
    assert ada.ends_on == date(2026, 3, 9)


def test_who_comes_back_keeps_the_history_of_the_first_stay() -> None:
    ada = after(person(), *person().end(date(2024, 6, 30), TODAY))
    ada = after(ada, *ada.begin(date(2026, 3, 1), TODAY, digest))

    days = (date(2024, 1, 1), date(2025, 1, 1), date(2026, 3, 1))
    assert [ada.status_on(day) for day in days] == ["active", "left", "active"]
    assert ada.first_day(TODAY) == date(2026, 3, 1)
    assert ada.details.ends_on is None


def test_a_return_that_lies_ahead_leaves_the_first_day_of_the_present_stay() -> None:
    ada = after(person(), *person().end(TODAY, TODAY))
    ada = after(ada, *ada.change_status("active", date(2026, 3, 12), TODAY))

    assert ada.first_day(TODAY) == date(2020, 1, 1)
    assert ada.first_day(date(2026, 3, 12)) == date(2026, 3, 12)


def test_a_first_day_that_moves_moves_the_day_somebody_is_active() -> None:
    ada = person(starts_on=date(2026, 4, 1))
    ada = after(ada, *ada.begin(date(2026, 5, 1), TODAY, digest))

    assert ada.status_on(date(2026, 4, 30)) == "preboarding"
    assert ada.status_on(date(2026, 5, 1)) == "active"


def test_saying_what_is_so_already_records_nothing() -> None:
    ada = person()

    assert ada.change_manager("pe_boss", TODAY) == ()
    assert ada.change_status("active", TODAY, TODAY) == ()
    assert ada.set_roles((), TODAY) == ()
    assert ada.end(None, TODAY) == ()


def test_a_placement_is_stated_once() -> None:
    placement = Placement(ladder="engineering", track="ic", level="ic3")
    stated = person().state_placement(placement, TODAY)

    assert stated == (PlacementStated(placement=placement, effective_on=TODAY),)
    assert after(person(), *stated).state_placement(placement, TODAY) == ()


def test_somebody_who_has_left_can_be_given_no_role_and_no_invitation() -> None:
    ada = after(person(), *person().end(date(2026, 3, 1), TODAY))

    with pytest.raises(NotAtWork):
        ada.set_roles(("hr",), TODAY)
    with pytest.raises(NotAtWork):
        ada.invite("pe_hr", NOW, TODAY)


def test_an_invitation_takes_an_address() -> None:
    with pytest.raises(Invalid, match="e-mail"):
        person(work_email=None).invite("pe_hr", NOW, TODAY)


def test_a_role_named_twice_is_held_once() -> None:
    assert person().set_roles(("hr", "analyst", "hr"), TODAY) == (RolesChanged(roles=("analyst", "hr")),)


def test_erasure_is_ordered_then_done_once_and_ends_what_can_be_said() -> None:
    ordered = person().erase("asked by the person", "pe_hr", NOW, TODAY)
    ada = after(person(), *ordered)

    assert ordered[-1] == ErasureRequested(reason="asked by the person", by="pe_hr", at=NOW)
    assert ada.status_on(TODAY) == "left"
    assert ada.erased(NOW) == (Erased(at=NOW),)
    assert after(ada, *ada.erased(NOW)).erased(NOW) == ()
    with pytest.raises(NotAtWork):
        ada.change(Changes(location="Leeds"), TODAY, digest)


def test_nobody_erases_themselves() -> None:
    with pytest.raises(NotAtWork):
        person().erase("asked by the person", "pe_ada", NOW, TODAY)


def test_a_last_day_known_when_somebody_is_added_is_planned() -> None:
    card = Changes(given_name="Ada", family_name="Byron", starts_on=date(2026, 1, 1))
    events = Employee.add("pe_ada", card, None, (), TODAY, digest, ends_on=date(2026, 12, 31))

    assert [type(event) for event in events] == [Added, StatusChanged]
    assert events[1] == StatusChanged(status="left", effective_on=date(2027, 1, 1))


def test_who_leaves_before_the_first_day_never_joins() -> None:
    ada = person(starts_on=date(2026, 4, 1))
    ada = after(ada, *ada.change_status("left", TODAY, TODAY))
    ada = after(ada, *ada.change(Changes(location="Leeds"), TODAY, digest))

    assert [ada.status_on(day) for day in (TODAY, date(2026, 4, 1))] == ["preboarding", "left"]
    assert ada.ends_on == date(2026, 3, 31)


def test_leaving_keeps_the_last_day_in_the_details_in_step() -> None:
    events = person().change_status("left", TODAY, TODAY)

    assert [type(event) for event in events] == [StatusChanged, DetailsChanged]
