"""The guard of a workspace's directory: unique e-mails and external ids, no circle of managers, an HR admin left."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import zip_longest
from typing import Self

from chassis.kernel import DomainError, Event, Frozen, Invalid, State
from people_svc.domain.history import ManagerFrom, StatusFrom, manager_on, status_on
from people_svc.domain.person import Employee
from people_svc.domain.person_events import Role
from people_svc.domain.stated import Identifiers

GUARD = "guard"
"""The id of the one guard stream of a workspace."""

LONGEST_CHAIN = 50
"""Managers above one another; real companies have fewer than fifteen."""


class AlreadyInUse(DomainError):
    """Two people cannot share an e-mail address or an external id; `people` are both."""

    def __init__(self, field: str, people: tuple[str, ...]) -> None:
        name = "work e-mail address" if field == "work_email" else "employee number"
        super().__init__(f"Two people cannot have the same {name}: {', '.join(people)}.")
        self.field, self.people = field, people


class ManagerCycle(DomainError):
    """These people would manage each other in a circle from `day` on; each reports to the next."""

    def __init__(self, people: tuple[str, ...], day: date) -> None:
        super().__init__(f"These people would manage each other in a circle from {day} on: {', '.join(people)}.")
        self.people, self.day = people, day


class LastAdmin(DomainError):
    """A workspace without an HR admin could not be mended by anybody in it."""


class Listing(Frozen):
    """What the guard knows of one person, with nothing personal: digests, ids and days."""

    person: str
    identifiers: Identifiers = Identifiers()
    starts_on: date
    managers: tuple[ManagerFrom, ...] = ()
    statuses: tuple[StatusFrom, ...] = ()
    roles: tuple[Role, ...] = ()
    erased: bool = False

    @classmethod
    def of(cls, employee: Employee, identifiers: Identifiers) -> Self:
        """Return what the guard needs of a person; an erased one keeps only the place in the chain of managers."""
        erased = employee.erasure is not None
        return cls(
            person=employee.person,
            identifiers=Identifiers() if erased else identifiers,
            starts_on=employee.details.starts_on,
            managers=employee.managers,
            statuses=employee.statuses,
            roles=employee.roles,
            erased=erased,
        )

    def status_on(self, day: date) -> str:
        """Return the status on a day."""
        return status_on(self.statuses, self.starts_on, day)


class Listed(Event):
    """What the guard knows of these people now."""

    TOPIC = "directory.listed"
    people: tuple[Listing, ...]


class Directory(State):
    """Everybody of a workspace, as far as a rule over several of them needs it."""

    KIND = "directory"

    people: dict[str, Listing]

    # ---- decisions

    def list_people(self, listings: Iterable[Listing], today: date) -> tuple[Listed, ...]:
        """Take these people as they would be now, if every rule over all of them still holds."""
        changed = {one.person: one for one in listings if self.people.get(one.person) != one}
        if not changed:
            return ()
        after = {**self.people, **changed}
        _check_managers_exist(changed, after)
        _check_unique(changed, after)
        _check_no_cycle(changed, after)
        _check_an_admin_stays(changed, after, today)
        return (Listed(people=tuple(changed.values())),)

    # ---- what it knows

    def identifiers(self, person: str) -> Identifiers:
        """Return the digests somebody is recognised by."""
        return self.people[person].identifiers if person in self.people else Identifiers()

    def active(self, day: date) -> int:
        """Return how many people are at work or on leave on a day."""
        return sum(one.status_on(day) in ("active", "leave") for one in self.people.values() if not one.erased)

    def managed_by(self, manager: str, day: date) -> tuple[str, ...]:
        """Return who reports to somebody on a day and has not left."""
        return tuple(
            one.person
            for one in self.people.values()
            if not one.erased and one.status_on(day) != "left" and manager_on(one.managers, day) == manager
        )

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case Listed():
                before = {} if state is None else state.people
                return cls.model_construct(people={**before, **{one.person: one for one in event.people}})
            case _:
                raise TypeError(event)


def _check_managers_exist(changed: Mapping[str, Listing], after: Mapping[str, Listing]) -> None:
    for one in changed.values():
        for entry in one.managers:
            if entry.manager is not None and entry.manager not in after:
                raise Invalid("manager", entry.manager, "no such person in this workspace")


def _check_unique(changed: Mapping[str, Listing], after: Mapping[str, Listing]) -> None:
    taken = Counter(key for one in after.values() for key in _keys(one.identifiers))
    for one in changed.values():
        for field, digest in _keys(one.identifiers):
            if taken[field, digest] > 1:
                both = (other.person for other in after.values() if (field, digest) in _keys(other.identifiers))
                raise AlreadyInUse(field, tuple(both))


def _keys(identifiers: Identifiers) -> list[tuple[str, str]]:
    emails = [] if identifiers.email is None else [("work_email", identifiers.email)]
    return emails + [(source, one) for source, one in identifiers.external_ids.items()]


def _check_an_admin_stays(changed: Mapping[str, Listing], after: Mapping[str, Listing], today: date) -> None:
    """Refuse a day, now or planned, on which the last HR admin is gone."""
    days = {today} | {one.effective_on for listing in changed.values() for one in listing.statuses}
    admins = [one for one in after.values() if "hr" in one.roles and not one.erased]
    for day in sorted(day for day in days if day >= today):
        if all(one.status_on(day) == "left" for one in admins):
            raise LastAdmin(f"From {day} on nobody would be HR admin; make somebody else HR admin first.")


def _check_no_cycle(changed: Mapping[str, Listing], after: Mapping[str, Listing]) -> None:
    """Follow every changed person up the chain through all days; meeting oneself again is a circle."""
    for person in changed:
        for chain, since in _chains(after, (person,), date.min, date.max):
            if chain[-1] in chain[:-1]:
                raise ManagerCycle(chain[chain.index(chain[-1]) : -1], since)


def _chains(
    people: Mapping[str, Listing], chain: tuple[str, ...], since: date, until: date
) -> Iterator[tuple[tuple[str, ...], date]]:
    """Yield every chain of managers above the last of `chain` within days [since, until), ending where it closes."""
    for manager, start, end in _spans(people[chain[-1]].managers):
        start, end = max(start, since), min(end, until)
        if manager is None or start >= end:
            continue
        longer = (*chain, manager)
        if len(chain) > LONGEST_CHAIN:
            raise Invalid("manager", manager, f"more than {LONGEST_CHAIN} managers would stand above one another")
        if manager in chain:
            yield longer, start
        else:
            yield from _chains(people, longer, start, end)


def _spans(managers: tuple[ManagerFrom, ...]) -> Iterator[tuple[str | None, date, date]]:
    """Yield (manager, from, before) for each entry of a timeline."""
    for entry, following in zip_longest(managers, managers[1:]):
        yield entry.manager, entry.effective_on, following.effective_on if following else date.max
