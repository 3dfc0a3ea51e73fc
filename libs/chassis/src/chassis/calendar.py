"""Working days, nights and leave of whoever has to act: pure arithmetic on a time zone's local days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import field_validator, model_validator

from chassis.kernel import Frozen

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


class Calendar(Frozen):
    """The days on which somebody works.

    `time_zone` is an IANA name; `working_days` are 0 = Monday … 6 = Sunday; `away` holds spans of days, first and
    last day inclusive. Every datetime taken is aware; every datetime given back is UTC.
    """

    time_zone: str = "UTC"
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: tuple[date, ...] = ()
    away: tuple[tuple[date, date], ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not a time zone of the IANA database, such as Europe/Berlin") from None
        return name

    @model_validator(mode="after")
    def _has_a_working_day(self) -> Calendar:
        if not self.working_days or any(day not in range(7) for day in self.working_days):
            raise ValueError("working_days needs at least one day, from 0 (Monday) to 6 (Sunday)")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as `zoneinfo` knows it (cached there)."""
        return ZoneInfo(self.time_zone)

    def local_date(self, at: datetime) -> date:
        """Return the local day on which `at` falls."""
        return at.astimezone(self.zone).date()

    def is_working_day(self, day: date) -> bool:
        """Tell whether `day` is a working day, no holiday and outside every span away."""
        return day.weekday() in self.working_days and day not in self.holidays and not self.is_away(day)

    def is_away(self, day: date) -> bool:
        """Tell whether `day` lies in a span away."""
        return any(first <= day <= last for first, last in self.away)

    def start_of_day(self, day: date) -> datetime:
        """Return the first moment of a local day (UTC)."""
        return self._at(day, time())

    def end_of_day(self, day: date) -> datetime:
        """Return the last microsecond of a local day (UTC), so that its local date is still `day`."""
        return self.start_of_day(day + _DAY) - _INSTANT

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Return the same local time of day, `days` working days after `start` (before it, where negative).

        A start on a day off counts as the end of the working day before it, so `days` whole working days always
        pass. A local time that a clock change skips becomes the first moment after the gap.
        """
        local = start.astimezone(self.zone)
        day, clock = local.date(), local.time()
        if not self.is_working_day(day):
            day, clock = self._working_day(day, -1), time.max
        for _ in range(abs(days)):
            day = self._working_day(day, 1 if days > 0 else -1)
        return self._at(day, clock)

    def working_days_between(self, a: date, b: date) -> int:
        """Count the working days after `a` up to and including `b`; negative where `b` is the earlier."""
        if b < a:
            return -self.working_days_between(b, a)
        return sum(self.is_working_day(a + _DAY * n) for n in range(1, (b - a).days + 1))

    def _working_day(self, day: date, direction: int) -> date:
        day += _DAY * direction
        while not self.is_working_day(day):
            day += _DAY * direction
        return day

    def _at(self, day: date, clock: time) -> datetime:
        """Return the moment of a local time: the first of two, or the end of the gap that swallowed it."""
        local = datetime.combine(day, clock.replace(fold=0, tzinfo=None), tzinfo=self.zone)
        before_change = local.astimezone(UTC)
        if before_change.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return before_change
        return _end_of_gap(local.replace(fold=1).astimezone(UTC), before_change, self.zone)


def _end_of_gap(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment between two at which the zone's offset changes, by halving to the second."""
    early = early.replace(microsecond=0)
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return early + timedelta(seconds=1)
