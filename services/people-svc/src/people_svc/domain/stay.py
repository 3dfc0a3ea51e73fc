"""Whether somebody is at work on a day: the timeline of their status, and every way it may change."""

from datetime import date, timedelta
from itertools import takewhile

from chassis.kernel import Frozen, Invalid
from people_svc.domain.details import checked_last_day
from people_svc.domain.history import Status, StatusFrom, latest, status_on
from people_svc.domain.person_events import StatusChanged

_DAY = timedelta(days=1)


class Stay(Frozen):
    """The status of somebody through all days: what was stated, in order of its day, and the first day of all."""

    starts_on: date
    statuses: tuple[StatusFrom, ...]

    # ---- what holds on a day

    def on(self, day: date) -> Status:
        """Return the status on a day: nobody is at work before the first, and a leave ends with its planned last."""
        return status_on(self.statuses, self.starts_on, day)

    @property
    def ends_on(self) -> date | None:
        """The last day, gone by or planned; None when nobody plans to leave."""
        gone = list(takewhile(lambda entry: entry.status == "left", reversed(self.statuses)))
        return gone[-1].effective_on - _DAY if gone else None

    def first_day(self, day: date) -> date:
        """Return the first day of the stay somebody was last in on a day: after a return that of the return."""
        return self.returned(day) or self.starts_on

    def returned(self, day: date) -> date | None:
        """Return the day of the last return up to a day; None for who never left."""
        pairs = reversed(list(zip(self.statuses, self.statuses[1:], strict=False)))
        back = (later for earlier, later in pairs if earlier.status == "left" and later.status != "left")
        return next((entry.effective_on for entry in back if entry.effective_on <= day), None)

    # ---- what changes it

    def change(self, status: Status, effective_on: date, until: date | None = None) -> tuple[StatusChanged, ...]:
        """Be active, on leave (`until` its planned last day) or gone from a day on; nothing where it is so already."""
        if status == "preboarding":
            raise Invalid("status", status, "give the person a later first day instead")
        if until is not None and (status != "leave" or until < effective_on):
            raise Invalid("until", until.isoformat(), "only a leave ends, on or after the day it starts")
        if status == "left":
            effective_on = max(effective_on, self.starts_on)  # whoever leaves before the first day never joins
        if effective_on < self.starts_on:
            raise Invalid("effective_on", effective_on.isoformat(), f"the first day is {self.starts_on}")
        if self._is_already(status, effective_on, until):
            return ()
        changed = StatusChanged(status=status, effective_on=effective_on, until=until)
        return changed, *(self._nothing_after(effective_on) if status == "left" else ())

    def take_leave(self, until: date | None, today: date) -> tuple[StatusChanged, ...]:
        """Be on leave from today on, or give the present leave another last day."""
        entry = latest(self.statuses, today)
        on_leave = entry is not None and self.on(today) == "leave"
        return self.change("leave", entry.effective_on if entry and on_leave else today, until)

    def end(self, last_day: date | None, today: date) -> tuple[StatusChanged, ...]:
        """Plan the last day (None: none any more, whoever was to leave stays)."""
        planned = self.ends_on
        if planned == last_day:
            return ()
        checked_last_day(self.first_day(today), last_day)
        changed: list[StatusChanged] = []
        if planned is not None and (last_day is None or last_day > planned):
            changed.append(StatusChanged(status="active", effective_on=planned + _DAY))
        if last_day is not None:
            left = StatusChanged(status="left", effective_on=last_day + _DAY)
            changed += (left, *self._nothing_after(left.effective_on))
        return tuple(changed)

    def move_return(self, returned: date, first_day: date) -> tuple[StatusChanged, ...]:
        """Come back on another day than the one of the last return."""
        waiting = (StatusChanged(status="left", effective_on=returned),) if first_day > returned else ()
        return (*waiting, StatusChanged(status="active", effective_on=first_day))

    def _nothing_after(self, day: date) -> tuple[StatusChanged, ...]:
        """Undo what was planned for days after somebody has left."""
        later = (one for one in self.statuses if one.effective_on > day and one.status != "left")
        return tuple(StatusChanged(status="left", effective_on=one.effective_on) for one in later)

    def _is_already(self, status: Status, day: date, until: date | None) -> bool:
        entry = latest(self.statuses, day)
        planned = entry.until if entry and entry.status == "leave" else None
        return self.on(day) == status and until == planned
