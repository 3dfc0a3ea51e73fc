"""Working days across time zones, clock changes, holidays and leave."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.calendar import Calendar

ZONES = (
    "UTC",
    "Pacific/Kiritimati",
    "Asia/Kolkata",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/St_Johns",
)
calendars = st.builds(
    Calendar,
    time_zone=st.sampled_from(ZONES),
    working_days=st.sets(st.integers(0, 6), min_size=1).map(tuple),
    holidays=st.lists(st.dates(date(2025, 1, 1), date(2027, 1, 1)), max_size=5).map(tuple),
    away=st.lists(
        st.tuples(st.dates(date(2025, 1, 1), date(2026, 6, 1)), st.integers(0, 60)).map(
            lambda span: (span[0], span[0] + timedelta(days=span[1]))
        ),
        max_size=2,
    ).map(tuple),
)
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(), timedelta(days=730)).map(lambda after: NEW_YEAR + after)


def at(zone: str, *parts: int) -> datetime:
    """Return a local time as UTC."""
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type,misc] # the parts are year to second


def test_five_working_days_after_a_friday_afternoon_is_the_next_friday_afternoon() -> None:
    calendar = Calendar(time_zone="Europe/Berlin")
    due = calendar.add_working_days(at("Europe/Berlin", 2026, 11, 20, 15, 30), 5)
    assert due == at("Europe/Berlin", 2026, 11, 27, 15, 30)
    assert due.tzinfo is UTC


def test_a_start_on_a_sunday_gives_the_whole_monday() -> None:
    calendar = Calendar(time_zone="Europe/Berlin")
    due = calendar.add_working_days(at("Europe/Berlin", 2026, 11, 22, 9), 1)
    assert due == calendar.end_of_day(date(2026, 11, 23))


def test_holidays_and_leave_do_not_count_as_working_days() -> None:
    calendar = Calendar(
        time_zone="Europe/Berlin",
        holidays=(date(2026, 12, 25),),
        away=((date(2026, 12, 28), date(2027, 1, 1)),),
    )
    due = calendar.add_working_days(at("Europe/Berlin", 2026, 12, 24, 10), 1)
    assert due == at("Europe/Berlin", 2027, 1, 4, 10)


def test_the_working_day_before_a_monday_is_friday() -> None:
    calendar = Calendar(time_zone="Asia/Kolkata")
    due = calendar.add_working_days(at("Asia/Kolkata", 2026, 11, 23, 9), -1)
    assert due == at("Asia/Kolkata", 2026, 11, 20, 9)


def test_a_company_that_works_from_sunday_to_thursday_counts_its_own_days() -> None:
    calendar = Calendar(time_zone="Africa/Cairo", working_days=(6, 0, 1, 2, 3))
    assert calendar.is_working_day(date(2026, 11, 22))
    assert not calendar.is_working_day(date(2026, 11, 20))
    assert calendar.working_days_between(date(2026, 11, 19), date(2026, 11, 26)) == 5


def test_the_same_moment_is_another_day_in_kiritimati_and_in_los_angeles() -> None:
    moment = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    assert Calendar(time_zone="Pacific/Kiritimati").local_date(moment) == date(2026, 11, 24)
    assert Calendar(time_zone="America/Los_Angeles").local_date(moment) == date(2026, 11, 23)
    assert Calendar(time_zone="Pacific/Kiritimati").end_of_day(date(2026, 11, 23)) < moment


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 11, 2), 24)])
def test_a_day_of_a_clock_change_is_an_hour_shorter_or_longer(day: date, hours: int) -> None:
    calendar = Calendar(time_zone="America/Los_Angeles")
    length = calendar.end_of_day(day) - calendar.start_of_day(day) + timedelta(microseconds=1)
    assert length == timedelta(hours=hours)


def test_a_time_that_the_clock_change_skips_is_due_when_the_gap_ends() -> None:
    calendar = Calendar(time_zone="America/Los_Angeles", working_days=tuple(range(7)))
    due = calendar.add_working_days(at("America/Los_Angeles", 2026, 3, 7, 2, 30), 1)
    assert due == at("America/Los_Angeles", 2026, 3, 8, 3)


def test_a_day_that_begins_after_midnight_starts_with_its_first_moment() -> None:
    calendar = Calendar(time_zone="America/Santiago")
    assert calendar.start_of_day(date(2026, 9, 6)) == at("America/Santiago", 2026, 9, 6, 1)
    assert calendar.local_date(calendar.end_of_day(date(2026, 9, 5))) == date(2026, 9, 5)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Asia/"])
def test_an_unknown_time_zone_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Calendar(time_zone=name)
    assert "IANA" in str(refused.value)
    assert not name or name not in str(refused.value)


@pytest.mark.parametrize("days", [(), (7,), (-1,)])
def test_a_calendar_without_a_proper_working_day_is_refused(days: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        Calendar(working_days=days)


@given(calendars, moments, st.integers(1, 30))
def test_adding_working_days_counts_as_many_as_were_added(calendar: Calendar, start: datetime, days: int) -> None:
    due = calendar.add_working_days(start, days)
    assert due > start
    assert calendar.is_working_day(calendar.local_date(due))
    assert calendar.working_days_between(calendar.local_date(start), calendar.local_date(due)) == days


@given(calendars, moments, moments, st.integers(1, 10))
def test_who_starts_later_on_the_clock_is_never_due_earlier(
    calendar: Calendar, one: datetime, other: datetime, days: int
) -> None:
    one, other = sorted((one, other), key=lambda moment: moment.astimezone(calendar.zone).replace(tzinfo=None))
    assert calendar.add_working_days(one, days) <= calendar.add_working_days(other, days)


@given(calendars, st.dates(date(2025, 1, 1), date(2026, 12, 31)))
def test_days_follow_each_other_without_a_hole_or_an_overlap(calendar: Calendar, day: date) -> None:
    end = calendar.end_of_day(day)
    assert calendar.local_date(calendar.start_of_day(day)) == day == calendar.local_date(end)
    assert end + timedelta(microseconds=1) == calendar.start_of_day(day + timedelta(days=1))
