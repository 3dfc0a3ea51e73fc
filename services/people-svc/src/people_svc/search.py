"""Everybody of a workspace in the clear, in memory, for lists, search by name and files; bounded, never stored."""

import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from chassis.kernel import DomainError, Personal, Sealed
from people_svc.domain import SOURCE, Employee, Known

MOST_PEOPLE = 10_000
"""People of one workspace an index takes."""
MOST_HELD = 50_000
"""People of all workspaces held at once; the workspace asked for longest ago goes first."""

Open = Callable[[Sequence[Sealed]], list[str | None]]


class Reading(Protocol):
    """How people are read: rows of this workspace, and sealed texts opened together."""

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a statement."""
        ...

    def open_many(self, sealed: Sequence[Sealed]) -> list[str | None]:
        """Return texts in their order, None where erased."""
        ...


class TooManyPeople(DomainError):
    """This workspace has more people than can be listed by name."""


@dataclass(frozen=True)
class Found:
    """Somebody as recorded, and in the clear as they are today."""

    employee: Employee
    known: Known

    @property
    def sorted_by(self) -> tuple[str, str, str]:
        """Family name, given name, id, as an index of people is sorted."""
        return folded(self.known.family_name or ""), folded(self.known.given_name or ""), self.known.person


def read_people(reading: Reading, today: date) -> list[Found]:
    """Return everybody who is not erased, opened in one go, sorted by name."""
    sql = f"select employee from people where workspace = %(workspace)s limit {MOST_PEOPLE + 1}"
    rows = reading.rows(sql)
    if len(rows) > MOST_PEOPLE:
        raise TooManyPeople(f"This workspace has more than {MOST_PEOPLE} people.")
    employees = [Employee.model_validate(row["employee"]) for row in rows]
    return sorted(in_the_clear([one for one in employees if not one.erasure], reading.open_many, today), key=_by_name)


def in_the_clear(employees: Sequence[Employee], open_many: Open, today: date) -> list[Found]:
    """Return people with their texts opened in one go, as they are today."""
    sealed = [text for one in employees for text in _texts(one, today).values()]
    opened = iter(open_many([text for text in sealed if isinstance(text, Sealed)]))
    return [Found(one, _known(one, today, opened)) for one in employees]


def _by_name(found: Found) -> tuple[str, str, str]:
    return found.sorted_by


def _texts(employee: Employee, day: date) -> dict[str, Personal | None]:
    details, job = employee.details, employee.job_on(day)
    return {
        "given_name": details.given_name,
        "family_name": details.family_name,
        "work_email": details.work_email,
        "location": details.location,
        "employee_number": details.external_ids.get(SOURCE),
        "job_title": job.title,
        "department": job.department,
    }


def _known(employee: Employee, today: date, opened: Any) -> Known:
    texts = {name: next(opened) if text is not None else None for name, text in _texts(employee, today).items()}
    status = employee.status_on(today)
    leave = next((one for one in reversed(employee.statuses) if one.effective_on <= today), None)
    return Known(
        person=employee.person,
        manager=employee.manager_on(today),
        status=status,
        starts_on=employee.first_day(today),
        ends_on=employee.ends_on,
        leave_until=leave.until if leave and status == "leave" else None,
        time_zone=employee.details.time_zone,
        locale=employee.details.locale,
        placement=employee.placement,
        **texts,
    )


def folded(text: str) -> str:
    """Return a text without case and accents, as names are searched and sorted."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@dataclass(frozen=True)
class _Entry:
    """One person as indexed; None while nothing of an erased one is left to show."""

    version: int
    found: Found | None
    name: str = ""


@dataclass(frozen=True)
class _Indexed:
    """Everybody of one workspace as of a position of its view and a day, sorted by name."""

    position: int
    today: date
    entries: dict[str, _Entry]
    people: tuple[Found, ...]


class Search:
    """The index of each workspace lately asked for: what has changed is read when its view has moved.

    It holds at most `most_held` people, or one workspace.
    """

    def __init__(self, most_held: int = MOST_HELD) -> None:
        self._most_held = most_held
        self._held: OrderedDict[str, _Indexed] = OrderedDict()
        self._lock = threading.Lock()

    def people(self, workspace: str, reading: Reading, today: date) -> tuple[Found, ...]:
        """Return everybody of a workspace who is not erased, sorted by name."""
        return self._index(workspace, reading, today).people

    def find(self, workspace: str, reading: Reading, today: date, asked: str) -> list[Found]:
        """Return whoever's names, address, number or title hold every word that is asked for."""
        index = self._index(workspace, reading, today)
        words = folded(asked).split()
        return [one for one in index.people if all(word in index.entries[one.known.person].name for word in words)]

    def _index(self, workspace: str, reading: Reading, today: date) -> _Indexed:
        position = _position(reading)
        with self._lock:
            held = self._held.get(workspace)
            if held is not None and (held.position, held.today) == (position, today):
                self._held.move_to_end(workspace)
                return held
        made = _read_again(held, reading, position, today)
        self._hold(workspace, made)
        return made

    def _hold(self, workspace: str, made: _Indexed) -> None:
        with self._lock:
            self._held[workspace] = made
            self._held.move_to_end(workspace)
            while len(self._held) > 1 and sum(len(one.entries) for one in self._held.values()) > self._most_held:
                self._held.popitem(last=False)


def _read_again(held: _Indexed | None, reading: Reading, position: int, today: date) -> _Indexed:
    """Return the index of a workspace as it is now, keeping what has not changed; another day changes everybody."""
    before = held.entries if held is not None and held.today == today else {}
    sql = f"select person, version from people where workspace = %(workspace)s limit {MOST_PEOPLE + 1}"
    versions = {row["person"]: row["version"] for row in reading.rows(sql)}
    if len(versions) > MOST_PEOPLE:
        raise TooManyPeople(f"This workspace has more than {MOST_PEOPLE} people.")
    kept = {person: one for person, one in before.items() if versions.get(person) == one.version}
    entries = kept | _read(reading, [person for person in versions if person not in kept], today)
    people = sorted((one.found for one in entries.values() if one.found is not None), key=_by_name)
    return _Indexed(position, today, entries, tuple(people))


def _read(reading: Reading, people: Sequence[str], today: date) -> dict[str, _Entry]:
    if not people:
        return {}
    sql = "select person, version, employee from people where workspace = %(workspace)s and person = any(%(people)s)"
    rows = reading.rows(sql, {"people": list(people)})
    versions = {row["person"]: row["version"] for row in rows}
    employees = [Employee.model_validate(row["employee"]) for row in rows]
    found = in_the_clear([one for one in employees if not one.erasure], reading.open_many, today)
    gone = {person: _Entry(version, None) for person, version in versions.items()}
    return gone | {one.known.person: _Entry(versions[one.known.person], one, _searched(one.known)) for one in found}


def _position(reading: Reading) -> int:
    """Return how far the view of people has followed the record of this workspace."""
    rows = reading.rows("select sequence from followed where workspace = %(workspace)s and name = 'people'")
    return rows[0]["sequence"] if rows else 0


def _searched(known: Known) -> str:
    texts = (known.given_name, known.family_name, known.work_email, known.employee_number, known.job_title)
    return folded(" ".join(text for text in texts if text))
