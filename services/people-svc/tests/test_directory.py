"""The guard: unique e-mails and numbers, no circle of managers on any day, an HR admin left."""

from datetime import date

import pytest

from chassis.kernel import Invalid
from people_svc.domain import (
    AlreadyInUse,
    Directory,
    Identifiers,
    LastAdmin,
    Listing,
    ManagerCycle,
    ManagerFrom,
    Role,
    StatusFrom,
)

TODAY = date(2026, 3, 10)
LATER = date(2026, 6, 1)


def listing(
    person: str,
    *managers: tuple[date, str | None],
    email: str | None = None,
    left: date | None = None,
    roles: tuple[Role, ...] = (),
) -> Listing:
    return Listing(
        person=person,
        identifiers=Identifiers(email=email),
        starts_on=date(2020, 1, 1),
        managers=tuple(ManagerFrom(effective_on=day, manager=manager) for day, manager in managers),
        statuses=() if left is None else (StatusFrom(effective_on=left, status="left"),),
        roles=roles,
    )


HR = listing("hr", roles=("hr",))


def directory(*listings: Listing) -> Directory:
    empty = Directory(people={})
    (listed,) = empty.list_people((HR, *listings), TODAY)
    return Directory.evolve(None, listed)


def test_two_people_cannot_share_an_address() -> None:
    with pytest.raises(AlreadyInUse) as refused:
        directory(listing("a", email="#1")).list_people((listing("b", email="#1"),), TODAY)

    assert set(refused.value.people) == {"a", "b"}


def test_an_address_that_was_given_up_can_be_taken() -> None:
    known = directory(listing("a", email="#1"))

    assert known.list_people((listing("a", email="#2"), listing("b", email="#1")), TODAY)


def test_a_circle_of_managers_is_refused_and_named() -> None:
    known = directory(listing("a", (date.min, "b")), listing("b", (date.min, "c")), listing("c"))

    with pytest.raises(ManagerCycle) as refused:
        known.list_people((listing("c", (date.min, None), (TODAY, "a")),), TODAY)

    assert set(refused.value.people) == {"a", "b", "c"}
    assert refused.value.day == TODAY


def test_a_circle_that_would_close_on_a_later_day_is_refused_today() -> None:
    known = directory(listing("a", (date.min, None), (LATER, "b")), listing("b"))

    with pytest.raises(ManagerCycle) as refused:
        known.list_people((listing("b", (TODAY, "a")),), TODAY)

    assert refused.value.day == LATER


def test_two_people_may_swap_who_manages_whom_on_the_same_day() -> None:
    known = directory(listing("a", (date.min, "b")), listing("b"))
    swapped = (listing("a", (date.min, "b"), (TODAY, None)), listing("b", (date.min, None), (TODAY, "a")))

    assert known.list_people(swapped, TODAY)


def test_a_manager_has_to_be_in_the_workspace() -> None:
    with pytest.raises(Invalid, match="no such person"):
        directory().list_people((listing("a", (date.min, "elsewhere")),), TODAY)


def test_the_last_hr_admin_keeps_the_role() -> None:
    with pytest.raises(LastAdmin):
        directory().list_people((listing("hr"),), TODAY)


def test_the_last_hr_admin_cannot_plan_to_leave() -> None:
    with pytest.raises(LastAdmin, match="2026-06-01"):
        directory().list_people((listing("hr", roles=("hr",), left=LATER),), TODAY)


def test_an_hr_admin_may_leave_when_another_stays() -> None:
    known = directory(listing("second", roles=("hr",)))

    assert known.list_people((listing("hr", roles=("hr",), left=LATER),), TODAY)


def test_a_leaver_is_no_longer_counted_and_reports_stay_until_they_are_moved() -> None:
    known = directory(listing("boss", left=TODAY), listing("a", (date.min, "boss")))

    assert known.active(TODAY) == 2
    assert known.managed_by("boss", TODAY) == ("a",)


def test_what_is_known_already_is_not_recorded_again() -> None:
    assert directory().list_people((HR,), TODAY) == ()


def test_a_chain_longer_than_any_company_has_is_refused() -> None:
    chain = [listing(f"p{n}", (date.min, f"p{n + 1}")) for n in range(80)]

    with pytest.raises(Invalid, match="50 managers"):
        directory(*chain, listing("p80"))
