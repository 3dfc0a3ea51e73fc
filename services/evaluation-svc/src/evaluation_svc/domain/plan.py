"""What HR plans for a cycle: period, framework version, due days, release rule and whom it is for."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from chassis.kernel import Frozen
from evaluation_svc.domain.errors import Invalid
from evaluation_svc.domain.lines import checked_text

Scope = Literal["company", "team", "person"]
ReleaseRule = Literal["by manager", "on date", "at approval"]


class Dates(Frozen):
    """When the parts of a cycle are due; each day counts to its end where whoever has to act lives."""

    self_due: date
    manager_due: date
    approval_due: date
    conversations_by: date

    def checked(self, starts_on: date) -> Self:
        """Return the dates if they follow one another and none is before the period starts."""
        ordered = (starts_on, self.self_due, self.manager_due, self.approval_due, self.conversations_by)
        names = ("starts_on", "self_due", "manager_due", "approval_due", "conversations_by")
        for name, before, day in zip(names[1:], ordered, ordered[1:], strict=False):
            if day < before:
                raise Invalid(name, day.isoformat(), f"give a day on or after {before.isoformat()}.")
        return self


class Plan(Frozen):
    """What HR plans: period, framework version, dates, release rule and whom it is for.

    `of` is the manager whose team it is (scope team) or the one person (scope person).
    """

    name: str
    starts_on: date
    ends_on: date
    framework_version: int
    dates: Dates
    release: ReleaseRule = "by manager"
    release_on: date | None = None
    evidence_required: bool = False
    scope: Scope = "company"
    of: str | None = None

    def checked(self) -> Self:
        """Return the plan if it can be kept."""
        checked_text("name", self.name)
        if self.ends_on < self.starts_on:
            raise Invalid("ends_on", self.ends_on.isoformat(), "end the period on or after the day it starts.")
        self.dates.checked(self.starts_on)
        self._checked_release()
        if (self.of is None) != (self.scope == "company"):
            raise Invalid("of", self.of, "name the manager of the team, or the one person; nobody for a whole company.")
        return self

    def _checked_release(self) -> None:
        if (self.release == "on date") != (self.release_on is not None):
            raise Invalid("release_on", self.release_on, "give a day where (and only where) all is released on one.")
        if self.release_on is not None and self.release_on < self.dates.approval_due:
            raise Invalid("release_on", self.release_on.isoformat(), "release on or after the day approvals are due.")
