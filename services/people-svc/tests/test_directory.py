"""The guard: unique e-mails and numbers, no circle of managers on any day, an HR admin left."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from people_svc.domain.history import manager_on

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


DAYS = [date(2026, month, 1) for month in range(1, 7)]
NAMES = ["a", "b", "c", "d"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(DAYS), st.sampled_from([*NAMES, None])), max_size=20))
def test_whatever_is_accepted_leaves_no_circle_on_any_day(changes: list[tuple[str, date, str | None]]) -> None:
    known = directory(*(listing(name) for name in NAMES))
    for person, day, manager in changes:
        others = [one for one in known.people[person].managers if one.effective_on != day]
        managers = sorted([*others, ManagerFrom(effective_on=day, manager=manager)], key=lambda one: one.effective_on)
        with suppress(ManagerCycle):
            changed = known.people[person].model_copy(update={"managers": tuple(managers)})
            for listed in known.list_people((changed,), TODAY):
                known = Directory.evolve(known, listed)

    assert not [(name, day) for name in NAMES for day in DAYS if name in _above(known, name, day)]


def _above(known: Directory, person: str, day: date) -> list[str]:
    """Return whoever is met on the way up from a person on a day, at most as many as there are people."""
    met: list[str] = []
    at = manager_on(known.people[person].managers, day)
    while at is not None and len(met) <= len(NAMES):
        met.append(at)
        at = manager_on(known.people[at].managers, day)
    return met


def test_a_chain_longer_than_any_company_has_is_refused() -> None:
    chain = [listing(f"p{n}", (date.min, f"p{n + 1}")) for n in range(80)]

    with pytest.raises(Invalid, match="50 managers"):
        directory(*chain, listing("p80"))
